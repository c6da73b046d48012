#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf FENTRY
"""kernel.function("pattern").exported is what other files can call, as the
kernel's symbols say."""
import os
import re
import subprocess
import sys

SPILE = os.environ["SPILE"]


def main():
    done = subprocess.run([SPILE, "-l", 'kernel.function("do_*").exported'],
                          capture_output=True, text=True)
    listed = set(re.findall(r'^kernel\.function\("(\w+)"\)\.exported$',
                            done.stdout, re.M))
    kinds = {}
    with open("/proc/kallsyms", encoding="ascii") as f:
        for line in f:
            word = line.split()
            if len(word) == 3:
                kinds.setdefault(word[2], set()).add(word[1])
    wrong = [n for n in listed if not kinds.get(n, set()) & {"T", "W"}]
    own = [n for n in kinds if n.startswith("do_") and kinds[n] == {"t"}]
    missing = {"do_exit"} - listed
    if wrong or missing or not own or done.returncode:
        print(f"wrong {wrong} missing {missing}\n{done.stderr}")
        return 1
    return 0


sys.exit(main())
