#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root UPROBE_MULTI
#! timeout: 300
"""Stacks at every instruction of a program, each time that it is come by, as
gdb tells them: the same addresses.  Frames that are no memory of their own
(inlined, jumped from) do not count."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SPILE = os.environ["SPILE"]
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stacks.c")
FUNCTIONS = ["leaf", "mid", "changing", "compare", "handler", "signals",
             "tail", "main"]
WAYS = [["-O0"], ["-O2"], ["-O2", "-fno-omit-frame-pointer"],
        ["-Os", "-no-pie"]]
GDB = """
import gdb, json
for line in ("pagination off", "debuginfod enabled off",
             "backtrace past-main on", "backtrace past-entry on",
             "startup-with-shell off"):
    gdb.execute("set " + line)
gdb.execute("handle SIGUSR1 nostop noprint pass")
job = json.load(open("job"))
gdb.execute("starti", to_string=True)
for pc in job["pcs"]:
    gdb.Breakpoint("*%#x" % (pc + job["base"]))
stacks = []
gdb.execute("continue", to_string=True)
while gdb.selected_inferior().pid and len(stacks) < 5000:
    frame, stack = gdb.newest_frame(), []
    while frame:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            stack.append(frame.pc())
        frame = frame.older()
    stacks.append(stack)
    gdb.execute("continue", to_string=True)
json.dump(stacks, open("stacks", "w"))
"""


def run(command, directory):
    return subprocess.run(command, cwd=directory, capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=200,
                          check=False)


def instructions(program, directory):
    asks = sum([["-ex", f"disassemble {f}"] for f in FUNCTIONS], [])
    out = run(["gdb", "-nx", "-batch", *asks, program], directory).stdout
    # no probe can be at those that are repeated
    return [int(pc, 16) for pc in
            re.findall(r"^ +(0x[0-9a-f]+) <[^>]*>:\t(?!rep)", out, re.M)]


def by_gdb(program, pcs, base, directory):
    with open(os.path.join(directory, "job"), "w", encoding="ascii") as f:
        json.dump({"pcs": pcs, "base": base}, f)
    with open(os.path.join(directory, "ask.py"), "w", encoding="ascii") as f:
        f.write(GDB)
    run(["gdb", "-nx", "-batch", "-x", "ask.py", program], directory)
    path = os.path.join(directory, "stacks")
    if not os.path.exists(path):
        sys.exit(77)                    # not allowed here
    with open(path, encoding="ascii") as f:
        return json.load(f)


def by_spile(program, pcs, directory):
    script = os.path.join(directory, "ask.stp")
    with open(script, "w", encoding="ascii") as f:
        for pc in pcs:
            f.write(f'probe process("{program}").statement({pc}) '
                    "{ println(ubacktrace()) }\n")
    r = run([SPILE, "-c", f"setarch -R {program}", script], directory)
    if r.returncode:
        sys.exit(r.stderr)
    return [[int(pc, 16) for pc in line.split()]
            for line in r.stdout.splitlines()]


def compare(way, directory):
    program = os.path.join(directory, "stacks-of")
    subprocess.run(["gcc", "-g", *way, "-o", program, SOURCE], check=True)
    pcs = instructions(program, directory)
    base = 0 if "-no-pie" in way else 0x555555554000
    gdb = by_gdb(program, pcs, base, directory)
    ours = by_spile(program, pcs, directory)
    if len(gdb) < 50 or gdb != ours:
        at = next((n for n, both in enumerate(zip(gdb, ours))
                   if both[0] != both[1]), None)
        print(*way, f"gdb {len(gdb)}, spile {len(ours)} hits")
        if at is not None:
            print("gdb  ", *map(hex, gdb[at]), "\nspile", *map(hex, ours[at]))
        sys.exit(1)


def main():
    if not all(map(shutil.which, ("gdb", "gcc", "setarch"))):
        sys.exit(77)
    for way in WAYS:
        with tempfile.TemporaryDirectory() as directory:
            compare(way, directory)


main()
