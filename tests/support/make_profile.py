"""Writes profiles that no program has made: with names that break pages, or as large as a large program's.

    make_profile.py small FOLDER           a dump of four blocks, a descriptor and a thread
    make_profile.py pair FOLDER            two dumps: a site that grows, and one each that shrinks, stays, comes and goes
    make_profile.py hostile FILE           names that are HTML, not UTF-8, or longer than a screen
    make_profile.py large FOLDER STACKS    a dump of heap and descriptors, with so many stacks of heap
"""

import gzip
import random
import sys

HEAP = [("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes")]
GROWTH = HEAP[2:]
FD = [("opened_fds", "count"), ("inuse_fds", "count")]
THREAD = [("created_threads", "count"), ("inuse_stack", "bytes"), ("inuse_threads", "count")]


def varint(number):
    out = bytearray()
    number &= (1 << 64) - 1
    while number > 0x7f:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def message(field, payload):
    return varint(field << 3 | 2) + varint(len(payload)) + payload


def packed(field, values):
    return message(field, b"".join(map(varint, values)))


HOUR_NS = 3600 * 10**9


class Profile:
    """Strings are bytes; a frame is (function, file, line), a stack of them has its leaf first."""

    def __init__(self, types, module=b"/opt/program"):
        self.strings, self.frames, self.functions, self.body = {b"": 0}, {}, {}, []
        for kind, unit in types:
            self.body.append(message(1, number(1, self.string(kind.encode())) + number(2, self.string(unit.encode()))))
        self.body.append(message(3, number(1, 1) + number(2, 0x1000) + number(3, 1 << 40) + number(5, self.string(module))))

    def string(self, text):
        return self.strings.setdefault(text, len(self.strings))

    def function(self, name, file):
        return self.functions.setdefault((name, file), len(self.functions) + 1)

    def sample(self, stack, values):
        places = [self.frames.setdefault(frame, len(self.frames) + 1) for frame in stack]
        self.body.append(message(2, packed(1, places) + packed(2, values)))

    def write(self, path):
        body = [number(10, HOUR_NS if "_growth." in path else 2 * HOUR_NS)] + self.body  # a mark was set
        for (name, file, line), place in self.frames.items():
            call = number(1, self.function(name, file)) + number(2, line)
            body.append(message(4, number(1, place) + number(2, 1) + number(3, 0x2000 + 16 * place) + message(4, call)))
        for (name, file), function in self.functions.items():
            body.append(message(5, number(1, function) + number(2, self.string(name)) + number(4, self.string(file))))
        body += [message(6, text) for text in self.strings]
        with open(path, "wb") as out:
            out.write(gzip.compress(b"".join(body)))


def stack(name):
    return [(name, b"site.c", 10), (b"run", b"main.c", 20), (b"main", b"main.c", 30)]


def small(folder):
    heap, growth, fd, thread = Profile(HEAP), Profile(GROWTH), Profile(FD), Profile(THREAD)
    heap.sample(stack(b"keeps_three"), [5, 250, 3, 150])
    heap.sample(stack(b"keeps_one"), [1, 50, 1, 50])
    growth.sample(stack(b"keeps_one"), [1, 50])
    fd.sample(stack(b"keeps_descriptor"), [2, 1])
    thread.sample(stack(b"keeps_thread"), [1, 8 << 20, 1])
    for kind, profile in (("heap", heap), ("heap_growth", growth), ("fd", fd), ("thread", thread)):
        profile.write(f"{folder}/small.1.0001.{kind}.pb.gz")


def pair(folder):
    sites = {b"grows": (100, 300), b"shrinks": (100, 50), b"stays": (70, 70), b"comes": (0, 40), b"goes": (20, 0)}
    for at in range(2):
        heap = Profile(HEAP)
        if at == 1:
            heap.sample(stack(b"shifts_addresses"), [1, 1, 0, 0])
        for name, sizes in sites.items():
            heap.sample(stack(name), [1, sizes[at], 1, sizes[at]] if sizes[at] > 0 else [1, 1, 0, 0])
        heap.write(f"{folder}/pair.{at + 1}.000{at + 1}.heap.pb.gz")


HOSTILE = [
    b"</script><script>window.broken = 1</script>", b"<img src=x onerror='window.broken = 1'>", b"a<b> & \"c\" 'd'",
    b"&lt;script&gt;", b"<!--<script>", b"not utf-8: \xff\xfe\xc3(", b"{{data}}", b"back\\slash\nand \x01 controls \x7f",
    "right-to-left \u202e and \u2028 lines".encode(), "\u00e9l\u00e8ve \u4e16\u754c".encode(), b"]]>", b"</style></title></table>", b"x" * 5000,
]


def hostile(path):
    profile = Profile(HEAP, b"/opt/<b>\"module\"</b>")
    for i, name in enumerate(HOSTILE):
        profile.sample([(name, b"</td><i>\xff.c", 7 + i), (b"main", b"main.c", 1)], [1, 100 - i, 1, 100 - i])
    profile.write(path)


def large(folder, stacks):
    chance = random.Random(6)
    names = [(b"service::module%d::Handler%d::method_%d(std::string const&, unsigned long)" % (i % 17, i % 301, i),
              b"/src/service/module%d/handler%d.cc" % (i % 17, i % 301)) for i in range(6000)]

    def frames(n):
        return [chance.choice(names) + (chance.randrange(1, 900),) for _ in range(n)]

    paths = [frames(12)]
    while len(paths) < stacks:
        trunk = chance.choice(paths)
        paths.append(trunk[:chance.randrange(len(trunk) // 2, len(trunk))] + frames(chance.randrange(1, 9)))
    heap, growth, fd, fd_growth = Profile(HEAP), Profile(GROWTH), Profile(FD), Profile(FD[1:])
    for i, path in enumerate(paths):
        live = int(chance.paretovariate(1.1))
        size = chance.randrange(16, 4096)
        heap.sample(path[::-1], [live * 7, live * 7 * size, live, live * size])
        growth.sample(path[::-1], [live // 2, live // 2 * size])
        if i % 8 == 0:
            fd.sample(path[::-1], [live, 1])
            fd_growth.sample(path[::-1], [1])
    for kind, profile in (("heap", heap), ("heap_growth", growth), ("fd", fd), ("fd_growth", fd_growth)):
        profile.write(f"{folder}/large.1.0001.{kind}.pb.gz")


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2], *map(int, sys.argv[3:]))
