"""The ways to run a program: bare, and under each tool. Each proves that it was in force, or the run counts as failed."""
import os
import re
import shutil
import subprocess
from pathlib import Path

from dumps import Dump
from process import Failed, Measured, call

LIBRARIES = Path("/usr/lib/x86_64-linux-gnu")
SAMPLE_BYTES = 524288
SAMPLED = f"sample={SAMPLE_BYTES}"
# Seconds for heaptrack's second process.
READER_LIMIT = 600
# What leaktrace may say in a run that counts: dumps, and that they cannot be asked for by a signal.
EXPECTED_LINES = r"^leaktrace\[\d+\]: (dump /|the program uses signal USR2 itself)"


class Mode:
    """`library` is None or the object to preload."""
    library = None

    def __init__(self, name, title):
        self.name, self.title = name, title

    def missing(self):
        """Why this machine cannot run it, or None."""
        return None if self.library is None or self.library.exists() else f"{self.library} is not there"

    def begin(self, folder):
        """Variables of the program's environment; `folder` is for the tool's output alone."""
        return {}

    def end(self, folder, figures, proof):
        """Raises Failed unless the process of `figures` was traced. `proof`: (kind, least number) of what must have been seen. Returns
        what the tool says it counted, or None."""

    def preload(self, **variables):
        return {"LD_PRELOAD": self.library, **variables}


class Leaktrace(Mode):
    def __init__(self, name, title, library, options=""):
        super().__init__(name, title)
        self.library, self.options = library, options

    def given(self, folder):
        return f"dir={folder}:log={folder}.log" + (":" + self.options if self.options else "")

    def begin(self, folder):
        return self.preload(LEAKTRACE_OPTIONS=self.given(folder))

    def complaints(self, folder):
        log = Path(f"{folder}.log")
        lines = log.read_text().splitlines() if log.exists() else []
        return [line.partition(": ")[2] for line in lines if not re.search(EXPECTED_LINES, line)]

    def dump_of(self, folder, pid, kind):
        # What the process was before, such as valgrind's launcher, has left one too.
        files = sorted(folder.glob(f"*.{pid}.*.{kind}.pb.gz"), key=lambda file: file.stat().st_mtime_ns)
        if not files:
            raise Failed(f"process {pid} left no dump of {kind}")
        return Dump(files[-1])

    def end(self, folder, figures, proof):
        if self.complaints(folder):
            raise Failed(self.complaints(folder)[0])
        kind, least = proof
        dump = self.dump_of(folder, figures.pid, kind)
        count = next(iter(dump.total.values()), 0)
        if dump.comments["options"] != self.given(folder):
            raise Failed(f"the dump was made with other options: {dump.comments['options']}")
        if dump.comments["dropped_events"] != "0":
            raise Failed(f"{dump.comments['dropped_events']} events were dropped")
        self.check_counts(dump, kind, count, least)
        return {"count": count, "own_memory": int(dump.comments["own_memory_bytes"]), "rows": dump.rows}

    def check_counts(self, dump, kind, count, least):
        if count < least:
            raise Failed(f"only {count} of at least {least} {kind} were seen")


class LeaktraceSampled(Leaktrace):
    """Its totals are estimates, so what counts is that the dump declares the period."""

    def check_counts(self, dump, kind, count, least):
        if kind != "heap":
            super().check_counts(dump, kind, count, least)
        elif dump.period != SAMPLE_BYTES:
            raise Failed(f"the heap profile declares period {dump.period}, not {SAMPLE_BYTES}")


class LeaktraceOff(Leaktrace):
    """Loaded, but told to trace another program."""

    def end(self, folder, figures, proof):
        if self.complaints(folder) or list(folder.glob("*.pb.gz")):
            raise Failed("it traced, or complained: " + "".join(self.complaints(folder)[:1]))


class LeaktraceSilent(Leaktrace):
    """Traces as the full mode does, and makes no dump; so only instructions are counted with it, after a full run that proved itself."""

    def end(self, folder, figures, proof):
        if self.complaints(folder):
            raise Failed(self.complaints(folder)[0])


class Heaptrack(Mode):
    """As the script of heaptrack does it: the program writes into a pipe, an interpreter and a compressor read it."""
    library = Path("/usr/lib/heaptrack/libheaptrack_preload.so")
    interpreter = Path("/usr/lib/heaptrack/libexec/heaptrack_interpret")

    def __init__(self, name, title, tools):
        super().__init__(name, title)
        self.tools = tools

    def begin(self, folder):
        pipe = folder.with_suffix(".pipe")
        os.mkfifo(pipe)
        script = f'"{self.interpreter}" <"{pipe}" 2>"{folder}.log" | zstd -q -o "{folder}/heaptrack.zst"'
        self.reader = Measured(self.tools, ["sh", "-c", script], folder.parent, {}, tag="reader", limit=READER_LIMIT)
        return self.preload(DUMP_HEAPTRACK_OUTPUT=pipe)

    def end(self, folder, figures, proof):
        read = self.reader.wait()
        counted = re.search(r"^\s*allocations:\s*(\d+)", Path(f"{folder}.log").read_text(), re.M)
        count = int(counted[1]) if counted else -1
        if count < (proof[1] if proof[0] == "heap" else 0):
            raise Failed("heaptrack says nothing" if count < 0 else f"heaptrack saw only {count} allocations")
        return {"count": count, "reader_cpu": read.cpu, "reader_rss": read.rss}


class LeakSanitizer(Mode):
    """clang's: its archive made into a shared object. gcc's liblsan.so can be preloaded as it is, but then the program's first call of
    signal() or sigaction() goes to address 0."""

    def __init__(self, name, title, tools):
        super().__init__(name, title)
        self.tools = tools

    def missing(self):
        try:
            self.library = self.library or self.build()
        except Failed as failure:
            return str(failure)
        return None

    def build(self):
        folder = self.tools.new_folder()
        resources = Path(call(["clang", "-print-resource-dir"], folder).strip())
        archive = shutil.copy(resources / "lib/linux/libclang_rt.lsan-x86_64.a", folder)
        call(["ar", "d", archive, "lsan_preinit.cpp.o"], folder)
        call(["clang++", "-shared", "-o", "liblsan.so", "-Wl,--whole-archive", archive, "-Wl,--no-whole-archive"], folder)
        return folder / "liblsan.so"

    def begin(self, folder):
        return self.preload(LSAN_OPTIONS=f"exitcode=0:log_threads=1:log_path={folder}/lsan")

    def end(self, folder, figures, proof):
        log = folder / f"lsan.{figures.pid}"
        text = log.read_text(errors="replace") if log.exists() else ""
        broken = re.search(r"LeakSanitizer has encountered a fatal error|ERROR: LeakSanitizer: (?!detected memory leaks).*", text)
        if broken:
            raise Failed(re.sub(r"0x[0-9a-f]+", "…", broken[0]))
        if "Processing thread" not in text:
            raise Failed("LeakSanitizer has looked at no thread")


class Jemalloc(Mode):
    library = LIBRARIES / "libjemalloc.so.2"

    def __init__(self, name, title, lg_sample):
        super().__init__(name, title)
        self.lg_sample = lg_sample

    def missing(self):
        if super().missing():
            return super().missing()
        settings = {"LD_PRELOAD": str(self.library), "MALLOC_CONF": "stats_print:true"}
        said = subprocess.run(["/bin/true"], env=settings, capture_output=True, text=True, timeout=10, check=True).stderr
        return None if "config.prof: true" in said else "this jemalloc is built without its profiler"

    def begin(self, folder):
        return self.preload(MALLOC_CONF=f"prof:true,lg_prof_sample:{self.lg_sample},prof_final:true,prof_prefix:{folder}/jeprof")

    def end(self, folder, figures, proof):
        files = list(folder.glob(f"jeprof.{figures.pid}.*.f.heap"))
        header = files[0].open().readline().strip() if files else "none"
        if header != f"heap_v2/{1 << self.lg_sample}":
            raise Failed(f"jemalloc's last profile: {header}")


def all_modes(library, tools):
    """In the order of the tables' columns."""
    return [
        Mode("bare", "bare"),
        Leaktrace("leaktrace", "leaktrace", library),
        LeaktraceSampled("sampled", "leaktrace, sampled", library, SAMPLED),
        LeaktraceOff("off", "leaktrace, off", library, "exe=none-such"),
        Heaptrack("heaptrack", "heaptrack", tools),
        LeakSanitizer("lsan", "LeakSanitizer", tools),
        Jemalloc("jemalloc", "jemalloc, full", 0),
        Jemalloc("jemalloc-sampled", "jemalloc, sampled", 19),
    ]
