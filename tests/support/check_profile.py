"""Holds profiles against the contract: check_profile.py KIND BARE|NAMED FILE.pb.gz...

Each file is decoded by protoc, so that nothing here trusts leaktrace's own encoder or decoder. NAMED: all functions have names;
BARE: none has (symbols=none). What is wrong is printed, one line each, and the exit status is 1.
"""
import gzip
import os
import shutil
import re
import subprocess
import sys
import time

HEAP = ["alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"]
TYPES = {
    "heap": (HEAP, "space/bytes"),
    "heap_growth": (HEAP[2:], "space/bytes"),
    "fd": (["opened_fds/count", "inuse_fds/count"], "fds/count"),
    "fd_growth": (["inuse_fds/count"], "fds/count"),
    "thread": (["created_threads/count", "inuse_stack/bytes", "inuse_threads/count"], "threads/count"),
    "thread_growth": (["inuse_threads/count"], "threads/count"),
}
LABELS = {
    "heap": {"stack"},
    "fd": {"stack", "type", "peer", "state", "age"},
    "thread": {"stack", "state", "start", "age"},
}
VALUES = {
    "age": r"<1m|<10m|<1h|<1d|>=1d",
    "stack": r"truncated",
    "peer": r"\d+\.\d+\.\d+\.\d+(:\d+)?|\[[0-9a-f:.]+\](:\d+)?|[0-9a-f:]+|/.*|@.*|\(others\)",
    "state": r"[A-Z_0-9]+|running|exited-unjoined",
    "start": r".+",
    "type": r"[a-z]+",
}
COMMENTS = ["leaktrace", "pid", "command", "options", "reason", "dropped_events", "truncated_stacks", "unattributed_fds",
            "lock_waits", "names", "own_descriptors", "acquired_meanwhile", "own_cpu_ns", "own_memory_bytes", "pause_ns"]
YEAR_NS = 365 * 24 * 3600 * 10**9


def decode(path):
    proto = os.path.join(os.path.dirname(os.path.abspath(__file__)), "profile.proto")
    with gzip.open(path) as file:
        data = file.read()
    text = subprocess.run(["protoc", "--decode=perftools.profiles.Profile", "-I", os.path.dirname(proto), proto],
                          input=data, stdout=subprocess.PIPE, check=True).stdout.decode()
    top = {}
    stack = [top]
    for line in text.splitlines():
        line = line.strip()
        if line == "}":
            stack.pop()
        elif line.endswith(" {"):
            child = {}
            stack[-1].setdefault(line[:-2], []).append(child)
            stack.append(child)
        else:
            key, value = line.split(": ", 1)
            stack[-1].setdefault(key, []).append(parse(value))
    return top


def parse(value):
    if value in ("true", "false"):
        return value == "true"
    if not value.startswith('"'):
        return int(value) if re.fullmatch(r"-?\d+", value) else value
    plain = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}
    raw = re.sub(rb"\\([0-7]{3}|.)", lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else plain.get(m[1], m[1]),
                 value[1:-1].encode())
    return raw.decode("utf-8")  # anything that is not UTF-8 ends the check


def one(message, key, default=0):
    return message.get(key, [default])[0]


def build_id(path):
    notes = subprocess.run(["readelf", "-n", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.decode()
    found = re.search(r"Build ID: ([0-9a-f]+)", notes)
    return found[1] if found else ""


def code_segments(path):
    """Offset and size, in whole pages, of the executable segments of a file."""
    headers = subprocess.run(["readelf", "-lW", path], stdout=subprocess.PIPE, check=True).stdout.decode()
    for offset, size in re.findall(r"LOAD\s+(0x\w+) 0x\w+ 0x\w+ 0x\w+ (0x\w+) R.E", headers):
        start = int(offset, 16) & ~4095
        yield start, ((int(offset, 16) + int(size, 16) + 4095) & ~4095) - start


class Check:
    def __init__(self, path, kind, named):
        self.path, self.kind, self.named = path, kind, named
        self.profile = decode(path)
        self.strings = self.profile["string_table"]
        self.errors = []

    def fail(self, text):
        self.errors.append(f"{os.path.basename(self.path)}: {text}")

    def equal(self, what, got, want):
        if got != want:
            self.fail(f"{what} is {got!r}, not {want!r}")

    def text(self, index):
        return self.strings[index]

    def value_type(self, message):
        return self.text(one(message, "type")) + "/" + self.text(one(message, "unit"))

    def ids(self, key):
        """The messages of a table; their ids must be 1, 2, 3, ..."""
        items = self.profile.get(key, [])
        self.equal(f"ids of {key}", [one(item, "id") for item in items], list(range(1, len(items) + 1)))
        return items

    def header(self):
        values, period = TYPES[self.kind]
        types = [self.value_type(message) for message in self.profile["sample_type"]]
        self.equal("first string", self.strings[0], "")
        self.equal("number of different strings", len(set(self.strings)), len(self.strings))
        self.equal("sample types", types, values)
        self.equal("default sample type", self.text(one(self.profile, "default_sample_type")), values[-1].split("/")[0])
        self.equal("period type", self.value_type(one(self.profile, "period_type", {})), period)
        self.equal("period", one(self.profile, "period"), 1)
        self.equal("types with '-'", [name for name in types if "-" in name], [])
        age = time.time_ns() - one(self.profile, "time_nanos")
        if not 0 <= age < 3600 * 10**9:
            self.fail(f"the snapshot is {age} ns old")
        if not 0 <= one(self.profile, "duration_nanos") < YEAR_NS:
            self.fail("duration_nanos " + str(one(self.profile, "duration_nanos")))

    def comments(self):
        lines = [self.text(index) for index in self.profile.get("comment", [])]
        keys = [line.split(" ", 1)[0] for line in lines]
        self.equal("comments that are missing", [key for key in COMMENTS if key not in keys], [])
        self.equal("pid in the comments", f"pid {os.path.basename(self.path).split('.')[-5]}" in lines, True)

    def mappings(self):
        mappings = self.ids("mapping")
        # The file's name has the name that the program was started by, which may be a link.
        program = os.path.basename(self.path).rsplit(".", 5)[0]
        program = os.path.basename(os.path.realpath(shutil.which(program, path="/usr/bin:/usr/sbin:/bin") or program))
        self.equal("first mapping", os.path.basename(self.text(one(mappings[0], "filename"))), program)
        for mapping in mappings:
            path = self.text(one(mapping, "filename"))
            start, limit = one(mapping, "memory_start"), one(mapping, "memory_limit")
            self.equal(f"has_functions of {path}", one(mapping, "has_functions", False), self.named)
            if not 0 < start < limit:
                self.fail(f"{path} lies at {start:#x} to {limit:#x}")
            if not os.path.exists(path):
                continue
            self.equal(f"build id of {path}", self.text(one(mapping, "build_id")), build_id(path))
            segment = (one(mapping, "file_offset") & ~4095, ((limit + 4095) & ~4095) - (start & ~4095))
            if segment not in code_segments(path):
                self.fail(f"{path} has no executable segment {segment}")
        return mappings

    def locations(self, mappings):
        locations, functions = self.ids("location"), self.ids("function")
        used = set()
        for location in locations:
            address, mapping_id, lines = one(location, "address"), one(location, "mapping_id"), location.get("line", [])
            used.add(mapping_id)
            if not 1 <= mapping_id <= len(mappings):
                self.fail(f"location {address:#x} has mapping {mapping_id}")
                continue
            mapping = mappings[mapping_id - 1]
            if not one(mapping, "memory_start") <= address < one(mapping, "memory_limit"):
                self.fail(f"location {address:#x} is outside of mapping {mapping_id}")
            self.equal(f"lines of {address:#x}", len(lines), 1 if self.named else 0)
            for line in lines:
                if not 1 <= one(line, "function_id") <= len(functions):
                    self.fail(f"function {one(line, 'function_id')} of {address:#x}")
        self.equal("mappings in use", used | {1}, set(range(1, len(mappings) + 1)))
        for function in functions:
            self.equal("a function's name is empty", self.text(one(function, "name")) == "", False)
            self.equal("system_name", one(function, "system_name"), one(function, "name"))
        return locations

    def samples(self, locations):
        used, seen = set(), set()
        for sample in self.profile.get("sample", []):
            values, frames = sample["value"], sample["location_id"]
            labels = {self.text(one(label, "key")): self.text(one(label, "str")) for label in sample.get("label", [])}
            self.equal("number of values", len(values), len(self.profile["sample_type"]))
            self.equal("labels of one key", len(labels), len(sample.get("label", [])))
            self.equal("labels", set(labels) - LABELS[self.kind.split("_")[0]], set())
            self.equal("numeric labels", [label for label in sample.get("label", []) if "num" in label], [])
            for key, value in labels.items():
                if not re.fullmatch(VALUES[key], value):
                    self.fail(f"label {key}={value}")
            if min(values) < 0 or max(values) == 0:
                self.fail(f"values {values}")
            if any(not 1 <= frame <= len(locations) for frame in frames):
                self.fail(f"locations {frames}")
            identity = (tuple(frames), tuple(sorted(labels.items())))
            if identity in seen:
                self.fail(f"stack {frames} {labels} stands there twice")
            seen.add(identity)
            used.update(frames)
        self.equal("locations in use", len(used), len(locations))

    def run(self):
        self.equal("mode", oct(os.stat(self.path).st_mode & 0o7777), "0o600")
        self.header()
        self.comments()
        self.samples(self.locations(self.mappings()))
        return self.errors


def main():
    kind, named = sys.argv[1], sys.argv[2] == "NAMED"
    errors = [error for path in sys.argv[3:] for error in Check(path, kind, named).run()]
    print("\n".join(errors), end="\n" if errors else "")
    sys.exit(1 if errors else 0)


if __name__ == "__main__":
    main()
