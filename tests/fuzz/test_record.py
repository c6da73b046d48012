#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records of the data ring, whole and damaged, go through the fuzz target of
the record decoder."""
import os
import random
import struct
import subprocess
import sys
import tempfile

REPLAY = os.path.join(os.environ["BUILD"], "tests", "fuzz", "replay-record")
ROUNDS = 300


def record(func, number, text, space, last):
    return (struct.pack("<IIq", func, 0, number) +
            struct.pack("<II", len(text), space) +
            text.ljust(space, b"\0") + struct.pack("<q", last))


def damage(data, rnd):
    data = bytearray(data)
    kind = rnd.randrange(3)
    if kind == 0:
        del data[rnd.randrange(len(data)):]
    elif kind == 1:
        at = rnd.randrange(len(data) - 3)
        data[at:at + 4] = rnd.choice([0, 1, 7, 255, 2**31, 2**32 - 1]).to_bytes(
            4, "little")
    else:
        data[rnd.randrange(len(data))] ^= 1 << rnd.randrange(8)
    return bytes(data)


def main():
    if not os.path.exists(REPLAY):
        print("the fuzz targets are not built")
        return 77
    rnd = random.Random(1)
    whole = record(0, -5, b"abc", 8, 255)
    with tempfile.TemporaryDirectory() as directory:
        paths = []
        for i in range(ROUNDS):
            some = [whole] + [damage(whole, rnd) for _ in range(4)]
            paths.append(os.path.join(directory, "%d" % i))
            with open(paths[-1], "wb") as f:
                f.write(b"".join(bytes([len(r)]) + r for r in some))
        done = subprocess.run([REPLAY] + paths, capture_output=True)
    if done.returncode:
        sys.stdout.buffer.write(done.stderr[-2000:])
    return done.returncode != 0


sys.exit(main())
