"""The micro table: nanoseconds of one malloc and free of workloads/micro.c under each tool."""
import shutil
from collections import namedtuple

from modes import Mode
from process import Failed, Measured
from tables import Notes, progress, spread, table

PAIRS, QUICK_PAIRS = 1000000, 100000
MANY_BLOCKS = 20000000
STACKS = 1024

# `words` with PAIRS for the number of pairs; `line` of its output that is meant; `unwind`: libunwind alone is compared, too.
Row = namedtuple("Row", "title words line unwind")


def rows_of(large):
    def stacks(title, depth, count, burst, line="pair"):
        return Row(title, ["stacks", depth, "PAIRS", count, burst], line, True)

    rows = [Row(f"depth {depth}", ["depth", depth, "PAIRS"], "pair", False) for depth in (5, 15, 30, 60)]
    rows += [Row(f"depth 15, {threads} threads", ["threads", 15, "PAIRS", threads], "pair", False) for threads in (2, 8)]
    rows += [stacks(f"depth 15, a new stack every {burst} pairs", 15, STACKS, burst) for burst in (22, 10, 2)]
    rows += [stacks(f"depth 15, a new stack each time, of {count}", 15, count, 1) for count in (16, 256, 4096, 65536)]
    rows += [stacks(f"depth {depth}, a new stack each time, of {STACKS}", depth, STACKS, 1) for depth in (30, 60)]
    rows += [stacks("depth 15, never seen before", 15, 65536, 1, "first")]
    rows += [Row(f"depth 15, {blocks:,} live blocks", ["live", 15, "PAIRS", blocks], "pair", False)
             for blocks in (100, 100000, *([MANY_BLOCKS] if large else []))]
    return rows


class Unwind(Mode):
    """Not a tool: micro itself calls libunwind's unw_backtrace before each malloc, and keeps nothing."""


class Micro:
    """`runs`: {row: {mode: [ns of each round]}}; `failures`: {row: {mode: text}}."""

    def __init__(self, tools, modes, rounds, quick, large):
        self.tools, self.rounds = tools, rounds
        self.pairs = QUICK_PAIRS if quick else PAIRS
        self.modes = [*modes, Unwind("unwind", "unw_backtrace alone")]
        self.missing = {mode.name: mode.missing() for mode in self.modes if mode.missing()}
        self.rows = rows_of(large and not quick)
        self.runs = {row.title: {mode.name: [] for mode in self.modes} for row in self.rows}
        self.failures = {row.title: {} for row in self.rows}

    def applies(self, row, mode):
        """Heavy tools do not fit into memory with 20 million blocks."""
        if MANY_BLOCKS in row.words and mode.name not in ("bare", "leaktrace", "sampled"):
            return False
        return row.unwind or mode.name != "unwind"

    def run(self):
        for row in self.rows:
            for number in range(self.rounds):
                turn = number % len(self.modes)
                for mode in self.modes[turn:] + self.modes[:turn]:
                    if self.applies(row, mode) and mode.name not in self.missing and mode.name not in self.failures[row.title]:
                        self.try_once(row, mode)
            progress(f"{row.title}: " + ", ".join(f"{mode.title} {self.cell(row, mode, Notes())}" for mode in self.modes))

    def try_once(self, row, mode):
        try:
            self.runs[row.title][mode.name].append(self.run_once(row, mode))
        except Failed as failure:
            self.failures[row.title][mode.name] = str(failure)

    def run_once(self, row, mode):
        folder = self.tools.new_folder()
        output = folder / "output"
        output.mkdir(mode=0o700)
        words = [self.pairs if word == "PAIRS" else word for word in row.words] + (["unwind"] if mode.name == "unwind" else [])
        try:
            with open(folder / "out", "w+", encoding="ascii") as out:
                figures = Measured(self.tools, [self.tools.program("micro"), *words], folder, mode.begin(output), stdout=out).wait()
                mode.end(output, figures, ("heap", self.pairs * 0.9))
                out.seek(0)
                return float(dict(line.split() for line in out)[row.line])
        finally:
            shutil.rmtree(folder)

    def cell(self, row, mode, notes):
        if not self.applies(row, mode):
            return ""
        if mode.name in self.failures[row.title]:
            return notes.cell("failed", f"{mode.title}: {self.failures[row.title][mode.name]}")
        if mode.name in self.missing:
            return notes.cell("not available", f"{mode.title}: {self.missing[mode.name]}")
        return spread(self.runs[row.title][mode.name], 0)

    def text(self):
        notes = Notes()
        rows = [[row.title, *(self.cell(row, mode, notes) for mode in self.modes)] for row in self.rows]
        return "\n".join([table("Nanoseconds of one malloc and free", ["", *(mode.title for mode in self.modes)], rows),
                          *notes.lines(), ""])

    def failed(self):
        return any(self.failures.values())

    def json(self):
        return {"runs": self.runs, "failures": self.failures, "missing": self.missing}
