"""Runs a program once for each N, the N-th call of a kind that leaktrace itself makes failing: faults.py LIBRARY CALL [--all] PROGRAM...

LIBRARY is that of tests/support/faults.c. Each run must end in time, print and end as it does alone, and leave only dumps that can
be read and whose figures are true. Twice for each N: that call alone fails, and all behind it fail, too. Without --all some N are
left out, the more of them the further on. What is wrong is printed, one line each, and the exit status is 1.
"""
import glob
import gzip
import os
import shutil
import subprocess
import sys
import tempfile

SECONDS_AT_MOST = 100
DENSE = 8
KEPT = {"inuse_objects": 3, "inuse_space": 150}
SITE = "keeps_three"


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def walk(data):
    """Fields of a message, to its last byte."""
    at, fields = 0, []
    while at < len(data):
        key, at = varint(data, at)
        value, at = varint(data, at)
        if key & 7 == 2:
            assert at + value <= len(data), "a field is cut off"
            value, at = data[at:at + value], at + value
        else:
            assert key & 7 == 0, "a field of an unknown type"
        fields.append((key >> 3, value))
    return fields


def check_pprof(path):
    fields = walk(gzip.open(path).read())
    strings = [value for number, value in fields if number == 6]
    assert strings and strings[0] == b"", "no table of strings"
    for number, value in fields:
        if number in (1, 2, 3, 4, 5):
            walk(value)


def comments(lines):
    return {words[1]: words[2] for words in (line.split(None, 2) for line in lines if line.startswith("# ")) if len(words) == 3}


def figures(lines, site):
    """Of all stacks through a function: the figures of each sample type."""
    types = [name.split("/")[0] for name in lines[0].split()[2::2]]
    sums, values = dict.fromkeys(types, 0), []
    for line in lines[1:]:
        if line.startswith("#\t"):
            if line.split("\t")[2].split()[0] == site and values:
                sums = {name: sums[name] + value for name, value in zip(types, values)}
                values = []
        elif not line.startswith("#"):
            values = [int(word) for word in line.split(" @")[0].split()]
    return sums


def check_heap_text(path):
    lines = open(path).read().splitlines()
    about = comments(lines)
    found = figures(lines, SITE)
    for name, truth in KEPT.items():
        known = found[name] == truth or (found[name] < truth and int(about["dropped_events"]) > 0)
        # A stack whose names could not be read is there without them.
        nameless = not any(SITE in line for line in lines)
        assert known or nameless, f"{SITE} has {found[name]} {name}, dropped events {about['dropped_events']}"


def run(library, fault, program, folder):
    env = dict(os.environ, LEAKTRACE_OPTIONS=f"dir={folder}/dumps:log={folder}/log:format=pprof,text", LD_PRELOAD=library,
               LEAKTRACE_FAULT=f"{fault}:{folder}/shown")
    done = subprocess.run(program, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=SECONDS_AT_MOST)
    return done.returncode, done.stdout, done.stderr


def one(library, fault, program, truth):
    """What is wrong with this run, and whether the call has failed in it."""
    folder = tempfile.mkdtemp()
    wrong = []
    try:
        result = run(library, fault, program, folder)
        if result != truth:
            wrong.append(f"{fault}: {result}, not {truth}")
        for path in sorted(glob.glob(f"{folder}/dumps/*.gz") + glob.glob(f"{folder}/dumps/*.heap.txt")):
            try:
                (check_pprof if path.endswith(".gz") else check_heap_text)(path)
            except (AssertionError, EOFError, OSError, IndexError, KeyError) as error:
                wrong.append(f"{fault}: {os.path.basename(path)}: {error!r}")
        return wrong, os.path.exists(f"{folder}/shown")
    except subprocess.TimeoutExpired:
        return [f"{fault}: it hangs"], True
    finally:
        shutil.rmtree(folder)


def numbers(every):
    n = 1
    while True:
        yield n
        n += 1 if every or n < DENSE else n // 2


def main():
    library, call, *program = sys.argv[1:]
    every = program[0] == "--all"
    program = program[every:]
    alone = subprocess.run(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    truth = (alone.returncode, alone.stdout, alone.stderr)
    failed, runs = 0, 0
    for how in ("", "+"):
        for n in numbers(every):
            wrong, shown = one(library, f"{call}:{n}{how}", program, truth)
            for line in wrong:
                print(line)
            failed += len(wrong)
            if not shown:
                break
            runs += 1
    print(f"{call}: {runs} faults")
    return 1 if failed or runs == 0 else 0


sys.exit(main())
