#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf BPF_LOOP UPROBE_MULTI
#! timeout: 60
"""A caller that is not known is none: the stack ends, and that is said.  Nobody
has tables of a process while spile stands still; code that a program makes has
none, and its frame pointers are believed only where they lead to code."""
import os
import re
import signal
import subprocess
import sys
import time

SPILE, BUILD = os.environ["SPILE"], os.environ["BUILD"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
SPLIT = f"{BUILD}/tests/user/user-split"
JIT = f"{BUILD}/tests/user/user-jit"
CUT = "stacks cut short: callers not known, or not yet"
STOPPED = f"""
probe begin {{ println("ready") }}
probe process("{SPLIT}").statement("filter@*:35")
{{ println(ubacktrace(), " ", usymname(ustack(0)), "/", ustack(1)) }}
"""
MADE = """
global n
probe process.function("called") {
	if (n++ > 1)
		next
	for (i = 0; i < 6; i++)
		print(usymname(ustack(i)), " ")
	println()
}
"""


def fail(*said):
    print(*said, sep="\n")
    sys.exit(1)


def stopped():
    """spile stands still while the program runs."""
    with subprocess.Popen([SPILE, "-e", STOPPED], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as p:
        ready = p.stdout.readline()
        time.sleep(0.5 * SLOW)
        p.send_signal(signal.SIGSTOP)
        subprocess.run([SPLIT], check=True, timeout=20 * SLOW)
        p.send_signal(signal.SIGCONT)
        time.sleep(0.5 * SLOW)
        p.send_signal(signal.SIGINT)
        out, err = p.communicate()
    if ready != "ready\n" or len(out.splitlines()) != 7:
        fail("stopped", ready, out, err)
    if not all(re.fullmatch(r"0x[0-9a-f]+ filter/0", line)
               for line in out.splitlines()):
        fail("more than is known", out, err)
    if sum(map(int, re.findall(CUT + r" \((\d+)\)", err))) < 7:
        fail("not said", out, err)


def made():
    r = subprocess.run([SPILE, "-e", MADE, "-c", JIT], capture_output=True,
                       text=True, timeout=30 * SLOW, check=False)
    lines = r.stdout.splitlines()
    if len(lines) != 2:
        fail("made", r.stdout, r.stderr)
    if not re.fullmatch(r"called 0x\w+ runs main \S+ \S+ ", lines[0]):
        fail("frame pointers of code without tables", *lines)
    if not re.fullmatch(r"called 0x7f\w+ 0x0 0x0 0x0 0x0 ", lines[1]):
        fail("no frame pointers there", *lines)
    if "stacks guessed by frame pointers" not in r.stderr or \
            CUT not in r.stderr:
        fail("what was guessed and what was cut is not said", r.stderr)


stopped()
made()
