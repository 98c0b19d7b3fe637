"""Holds the gate against the table of verdicts: each case, compiled without and with optimization, is run by `leaktrace gate` as users
run it, and again with --leaks all, so that what is no leak is seen to be classed right. Prints what is otherwise, and the score."""
import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import verdicts

LIMIT = 120
LEVELS = ("O0", "O2")
HERE = Path(__file__).parent


class Score:
    def __init__(self):
        self.false, self.missed, self.other, self.leaks, self.cases = 0, 0, 0, 0, 0

    def add(self, more):
        for name, value in vars(more).items():
            setattr(self, name, getattr(self, name) + value)

    def is_wrong(self):
        return bool(self.false or self.missed or self.other)

    def __str__(self):
        return f"false positives {self.false}, missed {self.missed} of {self.leaks} leaks, otherwise wrong {self.other}; {self.cases} cases"


class Run:
    """One run of a case by the gate: its status, and its findings as {(class, site): (count, bytes)}."""

    def __init__(self, command, case, program, options, folder):
        self.report = Path(folder) / "report.json"
        self.leaks, self.hidden = {}, {}
        with open(Path(folder) / "err", "w+b") as said:
            done = subprocess.run([command, "gate", "--format", f"json={self.report}", *options, *case.options, "--", program, case.name],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, cwd=HERE, timeout=LIMIT,
                                  pass_fds=[verdicts.INHERITED], check=False)
            said.seek(0)
            self.said = said.read().decode(errors="replace")
        self.status = done.returncode
        if self.report.exists():
            self.read(json.loads(self.report.read_text()))

    def read(self, report):
        for finding in report["findings"]:
            functions = [frame["function"] for frame in finding["stack"]]
            site = next((name for name in functions if name.startswith("site_")), "<".join(functions[:4]) or "nowhere")
            where = self.hidden if finding["suppressed_by"] else self.leaks
            before = where.get((finding["class"], site), (0, 0))
            where[finding["class"], site] = (before[0] + finding["count"], before[1] + finding["bytes"])


def judge_leaks(case, run, score):
    """What a user sees: which leaks there are, which are suppressed, and the exit status."""
    expected = {key: one for key, one in case.findings.items() if one.is_leak() and not one.hidden}
    hidden = {key: one for key, one in case.findings.items() if one.hidden}
    if "--threads" not in case.options:
        expected = {key: one for key, one in expected.items() if key[0] not in ("unjoined", "running")}
    score.leaks += sum(not one.may for one in expected.values())
    for key, one in expected.items():
        figures = run.leaks.get(key, (0, 0))
        if not one.agrees(figures) and not (one.may and key not in run.leaks):
            fewer = key not in run.leaks or (one.count is not None and figures[0] < one.count)
            score.missed += fewer
            score.other += not fewer
            yield f"{'missed' if fewer else 'figures'}: {one}, not {figures[0]} {figures[1]}"
    for key, figures in run.leaks.items():
        if key[0] in verdicts.LEAKS and key not in expected:
            score.false += 1
            yield f"false positive: {' '.join(key)} {figures[0]} {figures[1]}"
    for line in verdicts.differences(hidden, run.hidden):
        score.other += 1
        yield f"suppressed: {line}"
    if run.status != case.expected_status():
        score.other += 1
        yield f"exit status {run.status}, not {case.expected_status()}: {run.said.strip()[-300:]}"


def judge_classes(case, run, score):
    """Which class each block is in; of what has no site, the table says nothing. A leak in the wrong class is counted already."""
    seen = {key: figures for key, figures in run.leaks.items() if key[1].startswith("site_") and key[0] not in verdicts.LEAKS}
    expected = {key: one for key, one in case.findings.items() if key[0] not in verdicts.LEAKS}
    for line in verdicts.differences(expected, seen):
        score.other += 1
        yield f"class: {line}"


def judge(command, case, program):
    score, lines = Score(), []
    score.cases = 1
    with tempfile.TemporaryDirectory() as folder:
        try:
            lines += judge_leaks(case, Run(command, case, program, [], folder), score)
            lines += judge_classes(case, Run(command, case, program, ["--leaks", "all"], folder), score)
        except subprocess.TimeoutExpired:
            score.other += 1
            lines.append("does not end")
    return score, lines


def main():
    parser = argparse.ArgumentParser(prog="conformance.py", description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=Path, required=True, help="folder of the build: its command, its library, and its cases")
    parser.add_argument("--level", choices=LEVELS, action="append", help="how the cases are compiled; default: both ways")
    parser.add_argument("case", nargs="*", help='FAMILY, or "FAMILY CASE"; default: all')
    options = parser.parse_args()
    build = options.build.resolve()
    verdicts.inherit()
    runs = [(level, case) for level in options.level or LEVELS for case in verdicts.read(options.case)]
    total, failed = Score(), False
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda run: judge(build / "bin/leaktrace", run[1], build / "gate" / run[0] / run[1].family), runs)
        for (level, case), (score, lines) in zip(runs, results):
            total.add(score)
            known = "gate" in case.notes
            if known and not lines:
                lines = ["is as it should be; the note is out of date"]
            failed |= bool(lines) and (not known or not score.is_wrong())
            for line in lines:
                print(f"-{level} {case}: {line}{' (known)' if known else ''}", flush=True)
    print(total)
    return 0 if runs and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
