"""Processes that are bounded in time, measured, and killed when the benchmark ends, however it ends."""
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent / "workloads"
# Nothing of the caller's environment can change what is measured.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
CC = ["gcc", "-O2", "-fomit-frame-pointer", "-Wall", "-Wextra", "-pthread"]
LIBRARIES = {"micro": ["-lunwind"]}


class Failed(Exception):
    """What was run gives no figure; the text says why and stands in the table's notes."""


@dataclass
class Figures:
    """Seconds by the clock and of the CPU, bytes of peak resident set; of which process."""
    wall: float
    cpu: float
    rss: int
    pid: int


_running = set()


def start(command, folder, **options):
    """subprocess.Popen in a session of its own, which kill_all() ends."""
    process = subprocess.Popen([str(word) for word in command], cwd=folder, env=ENVIRONMENT, start_new_session=True, **options)
    _running.add(process)
    return process


def kill(process):
    """All of its session that still runs; the process is waited for last, so that no other can have its number."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    _running.discard(process)


def kill_all():
    for process in list(_running):
        kill(process)


def call(command, folder, seconds=60):
    """Standard output of a helper that is not measured."""
    process = start(command, folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{command[0]} took longer than {seconds} s") from late
    finally:
        kill(process)
    if process.returncode != 0:
        raise Failed(f"{' '.join(map(str, command[:3]))}: status {process.returncode}: {err.strip()[-300:]}")
    return out


class Measured:
    """A program that runs under workloads/measure.c. `variables` are set for it alone; its standard error goes to FOLDER/TAG.err."""

    def __init__(self, tools, command, folder, variables, tag="run", limit=None, **options):
        self.limit = limit or tools.limit
        self.name = Path(str(command[0])).name
        self.report, self.errors = folder / f"{tag}.json", folder / f"{tag}.err"
        settings = [f"{name}={value}" for name, value in variables.items()]
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **options}
        with open(self.errors, "wb") as errors:
            self.process = start([tools.program("measure"), self.report, self.limit, *settings, "--", *command], folder,
                                 stderr=errors, **options)

    def wait(self):
        os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        kill(self.process)
        if not self.report.exists():
            raise Failed(f"{self.name} could not be measured")
        report = json.loads(self.report.read_text())
        errors = self.errors.read_text(errors="replace")
        if report["late"]:
            raise Failed(f"killed after {self.limit} s")
        if report["code"] != 0:
            ended = f"status {report['code']}" if report["code"] > 0 else signal.Signals(-report["code"]).name
            raise Failed(f"{self.name} ended with {ended}: {errors.strip()[-200:]}")
        if "ERROR: ld.so:" in errors:
            raise Failed(errors[errors.index("ERROR: ld.so:"):].splitlines()[0])
        return Figures(report["wall"], report["cpu"], report["rss"], report["pid"])


class Tools:
    """The temporary folder, the programs made in it from workloads/*.c, and the limit of one run in seconds."""

    def __init__(self, folder, limit):
        self.folder = folder
        self.limit = limit
        self._runs = 0

    def program(self, name):
        path = self.folder / "bin" / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            call([*CC, SOURCES / f"{name}.c", "-o", path, *LIBRARIES.get(name, [])], self.folder)
        return path

    def new_folder(self):
        """A fresh folder for one run; who asks for it removes it."""
        self._runs += 1
        path = self.folder / f"run{self._runs}"
        path.mkdir(mode=0o700)
        return path
