#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A session that has nothing to do sleeps, and the first event after that
wakes it."""
import os
import signal
import subprocess
import sys
import time

SCRIPT = ('probe syscall.sched_get_priority_max { '
          'if (pid() == $1) printf("seen %d\\n", policy) }')
MOST = 15	# wake-ups in a second; it looks 40 times when busy
SLOW = float(os.environ.get("LIVE_SLOW", "1"))


def switches(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("voluntary_ctxt_switches"):
                return int(line.split()[1])


def rate(pid):
    before = switches(pid)
    time.sleep(2)
    return (switches(pid) - before) / 2


def main():
    if os.geteuid():
        print("not root")
        sys.exit(77)
    p = subprocess.Popen([os.environ.get("SPILE", "spile"), "-e", SCRIPT,
                          str(os.getpid())],
                         stdout=subprocess.PIPE, text=True)
    time.sleep(2.5)
    end = time.monotonic() + 2 * SLOW	# until it has started
    while (woken := rate(p.pid)) > MOST and time.monotonic() < end:
        pass
    os.sched_get_priority_max(1)
    line = p.stdout.readline()
    p.send_signal(signal.SIGINT)
    p.wait()
    if woken > MOST or line != "seen 1\n":
        print(f"{woken} wake-ups in a second, then '{line}'")
        sys.exit(1)


main()
