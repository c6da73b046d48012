#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! timeout: 120
"""docs/options.md: each option of stap(1) is taken as it says there."""
import os
import re
import shlex
import shutil
import subprocess
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SPILE = os.environ["SPILE"]
SCRIPT = ("global g = 1 probe begin { print(g, target() > 0 ? 1 : 0) exit() }")
# Rows whose example needs what is not here, and what it says then.
SAYS = {"--monitor=1": "terminal", "no-such-release": "no-such-release"}
bad = 0


def run(words):
    return subprocess.run([SPILE, *words], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30,
                          check=False, cwd="/tmp")


def wrong(kind, r):
    if kind == "refused":
        if r.returncode == 0 or "error: " not in r.stderr:
            return "not refused"
        return "" if "help: " in r.stderr else "refused without a help"
    if r.returncode:
        return "refused"
    if (kind == "warned") != ("has no effect" in r.stderr):
        return "warned" if kind != "warned" else "not warned"
    return ""


def main():
    global bad
    with open(os.path.join(TOP, "docs", "options.md"), encoding="utf-8") as f:
        lines = re.findall(r"^\| `.*", f.read(), re.M)
    row = re.compile(r"\| (`[^|]*?) \| (as stap|accepted|warned|refused) "
                     r"\| `([^|]*?)`[^|]*\|")
    odd = [line for line in lines if not row.fullmatch(line)]
    rows = [row.fullmatch(line).groups() for line in lines if line not in odd]
    if odd or len(rows) < 60 or len({r[0] for r in rows}) < len(rows):
        sys.exit(f"{len(rows)} rows; no rows, or twice: {odd}")
    for options, kind, example in rows:
        if "-a x86_64" in example and os.uname().machine != "x86_64":
            continue
        words = [SCRIPT if w == "SCRIPT" else w for w in shlex.split(example)]
        r = run(words)
        kept = re.search(r"/\S*(?=\n)", r.stderr) if "-k " in example else None
        if kept and os.path.isdir(kept[0]):
            shutil.rmtree(kept[0])
        says = next((t for k, t in SAYS.items() if k in example), None)
        if says:
            why = "" if r.returncode and says in r.stderr else "not said"
        else:
            why = wrong(kind, r)
        if why:
            print(f"{options}: {why}: {r.stderr[:300]}{r.stdout[:100]}")
            bad += 1
    for f in os.listdir("/tmp"):
        if re.fullmatch(r"spile-options\.\d+", f):
            os.unlink(os.path.join("/tmp", f))
    sys.exit(1 if bad else 0)


main()
