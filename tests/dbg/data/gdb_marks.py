# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside of gdb: stops at each mark, and compares what gdb says of its
arguments with where elftool says that they are.

Environment: ELFTOOL, TLS_SIZE.  Prints "same N", "wrong N", "more N" (values
that gdb refuses), "none N" (that we do), and what was wrong."""
import os
import re
import subprocess
import sys

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import gdb_truth  # noqa: E402

# What the program has there the first time: gdb does not read all forms.
WANTED = {"shop:statics": [99, -3, 200, -2, 12],
          "shop:args": [1, -7, -5, 65000],
          "shop:high": [-10, 128]}
counts = {"same": 0, "wrong": 0, "more": 0, "none": 0}


def marks(path):
    """{pc: (name, [(text, size, location)])}"""
    text = subprocess.run([os.environ["ELFTOOL"], path, "marks"],
                          check=True, capture_output=True, text=True).stdout
    found = {}
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) == 1:
            name, pc = line.split()[:2]
            _, args = found.setdefault(int(pc, 0), (name, []))
        else:
            args.append(fields[1:])
    return found


def wanted(name, i, n):
    try:
        theirs = int(gdb.parse_and_eval(f"$_probe_arg{i}"))
    except gdb.error:
        if len(WANTED.get(name, [])) <= i:
            return None
        theirs = WANTED[name][i]
    return theirs & (1 << 8 * n) - 1


def compare(name, i, arg, bias):
    text, size, loc = arg
    n = int(size.strip("suf"))
    theirs = wanted(name, i, n)
    mine = gdb_truth.fetch(loc, n, bias)
    if None in mine:
        what = "none"
    else:
        mine = int.from_bytes(bytes(mine), "little")
        what = "more" if theirs is None else \
            "same" if mine == theirs else "wrong"
    if what == "wrong":
        print(f"wrong: {text}: gdb {theirs}, we {mine}: {loc}")
    counts[what] += 1


def main():
    gdb.execute("set pagination off")
    gdb_truth.TLS = int(os.environ["TLS_SIZE"])
    found = marks(gdb.objfiles()[0].filename)
    gdb.execute("starti", to_string=True)
    text = gdb.execute("info probes stap shop", to_string=True)
    probes = re.findall(r"shop +(\w+) +(0x\w+)", text, re.M)
    bias = min(int(addr, 0) for _, addr in probes) - min(found)
    for name in {name for name, _ in probes}:
        gdb.execute("break -probe-stap shop:" + name, to_string=True)
    while True:
        gdb.execute("continue", to_string=True)
        try:
            pc = int(gdb.selected_frame().pc())
        except gdb.error:
            break
        name, args = found[pc - bias]
        for i, arg in enumerate(args):
            compare(name, i, arg, bias)
        WANTED.pop(name, None)
    for k, v in counts.items():
        print(k, v)


main()
