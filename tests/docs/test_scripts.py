#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each script in the documents (```systemtap) and of examples/ compiles
without a warning.  Those about a program (#! program: PATH) are compiled for
this machine, if it has it."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(HERE, "..", "data"))


def scripts():
    """(place, text)"""
    names = ["README.md", "CONTRIBUTING.md"]
    names += ["docs/" + n for n in os.listdir(os.path.join(TOP, "docs"))]
    for name in sorted(names):
        if not name.endswith(".md"):
            continue
        with open(os.path.join(TOP, name)) as f:
            text = f.read()
        for m in re.finditer(r"^```systemtap\n(.*?)^```", text, re.M | re.S):
            yield f"{name}:{text.count(chr(10), 0, m.start()) + 2}", m[1]
    examples = os.path.join(TOP, "examples")
    for name in sorted(os.listdir(examples)):
        with open(os.path.join(examples, name)) as f:
            yield "examples/" + name, f.read()


def main():
    failed = n = 0
    with tempfile.TemporaryDirectory() as world:
        subprocess.run([sys.executable, os.path.join(HERE, "..", "data",
                                                     "make_world.py"),
                        "basic", world], check=True)
        for place, text in scripts():
            n += 1
            program = re.search(r"^#! program: (\S+)$", text, re.M)
            if program and not os.path.exists(program[1]):
                print(f"{place}: there is no {program[1]} here")
                continue
            where = [] if program else ["--world", world]
            r = subprocess.run([os.environ["SPILE"], "-W", *where, "-p3",
                                "-e", text], capture_output=True, text=True,
                               timeout=60)
            if r.returncode or r.stderr:
                failed += 1
                print(f"{place}: exit status {r.returncode}\n{r.stderr}")
    return 1 if failed or n < 5 else 0


sys.exit(main())
