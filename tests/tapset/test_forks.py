#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! timeout: 60
"""fork() returns once for syscall.*, as functions of the kernel do, and for
tp_syscall.* in the new process, too, as its tracepoint does."""
import os
import re
import shlex
import subprocess
import sys

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
FORKS = 5
CHILD = f"""
import os
for _ in range({FORKS}):
    child = os.fork()
    if not child:
        os._exit(0)
    os.write(2, b"PID %d\\n" % child)
    os.waitpid(child, 0)
"""
# One point for each call, and one program for many.
POINTS = ("{f}.clone.return, {f}.clone3.return, {f}.fork.return, "
          "{f}.vfork.return", "{f}.*.return")
bad = 0


def returned(family, points):
    script = (f"probe {points.format(f=family)} {{\n"
              "if ((name == \"clone\" || name == \"clone3\" || name == "
              "\"fork\" || name == \"vfork\") && target_set_pid(pid()) && "
              "execname() == \"python3-forks\")\n"
              "printf(\"RET %s\\n\", retstr) }")
    child = ("import ctypes; ctypes.CDLL(None).prctl(15, b'python3-forks')\n"
             + CHILD)
    r = subprocess.run([SPILE, "-w", "-e", script, "-c",
                        f"{sys.executable} -c {shlex.quote(child)}"],
                       capture_output=True, text=True, timeout=40 * SLOW,
                       check=False)
    pids = re.findall(r"^PID (\d+)$", r.stderr, re.M)
    if len(pids) != FORKS:
        print(f"{len(pids)} forks: {r.stderr}")
    return pids, re.findall(r"^RET (\S+)$", r.stdout, re.M)


for points in POINTS:
    for family in ("syscall", "nd_syscall", "tp_syscall"):
        pids, values = returned(family, points)
        expected = pids + (["0"] * FORKS if family == "tp_syscall" else [])
        if len(pids) != FORKS or sorted(values) != sorted(expected):
            print(f"{points.format(f=family)}: {values}, not {expected}")
            bad += 1
sys.exit(1 if bad else 0)
