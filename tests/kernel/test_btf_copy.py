#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf strace
"""The kernel's BTF, where it cannot be mapped, is read in hundreds of pieces at
the first start only; what was kept of another boot, or is cut short, is read
again."""
import os
import re
import subprocess
import sys
import tempfile

SCRIPT = ('probe kernel.trace("sched_switch") { println($prev->pid) exit() } '
          'probe timer.s(60) { exit() }')
FEW = 200


def reads(cache):
    """How often a start reads, and its output."""
    with tempfile.NamedTemporaryFile("r") as calls:
        r = subprocess.run(
            ["strace", "-e", "trace=read", "-o", calls.name,
             os.environ["SPILE"], "-e", SCRIPT],
            env=dict(os.environ, XDG_CACHE_HOME=cache), check=False,
            capture_output=True, text=True)
        if r.returncode or not re.fullmatch(r"(\d+\n)+", r.stdout):
            print(f"exit status {r.returncode}\n{r.stdout}{r.stderr}")
            sys.exit(1)
        return len(calls.readlines())


def change(path, old, new):
    with open(path, "rb") as f:
        text = f.read()
    with open(path, "wb") as f:
        f.write(text.replace(old, new))


def check(what, n, few):
    if (n < FEW) != few:
        print(f"{what}: {n} reads")
        sys.exit(1)


def main():
    with tempfile.TemporaryDirectory() as cache:
        copy = os.path.join(cache, "spile/vmlinux.btf")
        reads(cache)
        check("the second start", reads(cache), True)
        if not os.path.exists(copy):
            return              # this kernel's can be mapped
        with open("/proc/sys/kernel/random/boot_id", "rb") as f:
            boot = f.read().strip()
        change(copy, boot, boot[::-1])
        check("of another boot", reads(cache), False)
        check("made again", reads(cache), True)
        os.truncate(copy, os.path.getsize(copy) // 2)
        check("cut short", reads(cache), False)
        check("made again after that", reads(cache), True)


main()
