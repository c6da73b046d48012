#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf FENTRY
"""A kprobe that is hit while another's handler runs on the processor is skipped
by the kernel: spile says how often, on kernels that count it."""
import os
import re
import subprocess
import sys

SPILE = os.environ["SPILE"]
READS = 100
# Each new element of the first is a call of the second.
SCRIPT = """
global n, a, called
probe kprobe.function("vfs_read") {
	if (pid() == target())
		a[n++] = 1
}
probe kprobe.function("htab_map_update_elem") { called <<< 1 }
probe end { println(a[1], @count(called) >= 0) }
"""


def run(script):
    r = subprocess.run([SPILE, "-e", script, "-c",
                        f"dd if=/dev/zero of=/dev/null bs=1 count={READS}"],
                       capture_output=True, text=True, check=False)
    if r.returncode:
        print(r.stderr)
        sys.exit(1)
    return r.stdout, r.stderr


def told(err):
    return sum(map(int, re.findall(
        r'"htab_map_update_elem"\)\S*: skipped: .* \((\d+)\)$', err,
        re.M)))


def main():
    counts = run("""probe begin { println(@defined(@cast(0,
        "struct bpf_link_info")->perf_event->kprobe->missed)) exit() }""")[0]
    if counts != "1\n":
        print("this kernel does not say")
        sys.exit(77)
    _, err = run(SCRIPT)
    if told(err) < READS:
        print(f"{told(err)} of {READS} told\n{err}")
        sys.exit(1)


main()
