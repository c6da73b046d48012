#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The types of a kernel that is installed, packed as distributions do: the
same answers as from what was not packed; damaged, a message."""

import gzip
import lzma
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "data"))
from make_world import kernel_btf  # noqa: E402

SPILE = os.environ["SPILE"]
POINT = 'kernel.function("vfs_*")'
RELEASE = "6.0.0-test"


def elf(btf):
    """A file with one section, .BTF, and the names of sections."""
    names = b"\0.BTF\0.shstrtab\0"
    at = 64
    sections = [(0, 0, 0, 0), (1, 1, at, len(btf)),
                (6, 3, at + len(btf), len(names))]
    body = btf + names
    body += bytes(-len(body) % 8)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64,
        len(sections), 2)
    for name, kind, offset, size in sections:
        body += struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size,
                            0, 0, 1, 0)
    return header + body


def lz4_number(n):
    out = b""
    while n >= 255:
        out, n = out + b"\xff", n - 255
    return out + bytes([n])


def lz4_sequence(literals, offset, length):
    """length 0: the last one, which has no match."""
    match = length - 4 if length else 0
    out = bytes([min(len(literals), 15) << 4 | min(match, 15)])
    if len(literals) >= 15:
        out += lz4_number(len(literals) - 15)
    out += literals
    if length:
        out += struct.pack("<H", offset)
        if match >= 15:
            out += lz4_number(match - 15)
    return out


def lz4(data):
    """As the kernel packs: a magic number, one block behind its length."""
    out, seen, start, at = b"", {}, 0, 0
    while at + 4 <= len(data):
        found = seen.get(data[at:at + 4])
        seen[data[at:at + 4]] = at
        if found is None or at - found > 65535:
            at += 1
            continue
        length = 4
        while (at + length < len(data) and
               data[found + length] == data[at + length]):
            length += 1
        out += lz4_sequence(data[start:at], at - found, length)
        at = start = at + length
    out += lz4_sequence(data[start:], 0, 0)
    return b"\x02\x21\x4c\x18" + struct.pack("<I", len(out)) + out


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, check=True,
                          capture_output=True).stdout


def with_size(packed, data):
    return packed + struct.pack("<I", len(data))


def bzimage(payload):
    head = bytearray(0x400)
    head[0x1f1] = 1
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", head, 0x248, 0x10, len(payload))
    return bytes(head) + bytes(0x10) + payload + bytes(100)


def zboot(payload):
    head = b"MZ\0\0zimg" + struct.pack("<II", 0x40, len(payload))
    return head.ljust(0x40, b"\0") + payload


def answer(root, contents):
    path = os.path.join(root, "boot", "vmlinuz-" + RELEASE)
    with open(path, "wb") as f:
        f.write(contents)
    return subprocess.run([SPILE, "--sysroot", root, "-r", RELEASE, "-a",
                           "x86_64", "-L", POINT], text=True,
                          capture_output=True, timeout=60)


def check_damaged(root, packed):
    """Cut anywhere, or with bytes that are wrong: a message, and no harm."""
    draw = random.Random(7)
    for i in range(40):
        bad = bytearray(packed)
        if i % 2:
            del bad[draw.randrange(len(bad) // 2):]
        else:
            for _ in range(8):
                bad[draw.randrange(len(bad))] = draw.randrange(256)
        done = answer(root, bytes(bad))
        if done.returncode not in (0, 1) or (i % 2 and (
                not done.returncode or not done.stderr)):
            print(f"damaged, {i}: {done.returncode}\n{done.stderr}")
            return False
    return True


def main():
    kernel = elf(kernel_btf("x86_64"))
    packers = {"gzip": gzip.compress, "lz4": lz4,
               "xz": lambda data: lzma.compress(data, check=lzma.CHECK_CRC32)}
    if shutil.which("zstd"):
        packers["zstd"] = zstd
    with tempfile.TemporaryDirectory() as root:
        os.mkdir(os.path.join(root, "boot"))
        wanted = answer(root, kernel)
        if "vfs_read" not in wanted.stdout:
            print("not packed:", wanted.stdout, wanted.stderr)
            return 1
        for name, pack in packers.items():
            packed = pack(kernel)
            if name != "gzip":  # it ends with the size as it is
                packed = with_size(packed, kernel)
            for way in (bzimage, zboot):
                done = answer(root, way(packed))
                if done.stdout != wanted.stdout or done.returncode:
                    print(f"{name} {way}: {done.stdout}{done.stderr}")
                    return 1
            if not check_damaged(root, bzimage(packed)):
                return 1
        done = answer(root, bzimage(with_size(b"BZh9 of another kind", b"")))
        if "not packed in a way that is known" not in done.stderr:
            print(done.stderr)
            return 1
    return 0


sys.exit(main())
