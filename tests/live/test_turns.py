#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf gcc
#! serial:
"""Tasks that compete for one CPU: one that loses its turn in a program keeps
the others from being seen for as long.  Since Linux 7.0 that is so with
tracepoints and functions, and before that with functions where the kernel's
model of preemption is "full"; a handful of hits may be lost, not a third."""
import os
import re
import subprocess
import sys
import tempfile

SPILE = os.environ["SPILE"]
TASKS, CALLS = 3, 40000
FEW = TASKS * CALLS // 100
LOAD = """
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	int f = open("/dev/null", O_WRONLY);
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (int k = 0; k < %d; k++) {
		if (fork())
			continue;
		for (int i = 0; i < %d; i++)
			pwrite(f, "", 1, i);
		_exit(0);
	}
	while (wait(0) > 0)
		;
}
"""
SCRIPT = """
global n, s
probe %s { if (execname() == "turns" && %s) { n++ s <<< 1 } }
probe end { printf("%%d %%d\\n", n, @count(s)) }
"""
PROBES = (("syscall.pwrite", "1"), ("syscall.pwrite.return", "1"),
          ('kernel.trace("sys_enter")', "$id == 18"))
FUNCTIONS = (('kernel.function("vfs_write")', "1"),
             ('kernel.function("vfs_write").return', "1"))


def one(load, probe, test):
    done = subprocess.run([SPILE, "-DMAXSKIPPED=0", "-e",
                           SCRIPT % (probe, test), "-c", load],
                          capture_output=True, text=True, timeout=300)
    m = re.match(r"(\d+) (\d+)\n", done.stdout)
    if not m or done.returncode:
        return f"status {done.returncode}\n{done.stdout}{done.stderr}"
    lost = TASKS * CALLS - int(m[1])
    if m[1] != m[2]:
        return f"{m[1]} hits, {m[2]} in the statistic"
    if abs(lost) > FEW:
        return f"{lost} of {TASKS * CALLS} are lost\n{done.stderr}"
    return ""


def probes():
    """Functions, where the kernel calls programs for them."""
    has = subprocess.run([SPILE, "--dump-features"], capture_output=True,
                         text=True, check=True).stdout.strip().split(",")
    return PROBES + (FUNCTIONS if "FENTRY" in has else ())


def main():
    if os.uname().machine != "x86_64":
        print("the number of the call is that of x86-64")
        return 77
    with tempfile.TemporaryDirectory() as d:
        load, source = os.path.join(d, "turns"), os.path.join(d, "turns.c")
        with open(source, "w", encoding="ascii") as f:
            f.write(LOAD % (TASKS, CALLS))
        subprocess.run(["gcc", "-O2", "-w", "-o", load, source], check=True)
        wrong = [f"{p[0]}: {w}" for p in probes() if (w := one(load, *p))]
    print("\n".join(wrong))
    return 1 if wrong else 0


sys.exit(main())
