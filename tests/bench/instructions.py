"""The table of instructions, counted by valgrind's callgrind: the same whatever else the machine does."""
import re
import shutil

from modes import SAMPLED, Leaktrace, LeaktraceSampled, LeaktraceSilent, Mode
from process import Failed, Measured
from tables import Notes, amount, progress, table

LIMIT = 1800
# Sizes of the work: the figures are differences between the two, so that what a start costs is left out. clang is taken whole.
SIZES = {"clang": (0, 1), "sqlite": (1, 3), "python": (2, 4)}
QUICK_SIZES = {"sqlite": (1, 2), "python": (1, 2)}
PAIRS = (20000, 120000)
OPTIONS = "checkpoint=0" # under callgrind everything takes long enough for some
STACKS = 1024


def callgrind(folder):
    return ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder / 'callgrind'}", "--"]


def natively(folder):
    return ()


def counted(folder):
    totals = re.search(r"^(?:summary|totals): (\d+)", (folder / "callgrind").read_text(), re.M)
    if not totals:
        raise Failed("callgrind left no total")
    return int(totals[1])


class Instructions:
    """`programs` and `pairs`: {row: {mode: {"instructions": figure, "count": what leaktrace counted} or {"failure": text}}}."""

    def __init__(self, tools, library, workloads, quick):
        self.tools = tools
        self.sizes = QUICK_SIZES if quick else SIZES
        self.workloads = [workload for workload in workloads if workload.name in self.sizes]
        self.bare, self.full = Mode("bare", "bare"), Leaktrace("leaktrace", "leaktrace", library, OPTIONS)
        self.silent = LeaktraceSilent("silent", "leaktrace, no dump", library, "at_exit=no:" + OPTIONS)
        self.sampled = LeaktraceSampled("sampled", "leaktrace, sampled", library, SAMPLED + ":" + OPTIONS)
        self.programs, self.pairs = {}, {}

    def run_once(self, run, mode, proof, wrapper):
        """Instructions of one run if the wrapper is callgrind's, and what leaktrace counted in it."""
        folder = self.tools.new_folder()
        output = folder / "output"
        output.mkdir(mode=0o700)
        try:
            figures = run(folder, mode.begin(output), wrapper(folder))
            seen = mode.end(output, figures, proof) or {}
            return counted(folder) if wrapper is callgrind else None, seen.get("count", 0)
        finally:
            shutil.rmtree(folder)

    def program(self, workload, mode):
        """The difference between the two sizes of its work."""
        totals, counts = [0], [0]
        for size in filter(None, self.sizes[workload.name]):
            def run(folder, variables, wrapper, size=size):
                return workload.run(self.tools, folder, variables, size, wrapper, LIMIT)
            total, count = self.run_once(run, mode, workload.least(size), callgrind)
            if mode is self.full:
                self.compare_counts(count, self.run_once(run, mode, workload.least(size), natively)[1])
            totals.append(total)
            counts.append(count)
        return {"instructions": totals[-1] - totals[-2], "count": counts[-1] - counts[-2]}

    @staticmethod
    def compare_counts(seen, truth):
        if abs(seen - truth) > truth * 0.001:
            raise Failed(f"under callgrind leaktrace counted {seen} allocations, without it {truth}")

    def pair(self, words, mode):
        """One malloc and free of workloads/micro.c; `words` with PAIRS for their number."""
        totals = []
        for pairs in PAIRS:
            command = [self.tools.program("micro"), *(pairs if word == "PAIRS" else word for word in words)]
            def run(folder, variables, wrapper, command=command):
                return Measured(self.tools, [*wrapper, *command], folder, variables, limit=LIMIT).wait()
            totals.append(self.run_once(run, mode, ("heap", pairs), callgrind)[0])
        return {"instructions": (totals[1] - totals[0]) / (PAIRS[1] - PAIRS[0])}

    def row(self, results, title, modes, measure, what):
        figures = results[title] = {}
        for mode in modes:
            try:
                figures[mode.name] = measure(what, mode)
                progress(f"{title}: {mode.title} {amount(figures[mode.name]['instructions'])} instructions")
            except Failed as failure:
                figures[mode.name] = {"failure": f"{mode.title}: {failure}"}
                progress(f"{title}: FAILED: {mode.title}: {failure}")

    def run(self):
        for workload in self.workloads:
            self.row(self.programs, workload.title, [self.bare, self.full, self.silent, self.sampled], self.program, workload)
        each = [self.bare, self.full, self.sampled]
        for depth in (15, 30):
            self.row(self.pairs, f"same stack, depth {depth}", each, self.pair, ["depth", depth, "PAIRS"])
        for depth in (15, 30):
            title, words = f"new stack of {STACKS}, depth {depth}", ["stacks", depth, "PAIRS", STACKS, 1]
            self.row(self.pairs, title, each, self.pair, words)
            self.row(self.pairs, f"{title}, unw_backtrace alone", [self.bare], self.pair, [*words, "unwind"])

    @staticmethod
    def cell(figures, names, notes, show):
        """What `show` makes of the instructions of these modes, or why there is none."""
        for name in names:
            if name not in figures:
                return ""
            if "failure" in figures[name]:
                return notes.cell("failed", figures[name]["failure"])
        return show(*(figures[name]["instructions"] for name in names))

    def program_row(self, title, figures, notes):
        def ratio(name):
            return self.cell(figures, ["bare", name], notes, lambda bare, traced: f"{traced / bare:.3f}")

        count = figures["leaktrace"].get("count", 0)
        return [title, self.cell(figures, ["bare"], notes, amount), self.cell(figures, ["leaktrace"], notes, amount),
                ratio("leaktrace"), ratio("silent"), ratio("sampled"), amount(count),
                self.cell(figures, ["bare", "leaktrace", "silent"], notes, lambda bare, full, silent: f"{(silent - bare) / count:+.0f}")]

    def pair_row(self, title, figures, notes):
        def added(name):
            return self.cell(figures, ["bare", name], notes, lambda bare, traced: f"{traced - bare:+.0f}")

        return [title, self.cell(figures, ["bare"], notes, "{:.0f}".format),
                self.cell(figures, ["leaktrace"], notes, "{:.0f}".format), added("leaktrace"), added("sampled")]

    def text(self):
        notes = Notes()
        programs = table("Instructions of programs (callgrind); ratios to bare",
                         ["", "bare", "leaktrace", "ratio", "no dump", "sampled", "allocations", "added for each"],
                         [self.program_row(title, figures, notes) for title, figures in self.programs.items()])
        pairs = table("Instructions of one malloc and free (callgrind)", ["", "bare", "leaktrace", "added", "added, sampled"],
                      [self.pair_row(title, figures, notes) for title, figures in self.pairs.items()])
        return "\n".join([programs, pairs, *notes.lines(), ""])

    def failed(self):
        return any("failure" in figures for row in [*self.programs.values(), *self.pairs.values()] for figures in row.values())

    def json(self):
        return {"programs": self.programs, "pairs": self.pairs}
