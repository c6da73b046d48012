#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: gcc clang xz
#! timeout: 120
"""Programs, damaged at random from one seed where their symbols, relocations
and marks are: every question to them ends in peace.

    test_elf.py [ROUNDS]"""
import os
import random
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from test_debuginfo import damage  # noqa: E402

DBG = os.path.join(HERE, "..", "dbg", "data")
REPLAY = os.path.join(os.environ.get("BUILD", "build"), "tests", "fuzz",
                      "replay-elf")
INCLUDE = "-I" + os.path.join(HERE, "..", "data")
CONFIGS = ["gcc -O2 marks.c", "gcc -O0 -c marks.c", "g++ -O1 symbols.cc",
           "g++ -O1 -rdynamic -s symbols.cc",
           "clang -O1 --target=aarch64-linux-gnu -shared -fpic -nostdlib "
           "-ffreestanding -fuse-ld=lld marks.c"]
PARTS = re.compile(r"\] (\.symtab|\.dynsym|\.strtab|\.dynstr|\.gnu\.version\w*|"
                   r"\.note\.stapsdt|\.rela\.plt|\.rela\.dyn|\.plt\S*|"
                   r"\.gnu_debugdata) +\w+ +\w+ (\w+) (\w+)")


def build(config, out):
    *words, source = config.split()
    subprocess.run([*words, "-w", INCLUDE, os.path.join(DBG, source), "-o",
                    out], check=True)


def pack(path):
    """The same with its symbols in .gnu_debugdata."""
    subprocess.run(["objcopy", "--only-keep-debug", path, path + ".mini"],
                   check=True)
    subprocess.run(["xz", "-f", path + ".mini"], check=True)
    subprocess.run(["objcopy", "-S", "--add-section",
                    f".gnu_debugdata={path}.mini.xz", path, path + ".packed"],
                   check=True)
    os.unlink(path + ".mini.xz")
    return path + ".packed"


def damaged(data, sections, r):
    """Everywhere, or where it is read."""
    if not r.randrange(3) or not sections:
        return damage(data, r)
    start, size = r.choice(sections)
    part = damage(data[start:start + size], r)
    return data[:start] + part[:size].ljust(size, b"\0") + data[start + size:]


def replay(files):
    for at in range(0, len(files), 40):
        p = subprocess.run([REPLAY, *files[at:at + 40]], timeout=60,
                           capture_output=True, text=True)
        if not p.returncode:
            continue
        for file in files[at:at + 40]:
            if subprocess.run([REPLAY, file], capture_output=True).returncode:
                os.rename(file, "/tmp/damaged.elf")
                print("kept as /tmp/damaged.elf")
                break
        print(p.stderr[-2000:], p.returncode)
        return 1
    return 0


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    if not os.path.exists(REPLAY):
        print("the fuzz targets are not built")
        return 77
    r = random.Random(7)
    with tempfile.TemporaryDirectory() as d:
        files = []
        for i, config in enumerate(CONFIGS):
            files.append(f"{d}/x{i}")
            build(config, files[-1])
        files.append(pack(files[0]))
        for path in list(files):
            text = subprocess.run(["readelf", "-WS", path], check=True,
                                  capture_output=True, text=True).stdout
            sections = [(int(o, 16), int(n, 16))
                        for _, o, n in PARTS.findall(text) if int(n, 16)]
            with open(path, "rb") as f:
                data = f.read()
            for k in range(rounds):
                files.append(f"{path}.{k}")
                with open(files[-1], "wb") as f:
                    f.write(damaged(data, sections, r))
        return replay(files)


if __name__ == "__main__":
    sys.exit(main())
