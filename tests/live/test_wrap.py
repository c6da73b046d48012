#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! timeout: 60
"""Arrays with % are full and get new elements on all CPUs at once: what is oldest
goes, whichever CPU made it, and there is never no room."""
import os
import re
import subprocess
import sys

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
CALLS = 20000 if SLOW == 1 else 4000
SCRIPT = """
global stats%%[3], values%%[2], by_cpu%%[5], n, now
probe syscall.getpgid {
    if (ppid() != %d) next
    k = n++
    stats[k] <<< k
    values[k] = k
    by_cpu[cpu(), k & 15] <<< 1
}
probe timer.ms(5) {
    now = 0
    foreach (k in stats) now++
    foreach (k in values) now++
    if (now > 5) println("too many: ", now)
}
probe end {
    println(n)
    foreach (k in stats)
        println(k > n - 20, @count(stats[k]), @sum(stats[k]) == k)
    foreach (k in values) println(k > n - 20, values[k] == k)
    foreach ([c, k] in by_cpu) all++
    println(all)
}
probe begin { println("ready") }
"""


def call(cpu):
    pid = os.fork()
    if pid:
        return pid
    os.sched_setaffinity(0, {cpu})
    for _ in range(CALLS):
        os.getpgid(0)
    os._exit(0)


def main():
    """One that waits too long for the lock is skipped, and told: emulated CPUs
    take turns of 100 ms."""
    with subprocess.Popen([SPILE, "-D", "MAXSKIPPED=1000000", "-e",
                           SCRIPT % os.getpid()], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as tracer:
        tracer.stdout.readline()
        cpus = sorted(os.sched_getaffinity(0))
        for pid in [call(cpu) for cpu in cpus]:
            os.waitpid(pid, 0)
        tracer.terminate()
        got, err = tracer.communicate(timeout=30 * SLOW)
    n, _, rest = got.partition("\n")
    skipped = re.search(r"skipped probes: (\d+)", err)
    calls = int(n) + int(skipped[1] if skipped else 0)
    want = "111\n" * 3 + "11\n" * 2 + "5\n"
    if rest != want or calls < CALLS * len(cpus) or tracer.returncode:
        sys.exit(f"{tracer.returncode}: {n} of {CALLS * len(cpus)}\n{rest}"
                 f"instead of\n{want}{err}")


main()
