"""Measures what the leak gate costs on test suites: bare, under `leaktrace gate`, and under valgrind --leak-check=full. Figures are
processor time of all processes, the gate's own included, and the clock's, as ratios to the bare run of the same round."""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tables import machine, progress, spread, table

HERE = Path(__file__).parent
LIMIT = 1200
VALGRIND = ["valgrind", "-q", "--leak-check=full", "--trace-children=yes"]


def suites(build):
    """[(name, command, least number of processes)]"""
    tests = "unit/test_(report|profile|options|fingerprint|baseline|suppression|text|arena|symbol)"
    queries = HERE / "workloads" / "tables.sql"
    return [
        ("python3's tests of dict, string, json, textwrap", ["/usr/bin/python3", "-m", "test", "-q", "test_dict", "test_string", "test_json",
                                                             "test_textwrap"], 1),
        ("CTest: unit tests of leaktrace's command", ["ctest", "--test-dir", build, "-R", tests], 5),
        ("a shell script: sqlite3, 20 times", ["sh", "-c", f"for i in $(seq 20); do sqlite3 :memory: <'{queries}'; done"], 21),
    ]


class Figures:
    def __init__(self, command, folder):
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, cwd=folder, timeout=LIMIT, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.clock = time.monotonic() - begin
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.status, self.said = done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def gate(command, suite, least, folder):
    """No figure without proof: all processes' heaps must have been looked through."""
    report = folder / "gate.json"
    report.unlink(missing_ok=True)
    figures = Figures([command, "gate", "--format", f"json={report}", "--exitcode", "0", "--", *suite], folder)
    result = json.loads(report.read_text()) if report.exists() else {"verdict": figures.said, "processes": 0}
    if result["verdict"] not in ("clean", "leaks") or result["processes"] < least:
        sys.exit(f"the gate has not looked at all of it: {result['verdict']}, {result['processes']} processes")
    return figures


def valgrind(suite, folder):
    log = tempfile.mkdtemp(dir=folder)
    figures = Figures([*VALGRIND, f"--log-file={log}/%p", *suite], folder)
    if not os.listdir(log):
        sys.exit(f"valgrind has not run: {figures.said}")
    return figures


def measure(command, suite, least, rounds, folder):
    """{way: [figures of each round]}; valgrind runs once."""
    found = {"bare": [], "gate": [], "valgrind": []}
    for number in range(rounds):
        found["bare"].append(Figures(suite, folder))
        found["gate"].append(gate(command, suite, least, folder))
        if number == 0:
            found["valgrind"].append(valgrind(suite, folder))
        if found["bare"][-1].status != found["gate"][-1].status:
            sys.exit(f"bare it ends with {found['bare'][-1].status}, under the gate with {found['gate'][-1].status}")
    return found


def ratios(found, way, what):
    return spread([getattr(one, what) / getattr(bare, what) for one, bare in zip(found[way], found["bare"])])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split(":")[0] + ".")
    parser.add_argument("--build", type=Path, required=True, help="folder of a release build")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    build, rows = options.build.resolve(), []
    with tempfile.TemporaryDirectory() as folder:
        for name, suite, least in suites(build):
            progress(name)
            found = measure(build / "bin/leaktrace", suite, least, options.rounds, Path(folder))
            rows.append([name, f"{statistics.median(one.cpu for one in found['bare']):.2f} s", ratios(found, "gate", "cpu"),
                         ratios(found, "gate", "clock"), ratios(found, "valgrind", "cpu"), ratios(found, "valgrind", "clock")])
    print("; ".join(machine().values()), f"\n{options.rounds} rounds, valgrind in the first\n")
    print(table("The gate, as ratio to the bare run", ["suite", "bare, CPU", "gate, CPU", "gate, clock", "valgrind, CPU", "valgrind, clock"],
                rows))


if __name__ == "__main__":
    main()
