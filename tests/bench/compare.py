"""The first tables: programs under each tool, as ratios to a bare run of the same round."""
import shutil
import statistics

from process import Failed
from tables import Notes, amount, progress, spread, table

# A run of more seconds than this that also takes so many times as long as a bare one is not repeated in further rounds.
LONG, LONG_RATIO = 10, 8


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def run_once(tools, workload, mode, size):
    """Figures, as a dictionary; Failed if there are none."""
    folder = tools.new_folder()
    output = folder / "output"
    output.mkdir(mode=0o700)
    proof = workload.least(size)
    try:
        figures = workload.run(tools, folder, mode.begin(output), size)
        seen = mode.end(output, figures, proof) or {}
        return {"wall": figures.wall, "cpu": figures.cpu, "rss": figures.rss, "output": size_of(output), **seen}
    finally:
        shutil.rmtree(folder)


class Comparison:
    """`runs`: {workload: {mode: [figures of each round]}}; `failures`: {workload: {mode: text}}; `missing`: {mode: text}."""

    def __init__(self, tools, workloads, modes, rounds, quick):
        self.tools, self.workloads, self.rounds, self.quick = tools, workloads, rounds, quick
        self.modes = modes
        self.missing = {mode.name: mode.missing() for mode in modes if mode.missing()}
        self.runs, self.failures = {}, {}

    def run(self):
        for workload in self.workloads:
            runs = self.runs[workload.name] = {mode.name: [] for mode in self.modes}
            failures = self.failures[workload.name] = {}
            self.try_once(workload, self.modes[0], [], failures, "warm-up")
            for number in range(self.rounds):
                if "bare" in failures:
                    break
                turn = number % len(self.modes)
                for mode in self.modes[turn:] + self.modes[:turn]:
                    if mode.name not in self.missing and mode.name not in failures and not self.is_long(runs, mode):
                        self.try_once(workload, mode, runs[mode.name], failures, f"round {number + 1} of {self.rounds}")

    @staticmethod
    def is_long(runs, mode):
        longest = max((run["wall"] for run in runs[mode.name]), default=0)
        return longest > LONG and longest > LONG_RATIO * runs["bare"][0]["wall"]

    def try_once(self, workload, mode, runs, failures, what):
        try:
            runs.append(run_once(self.tools, workload, mode, workload.quick if self.quick else workload.size))
            progress(f"{workload.name}, {what}: {mode.title} {runs[-1]['wall']:.2f} s")
        except Failed as failure:
            failures[mode.name] = str(failure)
            progress(f"{workload.name}, {what}: {mode.title} FAILED: {failure}")

    def ratios(self, workload, mode, key):
        """One for each round; bare has run in each, the others in all or in the first ones."""
        return [run[key] / bare[key] for run, bare in zip(self.runs[workload.name][mode.name], self.runs[workload.name]["bare"])]

    def cell(self, workload, mode, notes, text):
        failure = self.failures[workload.name].get(mode.name)
        if failure:
            return notes.cell("failed", f"{mode.title}: {failure}")
        if mode.name in self.missing:
            return notes.cell("not available", f"{mode.title}: {self.missing[mode.name]}")
        if not self.runs[workload.name][mode.name]:
            return notes.cell("not run", f"{workload.title}: the bare run failed")
        return text(workload, mode)

    def ratio_table(self, title, key, unit, notes):
        def text(workload, mode):
            if mode.name == "bare":
                return amount(statistics.median(run[key] for run in self.runs[workload.name]["bare"]), unit)
            return spread(self.ratios(workload, mode, key))

        return self.table_of(title, self.modes, notes, text)

    def output_table(self, title, notes):
        def text(workload, mode):
            return amount(statistics.median(run["output"] for run in self.runs[workload.name][mode.name]), "B")

        return self.table_of(title, self.modes[1:], notes, text)

    def count_table(self, title, notes):
        def text(workload, mode):
            return amount(statistics.median(run["count"] for run in self.runs[workload.name][mode.name]))

        return self.table_of(title, self.those("leaktrace", "heaptrack"), notes, text)

    def reader_table(self, title, notes):
        def text(workload, mode):
            bare, runs = self.runs[workload.name]["bare"], self.runs[workload.name][mode.name]
            return " / ".join(f"{statistics.median(run['reader_' + key] for run in runs) / statistics.median(run[key] for run in bare):.2f}"
                              for key in ("cpu", "rss"))

        return self.table_of(title, self.those("heaptrack"), notes, text)

    def those(self, *names):
        return [mode for mode in self.modes if mode.name in names]

    def table_of(self, title, modes, notes, text):
        rows = [[workload.title, *(self.cell(workload, mode, notes, text) for mode in modes)] for workload in self.workloads]
        return table(title, ["", *(mode.title for mode in modes)], rows)

    def text(self):
        notes = Notes()
        parts = [
            self.ratio_table("Time (bare in seconds; the others as ratio to bare, median and spread)", "wall", "s", notes),
            self.ratio_table("CPU, user and system", "cpu", "s", notes),
            self.ratio_table("Peak resident set", "rss", "B", notes),
            self.output_table("Output on disk", notes),
            self.count_table("What was counted: allocations, descriptors opened, threads made", notes),
        ]
        if self.those("heaptrack"):
            parts.append(self.reader_table("heaptrack's second process besides: CPU / peak resident set, as ratio to bare", notes))
        return "\n".join([*parts, *notes.lines(), ""])

    def failed(self):
        return any(self.failures.values())

    def json(self):
        return {"runs": self.runs, "failures": self.failures, "missing": self.missing}
