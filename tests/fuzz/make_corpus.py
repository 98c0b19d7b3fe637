"""Writes the seeds that are made, not taken from other tools: make_corpus.py SEEDS BOMBS. The same on every machine.

What comes from other tools lies beside them in corpus/: go_heap and go_goroutine (runtime/pprof of Go 1.19), gperftools (a legacy
heap profile, by `go tool pprof -proto`), heaptrack (its collapsed stacks, as profile.proto without addresses).
"""
import gzip
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from made_profiles import TYPES, encode, number, packed, text  # noqa: E402

EXE, LIBC = "/opt/exporter", "/usr/lib/x86_64-linux-gnu/libc.so.6"
MAIN = ("main", "main.c", 12, EXE, 0x1200)
LEAK = ("_ZN3app4leakERSt6vectorIiSaIiEE", "leak.cc", 7, EXE, 0x1100)
MALLOC = ("", "", 0, LIBC, 0x9000)


def seeds():
    sites = [([MALLOC, LEAK, MAIN], [9, 900, 5, 500], []), ([LEAK, MAIN], [1, 1, 0, 0], [("stack", "truncated")])]
    more = {"time_ns": 1763717412 * 10**9, "duration_ns": 10**12, "comments": ("pid 12", "command exporter -v", "dropped_events 3")}
    heap = encode(TYPES["heap"], sites, build_ids={EXE: "aa", LIBC: "bb"}, **more)
    fd = encode(TYPES["fd"], [([MAIN], [4, 3], [("type", "tcp"), ("peer", "10.0.0.1:80"), ("state", "ESTABLISHED")]),
                              ([MAIN], [4, 3], [("type", "file")])], **more)
    yield "heap", heap
    yield "heap.gz", gzip.compress(heap, mtime=0)
    yield "two_members.gz", gzip.compress(heap[:100], mtime=0) + gzip.compress(heap[100:], mtime=0)
    yield "fd", fd
    yield "thread", encode(TYPES["thread"], [([MAIN], [2, 1 << 23, 2], [("state", "running")])], **more)
    yield "growth", encode(TYPES["heap_growth"], [([LEAK, MAIN], [2, 200], [])], **more)
    yield "no_samples", encode(TYPES["fd"], [])
    yield "no_stack", encode(TYPES["fd"], [([], [1, 1], [])])
    yield "no_mapping", encode([("samples", "count")], [([("a", "", 0, "", 0), ("b", "b.py", 3, "", 0)], [7], [])])
    yield "cut", heap[:len(heap) // 2]
    yield "cut.gz", gzip.compress(heap, mtime=0)[:-20]
    yield "bomb_of_name", encode([("x", "count")], [([("_Z1f1AI" + "S_IS0_S1_E" * 30 + "E", "", 0, EXE, 1)], [1], [])])
    # Profiles cannot be cyclic but for stacks that are, and for rows that name themselves.
    yield "cyclic_stack", encode(TYPES["fd"], [([LEAK, MAIN] * 300, [1, 1], [])])
    yield "location_is_its_own_mapping", (encode([("x", "count")], []) + text(4, number(1, 5) + number(2, 5)) +
                                          text(2, packed(1, [5, 5, 5]) + packed(2, [1])))
    yield "ids_twice", heap + text(4, number(1, 1))
    yield "large_ids", (encode([("x", "count")], []) + text(4, number(1, (1 << 64) - 1) + number(3, (1 << 64) - 1)) +
                        text(2, packed(1, [(1 << 64) - 1]) + packed(2, [(1 << 64) - 1])))
    yield "extremes", encode(TYPES["heap"], [([MAIN], [-(1 << 63)] * 4, []), ([LEAK], [(1 << 63) - 1] * 4, []),
                                             ([LEAK, MAIN], [(1 << 63) - 1] * 4, [])], time_ns=(1 << 63) - 1, duration_ns=-1)


def bombs():
    yield "zeros.gz", bytes(20 << 20)
    # Samples of four bytes each: what takes most memory for its size.
    yield "samples.gz", encode([("x", "count")], []) + text(2, packed(2, [1])) * 200000
    yield "strings.gz", encode(TYPES["fd"], []) + text(6, b"") * 500000
    yield "depth.gz", encode(TYPES["fd"], [([MAIN] * 200000, [1, 1], [])])


def write(folder, name, data):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def main():
    for name, data in seeds():
        write(sys.argv[1], name, data)
    for name, data in bombs():
        write(sys.argv[2], name, gzip.compress(data, mtime=0))


main()
