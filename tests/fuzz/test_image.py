#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Saved images, whole and damaged, go through the fuzz target of the image
loader: it refuses them or runs them, and never falls over."""
import glob
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SPILE = os.environ["SPILE"]
REPLAY = os.path.join(os.environ["BUILD"], "tests", "fuzz", "replay-image")
ROUNDS = 200
VALUES = [0, 1, 2, 7, 127, 128, 255]


def damage(data, rnd):
    data = bytearray(data)
    for _ in range(rnd.choice([1, 1, 2, 4])):
        at = rnd.randrange(8, len(data))
        kind = rnd.randrange(4)
        if kind == 0:
            data[at] = rnd.choice(VALUES)
        elif kind == 1:
            data[at:at + 4] = rnd.choice([0, 1, 2**31, 2**32 - 1]).to_bytes(
                4, "little")
        elif kind == 2:
            data[at] ^= 1 << rnd.randrange(8)
        else:
            del data[at:at + rnd.choice([1, 4, 8, 1000])]
    return bytes(data)


def records(rnd):
    """What host_record() gets: any bytes that begin like a record."""
    out = b"\xff\xfe\xfd\xfc"
    for _ in range(4):
        head = (rnd.randrange(8).to_bytes(4, "little") + bytes(4))
        out += head + rnd.randbytes(56)
    return out


def images(directory):
    for path in sorted(glob.glob(os.path.join(HERE, "..", "exec",
                                              "host-*.stp"))):
        name = os.path.join(directory, "image")
        subprocess.run([SPILE, "-w", "-p4", "-o", name, path], check=True,
                       capture_output=True)
        with open(name, "rb") as f:
            yield f.read()


def main():
    if not os.path.exists(REPLAY):
        print("the fuzz targets are not built")
        return 77
    rnd = random.Random(1)
    with tempfile.TemporaryDirectory() as directory:
        files = []
        for data in images(directory):
            for i in range(ROUNDS):
                name = os.path.join(directory, str(len(files)))
                with open(name, "wb") as f:
                    f.write((damage(data, rnd) if i else data) + records(rnd))
                files.append(name)
        r = subprocess.run([REPLAY, *files], capture_output=True,
                           timeout=120)
        if r.returncode:
            print(r.returncode, r.stderr.decode(errors="replace")[-2000:])
        return r.returncode != 0


sys.exit(main())
