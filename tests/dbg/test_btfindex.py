#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The index of the kernel's types is kept: a run with it says what a run
without it says, and so does one that finds nonsense in its place, or says
that it does not know, but does not break."""
import os
import random
import subprocess
import sys
import tempfile

SPILE = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"),
                                     "spile"))
SCRIPT = """
probe kernel.trace("sched_switch") {
	println($next->real_parent->pid, $prev->mm->owner->comm$)
}
probe kernel.trace("sched_process_fork") {
	println(@cast(task_current(), "task_struct")->signal->live->counter)
}
"""
NOBODY = 65534


def run(cache):
    argv = [SPILE, "-p3", "--dump=opt", "-w", "-e", SCRIPT]
    env = dict(os.environ, XDG_CACHE_HOME=cache)
    if os.geteuid() == 0:
        argv = ["setpriv", f"--reuid={NOBODY}", "--clear-groups", *argv]
    r = subprocess.run(argv, capture_output=True, text=True, env=env,
                       timeout=20)
    return r.returncode, r.stdout, r.stderr


def main():
    if not os.access("/sys/kernel/btf/vmlinux", os.R_OK):
        return 77
    with tempfile.TemporaryDirectory() as d:
        os.chmod(d, 0o777)
        cold = run(d)
        path = os.path.join(d, "spile", "btf.index")
        if cold[0] or not os.path.exists(path):
            print("cold:", cold)
            return 1
        with open(path, "rb") as f:
            good = f.read()
        if run(d) != cold:
            print("warm:", run(d))
            return 1
        rng = random.Random(7)
        for i in range(40):
            bad = bytearray(good)
            for _ in range(1 << rng.randrange(18)):
                bad[rng.randrange(64 if i < 35 else 0, len(bad))] = \
                    rng.randrange(256)
            with open(path, "wb") as f:
                f.write(bad[: len(bad) - (i == 39)])
            code, out, err = run(d)
            if code not in (0, 1) or (not code and out != cold[1]):
                print(f"round {i}: exit {code}\n{out}{err}")
                return 1
        with open(path, "wb") as f:
            f.write(b"x" * 100)
        if run(d) != cold or os.path.getsize(path) != len(good):
            print("not made again")
            return 1
    return 0


sys.exit(main())
