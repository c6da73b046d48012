#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf modprobe ip
"""Functions of a module, with their arguments; symbols that nothing is known
of.  Where modules have no BTF, the same by numbers, and a message."""
import os
import subprocess
import sys

SCRIPT = """
global seen
probe module("dummy").function("dummy_get_stats64") {
    seen[sprintf("%s of %s", ppfunc(), kernel_string($dev->name))] = 1
}
probe module("dum*").function("dummy_get_stats*").return { seen["returns"] = 1 }
probe kprobe.module("dummy").function("dummy_get_stats64") { seen["symbol"] = 1 }
probe end { foreach (what+ in seen) println(what) delete seen }
"""
WANTED = "dummy_get_stats64 of dummy0\nreturns\nsymbol\n"


NAMED = "$dev->name"
NUMBERED = '@cast(pointer_arg(1), "net_device")->name'
REFUSAL = "'dummy_get_stats64', which neither BTF nor debug information describes"


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, timeout=300)


if run("modprobe", "dummy", "numdummies=1").returncode:
    print("the module 'dummy' is not to be had")
    sys.exit(77)
run("ip", "link", "add", "dummy0", "type", "dummy")
if not os.path.exists("/sys/kernel/btf/dummy"):
    done = run(os.environ["SPILE"], "-e", SCRIPT)
    if REFUSAL not in done.stderr or not done.returncode:
        print(f"status {done.returncode}\n{done.stdout}{done.stderr}")
        sys.exit(1)
    SCRIPT = SCRIPT.replace(NAMED, NUMBERED)
done = run(os.environ["SPILE"], "-e", SCRIPT, "-c", "ip -s link show dummy0")
if WANTED not in done.stdout or done.returncode:
    print(f"status {done.returncode}\n{done.stdout}{done.stderr}")
    sys.exit(1)
