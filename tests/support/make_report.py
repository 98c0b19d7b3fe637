"""Writes dumps whose report is known: make_report.py leaky|fixed FOLDER SOURCES

The frames of the program have their files in the folder SOURCES. All moments and spans are fixed.
"""
import sys

from make_profile import FD, GROWTH, HEAP, THREAD, Profile, message, number, packed

PROGRAM, LIBC, LIBCXX = b"/opt/golden/exporter", b"/usr/lib/golden/libc.so.6", b"/usr/lib/golden/libstdc++.so.6"
MODULES = [PROGRAM, LIBC, LIBCXX]
DUMPED_NS, START_NS, MARK_NS = 1763717412 * 10**9, 7380 * 10**9, 3600 * 10**9
COMMENTS = [b"dropped_events 0", b"truncated_stacks 2", b"unattributed_fds 5"]


class Dump(Profile):
    """A frame is (function, file, line, module); it has the same address in all dumps."""

    places = {}

    def __init__(self, types, span_ns):
        super().__init__(types)
        self.body = self.body[:len(types)]
        for i, module in enumerate(MODULES):
            self.body.append(message(3, number(1, i + 1) + number(2, (i + 1) << 32) + number(3, (i + 2) << 32)
                                     + number(5, self.string(module))))
        self.body += [number(9, DUMPED_NS), number(10, span_ns)]
        self.body.append(packed(13, [self.string(comment) for comment in COMMENTS]))

    def sample(self, stack, values, **labels):
        places = [self.places.setdefault(frame, len(self.places) + 1) for frame in stack]
        self.frames.update(zip(stack, places))
        texts = [message(3, number(1, self.string(key.encode())) + number(2, self.string(value.encode())))
                 for key, value in labels.items()]
        self.body.append(message(2, packed(1, places) + packed(2, values) + b"".join(texts)))

    def write(self, path):
        for (name, file, line, module), place in self.frames.items():
            call = number(1, self.function(name, file)) + number(2, line)
            mapping = MODULES.index(module) + 1
            self.body.append(message(4, number(1, place) + number(2, mapping) + number(3, (mapping << 32) + 16 * place)
                                     + message(4, call)))
        self.frames = {}
        super().write(path)


def stacks(sources):
    def own(name, file, line):
        return (name, f"{sources}/{file}".encode(), line, PROGRAM)

    def of_libc(name):
        return (name, b"", 0, LIBC)

    start = [of_libc(b"start_thread"), of_libc(b"clone3")]
    main = [own(b"main", "main.c", 30), of_libc(b"__libc_start_call_main"), of_libc(b"__libc_start_main"),
            (b"_start", b"", 0, PROGRAM)]
    request = [own(b"handle_request", "routes.c", 71), own(b"serve_connection", "server.c", 63),
               own(b"run_worker", "server.c", 84)] + start
    return {
        "register": [own(b"register_histogram", "registry.c", 3), own(b"observe_value", "registry.c", 8),
                     own(b"observe_request(std::string const&)", "middleware.c", 11)] + request,
        "cache": [(b"operator new(unsigned long)", b"", 0, LIBCXX),
                  (b"std::__cxx11::basic_string<char>::_M_mutate(unsigned long, unsigned long, char const*)", b"", 0, LIBCXX),
                  (b"std::vector<Page>::push_back(Page const&)", b"/usr/include/c++/12/bits/stl_vector.h", 1281, PROGRAM),
                  own(b"fill_cache", "cache.cc", 2)] + main,
        "recursion": [own(b"descend", "tree.c", 5)] * 40 + main,
        "connect": [own(b"connect_backend", "backend.c", 25), own(b"collect", "collector.c", 13)] + request,
        "listen": [own(b"listen_on_loopback", "net.c", 40)] + main,
        "watch": [own(b"start_watchers", "watchers.c", 64)] + request,
    }


def write_all(folder, profiles):
    for kind, profile in profiles.items():
        profile.write(f"{folder}/exporter.4711.0003.{kind}.pb.gz")


def profiles_of():
    return {"heap": Dump(HEAP, START_NS), "heap_growth": Dump(GROWTH, MARK_NS), "fd": Dump(FD, START_NS),
            "fd_growth": Dump(FD[1:], MARK_NS), "thread": Dump(THREAD, START_NS), "thread_growth": Dump(THREAD[2:], MARK_NS)}


def leaky(folder, sources):
    at, of = stacks(sources), profiles_of()
    of["heap"].sample(at["cache"], [4000, 16 << 20, 512, 8 << 20])
    of["heap"].sample(at["register"], [30000, 7235174, 29000, 6987654])
    of["heap"].sample(at["recursion"], [40, 4000, 40, 4000])
    of["heap_growth"].sample(at["register"], [28000, 6740000])
    of["heap_growth"].sample(at["cache"], [1, 4096])
    for peer, state, age, count in (("10.0.0.7:443", "ESTABLISHED", "<1h", 40), ("10.0.0.7:443", "ESTABLISHED", "<1d", 90),
                                    ("10.0.0.8:443", "CLOSE_WAIT", "<1d", 7), ("10.0.0.9:443", "ESTABLISHED", "<10m", 2),
                                    ("10.0.0.10:443", "ESTABLISHED", "<10m", 1)):
        of["fd"].sample(at["connect"], [2 * count, count], type="tcp", peer=peer, state=state, age=age)
    of["fd"].sample(at["listen"], [1, 1], type="tcp", state="LISTEN", age="<1d")
    of["fd_growth"].sample(at["connect"], [43])
    of["thread"].sample(at["watch"], [30, 21 * 8 << 20, 21], state="running", start="_ZN5Watch4loopEPv", age="<1h")
    of["thread"].sample(at["watch"], [30, 3 * 8 << 20, 3], state="exited-unjoined", start="watch_once", age="<1m")
    of["thread_growth"].sample(at["watch"], [20])
    write_all(folder, of)


def fixed(folder, sources):
    at, of = stacks(sources), profiles_of()
    of["heap"].sample(at["cache"], [4000, 16 << 20, 512, 8 << 20])
    of["heap"].sample(at["register"], [30000, 7235174, 1, 240])
    of["heap_growth"].sample(at["register"], [1, 240])
    of["fd"].sample(at["listen"], [1, 1], type="tcp", state="LISTEN", age="<1d")
    write_all(folder, of)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
