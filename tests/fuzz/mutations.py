"""Damaged files: cuts, flipped and inserted bytes, hostile headers; the same for the same seed."""

import random
from collections.abc import Iterator

INTERESTING = [
    b"\0",
    b"\n",
    b" ",
    b"\t",
    b"\r",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"-",
    b",",
    b":",
    b"nan",
    b"inf",
    b"1e999",
    b"0",
    b"9" * 30,
    b"-1",
    b"\xff\xff\xff\x7f",
    b"\0\0\xc0\x7f",
    b"\xef\xbb\xbf",
    b"{",
    b"[" * 50,
    b'"',
]
COUNTS = [
    b"0",
    b"1",
    b"2",
    b"3",
    b"-1",
    b"2147483647",
    b"2147483648",
    b"4294967297",
    b"9223372036854775807",
    b"9223372036854775808",
    b"1" * 60,
    b"1e3",
    b"",
    b"+2",
    b"0x2",
]


def cuts(seed: bytes) -> Iterator[bytes]:
    """Every prefix of a file."""
    return (seed[:length] for length in range(len(seed)))


def headers(seed: bytes) -> Iterator[bytes]:
    """The file with every pair of header numbers."""
    rest = seed.partition(b"\n")[2]
    return (count + b" " + size + b"\n" + rest for count in COUNTS for size in COUNTS)


def flips(seed: bytes, count: int, random_seed: int) -> Iterator[bytes]:
    """`count` copies with up to four bytes changed, doubled, left out, or overwritten."""
    rng = random.Random(random_seed)
    for _ in range(count):
        data = bytearray(seed)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data) + 1)
            length = rng.choice([0, 1, 1, 2, 4, 8, 30])
            data[at : at + length] = rng.choice(
                [
                    rng.choice(INTERESTING),
                    bytes([rng.randrange(256)]),
                    data[at : at + length] * 2,
                    b"",
                ]
            )
        yield bytes(data)
