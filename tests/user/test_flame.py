#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf BPF_LOOP bash
#! timeout: 60
"""examples/flame.stp folds stacks: from the outermost function to the innermost,
with how often they were met."""
import os
import re
import subprocess
import sys

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "../../examples/flame.stp")
TURNS = 200000 if float(os.environ.get("LIVE_SLOW", "1")) == 1 else 50000
BUSY = f"/bin/bash -c 'i=0; while ((i++ < {TURNS})); do :; done'"


def main():
    first = open(EXAMPLE, encoding="utf-8").readline()
    options = first.split("spile", 1)[1].split()
    r = subprocess.run([os.environ["SPILE"], *options, EXAMPLE, "-c", BUSY],
                       capture_output=True, text=True)
    print(r.stdout + r.stderr)
    lines = r.stdout.splitlines()
    stacks = [line.rsplit(" ", 1)[0] for line in lines]
    deep = [s for s in stacks
            if re.match(r"bash;_start;.*main;.*execute_command", s)]
    return 0 if r.returncode == 0 and deep and all(
        re.fullmatch(r"\S.* [1-9]\d*", line) for line in lines) else 1


sys.exit(main())
