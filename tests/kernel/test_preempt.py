#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! serial:
"""Where the model of preemption changes while the machine runs, what has been
found out about the kernel does, too."""
import os
import re
import subprocess
import sys

SPILE = os.environ["SPILE"]
MODE = "/sys/kernel/debug/sched/preempt"


def features():
    done = subprocess.run([SPILE, "--dump-features"], capture_output=True,
                          text=True, check=True)
    return done.stdout.strip().split(",")


def is_kept(mode):
    with open(MODE, "w", encoding="ascii") as f:
        f.write(mode)
    return "FN_KEPT" in features()


def main():
    try:
        with open(MODE, encoding="ascii") as f:
            modes = f.read()
    except OSError as e:
        print(e)
        return 77
    names = re.findall(r"[a-z]+", modes)
    if "full" not in names or "voluntary" not in names:
        print("the kernel has no two of them:", modes)
        return 77
    now = re.search(r"\((\w+)\)", modes)[1]
    try:
        said = [is_kept(m) for m in ("full", "voluntary", "full")]
    finally:
        is_kept(now)
    print("full, voluntary, full:", said)
    return said != [False, True, False]


sys.exit(main())
