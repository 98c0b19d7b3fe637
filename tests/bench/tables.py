"""Text: figures with their spread, Markdown tables with notes, and what machine this is."""
import os
import platform
import re
import statistics
import subprocess
import sys
import time

UNITS = [(1e9, "G"), (1e6, "M"), (1e3, "k")]


def progress(text):
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def amount(value, unit=""):
    """Three digits and a unit: 1.23 M."""
    for size, prefix in UNITS:
        if value >= size:
            return f"{value / size:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}".strip()


def spread(values, digits=2):
    """The median, and the least and the greatest if there are several."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


class Notes:
    """Numbers the reasons that cells have for showing no figure."""

    def __init__(self):
        self.texts = []

    def cell(self, word, reason):
        reason = " ".join(str(reason).split())
        if reason not in self.texts:
            self.texts.append(reason)
        return f"**{word}** [{self.texts.index(reason) + 1}]"

    def lines(self):
        return [f"[{number}] {text}" for number, text in enumerate(self.texts, 1)]


def table(title, columns, rows):
    """Markdown; the first column to the left, the others to the right."""
    widths = [max(len(str(row[i])) for row in [columns, *rows]) for i in range(len(columns))]
    lines = [[str(cell).ljust(width) if i == 0 else str(cell).rjust(width) for i, (cell, width) in enumerate(zip(row, widths))]
             for row in [columns, *rows]]
    lines.insert(1, [("-" * width if i == 0 else "-" * (width - 1) + ":") for i, width in enumerate(widths)])
    return "\n".join([f"**{title}**", "", *("| " + " | ".join(line) + " |" for line in lines), ""])


def _first(pattern, text):
    found = re.search(pattern, text, re.M)
    return found[1].strip() if found else "unknown"


def _version(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.partition("\n")[0]


def machine():
    """What the figures depend on, by name."""
    with open("/proc/cpuinfo", encoding="utf-8") as cpus, open("/etc/os-release", encoding="utf-8") as system:
        return {
            "date": time.strftime("%Y-%m-%d"),
            "cpu": f"{os.cpu_count()} × {_first(r'^model name[^:]*:(.*)', cpus.read())}",
            "memory": amount(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), "B"),
            "kernel": platform.release(),
            "system": f"{_first(r'^PRETTY_NAME=.(.*).$', system.read())}, glibc {platform.libc_ver()[1]}",
            "compiler": _version("gcc", "--version"),
            "clang": _version("clang++", "--version"),
        }
