#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random scripts, run three ways: by the host engine, by the machine in user
space (codegen/vm) and by the kernel.  All must print what generate.py says.

SEEDS=first-last in the environment chooses others than the usual."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SPILE = os.environ.get("SPILE", "spile")
VMTOOL = os.environ.get("VMTOOL") or os.path.join(
    os.path.dirname(os.path.abspath(SPILE)),
    "tests", "differential", "vmtool")
GENERATE = [sys.executable, os.path.join(HERE, "generate.py")]


def output(args):
    done = subprocess.run(args, capture_output=True, text=True, timeout=60,
                          errors="replace")
    return done.stdout, done.stderr[-400:]


def by_vm(script, directory):
    image = os.path.join(directory, "s.img")
    out, err = output([SPILE, "-w", "-p4", "--features=native", "-o",
                       image, script])
    if not os.path.exists(image):
        return out, err
    return output([VMTOOL, image])


def differs(seed, way, got, want):
    if got[0] == want:
        return False
    print("seed %s: %s differs:\n%s%s" % (seed, way, got[0][-800:], got[1]))
    return True


def check(seed, directory):
    script = os.path.join(directory, "s.stp")
    with open(script, "w") as f:
        f.write(output(GENERATE + [str(seed)])[0])
    want = output(GENERATE + [str(seed), "--expect"])[0]
    kernel = want[want.index("-- kernel"):]
    bad = differs(seed, "codegen/vm", by_vm(script, directory), kernel)
    if os.geteuid() == 0:
        bad |= differs(seed, "host or kernel", output([SPILE, "-w", script]),
                       want)
    return bad


def main():
    if not os.path.exists(VMTOOL):
        print("no vmtool")
        sys.exit(77)
    first, _, last = os.environ.get("SEEDS", "1-10").partition("-")
    bad = 0
    with tempfile.TemporaryDirectory() as directory:
        for seed in range(int(first), int(last or first) + 1):
            bad += check(seed, directory)
    sys.exit(1 if bad else 0)


main()
