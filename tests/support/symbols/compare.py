"""Holds the frames of a report against addr2line's: compare.py REPORT.json MODULE FILE [MODULE FILE]...

FILE has the debug information of MODULE. Every address of the report in that module must have the same functions, files and
lines, inlined ones included. Of a name addr2line may say more: the result's type of a template, and the part of a function
that the compiler has made another of (`.cold`, `.part.0`). Where the innermost inlined function has no linkage name it takes
that of the symbol instead; then lines alone are compared.
"""
import json
import re
import subprocess
import sys


def segments(path):
    text = subprocess.run(["readelf", "-lW", path], check=True, capture_output=True, text=True).stdout
    rows = re.findall(r"^ +LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+)", text, re.M)
    return [tuple(int(number, 16) for number in row) for row in rows]


def to_address(path, offsets):
    """Addresses in the file, of offsets in it."""
    loads = segments(path)
    return [next(vaddr + at - start for start, vaddr, size in loads if start <= at < start + size) for at in offsets]


def truth(path, offsets):
    """What addr2line says: for each offset the frames, innermost first."""
    asked = "".join(f"{address:#x}\n" for address in to_address(path, offsets))
    text = subprocess.run(["addr2line", "-a", "-f", "-i", "-C", "-e", path], check=True, capture_output=True, text=True,
                          input=asked).stdout
    answers = []
    lines = iter(text.splitlines())
    for line in lines:
        if re.fullmatch(r"0x[0-9a-f]{16}", line):
            answers.append([])
            continue
        file, _, number = re.sub(r" \(discriminator \d+\)$", "", next(lines)).rpartition(":")
        answers[-1].append((line, "" if file == "??" else file, int(number) if number.isdigit() else 0))
    return dict(zip(offsets, answers))


def locations(report, module):
    """Runs of frames that one address has, as (offset, frames)."""
    for site in (site for dump in report["reports"] for kind in dump["kinds"] for site in kind["sites"]):
        offset, frames = None, []
        for frame in site["frames"] + [{"module": None, "offset": None}]:
            if frames and (frame["module"] != module or frame["offset"] != offset):
                yield offset, frames
                frames = []
            if frame["module"] == module:
                offset = frame["offset"]
                frames.append((frame["function"], frame["file"], frame["line"]))


def is_same(ours, theirs):
    name = re.sub(r"(\.(cold|part|constprop|isra|lto_priv)(\.\d+)?)+$", "", theirs[0])
    return ours[1:] == theirs[1:] and (ours[0] in (name, theirs[0]) or name.endswith(" " + ours[0]))


def all_same(ours, theirs):
    """One address may stand in a stack several times in a row."""
    if len(theirs) > 1 and theirs[0][0] == theirs[-1][0]:
        theirs = [(ours[0][0], *theirs[0][1:]), *theirs[1:]]
    return len(ours) % len(theirs) == 0 and all(is_same(frame, theirs[i % len(theirs)]) for i, frame in enumerate(ours))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        report = json.load(file)
    wrong = inlined = 0
    for module, path in zip(sys.argv[2::2], sys.argv[3::2]):
        found = list(locations(report, module))
        if not found:
            sys.exit(f"no stack runs through {module}")
        known = truth(path, sorted({offset for offset, _ in found}))
        for offset, frames in found:
            inlined += len(known[offset]) > 1
            if not all_same(frames, known[offset]):
                wrong += 1
                print(f"{module}+{offset:#x}:", *[f"  ours: {frame}" for frame in frames],
                      *[f"  addr2line's: {frame}" for frame in known[offset]], sep="\n")
    print(f"{inlined} inlined")
    sys.exit(1 if wrong else 0)


main()
