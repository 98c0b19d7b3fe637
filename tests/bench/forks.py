"""What fork costs in a process with many live blocks: one bare and one traced fork by turns."""
import shutil
from statistics import median

from large import Host
from modes import Leaktrace
from process import Failed
from tables import progress, table

BLOCKS, PAIRS = 10000000, 101
QUICK_BLOCKS, QUICK_PAIRS = 100000, 5
CPU, CLOCK = 0, 1


class Forks:
    """`pairs`: for each round, what the bare process answers and what the traced one does."""

    def __init__(self, tools, library, quick):
        self.tools, self.library = tools, library
        self.blocks, self.rounds = (QUICK_BLOCKS, QUICK_PAIRS) if quick else (BLOCKS, PAIRS)
        self.pairs, self.failure = [], None

    def round(self, number, bare, traced):
        """Who comes first changes with each round."""
        first, second = (bare, traced) if number % 2 == 0 else (traced, bare)
        answers = {first: first.ask(), second: second.ask()}
        return answers[bare], answers[traced]

    def run(self):
        folder = self.tools.new_folder()
        output = folder / "output"
        output.mkdir(mode=0o700)
        mode = Leaktrace("leaktrace", "leaktrace", self.library, "checkpoint=0:memory=80%")
        try:
            bare = Host(self.tools, folder, {}, ["fork", self.blocks], "bare")
            traced = Host(self.tools, folder, mode.begin(output), ["fork", self.blocks], "traced")
            self.pairs = [self.round(number, bare, traced) for number in range(self.rounds)]
            bare.end()
            mode.end(output, traced.end(), ("heap", self.blocks))
            progress(f"forks: {self.rounds} pairs")
        except Failed as failure:
            self.failure = str(failure)
            progress(f"forks: FAILED: {failure}")
        finally:
            shutil.rmtree(folder)

    def row(self, name, which):
        bare, traced = ([pair[side][which] for pair in self.pairs] for side in (0, 1))
        ratio = median(b / a for a, b in zip(bare, traced))
        return [name, f"{median(bare) / 1e6:.2f} ms", f"{median(traced) / 1e6:.2f} ms", f"{ratio:.2f}", f"{min(bare) / 1e6:.2f} ms",
                f"{min(traced) / 1e6:.2f} ms", f"{min(traced) / min(bare):.2f}"]

    def text(self):
        title = f"Fork with {self.blocks:,} live blocks, {self.rounds} pairs"
        if self.failure:
            return table(title, ["", ""], [["**failed**", self.failure]])
        heads = ["", "bare, median", "leaktrace, median", "median ratio of a pair", "bare, least", "leaktrace, least", "ratio of the least"]
        return table(title, heads, [self.row("processor time of the call", CPU), self.row("time of the call by the clock", CLOCK)])

    def failed(self):
        return self.failure is not None

    def json(self):
        return {"blocks": self.blocks, "pairs": self.pairs, "failure": self.failure}
