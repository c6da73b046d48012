#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf gdb clang
#! timeout: 180
"""A part of the truth table (tests/truth/truth): the programs compiled with -O2
by each compiler; no value may differ from gdb's but for a known reason, and
most must be there."""
import os
import re
import subprocess
import sys

TRUTH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "truth",
                     "truth")
LEAST = {"gcc": 465, "clang": 440}	# equal


def main():
    r = subprocess.run([TRUTH, "--quick"],
                       capture_output=True, text=True)
    print(r.stdout + r.stderr)
    equal = {m.group(1): int(m.group(2)) for m in
             re.finditer(r"^(\w+) all +\d+ +(\d+)", r.stdout, re.M)}
    enough = all(equal.get(c, 0) >= n for c, n in LEAST.items())
    return 0 if r.returncode == 0 and enough else 1


sys.exit(main())
