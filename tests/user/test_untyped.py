#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: gcc
"""A type that neither the kernel has nor a program without debug information:
the message says that this is missing."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = """
#include "mark.h"

int main(void)
{
	MARK("untyped", "here", "-4@%0", MARK_ANY(5));
	return 0;
}
"""


def main():
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "untyped")
        with open(path + ".c", "w", encoding="ascii") as f:
            f.write(SOURCE)
        subprocess.run(["gcc", "-w", "-I", os.path.join(HERE, "../data"), "-o",
                        path, path + ".c"], check=True)
        done = subprocess.run(
            [os.environ["SPILE"], "-p2", "-e", f'probe process("{path}")'
             '.mark("here") { println(@cast($arg1, "session")->name) }'],
            capture_output=True, text=True, timeout=60)
    if done.returncode and "no debug information is here of" in done.stderr \
            and "'session' [E0408]" in done.stderr and \
            "install its debug symbols" in done.stderr:
        return 0
    print(f"status {done.returncode}\n{done.stdout}{done.stderr}")
    return 1


sys.exit(main())
