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
# A variable whose place is 60 pointers to itself, in a program of lines that
# a thousand units say is theirs.
HOSTILE = """
	.text
f:	.skip 16
	.section .debug_abbrev
	.uleb128 1, 0x11
	.byte 1
	.uleb128 0x10, 0x17, 0x03, 0x08, 0x11, 0x01, 0x12, 0x07, 0, 0
	.uleb128 2, 0x2e
	.byte 1
	.uleb128 0x03, 0x08, 0x11, 0x01, 0x12, 0x07, 0, 0
	.uleb128 3, 0x34
	.byte 0
	.uleb128 0x03, 0x08, 0x02, 0x18, 0, 0, 0
	.section .debug_info
info:
	.rept 1000
start = .
	.long 99f - 1f
1:	.short 4
	.long 0
	.byte 8
	.uleb128 1
	.long 0
	.asciz "x.c"
	.quad f, 16
	.uleb128 2
	.asciz "f"
	.quad f, 16
2:	.uleb128 3
	.asciz "sum"
	.uleb128 60 * 6
	.rept 60
	.byte 0xa0
	.long 2b - info
	.byte 0
	.endr
	.byte 0, 0
99:
	.endr
	.section .debug_line
	.long 9f - 1f
1:	.short 4
	.long 3f - 2f
2:	.byte 1, 1, 1, 0xfb, 14, 1
	.byte 0
	.asciz "x.c"
	.byte 0, 0, 0, 0
3:	.byte 0, 9, 2
	.quad f
	.fill 300000, 1, 0x14
	.byte 0, 1, 1
9:
"""
CONFIGS = ["-O2 -c", "-O2 -gdwarf-4 -c", "-O2 -gdwarf-2 -c", "-O0 -c",
           "-O2 -gz=zlib -c", "-O2 -gz=zlib-gnu -c",
           "-O2 -gdwarf-4 -fdebug-types-section -c",
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
        files.append(os.path.join(directory, "hostile.o"))
        subprocess.run(["gcc", "-c", "-x", "assembler", "-", "-o", files[-1]],
                       input=HOSTILE.encode(), check=True)
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


if __name__ == "__main__":
    sys.exit(main())
