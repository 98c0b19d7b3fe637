"""One of two tests does not give back what parser.c returns."""

import ctypes

parser = ctypes.CDLL("./libparser.so")
parser.parse.restype = ctypes.c_void_p
libc = ctypes.CDLL(None)
libc.free.argtypes = [ctypes.c_void_p]


def test_frees():
    libc.free(parser.parse())


def test_loses():
    assert parser.parse() != 0
