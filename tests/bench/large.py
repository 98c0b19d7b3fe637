"""The dump of a large process: how long it takes, what leaktrace's own memory is, and how long a malloc waits meanwhile."""
import re
import shutil
import subprocess
import time
from pathlib import Path

from dumps import Dump
from modes import Leaktrace
from process import Failed, Measured, call
from tables import amount, progress, table

SITES, BLOCKS = 100000, 20000000
QUICK_SITES, QUICK_BLOCKS = 1000, 100000
DUMPS = 3
LIMIT = 900


class Host:
    """A program that says "ready PID" and then answers questions; each is a line, each answer, too."""

    def __init__(self, tools, folder, variables, command, tag="run"):
        program, *arguments = command
        self.running = Measured(tools, [tools.program(program), *arguments], folder, variables, tag, limit=LIMIT,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = int(self.answer(r"ready (\d+)")[0])

    def answer(self, pattern):
        line = self.running.process.stdout.readline()
        found = re.match(pattern, line)
        if not found:
            self.running.process.stdin.close()
            self.running.wait()
            raise Failed(f"the program said {line!r}")
        return found.groups()

    def ask(self):
        """For workloads/dump.c the microseconds that one malloc and free took at most since the last call, and how many there were; for
        workloads/fork.c the nanoseconds of one fork, of the processor and by the clock."""
        self.running.process.stdin.write("\n")
        self.running.process.stdin.flush()
        return [int(figure) for figure in self.answer(r"(\d+) (\d+)")]

    def end(self):
        self.running.process.stdin.close()
        return self.running.wait()


class Large:
    """`dumps`: a dictionary for each dump; `memory`: bytes for each block."""

    def __init__(self, tools, library, quick):
        self.tools, self.library = tools, library
        self.command = library.parent.parent / "bin" / "leaktrace"
        self.sites, self.blocks = (QUICK_SITES, QUICK_BLOCKS) if quick else (SITES, BLOCKS)
        self.dumps, self.memory, self.failure = [], {}, None

    def bare_rss(self, folder):
        host = Host(self.tools, folder, {}, ["dump", self.sites, self.blocks])
        return host.end().rss

    def dump_once(self, host, output):
        """A dump, and as long a time without one for comparison: the machine lets any thread wait now and then."""
        host.ask()
        start = time.monotonic()
        files = call([self.command, "dump", host.pid], output, LIMIT).split()
        took = time.monotonic() - start
        during = host.ask()[0]
        time.sleep(took)
        quiet = host.ask()[0]
        dump = Dump(next(Path(name) for name in files if name.endswith(".heap.pb.gz")))
        if dump.comments["dropped_events"] != "0" or dump.total["inuse_objects"] < self.blocks:
            raise Failed(f"the dump has {dump.total['inuse_objects']} blocks; {dump.comments['dropped_events']} events were dropped")
        own, pause = int(dump.comments["own_memory_bytes"]), int(dump.comments["pause_ns"])
        progress(f"large: a dump of {dump.rows} sites took {took:.2f} s")
        return {"seconds": took, "sites": dump.rows, "own_memory": own, "pause_ms": pause / 1e6, "longest_us": during, "quiet_us": quiet}

    def run(self):
        folder = self.tools.new_folder()
        output = folder / "output"
        output.mkdir(mode=0o700)
        mode = Leaktrace("leaktrace", "leaktrace", self.library, "at_exit=no:memory=80%")
        try:
            bare = self.bare_rss(folder)
            host = Host(self.tools, folder, mode.begin(output), ["dump", self.sites, self.blocks])
            self.dumps = [self.dump_once(host, output) for _ in range(DUMPS)]
            # The first dump's figure: it is taken before what the dump itself needed was got.
            traced = host.end().rss
            self.memory = {"own": self.dumps[0]["own_memory"] / self.blocks, "rss": (traced - bare) / self.blocks}
        except Failed as failure:
            self.failure = str(failure)
            progress(f"large: FAILED: {failure}")
        finally:
            shutil.rmtree(folder)

    def text(self):
        title = f"Dump of {self.sites:,} sites and {self.blocks:,} live blocks"
        if self.failure:
            return table(title, ["", ""], [["**failed**", self.failure]])
        columns = [("time of `leaktrace dump`", lambda one: f"{one['seconds']:.2f} s"),
                   ("sites in it", lambda one: amount(one["sites"])),
                   ("pause by its own account", lambda one: f"{one['pause_ms']:.1f} ms"),
                   ("longest malloc+free of another thread meanwhile", lambda one: f"{one['longest_us'] / 1000:.2f} ms"),
                   ("the same without a dump, as long", lambda one: f"{one['quiet_us'] / 1000:.2f} ms")]
        rows = [[name, *(show(one) for one in self.dumps)] for name, show in columns]
        text = table(title, ["", *(f"dump {number}" for number in range(1, DUMPS + 1))], rows)
        return text + (f"\nFor each live block: {self.memory['own']:.1f} B of leaktrace's own memory, sites included; "
                       f"{self.memory['rss']:.1f} B of peak resident set, dumps included.\n")

    def failed(self):
        return self.failure is not None

    def json(self):
        return {"sites": self.sites, "blocks": self.blocks, "dumps": self.dumps, "memory": self.memory, "failure": self.failure}
