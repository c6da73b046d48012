#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every input of the corpora goes through its fuzz target."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.environ["BUILD"], "tests", "fuzz")


def main():
    failed = 0
    for target in sorted(os.listdir(os.path.join(HERE, "corpus"))):
        program = os.path.join(BUILD, "replay-" + target)
        directory = os.path.join(HERE, "corpus", target)
        files = [os.path.join(directory, f)
                 for f in sorted(os.listdir(directory))]
        if not os.path.exists(program):
            print(f"{program} is not built")
            return 77
        for file in files:
            r = subprocess.run([program, file], timeout=60,
                               capture_output=True)
            if r.returncode:
                print(f"{file}: {r.returncode}\n{r.stderr.decode()[-500:]}")
                failed += 1
    return 1 if failed else 0


sys.exit(main())
