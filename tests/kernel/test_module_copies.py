#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf modprobe
"""Functions of a module that its file has only copies of, made by the compiler
("f.constprop.0"), are hooked where these are."""
import os
import re
import subprocess
import sys

MODULES = ("st", "nfsd")
FEW = 4


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, timeout=300)


def copied(module):
    """Names of which the module has but one copy, and nothing else."""
    with open("/proc/kallsyms", encoding="ascii") as f:
        names = re.findall(rf"^\w+ [tT] (\S+)\t\[{module}\]$", f.read(), re.M)
    for name in names:
        m = re.fullmatch(r"([^.]+)\.(isra|constprop)\.\d+", name)
        if m and m[1] not in names and names.count(name) == 1 and \
                sum(n.startswith(m[1] + ".") for n in names) == 1:
            yield m[1]


def is_described(module, name):
    with open(f"/sys/kernel/btf/{module}", "rb") as f:
        return b"\0" + name.encode() + b"\0" in f.read()


def main():
    wrong = tried = 0
    for module in MODULES:
        if run("modprobe", module).returncode or \
                not os.path.exists(f"/sys/kernel/btf/{module}"):
            continue
        for name in list(copied(module))[:FEW]:
            done = run(os.environ["SPILE"], "-e", 'probe begin { '
                       'println("attached"); exit() } probe module('
                       f'"{module}").function("{name}").call {{ print(1) }}')
            if "no function of module" in done.stderr and \
                    not is_described(module, name):
                continue
            tried += 1
            if done.stdout != "attached\n" or done.stderr:
                wrong += 1
                print(f"{module}: {name}: status {done.returncode}\n"
                      f"{done.stdout}{done.stderr}")
    if not tried:
        print("no module here has a function that is only copied")
        return 77
    return 1 if wrong else 0


sys.exit(main())
