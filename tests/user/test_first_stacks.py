#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf BPF_LOOP UPROBE_MULTI
#! timeout: 40
"""The first stacks of processes that have only just begun are whole: their
processes wait until what they run is known.  One that is not is said."""
import os
import re
import subprocess
import sys

N = 30
SCRIPT = """
global n, whole
probe process("/lib/x86_64-linux-gnu/libc.so.6").function("setlocale") {
	if (ppid() != target()) next
	n++
	/* date's main(), and what calls main() in the C library */
	if (ustack(3)) whole++
}
probe end { printf("%d %d\\n", n, whole) }
"""


def main():
    r = subprocess.run([os.environ["SPILE"], "-e", SCRIPT, "-c",
                        f"for i in $(seq {N}); do date; done"],
                       capture_output=True, text=True)
    print(r.stdout, r.stderr)
    n, whole = map(int, r.stdout.split("\n")[-2].split())
    said = re.search(r"stacks cut short: callers not known.*\((\d+)\)",
                     r.stderr)
    # An emulated processor is too slow for most of them.
    most = n * 9 // 10 if float(os.environ.get("LIVE_SLOW", "1")) == 1 else 1
    if n < N or whole < most:
        print(f"{whole} of {n} are whole")
        return 1
    # Where the machine is busy, some may not be; that is said.
    return 0 if n - whole <= (int(said.group(1)) if said else 0) else 1


sys.exit(main())
