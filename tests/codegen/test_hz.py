#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""HZ() in a handler of the kernel is that of the kernel compiled for."""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SPILE = os.path.abspath(os.environ["SPILE"])
SCRIPT = 'global n probe kernel.trace("sched_switch") { n = HZ() } ' \
    "probe end { println(n) }"

with tempfile.TemporaryDirectory() as top:
    world = os.path.join(top, "world")
    subprocess.run([sys.executable, os.path.join(HERE, "../data/make_world.py"),
                    "basic", world], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(world, "world.conf"), "a", encoding="utf-8") as f:
        f.write("hz = 1234\n")
    r = subprocess.run([SPILE, "--world", world, "--dump=bpf", "-e", SCRIPT],
                       capture_output=True, text=True, timeout=60)
ok = r.returncode == 0 and " = 1234\n" in r.stdout.replace("(u64)", "")
if not ok:
    print(r.stdout, r.stderr)
sys.exit(0 if ok else 1)
