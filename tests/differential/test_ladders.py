#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random scripts, compiled for kernels with less than this one: each rung of
each ladder in docs/architecture.md, "Kernels differ"."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BASE = "RINGBUF,BOOT_NS"
LISTS = (
    BASE + ",TAIL_CALL",				# 5.10
    BASE + ",TAIL_CALL --steps 15",
    BASE + ",TAIL_CALL,ATOMIC_FETCH,FOR_EACH",		# 5.13
    BASE + ",ATOMIC_FETCH,FOR_EACH,PERCPU_LOOKUP",
    BASE + ",ATOMIC_FETCH,FOR_EACH,PERCPU_LOOKUP,BPF_LOOP,STRNCMP",  # 6.1
    BASE + ",ATOMIC_FETCH,FOR_EACH,PERCPU_LOOKUP,BPF_LOOP,STRNCMP"
    " --steps short",
    BASE + ",ATOMIC_FETCH,FOR_EACH,PERCPU_LOOKUP,BPF_LOOP,STRNCMP,"
    "SDIV,MAY_GOTO",					# 6.12
)


def main():
    if os.geteuid():
        print("not root")
        sys.exit(77)
    spile = os.environ.get("SPILE", "spile")
    here = subprocess.run([spile, "--dump-features"], capture_output=True,
                          text=True).stdout.strip().split(",")
    bad = 0
    for row in LISTS:
        features, *more = row.split()
        if not set(features.split(",")) <= set(here):
            continue
        done = subprocess.run([sys.executable, os.path.join(HERE, "many.py"),
                               "--count", "5", "--features", features, *more],
                              capture_output=True, text=True)
        if done.returncode:
            print(done.stdout[-3000:] + done.stderr[-1000:])
            bad = 1
    sys.exit(bad)


main()
