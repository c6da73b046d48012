#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root UPROBE_MULTI
#! timeout: 300
"""Stacks at every instruction of a program, each time that it is come by, as
gdb tells them: the same addresses.  Frames that are no memory of their own
(inlined, jumped from) do not count.  Where the tables of a new process come too
late, which takes a slow machine, spile says how many stacks are guesses.

"--prepare DIR" keeps there what gdb says, with the programs; LIVE_STACKS=DIR takes
it from there: gdb needs minutes on an emulated processor."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SPILE = os.environ.get("SPILE", "spile")
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


def libc_base(program):
    """Where the C library lies when nothing is moved at random."""
    out = subprocess.run(["setarch", "-R", "env", "LD_TRACE_LOADED_OBJECTS=1",
                          program], capture_output=True, text=True, check=True)
    return int(re.search(r"libc\.so\.6 => .*\((0x\w+)\)", out.stdout)[1], 16)


def placed(stacks, program):
    """Kernels differ in where they put libraries: frames there get the distance
    from their C library."""
    base = libc_base(program)
    return [[f"libc+{pc - base:#x}" if pc > 0x700000000000 else f"{pc:#x}"
             for pc in stack] for stack in stacks]


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
        return placed(json.load(f), program)


def by_spile(program, pcs, directory):
    script = os.path.join(directory, "ask.stp")
    with open(script, "w", encoding="ascii") as f:
        for pc in pcs:
            f.write(f'probe process("{program}").statement({pc}) '
                    "{ println(ubacktrace()) }\n")
    r = run([SPILE, "-c", f"setarch -R {program}", script], directory)
    if r.returncode:
        sys.exit(r.stderr)
    told = sum(map(int, re.findall(r"stacks (?:guessed|cut short).*"
                                   r"\((\d+)\)$", r.stderr, re.M)))
    return placed([[int(pc, 16) for pc in line.split()]
                   for line in r.stdout.splitlines()], program), told


def prepare(way, directory):
    """The program, and beside it what gdb says of it."""
    program = os.path.join(directory, "stacks-of")
    subprocess.run(["gcc", "-g", *way, "-o", program, SOURCE], check=True)
    pcs = instructions(program, directory)
    base = 0 if "-no-pie" in way else 0x555555554000
    with open(program + ".json", "w", encoding="ascii") as f:
        json.dump([pcs, by_gdb(program, pcs, base, directory)], f)


def compare(way, prepared, directory):
    program = os.path.join(prepared, "stacks-of")
    with open(program + ".json", encoding="ascii") as f:
        pcs, gdb = json.load(f)
    ours, told = by_spile(program, pcs, directory)
    wrong = sum(a != b for a, b in zip(gdb, ours))
    if len(gdb) < 50 or len(gdb) != len(ours) or wrong > told:
        at = next((n for n, both in enumerate(zip(gdb, ours))
                   if both[0] != both[1]), None)
        print(*way, f"gdb {len(gdb)}, spile {len(ours)} hits; {wrong} differ, "
              f"{told} told")
        if at is not None:
            print("gdb  ", *gdb[at], "\nspile", *ours[at])
        sys.exit(1)


def prepared_stacks():
    directory = os.environ.get("LIVE_STACKS", "")
    return directory if os.path.isdir(directory) else None


def main():
    if not all(map(shutil.which, ("gdb", "gcc", "setarch"))):
        sys.exit(77)
    kept = sys.argv[2] if len(sys.argv) > 2 else prepared_stacks()
    for n, way in enumerate(WAYS):
        with tempfile.TemporaryDirectory() as directory:
            prepared = os.path.join(kept, str(n)) if kept else directory
            os.makedirs(prepared, exist_ok=True)
            if not kept or len(sys.argv) > 2:
                prepare(way, prepared)
            if len(sys.argv) <= 2:
                compare(way, prepared, directory)


main()
