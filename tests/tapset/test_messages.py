#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
"""What log() and warn() say is a line, whether its end is in the text or not."""
import os
import subprocess
import sys

SCRIPT = r"""
global done
function say(where:string)
{
	log(where . " log without")
	log(where . " log with\n")
	log("")
	warn(where . " warning without")
	warn(where . " warning with\n")
	warn(where . " two lines\n\n")
}
probe begin { say("host") }
probe kernel.trace("sys_enter") if (done == 0)
{
	if (done++)
		next
	say("kernel")
	exit()
}
"""
LOG, WARNINGS = "", ""
for place in ("host", "kernel"):
    LOG += f"{place} log without\n{place} log with\n\n"
    WARNINGS += (f"WARNING: {place} warning without\n"
                 f"WARNING: {place} warning with\n"
                 f"WARNING: {place} two lines\n\n")
r = subprocess.run([os.environ["SPILE"], "-e", SCRIPT], capture_output=True,
                   text=True, timeout=20, check=False)
for said, expected in ((r.stdout, LOG), (r.stderr, WARNINGS)):
    if said != expected:
        print(f"{said}\nnot\n{expected}")
sys.exit(r.stdout != LOG or r.stderr != WARNINGS)
