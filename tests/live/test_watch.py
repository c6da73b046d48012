#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! serial: yes
"""Watchpoints on data of the kernel: how often a task has slept."""
import subprocess
import sys

from live import SKIP, Session, check, need_root, run

SLEEPS = 10
SLEEPER = ("import sys, time\n"
           "for line in sys.stdin:\n"
           "    for _ in range(%d): time.sleep(0.002)\n"
           "    print('done', flush=True)\n" % SLEEPS)


class Sleeper:
    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", SLEEPER], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.sleep()

    def sleep(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def address(self):
        """Where the kernel counts its sleeps."""
        session = Session('probe kernel.trace("sched_switch") { '
                          'if ($prev->pid == target()) { '
                          'printf("%x\\n", &$prev->nvcsw) exit() } }',
                          "-x", str(self.process.pid))
        self.sleep()
        return int(session.finish()[1], 16)


def watches(sleeper, addr, point):
    """Each sleep is one write; the reader of a sleep's end is a read more
    or less, so .rw has at least as many."""
    session = Session(
        'global n, other probe kernel.data(0x%x)%s { if (pid() == target()) '
        'n++ else other++ if (n == 1) println(pp()) } '
        'probe end { println(n) println(other) }' % (addr, point),
        "-x", str(sleeper.process.pid))
    sleeper.sleep()
    status, out, err = session.stop()
    lines = out.split()
    check(status == 0 and lines[0] == "kernel.data(0x%x)%s" % (addr, point),
          "pp(): %r" % ((status, out, err),))
    n = int(lines[1])
    # A sleeper that is preempted just before it sleeps counts elsewhere.
    check(n >= SLEEPS - 2 if point.endswith(".rw") else
          SLEEPS - 2 <= n <= SLEEPS + 4, "%s: %d" % (point, n))


def arming(sleeper, addr):
    session = Session('global on, n probe kernel.data(0x%x).write if (on) { '
                      'n++ } probe end { println(n) }' % addr)
    sleeper.sleep()
    check(session.stop()[1] == "0\n", "a condition that does not hold")


def limits(addr):
    got = run("".join("probe kernel.data(0x%x).write { println(%d) } " %
                      (addr, i) for i in range(20)))
    check(got[0] == 1 and "all watchpoints of the processor are in use" in
          got[2], "too many: %r" % (got,))
    got = run('probe kernel.data("no_such_variable").write { println(1) }')
    check(got[0] == 1 and "the kernel's symbols have no 'no_such_variable'"
          in got[2], "no symbol: %r" % (got,))
    got = run('probe kernel.data("vfs_read").write { println(1) }')
    check(got[0] == 1 and "'vfs_read' is a function, not data" in got[2],
          "a function: %r" % (got,))


def by_name():
    """Where the kernel's symbols have data."""
    got = run('global n probe kernel.data("jiffies").write { if (n++ == 3) '
              '{ println(pp()) exit() } }', "-T", "9")
    check(got[1] == 'kernel.data("jiffies").write\n' or
          "CONFIG_KALLSYMS_ALL" in got[2], "by name: %r" % (got,))


def need_watchpoints(addr):
    """perf(1) sees none either, where spile says so."""
    if "watchpoints are never hit" in run(
            'probe kernel.data(0x%x).write { println(1) }' % addr,
            "-T", "1")[2]:
        print("this machine has no watchpoints")
        sys.exit(SKIP)


def main():
    need_root()
    sleeper = Sleeper()
    addr = sleeper.address()
    need_watchpoints(addr)
    for point in (".write", ".length(8).write", ".length(8).rw", ".rw",
                  ".length(3).write"):
        watches(sleeper, addr, point)
    arming(sleeper, addr)
    limits(addr)
    by_name()
    sleeper.process.kill()


main()
