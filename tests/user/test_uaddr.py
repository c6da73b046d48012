#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root BPF_LOOP
"""Where the process is takes no walk over its stack: nothing is said of stacks
that were cut short."""
import os
import subprocess
import sys

SLOW = float(os.environ.get("LIVE_SLOW", "1"))
SCRIPT = """
global names, hits
probe timer.profile {
	if (pid() == target() && uaddr()) {
		names[usymname(uaddr())]++
		hits++
	}
}
probe end {
	foreach (name in names)
		n += names[name]
	println(hits > 0, " ", n == hits)
}
"""
BUSY = "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'"


def main():
    done = subprocess.run([os.environ["SPILE"], "-c", BUSY, "-e", SCRIPT],
                          capture_output=True, text=True, timeout=60 * SLOW)
    print(done.stdout + done.stderr)
    return done.stdout != "1 1\n" or "stack" in done.stderr


sys.exit(main())
