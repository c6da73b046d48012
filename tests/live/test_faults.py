#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: strace
"""The n-th system call of a kind fails, for every n: spile says so or does
without, ends by itself, and leaves nothing behind."""
import os
import re
import subprocess
import sys

from live import SLOW, SPILE, SKIP, check, need_root

SCRIPT = """
global n, a
probe begin { println("begin") }
probe kernel.trace("sched_switch") { n++ a[n & 7] <<< n }
probe process.syscall { println("x") }
probe timer.profile { n++ }
probe timer.ms(20) { exit() }
probe end { println("end") }
"""
FAULTS = [("bpf", "ENOMEM"), ("bpf", "EPERM"), ("mmap", "ENOMEM"),
          ("perf_event_open", "EMFILE"), ("ioctl", "EINVAL"),
          ("epoll_create1", "EMFILE"), ("epoll_ctl", "ENOSPC"),
          ("epoll_wait", "EINTR"), ("eventfd2", "EMFILE"),
          ("timerfd_create", "EMFILE"), ("membarrier", "EINVAL"),
          ("write", "ENOSPC"), ("clone", "EAGAIN"), ("socketpair", "EMFILE")]
MOST = int(os.environ.get("LIVE_FAULTS", "40" if SLOW == 1 else "6"))


def run(call, error, n):
    return subprocess.run(
        ["strace", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
         "inject=%s:error=%s:when=%d" % (call, error, n), SPILE, "-T", "5",
         "-c", "true", "-e", SCRIPT], capture_output=True, text=True,
        timeout=30 * SLOW, stdin=subprocess.DEVNULL)


def attempt(call, error, n):
    """Whether something failed: if not, n is beyond the last call."""
    try:
        got = run(call, error, n)
    except subprocess.TimeoutExpired:
        check(False, "%s %s, number %d: it does not end" % (call, error, n))
    what = "%s %s, number %d: exit status %d\n%s%s" % (
        call, error, n, got.returncode, got.stdout, got.stderr)
    # Without memory it aborts: see base/arena.h.
    check(got.returncode in (0, 1, -6 if call == "mmap" else 0), what)
    check(got.returncode == 0 or got.stderr, what)
    check("AddressSanitizer" not in got.stderr, what)
    return got.returncode != 0


def count_calls(*args):
    got = subprocess.run(
        ["strace", "-qq", "-e", "trace=" + ",".join({c for c, _ in FAULTS}),
         "-o", "/dev/stdout", SPILE, *args], capture_output=True, text=True,
        timeout=30 * SLOW, stdin=subprocess.DEVNULL)
    if got.returncode:
        print("strace does not work here: " + got.stderr)
        sys.exit(SKIP)
    counts = {}
    for name in re.findall(r"^(?:\d+ +)?(\w+)\(", got.stdout, re.M):
        counts[name] = counts.get(name, 0) + 1
    return counts


def main():
    need_root()
    counts = count_calls("-T", "5", "-c", "true", "-e", SCRIPT)
    # What the dynamic linker needs is not ours to do without.
    before = count_calls("--version")
    before["write"] = 0
    failures = 0
    for call, error in FAULTS:
        first = before.get(call, 0)
        for n in range(first, min(counts.get(call, 0), first + MOST)):
            failures += attempt(call, error, n + 1)
    check(failures > 20, "faults are felt: %d" % failures)


main()
