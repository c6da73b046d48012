#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every input of corpus/TARGET goes through its fuzz target; those of the
front end also get the scripts of the other tests."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.environ["BUILD"], "tests", "fuzz")


SCRIPTS = {"lex": ["lex", "parse", "err"], "parse": ["parse", "err"],
           "sema": ["sema", "err", "exec"]}


def inputs(target):
    directory = os.path.join(HERE, "corpus", target)
    files = []
    if os.path.isdir(directory):
        files = [os.path.join(directory, f)
                 for f in sorted(os.listdir(directory))]
    for name in SCRIPTS.get(target, []):
        directory = os.path.join(HERE, "..", name)
        files += [os.path.join(directory, f)
                  for f in sorted(os.listdir(directory))
                  if f.endswith(".stp")]
    return files


def main():
    failed = 0
    if not os.path.isdir(BUILD):
        print("the fuzz targets are not built")
        return 77
    for program in sorted(os.listdir(BUILD)):
        if not program.startswith("replay-") or "." in program:
            continue
        for file in inputs(program[len("replay-"):]):
            r = subprocess.run([os.path.join(BUILD, program), file],
                               timeout=60, capture_output=True)
            if r.returncode:
                print(f"{file}: {r.returncode}\n{r.stderr.decode()[-500:]}")
                failed += 1
    return 1 if failed else 0


sys.exit(main())
