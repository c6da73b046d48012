#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten scripts at once, each on another event: each event that a workload of
known size makes is counted, or reported as lost; exactly."""
import os
import subprocess
import sys

from live import Session, check, losses, need_root

HERE = os.path.dirname(os.path.abspath(__file__))
SCALE = int(os.environ.get("LIVE_SCALE", "1"))
GETPPIDS, FORKS, SIGNALS, WRITES = (20000 * SCALE, 100 * SCALE, 500 * SCALE,
                                    20000 * SCALE)
SIGUSR1 = 10
GETPPID, WRITE = {"x86_64": (110, 1), "aarch64": (173, 64)}[os.uname().machine]


def scripts(pid):
    """(script, events expected, whether each event is a line)"""
    count = "global n probe %s { if (%s) n++ } probe end { println(n) }"
    line = "probe %s { if (%s) println(%s) }"
    sys_enter = "process(%d).syscall" % pid
    sys_exit = "process(%d).syscall.return" % pid
    child = "$child->real_parent->tgid == %d" % pid
    return [
        (count % (sys_enter, "$syscall == %d" % GETPPID), GETPPIDS, False),
        # Reads and writes: takes the lock of the globals.
        ("global n, m probe %s { if ($syscall == %d) { m = n n = m + 1 } } "
         "probe timer.profile { m = n } probe end { println(n) }" %
         (sys_exit, GETPPID), GETPPIDS, False),
        (line % (sys_enter, "$syscall == %d && $arg1 == 100" % WRITE, "$arg3"),
         WRITES, True),
        (line % (sys_exit, "$syscall == %d && $return == 1" % WRITE, "$return"),
         WRITES, True),
        (count % ('kernel.trace("sched_process_fork")',
                  "$parent->tgid == %d" % pid), FORKS, False),
        (line % ('kernel.trace("sched:sched_process_exit")',
                 "$p->real_parent->tgid == %d && $p->tgid != %d" %
                 (pid, pid), "$p->pid"), FORKS, True),
        (count % ('kernel.trace("signal_generate")',
                  "$sig == %d && $task->tgid == %d" % (SIGUSR1, pid)),
         SIGNALS, False),
        (count % ('kernel.trace("sched_wakeup_new")',
                  "$p->real_parent->tgid == %d" % pid), FORKS, False),
        ("global a probe process(%d).syscall { if ($syscall == %d) "
         "a[$syscall]++ } probe end { println(a[%d]) }" %
         (pid, GETPPID, GETPPID), GETPPIDS, False),
        ("global s probe process(%d).syscall { if ($syscall == %d && "
         "$arg1 == 100) s <<< $arg3 } probe end { println(@count(s)) }" %
         (pid, WRITE), WRITES, False),
    ]


def verdict(script, expected, is_line, result):
    status, out, err = result
    check(status == 0, "%s\nends with %d: %s" % (script, status, err))
    lines = out.split()
    seen = len(lines) if is_line else int(lines[0])
    lost = losses(err, inside=False)
    # Where handlers may be preempted, the kernel skips the hits of others on
    # the same CPU: whether they were of this process it does not say.
    inside = losses(err, inside=True)
    check(expected - inside <= seen + lost <= expected,
          "%s\n%d seen + %d lost + %d perhaps, not %d\n%s" %
          (script, seen, lost, inside, expected, err))


def main():
    need_root()
    work = subprocess.Popen(
        [sys.executable, "-S", HERE + "/workload.py", str(GETPPIDS), str(FORKS),
         str(SIGNALS), str(WRITES)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE)
    plan = scripts(work.pid)
    # As many skips as it takes: they are what is counted here.
    sessions = [Session(script, "-DMAXSKIPPED=1000000000", timeout=60)
                for script, _, _ in plan]
    work.stdin.write(b"\n")
    work.stdin.flush()
    check(work.stdout.readline() == b"done\n", "the workload runs")
    results = [s.stop() for s in sessions]
    work.communicate()
    for (script, expected, is_line), result in zip(plan, results):
        verdict(script, expected, is_line, result)


main()
