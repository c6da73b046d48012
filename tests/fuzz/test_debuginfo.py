#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: gcc
#! timeout: 120
"""Objects with debug information, damaged at random from one seed: every
question ends in peace.

    test_debuginfo.py [ROUNDS]"""
import os
import random
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
REPLAY = os.path.join(os.environ.get("BUILD", "build"), "tests", "fuzz",
                      "replay-debuginfo")
SOURCE = """
struct node { int a:3; long b; struct node *next; union { int i; char c; }; };
enum colour { RED, GREEN = 5 };
typedef struct node node_t;
static int sum, array[3][4];
static inline int square(int x) { int y = x * x; return y + sum; }
enum colour f(node_t *n, int k)
{
	int s = 0;

	while (n) {
		s += square((int)n->b) + array[k & 1][s & 3];
		n = n->next;
	}
	if (k)
		goto out;
	s++;
out:	return s ? RED : GREEN;
}
int main(void) { node_t n = { 1, 2, 0 }; return f(&n, 3); }
"""
CONFIGS = ["-O2 -c", "-O2 -gdwarf-4 -c", "-O2 -gdwarf-2 -c", "-O0 -c",
           "-O2 -gz=zlib -c", "-O2 -gdwarf-4 -fdebug-types-section -c",
           "-O2", "-O2 -flto -ffat-lto-objects -c"]


def damage(data, r):
    data = bytearray(data)
    for _ in range(r.choice((1, 2, 4, 16))):
        at = r.randrange(len(data))
        kind = r.randrange(4)
        if kind == 0:
            data[at] = r.randrange(256)
        elif kind == 1:
            data[at] ^= 1 << r.randrange(8)
        elif kind == 2:
            data[at:at + 4] = r.choice((b"\xff\xff\xff\xff", bytes(4),
                                        b"\x80\x80\x80\x80"))
        else:
            start = r.randrange(len(data))
            n = r.randrange(1, 40)
            data[at:at + n] = data[start:start + n]
    if not r.randrange(20):
        del data[r.randrange(len(data)):]
    return bytes(data)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    if not os.path.exists(REPLAY):
        print("the fuzz targets are not built")
        return 77
    r = random.Random(5)
    with tempfile.TemporaryDirectory() as directory:
        source = os.path.join(directory, "x.c")
        with open(source, "w", encoding="utf-8") as f:
            f.write(SOURCE)
        files = []
        for i, config in enumerate(CONFIGS):
            out = os.path.join(directory, f"x{i}")
            subprocess.run(["gcc", "-g", "-w", *config.split(), source, "-o",
                            out], check=True)
            with open(out, "rb") as f:
                data = f.read()
            files.append(out)
            for k in range(rounds):
                files.append(f"{out}.{k}")
                with open(files[-1], "wb") as f:
                    f.write(damage(data, r))
        for at in range(0, len(files), 40):
            p = subprocess.run([REPLAY, *files[at:at + 40]], timeout=60,
                               capture_output=True, text=True)
            if p.returncode:
                for file in files[at:at + 40]:
                    if subprocess.run([REPLAY, file],
                                      capture_output=True).returncode:
                        with open(file, "rb") as f, \
                                open("/tmp/damaged.o", "wb") as keep:
                            keep.write(f.read())
                        print("kept as /tmp/damaged.o")
                        break
                print(p.stderr[-2000:], p.returncode)
                return 1
    return 0


sys.exit(main())
