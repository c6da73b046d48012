#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf gcc TASK_STORAGE MAY_GOTO
"""Programs with stand-ins, on any kernel that can have them: hits that the
program itself is run for, those behind it do not handle again."""
import os
import subprocess
import sys
import tempfile

SPILE = os.environ["SPILE"]
CALLS = 1000
LOAD = """
#include <fcntl.h>
#include <unistd.h>

int main(void)
{
	int f = open("/dev/null", O_WRONLY);

	for (int i = 0; i < %d; i++)
		pwrite(f, "", 1, i);
	return 0;
}
""" % CALLS
SCRIPT = """
global n, text, s
probe syscall.pwrite, syscall.pwrite.return, kernel.trace("sys_%s") {
	if (pid() != target() || execname() != "standins")
		next
	n[pp()]++
	text[tid(), pp()] = pp() . execname()
	s <<< 1
}
probe end {
	foreach ([t, p] in text)
		if (text[t, p] != p . "standins") println("? ", text[t, p])
	foreach (p+ in n) println(p, " ", n[p])
	println(@count(s))
}
"""


def without(*names):
    done = subprocess.run([SPILE, "--dump-features"], capture_output=True,
                          text=True, check=True)
    return ",".join(f for f in done.stdout.strip().split(",")
                    if f not in names)


def wrong(load, which):
    """The load makes other calls, too, before and behind."""
    done = subprocess.run(
        [SPILE, "--features=" + without("TP_KEPT", "FN_KEPT"), "-e",
         SCRIPT % which, "-c", load], capture_output=True, text=True,
        timeout=300)
    lines = [line.rpartition(" ") for line in done.stdout.splitlines()]
    counts = [int(line[2]) for line in lines]
    if len(counts) == 4 and counts[:2] == [CALLS] * 2 and \
            CALLS <= counts[2] < CALLS + 200 and \
            counts[3] == sum(counts[:3]) and not done.returncode:
        return ""
    return f"sys_{which}: status {done.returncode}\n{done.stdout}{done.stderr}"


def loaded():
    """One program, and a short one for what stands in for it."""
    done = subprocess.run(
        [SPILE, "--features=" + without("TP_KEPT"), "--dump=image", "-e",
         'probe kernel.trace("sys_enter") { printf("%d\\n", $id) }'],
        capture_output=True, text=True, check=True)
    return done.stdout.count(" stands-in") == 1


def main():
    if not loaded():
        print("there is no stand-in")
        return 1
    with tempfile.TemporaryDirectory() as d:
        load, source = os.path.join(d, "standins"), os.path.join(d, "s.c")
        with open(source, "w", encoding="ascii") as f:
            f.write(LOAD)
        subprocess.run(["gcc", "-O2", "-w", "-o", load, source], check=True)
        said = [w for which in ("enter", "exit") if (w := wrong(load, which))]
    print("\n".join(said))
    return 1 if said else 0


sys.exit(main())
