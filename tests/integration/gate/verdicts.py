"""The table of verdicts, and how what a tool has found is held against it."""
import os
import re
from pathlib import Path

TABLE = Path(__file__).parent / "verdicts.txt"
INHERITED = 3   # the descriptor that `descriptors inherited` asks for; inherit() makes it
LEAKS = ("definite", "indirect", "open", "unjoined", "running")


class Finding:
    """What is expected at one site: figures are numbers, or None for any. `may` be missing; `hidden` by a suppression."""

    def __init__(self, text):
        words = text.strip("()").split()
        self.key = (words[0], words[1])
        self.count, self.bytes = (None if word == "-" else int(word) for word in words[2:4])
        self.hidden = words[4:] == ["suppressed"]
        self.may = text.startswith("(")

    def is_leak(self):
        return self.key[0] in LEAKS and not self.hidden

    def agrees(self, figures):
        return self.count in (None, figures[0]) and self.bytes in (None, figures[1])

    def __str__(self):
        figure = ["-" if number is None else str(number) for number in (self.count, self.bytes)]
        return " ".join([*self.key, *figure])


def findings(text):
    """{(class, site): Finding} of a list in the table."""
    if text == "nothing":
        return {}
    return {one.key: one for one in map(Finding, re.split(r"\s*;\s*", text))}


class Case:
    def __init__(self, family, name, text):
        self.family, self.name = family, name
        self.findings = findings(text)
        self.options = []
        self.notes = {}
        self.status = None

    def add(self, key, text):
        if key == "status":
            self.status = int(text)
        elif key == "options":
            self.options = text.split()
        else:
            self.notes[key] = text

    def expected_status(self):
        if self.status is not None:
            return self.status
        return 23 if any(one.is_leak() and not one.may for one in self.findings.values()) else 0

    def __str__(self):
        return " ".join([self.family, self.name, *self.options])


def read(wanted=()):
    """All cases of the table, or those whose family, or "FAMILY CASE", is wanted."""
    cases = []
    for line in TABLE.read_text().splitlines():
        if line.startswith(" "):
            key, text = line.strip().split(": ", 1)
            cases[-1].add(key, text)
        elif line and not line.startswith("#"):
            cases.append(Case(*line.split(None, 2)))
    return [one for one in cases if not wanted or one.family in wanted or f"{one.family} {one.name}" in wanted]


def inherit():
    """Gives this process, and those that it starts with pass_fds, one descriptor above the first three."""
    null = os.open("/dev/null", os.O_RDONLY)
    if null != INHERITED:
        os.dup2(null, INHERITED)
    os.set_inheritable(INHERITED, True)


def differences(expected, seen):
    """Lines that say where `seen`, {(class, site): (count, bytes)}, is not as expected."""
    lines = [f"no {one}" for key, one in expected.items() if key not in seen and not one.may]
    lines += [f"{' '.join(key)} {figures[0]} {figures[1]}, not {expected[key]}" for key, figures in seen.items()
              if key in expected and not expected[key].agrees(figures)]
    return lines + [f"unexpected {' '.join(key)} {figures[0]} {figures[1]}" for key, figures in seen.items() if key not in expected]
