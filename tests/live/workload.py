#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Events in exact numbers: waits for a line on standard input, makes them,
says so, and waits for the end of the input.

    workload.py GETPPIDS FORKS SIGNALS WRITES
"""
import os
import signal
import sys


def main():
    getppids, forks, signals, writes = map(int, sys.argv[1:])
    signal.signal(signal.SIGUSR1, lambda *_: None)
    # A number that nothing else has; one byte, which nothing else writes.
    null = os.dup2(os.open("/dev/null", os.O_WRONLY), 100)
    me = os.getpid()
    sys.stdin.readline()
    for _ in range(getppids):
        os.getppid()
    for _ in range(forks):
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
    for _ in range(signals):
        os.kill(me, signal.SIGUSR1)
    for _ in range(writes):
        os.write(null, b"x")
    os.write(1, b"done\n")
    sys.stdin.read()


main()
