#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root
"""The scripts host-*.stp once more, with a probe in the kernel beside them:
their globals then lie in the kernel's maps, and the answers are the same."""
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SPILE = os.environ.get("SPILE", "spile")
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
PROBE = """
global forks
probe kernel.trace("sched_process_fork") {
	if (forks++ < -5) println("never")
}
"""


def options(text):
    words = []
    for line in re.findall(r"^#! options: (.*)$", text, re.M):
        words += line.split()
    return words


def run(path):
    text = open(path).read()
    with tempfile.NamedTemporaryFile("w", suffix=".stp") as f:
        f.write(text + PROBE)
        f.flush()
        return subprocess.run([SPILE, *options(text), f.name],
                              capture_output=True, text=True, errors="replace",
                              timeout=30 * SLOW)


def main():
    if os.geteuid() != 0:
        sys.exit(77)
    bad = 0
    for path in sorted(glob.glob(os.path.join(HERE, "host-*.stp"))):
        want = open(path[:-4] + ".out", errors="replace").read()
        done = run(path)
        if done.stdout != want:
            bad += 1
            print("# %s differs:\n%s%s" % (os.path.basename(path),
                                           done.stdout, done.stderr))
    sys.exit(bad != 0)


main()
