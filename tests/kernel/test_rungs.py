#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf FENTRY
#! timeout: 60
"""What a better way is taken for on this kernel works in the lesser ways, too:
scripts of this directory, compiled without some or all of the features."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD, SPILE = os.environ["BUILD"], os.environ["SPILE"]
WITHOUT = {"function": ["FENTRY", "*"],
           "forms": ["FENTRY", "*"],
           "wildcard": ["KPROBE_MULTI", "KPROBE_COOKIE"],
           "tracepoints": ["RAW_TP_COOKIE", "*"],
           "processes": ["ATOMIC_FETCH"],
           "syscalls": ["STRNCMP", "KF_STRING", "TP_BTF"]}


def run(*argv):
    return subprocess.run([SPILE, *argv], capture_output=True, text=True,
                          cwd=HERE, timeout=200)


def headers(text):
    """The options and arguments of a script, and how its output is read."""
    found = {}
    for name, value in re.findall(r"^#! (\w+): *(.*)$", text, re.M):
        found.setdefault(name, []).append(value.replace("@BUILD@", BUILD))
    return found


def clean(out, found):
    for f in found.get("filter", []):
        _, old, new, _ = re.split(r"(?<!\\)/", f)
        out = re.sub(old, new, out, flags=re.M)
    return sorted(out.splitlines())


def attempt(name, without, known):
    with open(os.path.join(HERE, name + ".stp"), encoding="utf-8") as f:
        found = headers(f.read())
    with open(os.path.join(HERE, name + ".out"), encoding="utf-8") as f:
        wanted = sorted(f.read().splitlines())
    left = [k for k in known if k != without]
    features = "none" if without == "*" else ",".join(left)
    got = run("--features=" + features,
              *" ".join(found["options"]).split(), name + ".stp",
              *" ".join(found.get("args", [])).split())
    if got.returncode or clean(got.stdout, found) != wanted:
        print(f"{name} without {without}: status {got.returncode}\n"
              f"{got.stdout}{got.stderr}")
        return 1
    return 0


def main():
    known = run("--dump-features").stdout.strip().split(",")
    failures = 0
    for name, features in WITHOUT.items():
        for without in features:
            if without == "*" or without in known:
                failures += attempt(name, without, known)
    return 1 if failures else 0


sys.exit(main())
