"""Holds the stacks of a heap profile against a debugger's: compare.py HEAP.txt FRAMES NUMBER-OF-SITES

The innermost frame is the same function at another instruction; of all others the addresses are the same.
"""
import re
import sys


def debugger_stacks(path):
    stacks = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            word, value = line.split()
            if word == "SITE":
                stack = []
                stacks.setdefault(int(value), []).append(stack)
            else:
                stack.append((int(word, 16), value))
    return stacks


def profile_stacks(path):
    stacks = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("#\t"):
                _hash, pc, name, _module = line.rstrip("\n").split("\t")
                stack.append((int(pc, 16), name))
            elif line[0].isdigit():
                count, size = line.split()[:2]
                stack = []
                stacks.setdefault(int(size) // int(count), []).append(stack)
    return stacks


def plain(name):
    """Constructors and destructors have two names for the same code."""
    return re.sub(r"([CD])[12]Ev", r"\1Ev", name)


def difference(ours, theirs):
    if len(ours) != len(theirs):
        return f"{len(ours)} frames, not {len(theirs)}"
    for i, ((pc, name), (true_pc, true_name)) in enumerate(zip(ours, theirs)):
        if i > 0 and pc != true_pc:
            return f"frame {i} is at {pc:#x}, not {true_pc:#x}"
        if true_name not in ("-", name) and plain(true_name) != plain(name):
            return f"frame {i} is {name}, not {true_name}"
    return None


def show(whose, stack):
    print(whose, " ".join(f"{pc:#x}:{name}" for pc, name in stack))


def main():
    heap, frames, sites = sys.argv[1:4]
    truth, ours = debugger_stacks(frames), profile_stacks(heap)
    wrong = set(range(1001, 1001 + int(sites))) ^ set(truth)
    if wrong:
        print("sites not seen by the debugger:", sorted(wrong))
    for size, stack in ((size, stack) for size, stacks in sorted(truth.items()) for stack in stacks):
        differences = [difference(one, stack) for one in ours.get(size, [])]
        if None not in differences:
            wrong.add(size)
            print(f"site {size - 1000}: {differences or 'not in the profile'}")
            show("  theirs:", stack)
            for one in ours.get(size, []):
                show("  ours:  ", one)
    sys.exit(1 if wrong else 0)


main()
