"""What a dump of leaktrace says of itself: comments, period and totals of a profile.proto, decoded here so that nothing is taken on
the word of the library under test."""
import gzip


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _fields(data):
    """(number, value) of each field; a value is an integer, or the bytes of what has a length."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        value, at = _varint(data, at)
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        elif key & 7 != 0:
            raise ValueError(f"wire type {key & 7}")
        yield key >> 3, value


def _integers(value):
    """Of a repeated field, packed or not."""
    if isinstance(value, int):
        return [value]
    numbers, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        numbers.append(number)
    return numbers


class Dump:
    """comments: {key: text}; period: 0 if none; total: {sample type: sum}; rows: samples."""

    def __init__(self, path):
        strings, comments, types, sums = [], [], [], []
        self.period = self.rows = 0
        for number, value in _fields(gzip.decompress(path.read_bytes())):
            if number == 6:
                strings.append(value)
            elif number == 13:
                comments += _integers(value)
            elif number == 12:
                self.period = value
            elif number == 1:
                types.append(dict(_fields(value))[1])
            elif number == 2:
                self.rows += 1
                sums.append([one for field, packed in _fields(value) if field == 2 for one in _integers(packed)])
        texts = [strings[index].decode() for index in comments]
        self.comments = dict(text.partition(" ")[::2] for text in texts)
        self.total = {strings[index].decode(): sum(column) for index, column in zip(types, zip(*sums))}
