#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: gdb clang
#! timeout: 120
"""At each instruction of a program compiled in many ways, what dbgtool says
of where variables live gives the values that gdb prints.

Where gdb knows more is bounded: arithmetic on floating-point numbers, and
entry values, which take a stack to follow."""
import concurrent.futures
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", "build")
TOOL = os.path.abspath(os.path.join(BUILD, "dbgtool"))
SOURCE = os.path.join(HERE, "data", "truth.c")
CONFIGS = """
gcc -O0
gcc -O1
gcc -O2
gcc -O3 -fno-pie -no-pie
gcc -Os -gdwarf-4
gcc -O2 -gdwarf-3 -gstrict-dwarf
gcc -O2 -gsplit-dwarf
gcc -O2 -gsplit-dwarf -gdwarf-4
gcc -O2 -gz=zlib -fno-omit-frame-pointer
gcc -O2 -flto -static
clang -O0
clang -O1
clang -O2
clang -O3 -gdwarf-5
clang -Os -gsplit-dwarf -gdwarf-5
clang -O2 -gsplit-dwarf -gdwarf-4
clang -O2 -gdwarf-2
"""


def truth(config):
    with tempfile.TemporaryDirectory() as directory:
        return truth_in(config, directory)


def truth_in(config, directory):
    compiler, *flags = config.split()
    program = os.path.join(directory, "truth")
    subprocess.run([compiler, "-g", "-w", *flags, SOURCE, "-o", program],
                   cwd=directory, check=True)
    env = dict(os.environ, DBGTOOL=TOOL, STEPS="700", TLS_SIZE="4",
               XDG_CACHE_HOME=directory)
    env.pop("DEBUGINFOD_URLS", None)
    r = subprocess.run(["gdb", "-nx", "-batch", "-x",
                        os.path.join(HERE, "data", "gdb_truth.py"), program],
                       cwd=directory, env=env, capture_output=True, text=True)
    counts = {}
    for line in r.stdout.splitlines():
        words = line.split()
        if len(words) == 2 and words[1].isdigit() and words[0].isalpha():
            counts[words[0]] = int(words[1])
    return counts, r.stdout + r.stderr


def main():
    bad = 0
    configs = CONFIGS.strip().splitlines()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(truth, configs))
    for config, (counts, log) in zip(configs, results):
        print(config, counts)
        if counts.get("wrong", 1) or counts.get("same", 0) < 2000 or \
                counts.get("less", 0) * 20 > counts.get("same", 0):
            bad += 1
            print("\n".join(line for line in log.splitlines()
                            if line.split(":")[0] in ("wrong", "less")
                            or "Error" in line))
    return 1 if bad else 0


sys.exit(main())
