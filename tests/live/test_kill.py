#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Killed at any moment, spile leaves no program, map or link behind."""
import os
import signal
import time

from live import SLOW, Session, check, gone, need_root, objects_of

SCRIPT = """
global n, m
probe kernel.trace("sched_switch") { n++; println(n) }
probe kernel.trace("sys_enter") { m += $id }
probe timer.profile { n++ }
probe end { println(n, m) }
"""


def kill_after(delay):
    session = Session(SCRIPT, ready=False)
    time.sleep(delay)
    # Stopped, it cannot make more of them after we have looked.
    session.process.send_signal(signal.SIGSTOP)
    held = objects_of(session.process.pid)
    session.process.kill()
    session.process.communicate()
    left = gone(held)
    check(not left, "after %g s these are left: %s" % (delay, left))
    return len(held)


def main():
    need_root()
    held = [kill_after(0.002 * SLOW * i) for i in range(25)]
    held.append(kill_after(0.3 * SLOW))
    check(held[-1] >= 6, "a running session holds programs and maps: %d" %
          held[-1])
    session = Session(SCRIPT)
    held = objects_of(session.process.pid)
    session.stop()
    check(not gone(held), "a session that ends in peace leaves nothing")
    check(not os.path.exists("/sys/fs/bpf/spile"), "nothing is pinned")


main()
