"""Holds a process under stress against its own model: soak.py LIBRARY SPECIMEN PLUGIN [--minutes M | --rounds N] [...]

The specimen (tests/specimens/soak.c) stands still between rounds and says what is live; each time the figures of the dump must be
those, with nothing dropped. leaktrace's own memory, as its dumps say, and the process's, as the kernel says, must not be more in the last
third of the rounds than they were before, but for MARGIN. What is wrong is printed, and the exit status is 1.
"""
import argparse
import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

# Of the figure, and in bytes: a chunk of an arena or two, and what malloc's own pools waver by.
MARGIN = {"own_memory_bytes": (0.0, 256 * 1024), "rss_bytes": (0.02, 4 << 20)}
ZERO = ["dropped_events", "truncated_stacks", "replaced", "unknown_release", "lock_timeouts", "stale_fds"]
SECONDS_AT_MOST = 120


def parse():
    parser = argparse.ArgumentParser(prog="soak.py")
    parser.add_argument("library")
    parser.add_argument("specimen")
    parser.add_argument("plugin")
    parser.add_argument("--minutes", type=float, help="rounds are made for so long")
    parser.add_argument("--rounds", type=int, default=30, help="without --minutes: so many rounds (30)")
    parser.add_argument("--operations", type=int, default=20000, help="of each thread in a round (20000)")
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--slots", type=int, default=2000, help="blocks that a thread may keep live (2000)")
    parser.add_argument("--options", default="", help="more options for leaktrace")
    return parser.parse_args()


def figures(lines, site):
    types = [name.split("/")[0] for name in lines[0].split()[2::2]]
    sums, values = dict.fromkeys(types, 0), []
    for line in lines[1:]:
        if line.startswith("#\t"):
            if values and line.split("\t")[2].split()[0] == site:
                sums = {name: sums[name] + value for name, value in zip(types, values)}
                values = []
        elif not line.startswith("#"):
            values = [int(word) for word in line.split(" @")[0].split()]
    return sums


def comment(lines, key):
    return next(int(line.split()[2]) for line in lines if line.startswith(f"# {key} "))


def rss_bytes(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Soak:
    def __init__(self, args):
        self.args = args
        self.dumps = tempfile.mkdtemp()
        self.wrong = []
        self.own, self.rss = [], []
        rounds = args.rounds if args.minutes is None else 10**9
        # The first checkpoint takes memory that is kept; a short run may end before it comes, or not.
        checkpoint = "checkpoint=0" if args.minutes is None else "checkpoint=1"
        env = dict(os.environ, LD_PRELOAD=args.library, PLUGIN=args.plugin,
                   LEAKTRACE_OPTIONS=f"dir={self.dumps}:log={self.dumps}/log:format=pprof,text:{checkpoint}:{args.options}")
        command = [args.specimen] + [str(word) for word in (rounds, args.operations, args.threads, args.slots)]
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def line(self):
        """One line of the specimen's; it is ended when none comes."""
        patience = threading.Timer(SECONDS_AT_MOST, self.process.kill)
        patience.start()
        line = self.process.stdout.readline()
        patience.cancel()
        if not line:
            raise EOFError(f"the specimen has ended or hangs: {self.process.wait()}")
        return line.split()

    def read(self, kind):
        """The dump of this round: the newest of its reason. Those of the signal are made while all moves."""
        paths = glob.glob(f"{self.dumps}/*.{self.process.pid}.*.{kind}.txt")
        for path in sorted(paths, reverse=True):
            with open(path) as file:
                lines = file.read().splitlines()
            if "# reason round" in lines:
                return lines
        raise FileNotFoundError(f"no dump of {kind}")

    def hold(self, round_number, what, found, truth):
        if found != truth:
            self.wrong.append(f"round {round_number}: {what}: {found}, but the model has {truth}")

    def check(self, words):
        truth = {name: [int(word) for word in words[at:to]] for name, at, to in
                 (("makes_block", 3, 7), ("opens_one", 8, 10), ("starts_one", 11, 12))}
        heap, fd, thread = self.read("heap"), self.read("fd"), self.read("thread")
        self.hold(words[1], "blocks", list(figures(heap, "makes_block").values()), truth["makes_block"])
        self.hold(words[1], "moved blocks", figures(heap, "moves_block")["inuse_objects"], 0)
        self.hold(words[1], "descriptors", list(figures(fd, "opens_one").values()), truth["opens_one"])
        self.hold(words[1], "threads", figures(thread, "starts_one")["created_threads"], truth["starts_one"][0])
        self.hold(words[1], "live threads", figures(thread, "starts_one")["inuse_threads"], 0)
        self.hold(words[1], "workers", figures(thread, "starts_worker")["inuse_threads"], self.args.threads)
        for key in ZERO:
            self.hold(words[1], key, comment(heap, key), 0)
        self.own.append(comment(heap, "own_memory_bytes"))
        self.rss.append(rss_bytes(self.process.pid))

    def remove_dumps(self):
        for path in glob.glob(f"{self.dumps}/*.txt") + glob.glob(f"{self.dumps}/*.pb.gz"):
            os.unlink(path)

    def flat(self, name, series):
        third = len(series) // 3
        before, last = max(series[:-third]), max(series[-third:])
        factor, room = MARGIN[name]
        print(f"{name}: {series[0]} in the first round, at most {before} before the last third, {last} in it")
        if last > before * (1 + factor) + room:
            self.wrong.append(f"{name} grows: {series[::max(1, len(series) // 20)]}")

    def run(self):
        end = None if self.args.minutes is None else time.monotonic() + self.args.minutes * 60
        for number in range(1, 10**9):
            words = self.line()
            self.line()
            self.check(words)
            self.remove_dumps()
            if self.wrong or (number >= self.args.rounds if end is None else time.monotonic() >= end and number >= 6):
                break
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            time.sleep(0.002)
            self.process.send_signal(signal.SIGUSR2)
        print(f"{len(self.own)} rounds of {self.args.threads} x {self.args.operations} operations")
        self.flat("own_memory_bytes", self.own)
        self.flat("rss_bytes", self.rss)

    def end(self):
        """In the last round of the agreed ones the specimen ends by itself."""
        if self.args.minutes is not None or self.wrong:
            self.process.kill()
            return
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.hold("last", "what it says", self.line(), ["over"])
        self.hold("last", "exit status", self.process.wait(SECONDS_AT_MOST), 0)


def main():
    soak = Soak(parse())
    try:
        soak.run()
        soak.end()
    except (EOFError, OSError, StopIteration) as error:
        soak.wrong.append(repr(error))
    finally:
        soak.process.kill()
    for line in soak.wrong:
        print(line)
    if soak.wrong:
        print(f"the last dumps are in {soak.dumps}")
    else:
        shutil.rmtree(soak.dumps)
    return 1 if soak.wrong else 0


sys.exit(main())
