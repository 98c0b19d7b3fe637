"""Holds the table of verdicts against valgrind and LeakSanitizer: each case must be as the table says, or differ as it notes.
oracles.sh builds what this needs and starts it."""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import verdicts

LIMIT = 120
VALGRIND = ["valgrind", "--leak-check=full", "--show-leak-kinds=all", "--leak-check-heuristics=none", "--leak-resolution=high", "--num-callers=100",
            "--keep-debuginfo=yes", "--fair-sched=yes", "--trace-children=yes", "--child-silent-after-fork=no"]
CLASSES = {"Leak_DefinitelyLost": "definite", "Leak_IndirectlyLost": "indirect", "Leak_PossiblyLost": "possible",
           "Leak_StillReachable": "reachable", "Direct": "definite", "Indirect": "indirect"}


class Seen(dict):
    """{(class, site): (count, bytes)}: what has been found at sites of the cases."""

    def count(self, kind, functions, count, size):
        site = next((name for name in functions if name.startswith("site_")), None)
        if site:
            before = self.get((kind, site), (0, 0))
            self[kind, site] = (before[0] + count, before[1] + size)


def number(text):
    return int(text.replace(",", ""))


class Valgrind:
    name = "valgrind"
    classes = ("definite", "indirect", "possible", "reachable", "open")

    def __init__(self, programs):
        self.programs = programs

    def run(self, case, folder):
        seen = Seen()
        command = [self.programs / case.family, case.name]
        call([*VALGRIND, "--xml=yes", f"--xml-file={folder}/%p.%n.xml", *command], folder)
        for file in Path(folder).glob("*.xml"):
            self.read(file, seen)
        if any(one.key[0] == "open" for one in case.findings.values()) or case.family == "descriptors":
            call(["valgrind", "--tool=none", "--track-fds=yes", "--num-callers=100", f"--log-file={folder}/%p.fds", *command], folder)
            for file in Path(folder).glob("*.fds"):
                self.read_descriptors(file.read_text(), seen)
        return seen

    # A process that was killed, or has executed another program, leaves half a file: it has no leaks at its end.
    @staticmethod
    def read(file, seen):
        try:
            root = ElementTree.parse(file).getroot()
        except ElementTree.ParseError:
            return
        for error in root.iter("error"):
            kind = CLASSES.get(error.findtext("kind"))
            if kind:
                text = error.findtext("xwhat/text")
                size = re.search(r"\(([\d,]+) direct", text) or re.match(r"([\d,]+) ", text)
                functions = [frame.findtext("fn") or "" for frame in error.find("stack")]
                seen.count(kind, functions, int(error.findtext("xwhat/leakedblocks")), number(size[1]))

    @staticmethod
    def read_descriptors(text, seen):
        for part in re.split(r"==\d+== Open ", text)[1:]:
            seen.count("open", re.findall(r"(?:at|by) 0x[0-9A-F]+: (\w+)", part.split("<inherited")[0]), 1, 0)


class LeakSanitizer:
    name = "lsan"
    classes = ("definite", "indirect")

    def __init__(self, programs):
        self.programs = programs

    def run(self, case, folder):
        seen = Seen()
        call([self.programs / case.family, case.name], folder,
             LSAN_OPTIONS=f"log_path={folder}/lsan:fast_unwind_on_malloc=0:malloc_context_size=100:max_leaks=0:allocator_may_return_null=1")
        for file in Path(folder).glob("lsan.*"):
            for kind, size, count, stack in re.findall(r"^(Direct|Indirect) leak of (\d+) byte\(s\) in (\d+) object\(s\) allocated from:\n"
                                                       r"((?: +#.*\n)+)", file.read_text(), re.M):
                seen.count(CLASSES[kind], re.findall(r" in (\w+)", stack), int(count), int(size))
        return seen


def call(command, folder, **environment):
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
                   env={**os.environ, **environment}, timeout=LIMIT, pass_fds=[verdicts.INHERITED], check=False)


def judge(oracle, case):
    """None where the oracle is not asked, else the lines of what is not as the table says."""
    note, _, why = case.notes.get(oracle.name, "").partition(" -- ")
    if note == "not asked":
        return None
    with tempfile.TemporaryDirectory() as folder:
        try:
            seen = oracle.run(case, folder)
        except subprocess.TimeoutExpired:
            return ["does not end"]
    expected = verdicts.findings(note) if note else case.findings
    expected = {key: one for key, one in expected.items() if key[0] in oracle.classes}
    lines = verdicts.differences(expected, seen)
    if note and not why:
        lines.append("the table does not say why it differs")
    return lines


def main():
    parser = argparse.ArgumentParser(prog="oracles.sh", description=__doc__.split("\n")[0])
    parser.add_argument("--valgrind", type=Path, required=True, help="folder of the programs for valgrind")
    parser.add_argument("--lsan", type=Path, required=True, help="folder of the programs for LeakSanitizer")
    parser.add_argument("--only", choices=("valgrind", "lsan"))
    parser.add_argument("case", nargs="*", help='FAMILY, or "FAMILY CASE"; default: all')
    options = parser.parse_args()
    verdicts.inherit()
    cases = verdicts.read(options.case)
    failed = 0
    for oracle in [Valgrind(options.valgrind.resolve()), LeakSanitizer(options.lsan.resolve())]:
        if options.only not in (None, oracle.name):
            continue
        with ThreadPoolExecutor(2) as pool:
            judged = list(zip(cases, pool.map(lambda case, by=oracle: judge(by, case), cases)))
        for case, lines in judged:
            for line in lines or []:
                print(f"{oracle.name}: {case}: {line}")
        asked = [(case, lines) for case, lines in judged if lines is not None]
        noted = sum(oracle.name in case.notes for case, _ in asked)
        wrong = sum(bool(lines) for _, lines in asked)
        print(f"{oracle.name}: {len(asked)} of {len(cases)} cases: {len(asked) - noted - wrong} agree, {noted} differ as noted, {wrong} otherwise")
        failed += wrong
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
