"""The programs that are compared, each with the size of its work."""
import shlex
import time
from dataclasses import dataclass

from process import SOURCES, Failed, Figures, Measured, call

CXX = ["clang++", "-O2", "-std=c++17", "-c", SOURCES / "heavy.cc"]


@dataclass
class Workload:
    """`command(tools, folder, size)` gives the program's words, and the file of its standard input or None. `proof`: kind of resource,
    and how many are made at least for each unit of size."""
    name: str
    title: str
    command: callable
    size: int
    quick: int
    proof: tuple = ("heap", 1000)
    variables: dict = None

    def least(self, size):
        return self.proof[0], int(self.proof[1] * size)

    def run(self, tools, folder, variables, size, wrapper=(), limit=None):
        """Figures of one run. `wrapper`: words before the program's, such as valgrind's."""
        words, text = self.command(tools, folder, size)
        with open(text or "/dev/null", "rb") as source:
            return Measured(tools, [*wrapper, *words], folder, {**(self.variables or {}), **variables}, limit=limit,
                            stdin=source).wait()


def clang(tools, folder, size):
    """The compiler proper, without the driver: one process. Size 1 leaves most of the file out."""
    said = start_of_cc1([*CXX, *(["-DSMALL"] if size == 1 else []), "-o", folder / "heavy.o"], folder)
    return shlex.split(said), None


def start_of_cc1(command, folder):
    said = call(["sh", "-c", 'exec "$@" 2>&1', "sh", *command, "-###"], folder)
    lines = [line for line in said.splitlines() if '"-cc1"' in line]
    if len(lines) != 1:
        raise Failed("clang++ -### shows no single compiler")
    return lines[0]


def sqlite(tools, folder, size):
    script = folder / "script.sql"
    script.write_text((SOURCES / "tables.sql").read_text() * size)
    return ["sqlite3", ":memory:"], script


def script(*words):
    """A program that takes a file of workloads/ and the size."""
    return lambda tools, folder, size: ([*words, size], None)


def jq(tools, folder, size):
    return ["jq", "-n", "--argjson", "rounds", size, "-f", SOURCES / "work.jq"], None


def own(name, *words):
    """A program of workloads/*.c."""
    return lambda tools, folder, size: ([tools.program(name), *words, size], None)


class Redis(Workload):
    """Time is the client's, CPU and memory are the server's. Size: thousands of keys."""

    def run(self, tools, folder, variables, size, wrapper=(), limit=None):
        socket = folder / "redis.sock"
        server = Measured(tools, [*wrapper, "redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder],
                          folder, variables, tag="server", limit=limit)
        self.wait_until_ready(server, socket, folder)
        client = ["redis-benchmark", "-s", socket, "-c", 20, "-P", 16, "-q", "-r", size * 1000]
        wall = sum(self.client(tools, folder, [*client, *requests]) for requests in (
            ["-n", size * 1500, "-d", 16, "-t", "set"],
            ["-n", size * 100, "-t", "get,incr,lpush,rpop,sadd,hset"]))
        try:
            call(["redis-cli", "-s", socket, "shutdown", "nosave"], folder)
        except Failed as failure:
            raise Failed(f"redis-server did not shut down: {failure}") from None
        served = server.wait()
        return Figures(wall, served.cpu, served.rss, served.pid)

    @staticmethod
    def client(tools, folder, command):
        return Measured(tools, command, folder, {}, tag="client").wait().wall

    @staticmethod
    def wait_until_ready(server, socket, folder):
        for _ in range(600):
            if server.report.exists():
                server.wait()
            try:
                if socket.exists() and call(["redis-cli", "-s", socket, "ping"], folder).strip() == "PONG":
                    return
            except Failed:
                pass
            time.sleep(0.05)
        raise Failed("redis-server does not answer")


PYTHON = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}

ALL = [
    Workload("clang", "clang++ -O2", clang, 2, 1, ("heap", 100000)),
    Workload("sqlite", "sqlite3, in memory", sqlite, 15, 2, ("heap", 20000)),
    Redis("redis", "redis-server", None, 1000, 20, ("heap", 1000)),
    Workload("python", "python3, PYTHONMALLOC=malloc", script("/usr/bin/python3", SOURCES / "work.py"), 70, 2, ("heap", 20000), PYTHON),
    Workload("exchange", "8 threads, cross-thread frees", own("exchange"), 600, 20, ("heap", 8000)),
    Workload("larson", "larson", own("larson"), 200, 8, ("heap", 50000)),
    Workload("open", "open+close", own("churn", "open"), 500000, 10000, ("fd", 1)),
    Workload("connect", "connect+close", own("churn", "connect"), 40000, 1000, ("fd", 2)),
    Workload("thread", "thread create+join", own("churn", "thread"), 20000, 500, ("thread", 1)),
    Workload("perl", "perl, text (untuned)", script("/usr/bin/perl", SOURCES / "work.pl"), 7, 1, ("heap", 10000)),
    Workload("jq", "jq (untuned)", jq, 6, 1, ("heap", 10000)),
]
