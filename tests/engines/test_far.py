#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf SDIV
#! timeout: 60
"""Branches over so much code that the kernel, which puts instructions in place
of lookups, makes it wider than a jump of 16 bits goes."""
import os
import subprocess
import sys

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))


def script(updates):
    body = "\n".join(f"\t\ta[{n % 7}]++" for n in range(updates))
    return ("global a, n\n"
            "probe kernel.trace(\"sched:sched_switch\") {\n"
            f"\tif (n++ == 0) {{\n{body}\n\t}}\n"
            "}\n"
            "probe timer.ms(20) { if (n) exit() }\n"
            "probe end { foreach (k in a) s += a[k] println(s) }\n")


def main():
    bad = 0
    for updates in (300, 900) if SLOW == 1 else (900,):
        r = subprocess.run([SPILE, "-w", "-e", script(updates), "-D",
                            "MAXACTION=100000"], capture_output=True,
                           text=True, timeout=50 * SLOW, check=False)
        if r.returncode or r.stdout != f"{updates}\n":
            print(f"{updates} updates: status {r.returncode}, {r.stdout}",
                  r.stderr)
            bad = 1
    sys.exit(bad)


main()
