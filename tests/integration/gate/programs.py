"""Runs real programs of Debian's under `leaktrace gate` and under valgrind --leak-check=full, holds their leaks against each other, and
prints a table. programs.sh installs and builds what this needs and keeps the table in README.md."""
import argparse
import json
import re
import shlex
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(__file__).parent
LIMIT = 300
OUTERMOST = ("__libc_start_call_main", "__libc_start_main_impl", "(below main)", "_start")
VALGRIND = ["valgrind", "--leak-check=full", "--show-leak-kinds=definite,indirect", "--leak-check-heuristics=none", "--leak-resolution=high",
            "--num-callers=64", "--trace-children=yes", "--child-silent-after-fork=no", "--xml=yes"]
ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin", "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1", "QT_QPA_PLATFORM": "offscreen"}


class Program:
    """A line of programs.txt: the package, and a command line that works in the folder that make_files() fills."""

    def __init__(self, line):
        self.package, command = line.split(None, 1)
        self.command = shlex.split(command)
        self.name = shlex.join([Path(self.command[0]).name, *self.command[1:]])

    def version(self):
        return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", self.package], capture_output=True, text=True, check=True).stdout


class Leak:
    def __init__(self, kind, count, size, frames):
        self.kind, self.count, self.bytes, self.frames = kind, count, size, frames   # frames: (function or None, module), leaf first

    def place(self):
        """The frames up to main, by what any tool knows of them."""
        names = [name or module for name, module in self.frames]
        outermost = next((i for i, name in enumerate(names) if name in OUTERMOST), len(names))
        return tuple(names[:outermost][:6])

    def is_like(self, other):
        """The same blocks, told by another tool, which may show callers that have been inlined."""
        return ((self.kind, self.count, self.bytes) == (other.kind, other.count, other.bytes) and
                bool(set(self.place()) & set(other.place())))

    def __str__(self):
        return f"{self.count} of {self.bytes} bytes: {' < '.join(self.place()[:4])}"


def merged(leaks):
    """One for all blocks of a kind and a place."""
    found = {}
    for leak in leaks:
        same = found.setdefault((leak.kind, leak.place()), Leak(leak.kind, 0, 0, leak.frames))
        same.count += leak.count
        same.bytes += leak.bytes
    return list(found.values())


def read_table():
    lines = (HERE / "programs.txt").read_text().splitlines()
    return [Program(line) for line in lines if line and not line.startswith(("#", " "))]


def read_reasons():
    """[(program, pattern of the difference, why)]: indented lines below a program."""
    reasons, program = [], None
    for line in (HERE / "programs.txt").read_text().splitlines():
        if line.startswith("    "):
            pattern, why = line.strip().split(" -- ")
            reasons.append((program.name, pattern, why))
        elif line and not line.startswith("#"):
            program = Program(line)
    return reasons


def make_files(folder):
    (folder / "numbers").write_text("".join(f"{i}\n" for i in range(1, 20001)))
    (folder / "random").write_bytes(bytes((i * i * 31 + i // 7) & 255 for i in range(300000)))
    (folder / "some.json").write_text(json.dumps([{"name": f"n{i}", "value": i} for i in range(2000)]))
    (folder / "tree").mkdir()
    for i in range(50):
        (folder / "tree" / f"f{i}").write_text("text\n" * i)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", "tree"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *words], cwd=folder, env=ENVIRONMENT, check=True)
    (folder / "tree" / "f3").write_text("changed\n")
    (folder / "tree" / "new").write_text("new\n")


def run(command, program, folder):
    """Runs the program behind `command`; redis-server is told to end. Returns the exit status and standard error."""
    with open(folder / "err", "w+b") as said:
        child = subprocess.Popen([*command, *program.command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, cwd=folder,
                                 env={**ENVIRONMENT, "HOME": str(folder)})
        try:
            if program.command[0] == "redis-server":
                end_redis(folder / "redis.sock")
            status = child.wait(timeout=LIMIT)
        finally:
            child.kill()
        said.seek(0)
        return status, said.read().decode(errors="replace")


def end_redis(socket):
    redis = ["redis-cli", "-s", str(socket)]
    until = time.monotonic() + 60
    while subprocess.run([*redis, "ping"], capture_output=True, text=True, check=False).stdout != "PONG\n" and time.monotonic() < until:
        time.sleep(0.1)
    for words in (["set", "key", "value"], ["lpush", "list", "a", "b"], ["eval", "return redis.call('get', 'key')", "0"]):
        subprocess.run([*redis, *words], capture_output=True, check=False)
    subprocess.run([*redis, "shutdown", "nosave"], capture_output=True, check=False)


def by_gate(command, program, folder, options=()):
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    status, said = run([command, "gate", "--no-fds", "--format", f"json={report}", *options, "--"], program, folder)
    if not report.exists():
        sys.exit(f"{program.name}: the gate has no result: {said}")
    leaks = json.loads(report.read_text())["findings"]
    return status, [Leak(one["class"], one["count"], one["bytes"],
                         [(None if "+0x" in frame["function"] else frame["function"], Path(frame["module"] or "?").name) for frame in one["stack"]])
                    for one in leaks if not one["suppressed_by"]]


def by_valgrind(program, folder):
    with tempfile.TemporaryDirectory() as reports:
        run([*VALGRIND, f"--xml-file={reports}/%p.%n"], program, folder)
        leaks = []
        for file in Path(reports).iterdir():
            leaks += read_valgrind(file)
    return leaks


def read_valgrind(file):
    try:
        root = ElementTree.parse(file).getroot()
    except ElementTree.ParseError:   # of a process that has executed another program: what it held is gone
        return
    for error in root.iter("error"):
        kind = {"Leak_DefinitelyLost": "definite", "Leak_IndirectlyLost": "indirect"}.get(error.findtext("kind"))
        if kind:
            text = error.findtext("xwhat/text")
            size = re.search(r"\(([\d,]+) direct", text) or re.match(r"([\d,]+) ", text)
            frames = [(frame.findtext("fn"), Path(frame.findtext("obj") or "?").name) for frame in error.find("stack")]
            yield Leak(kind, int(error.findtext("xwhat/leakedblocks")), int(size[1].replace(",", "")),
                       [one for one in frames if not one[1].startswith("vgpreload")])


def of_each_alone(leaks, others):
    """The definite leaks of each that the other does not have."""
    mine, theirs = ([one for one in merged(some) if one.kind == "definite"] for some in (leaks, others))
    for leak in list(mine):
        twin = next((one for one in theirs if leak.is_like(one)), None)
        if twin:
            mine.remove(leak)
            theirs.remove(twin)
    return mine, theirs


def amount(leaks, kind):
    some = [one for one in leaks if one.kind == kind]
    return f"{sum(one.count for one in some)} ({sum(one.bytes for one in some)} B)" if some else "0"


class Row:
    def __init__(self, program, command, folder):
        self.program = program
        self.bare_status, _ = run([], program, folder)
        _, gate = by_gate(command, program, folder, ["--no-default-suppressions"])
        self.status, kept = by_gate(command, program, folder)
        valgrind = by_valgrind(program, folder)
        self.only_gate, self.only_valgrind = of_each_alone(gate, valgrind)
        self.cells = [amount(valgrind, "definite"), amount(valgrind, "indirect"), amount(gate, "definite"), amount(gate, "indirect"),
                      amount(kept, "definite")]

    def differences(self, reasons):
        """[(line, why or None)]"""
        lines = [f"only leaktrace: {one}" for one in self.only_gate] + [f"only valgrind: {one}" for one in self.only_valgrind]
        if self.status not in (self.bare_status, 23):
            lines.append(f"exit status {self.status}, bare {self.bare_status}")
        return [(line, next((why for name, pattern, why in reasons if name == self.program.name and re.search(pattern, line)), None))
                for line in lines]

    def text(self, reasons):
        found = self.differences(reasons)
        name = self.program.name.replace("|", "\\|")
        return f"| `{name}` | {self.program.package} {self.program.version()} | {' | '.join(self.cells)} | {len(found)} |"


def passes(program, command, folder, reasons):
    """Whether the program ends under the gate as it does alone, or loses what the table knows of."""
    bare, _ = run([], program, folder)
    status, leaks = by_gate(command, program, folder)
    known = any(name == program.name and pattern == "leaks" for name, pattern, _ in reasons)
    for leak in leaks:
        print(f"{program.name}: {leak.kind} {leak}", file=sys.stderr)
    return status == (23 if known else bare)


def main():
    parser = argparse.ArgumentParser(prog="programs.sh", description=__doc__.split("\n")[0])
    parser.add_argument("--command", type=Path, required=True, help="the command leaktrace of a build")
    parser.add_argument("--gate-only", action="store_true", help="no valgrind and no table: only see that they pass")
    parser.add_argument("package", nargs="*", help="of the programs; default: all")
    options = parser.parse_args()
    reasons, rows = read_reasons(), []
    with tempfile.TemporaryDirectory() as folder:
        make_files(Path(folder))
        programs = [one for one in read_table() if not options.package or one.package in options.package]
        if options.gate_only:
            failed = [one.name for one in programs if not passes(one, options.command.resolve(), Path(folder), reasons)]
            print(f"{len(programs)} programs, {len(failed)} otherwise than known: {failed}")
            return 1 if failed else 0
        for program in programs:
            rows.append(Row(program, options.command.resolve(), Path(folder)))
            print(program.name, file=sys.stderr)
    print("| program | package | valgrind: definite | indirect | leaktrace: definite | indirect | definite, with the default suppressions "
          "| differences |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        print(row.text(reasons))
    print()
    wrong = 0
    for row in rows:
        for line, why in row.differences(reasons):
            print(f"- `{row.program.name}`: {line}. {why or 'NOT EXPLAINED'}")
            wrong += why is None
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
