#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root
"""Files and functions are found where a script of another system does not
expect them: main() of a program without symbols, by what its start does; and
libraries where Debian keeps them, by the paths that other systems have."""
import os
import platform
import shutil
import subprocess
import sys
import tempfile

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
PROGRAM = """#include <stdio.h>
int main(int argc, char **argv) { return !printf("%s %d\\n", argv[0], argc); }
"""
# As they link by default, and at a fixed address.
WAYS = {"pie": ["-pie"], "fixed": ["-no-pie"]}


def spile(*words):
    return subprocess.run([SPILE, *words], capture_output=True, text=True,
                          timeout=30 * SLOW)


def main_of(directory, way):
    path = os.path.join(directory, way)
    subprocess.run(["cc", "-O2", "-s", *WAYS[way], "-o", path, "-xc", "-"],
                   input=PROGRAM, text=True, check=True)
    done = spile("-e", f'probe process("{path}").function("main") {{ '
                 'printf("main(%d)\\n", int_arg(1)) }', "-c", path + " a b")
    if "main(3)\n" in done.stdout and done.returncode == 0:
        return 0
    print(f"{way}: {done.stdout}{done.stderr}")
    return 1


def relative(directory):
    """Types of a program whose path begins where spile runs."""
    subprocess.run(["cc", "-g", "-o", directory + "/types", "-xc", "-"],
                   input="struct pair { long a, b; } pair;\n"
                   "int main(void) { return 0; }\n", text=True, check=True)
    done = subprocess.run(
        [SPILE, "-e", 'probe begin { println(&@cast(64, "pair", "./types")->b, '
         '&@cast(64, "task_struct", "kernel<linux/sched.h>")->pid > 64) exit() }'],
        capture_output=True, text=True, timeout=30 * SLOW, cwd=directory)
    if done.stdout == "721\n":
        return 0
    print(f"relative: {done.stdout}{done.stderr}")
    return 1


def library(pattern):
    done = spile("-l", f'process("{pattern}").function("malloc")')
    if done.returncode == 0 and "libc.so.6" in done.stdout:
        return 0
    print(f"{pattern}: {done.stdout}{done.stderr}")
    return 1


def main():
    failed = sum(map(library, ("/lib64/libc.so.6", "/lib*/libc.so.6",
                               "/usr/lib*/libc.so.6")))
    if platform.machine() == "x86_64" and shutil.which("cc"):
        with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
            failed += sum(main_of(directory, way) for way in WAYS)
            failed += relative(directory)
    return failed != 0


sys.exit(main())
