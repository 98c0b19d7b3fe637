"""Writes dumps whose figures the caller chooses, with an encoder of its own: nothing here trusts leaktrace's.

A profile is made of sites: (frames, values, labels), frames leaf first, each (function, file, line, module, offset).
"""
import gzip
import os

TYPES = {
    "heap": [("alloc_objects", "count"), ("alloc_space", "bytes"), ("inuse_objects", "count"), ("inuse_space", "bytes")],
    "heap_growth": [("inuse_objects", "count"), ("inuse_space", "bytes")],
    "fd": [("opened_fds", "count"), ("inuse_fds", "count")],
    "thread": [("created_threads", "count"), ("inuse_stack", "bytes"), ("inuse_threads", "count")],
}


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def packed(field, values):
    return text(field, b"".join(varint(value) for value in values))


class Table:
    """Rows that are numbered from `first` as they are met."""

    def __init__(self, first):
        self.rows = {}
        self.first = first

    def id(self, row):
        return self.rows.setdefault(row, self.first + len(self.rows))

    def items(self):
        return list(self.rows.items())


def encode(types, sites, time_ns=0, duration_ns=0, comments=(), build_ids=None, base=0x400000):
    """The bytes of a profile. `build_ids` tells that of each module; modules are loaded from `base` on."""
    strings, functions, mappings, locations = Table(0), Table(1), Table(1), Table(1)
    strings.id("")
    out = []
    for name, unit in types:
        out.append(text(1, number(1, strings.id(name)) + number(2, strings.id(unit))))
    for frames, values, labels in sites:
        sample = packed(1, [locations.id(frame) for frame in frames]) + packed(2, values)
        for key, value in labels:
            sample += text(3, number(1, strings.id(key)) + number(2, strings.id(value)))
        out.append(text(2, sample))
    for (function, file, line, module, offset), location in locations.items():
        row = number(1, location)
        if module:
            row += number(2, mappings.id(module)) + number(3, base * mappings.id(module) + offset)
        if function:
            row += text(4, number(1, functions.id((function, file))) + number(2, line))
        out.append(text(4, row))
    for module, mapping in mappings.items():
        row = number(1, mapping) + number(2, base * mapping) + number(3, base * mapping + 0x100000)
        row += number(5, strings.id(module)) + number(6, strings.id((build_ids or {}).get(module, "")))
        out.append(text(3, row))
    for (function, file), row in functions.items():
        out.append(text(5, number(1, row) + number(2, strings.id(function)) + number(3, strings.id(function)) +
                        number(4, strings.id(file))))
    out.append(number(9, time_ns) + number(10, duration_ns))
    for comment in comments:
        out.append(number(13, strings.id(comment)))
    for string, _ in strings.items():
        out.append(text(6, string.encode()))
    return b"".join(out)


def write(folder, exe, pid, seq, kind, sites, **more):
    """Writes one file of a dump, named as leaktrace names it."""
    path = os.path.join(folder, f"{exe}.{pid}.{seq}.{kind}.pb.gz")
    with open(path, "wb") as file:
        file.write(gzip.compress(encode(TYPES[kind], sites, **more), mtime=0))
    return path
