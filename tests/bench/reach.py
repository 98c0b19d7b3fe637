"""The search for what can still be reached in a large process: how long it takes, and how much memory of leaktrace's own."""
import shutil
import subprocess
from pathlib import Path

from dumps import Dump
from modes import Leaktrace
from process import Failed, Measured
from tables import amount, progress, table

BLOCKS, QUICK_BLOCKS = 10000000, 100000
LIMIT = 300


class Reach:
    """`scan`: what the dump of workloads/web.c says of it."""

    def __init__(self, tools, library, quick):
        self.tools, self.library = tools, library
        self.blocks = QUICK_BLOCKS if quick else BLOCKS
        self.scan, self.failure = {}, None

    def measure(self, folder):
        output = folder / "output"
        output.mkdir(mode=0o700)
        mode = Leaktrace("leaktrace", "leaktrace", self.library, "leaks=exit:memory=80%")
        running = Measured(self.tools, [self.tools.program("web"), self.blocks], folder, mode.begin(output), limit=LIMIT,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        running.wait()
        found = list(Path(output).rglob("*.heap_leak.pb.gz"))
        if not found:
            raise Failed("there is no profile heap_leak")
        dump = Dump(found[0])
        if dump.total["inuse_objects"] < self.blocks:
            raise Failed(f"the profile has {dump.total['inuse_objects']} blocks")
        numbers = {key: int(dump.comments[key]) for key in ("leak_scan_ns", "leak_scan_bytes", "leak_scan_own_bytes", "own_cpu_ns")}
        return {**numbers, "blocks": dump.total["inuse_objects"], "bytes": dump.total["inuse_space"]}

    def run(self):
        folder = self.tools.new_folder()
        try:
            self.scan = self.measure(folder)
            progress(f"reach: {self.scan['blocks']} blocks took {self.scan['leak_scan_ns'] / 1e9:.2f} s")
        except Failed as failure:
            self.failure = str(failure)
            progress(f"reach: FAILED: {failure}")
        finally:
            shutil.rmtree(folder)

    def text(self):
        title = f"What can still be reached of {self.blocks:,} blocks with five pointers each"
        if self.failure:
            return table(title, ["", ""], [["**failed**", self.failure]])
        scan = self.scan
        return table(title, ["", ""], [["bytes in the blocks", amount(scan["bytes"])],
                                       ["time for which the program stands still", f"{scan['leak_scan_ns'] / 1e9:.2f} s"],
                                       ["processor time of the whole dump", f"{scan['own_cpu_ns'] / 1e9:.2f} s"],
                                       ["bytes looked at", amount(scan["leak_scan_bytes"])],
                                       ["leaktrace's own memory meanwhile", amount(scan["leak_scan_own_bytes"])]])

    def failed(self):
        return self.failure is not None

    def json(self):
        return {"blocks": self.blocks, "scan": self.scan, "failure": self.failure}
