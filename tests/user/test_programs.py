#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf bash
#! timeout: 60
"""examples/ about programs of Debian, which have symbols only, give the numbers
that are known of what the programs do."""
import os
import re
import subprocess
import sys

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                        "examples")
SCRIPT = "for i in 1 2 3 4 5 6 7; do /bin/true $i; done; " \
    "x=$(echo a | cat); (exit 0)"


def main():
    r = subprocess.run([os.environ["SPILE"],
                        os.path.join(EXAMPLES, "bash-children.stp"), "-c",
                        f"/bin/bash -c '{SCRIPT}'"],
                       capture_output=True, text=True)
    print(r.stdout + r.stderr)
    children = {what: int(n) for n, what in
                re.findall(r"^ +(\d+)  (.*)$", r.stdout, re.M)}
    expected = {"/bin/true $i": 7, "(subshell)": 1, "echo a": 1, "cat": 1,
                "( exit 0 )": 1}
    return 0 if children == expected and r.returncode == 0 else 1


sys.exit(main())
