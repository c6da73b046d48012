#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: gcc
"""What a macro makes is called where it is declared, as the rest of a split
function is: it is listed, and can be probed, nevertheless."""
import os
import subprocess
import sys
import tempfile

SPILE = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"),
                                     "spile"))
SOURCE = """int side;
#define MAKE(name) \\
	static inline __attribute__((always_inline)) int do_##name(int a) \\
	{ side = a; return a * 3 + side; } \\
	int __attribute__((noinline)) name(int a) { return do_##name(a) + 1; }
MAKE(one)
int main(int n, char **v) { return one(n) + !v; }
"""
with tempfile.TemporaryDirectory() as d:
    with open(d + "/m.c", "w", encoding="ascii") as f:
        f.write(SOURCE)
    subprocess.run(["gcc", "-O2", "-g", "m.c", "-o", "m"], cwd=d, check=True)
    r = subprocess.run([SPILE, "-l", f'process("{d}/m").function("do_one")'],
                       capture_output=True, text=True, timeout=60)
if "do_one@" not in r.stdout:
    print(r.stdout, r.stderr)
    sys.exit(1)
