#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""An image carries the files of -I, also those that are behind a link: -G has
it compiled again where they are no more."""

import os
import platform
import subprocess
import sys
import tempfile

SPILE = os.path.abspath(os.environ["SPILE"])
SCRIPT = "global g probe begin { println(g + far() + near()) exit() }"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def spile(*args):
    return subprocess.run([SPILE, *args], capture_output=True, text=True,
                          timeout=60)


with tempfile.TemporaryDirectory() as top:
    library, image = os.path.join(top, "lib"), os.path.join(top, "image")
    link = os.path.join(library, platform.machine())
    write(os.path.join(library, "near.stp"), "function near() { return 2 }")
    write(os.path.join(top, "far/far.stp"), "function far() { return 40 }")
    os.symlink(os.path.join(top, "far"), link)
    made = spile("-p4", "-I", library, "-o", image, "-e", SCRIPT)
    os.unlink(link)
    os.unlink(os.path.join(library, "near.stp"))
    ran = spile("-G", "g=100", image)
ok = made.returncode == 0 and (ran.returncode, ran.stdout) == (0, "142\n")
if not ok:
    print(made, ran)
sys.exit(0 if ok else 1)
