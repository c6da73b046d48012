#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf gcc UPROBE_MULTI
#! timeout: 120
"""More places in a program than are attached at once: each is hit, and is told
from the others.  Interrupted while they are attached to many processes, the
session ends without the rest."""
import os
import signal
import subprocess
import sys
import tempfile
import time

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
FUNCTIONS = 1300 if SLOW == 1 else 600    # 512 are attached at once
PROCESSES = 20 if SLOW == 1 else 6
SCRIPT = """global n
probe process("%s").function("work_*") { n[ppfunc()]++ }
probe end { foreach (f in n) { all++; sum += n[f] } println(all, " ", sum) }
"""


def compile_program(directory):
    path = os.path.join(directory, "many")
    with open(path + ".c", "w", encoding="utf-8") as f:
        f.write("#include <unistd.h>\nvolatile long sum;\n")
        for i in range(FUNCTIONS):
            f.write("__attribute__((noinline)) void "
                    f"work_{i}(long n) {{ sum += n; }}\n")
        f.write("int main(int argc, char **argv)\n{\n\tif (argc > 1)\n"
                "\t\tpause();\n")
        for i in range(FUNCTIONS):
            f.write(f"\twork_{i}({i});\n")
        f.write("\treturn argc > 1 && argv[1];\n}\n")
    subprocess.run(["gcc", "-O1", "-o", path, path + ".c"], check=True)
    return path


def fail(*what):
    print(*what, sep="\n")
    sys.exit(1)


def each_is_hit(program, script):
    r = subprocess.run([SPILE, "-e", script, "-c", program], text=True,
                       capture_output=True, timeout=60 * SLOW, check=False)
    if r.stdout != f"{FUNCTIONS} {FUNCTIONS}\n" or r.returncode:
        fail("each function once", r.stdout, r.stderr)


def is_interrupted(program, script):
    waiting = [subprocess.Popen([program, "wait"]) for _ in range(PROCESSES)]
    try:
        for delay in (0.02, 0.1, 0.3):
            p = subprocess.Popen([SPILE, "-e", script], text=True,
                                 stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
            time.sleep(delay * SLOW)
            p.send_signal(signal.SIGINT)
            out, err = p.communicate(timeout=60 * SLOW)
            if p.returncode not in (0, -signal.SIGINT) or \
                    (p.returncode == 0 and out != "0 0\n"):
                fail(f"interrupted after {delay} s", p.returncode, out, err)
    finally:
        for p in waiting:
            p.kill()
            p.wait()


with tempfile.TemporaryDirectory() as top:
    many = compile_program(top)
    each_is_hit(many, SCRIPT % many)
    is_interrupted(many, SCRIPT % many)
