"""Writes the dumps that the golden files show: make_dumps.py FOLDER. The same on every machine.

An exporter in two lives of 60 hours, dumped each hour or so: an index that leaks, a cache that fills, a batch that is emptied each
day, buffers that follow the traffic, and a connection that is never closed. The second life is of a new build. A second program,
of one dump, has a mark.
"""
import math
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from made_profiles import write  # noqa: E402

EXE, LIBC = "/opt/exporter/bin/exporter", "/usr/lib/elsewhere/libc.so.6"
START = 1763717400
HOUR = 3600
MEMORY, FDS, THREADS = 8 << 30, 1024, 4096


def stack(names, shift):
    frames = [(name, "", 0, EXE, 0x1000 + shift + 0x40 * (sum(name.encode()) % 997)) for name in names]
    return frames + [("__libc_start_call_main", "", 0, LIBC, 0x27000), ("__libc_start_main", "", 0, LIBC, 0x27100),
                     ("_start", "", 0, EXE, 0x900)]


def traffic(hour):
    return 1 + 0.4 * math.sin(2 * math.pi * hour / 24) + 0.05 * math.sin(7.7 * hour)


def requests(hour):
    """The sum of the traffic up to that hour."""
    return hour - 0.4 * 24 / (2 * math.pi) * math.cos(2 * math.pi * hour / 24) - 0.05 / 7.7 * math.cos(7.7 * hour)


def sites(hour, since, shift):
    """What is live `since` hours after the start of the process, at an hour of the clock."""
    def heap(names, count, size, acquired):
        return stack(names + ["serve", "main"], shift), [acquired, acquired * size, count, count * size], []
    wiggle = int(40 * math.sin(3.1 * hour))
    return {
        "heap": [
            heap(["append_entry", "index_path", "handle_request"], 1000 + int(250 * since) + wiggle, 512, int(2000 + 600 * since)),
            heap(["cache_insert", "lookup_user"], int(9000 * (1 - math.exp(-since / 5))), 256, int(9000 + 10 * since)),
            heap(["batch_add", "collect"], 50 + int(60 * (hour % 24)), 1024, int(2000 * since)),
            heap(["take_buffer", "read_request"], int(3000 * traffic(hour)), 4096, int(100000 * (requests(hour) - requests(hour - since)))),
            heap(["read_configuration"], 120, 300, 120),
        ],
        "fd": [
            (stack(["connect_to", "get_object", "collect", "main"], shift), [3 + int(4 * since)] * 2,
             [("type", "tcp"), ("peer", "10.0.0.1:80"), ("state", "ESTABLISHED")]),
            (stack(["listen_on", "main"], shift), [1, 1], [("type", "tcp"), ("state", "LISTEN")]),
        ],
        "thread": [(stack(["start_workers", "main"], shift), [4, 4 << 23, 4], [("state", "running")])],
    }


def life(folder, pid, first_hour, hours, build, shift):
    for seq in range(1, hours + 1):
        since = seq + 0.3 * math.sin(seq)
        values = sites(first_hour + since, since, shift)
        resident = 60000000 + sum(site[1][3] for site in values["heap"])
        comments = (f"pid {pid}", "command exporter --listen :9100", f"resident_bytes {resident}", f"limit_memory_bytes {MEMORY}",
                    f"limit_fds {FDS}", f"limit_threads {THREADS}", "dropped_events 0")
        for kind, rows in values.items():
            write(folder, "exporter", pid, f"{seq:04}", kind, rows, time_ns=int((START + (first_hour + since) * HOUR) * 10**9),
                  duration_ns=int(since * HOUR * 10**9), comments=comments, build_ids={EXE: build, LIBC: "cc"})


def marked(folder):
    def write_kind(kind, rows, hours):
        write(folder, "worker", 300, "0001", kind, rows, time_ns=START * 10**9, duration_ns=hours * HOUR * 10**9,
              comments=("pid 300", "command worker", "dropped_events 0", "unattributed_fds 3"), build_ids={EXE: "aa"})
    leak, other = stack(["push_job", "enqueue", "main"], 0), stack(["read_configuration", "main"], 0)
    write_kind("heap", [(leak, [5000, 640000, 3000, 384000], []), (other, [10, 5000000, 10, 5000000], [])], 30)
    write_kind("heap_growth", [(leak, [2500, 320000], [])], 2)


def main():
    life(sys.argv[1], 100, 0, 60, "aa", 0)
    life(sys.argv[1], 200, 61, 60, "bb", 0x440)
    marked(sys.argv[1])


main()
