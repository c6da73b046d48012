#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The marks in SystemTap's own programs, where they are installed."""
#! needs: root bpf
#! timeout: 60
import os
import shutil
import subprocess
import sys

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))


def main():
    if not shutil.which("stap"):
        print("there is no stap")
        return 77
    r = subprocess.run([SPILE, "-e",
                        'probe stap.pass0 { println(pn(), session != 0) }',
                        "-c", "stap -p1 -e 'probe begin {}'"],
                       capture_output=True, text=True, timeout=50 * SLOW,
                       check=False)
    if "this kernel has no uprobes" in r.stderr:
        print("no uprobes")
        return 77
    if "stap.pass01\n" not in r.stdout:
        print(r.stdout, r.stderr)
        return 1
    return 0


sys.exit(main())
