#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf FENTRY
"""Functions drawn at random from this kernel's BTF: entry and return of each
are attached, with all their arguments; what the workload calls returns as
often as it is entered.  Among them are functions whose calls and arguments the
workload knows: these are counted exactly.

A function that an interrupt, or the handler itself, calls while its handler runs
is not hit once more: spile says how often.  What was seen and what it told are
then the calls that there were; the kernel counts them for all processes together,
so what it told may be of others, but nothing may be missing that it did not tell.

DRAW_COUNT=N functions (200), by DRAW_SEED=N."""
import os
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import btf_names  # noqa: E402

COUNT = int(os.environ.get("DRAW_COUNT", "200"))
SEED = int(os.environ.get("DRAW_SEED", time.time_ns() % 1000000))
WORKLOAD = os.path.join(os.environ["BUILD"], "tests/kernel/kernel-workload")
TRACEFS = "/sys/kernel/tracing/available_filter_functions"

# What the workload does: the function, what makes a call one of those, how
# often, what is printed of each, what then is printed.
FILE = "/no/such/file"
KNOWN = [
    ("vfs_read", "$count % 10 == 0 && $count <= 50", "$count, $return",
     [f"{10 * i} {10 * i}" for i in range(1, 6)]),
    ("vfs_write", "$count == 7", "user_string_n($buf, 7), $return",
     ["1234567 7"] * 3),
    ("do_sys_openat2", f'user_string($filename) == "{FILE}"',
     "$how->flags & 3, $return", ["0 -2"] * 4),
    ("__x64_sys_lseek", "$regs->si > 1000 && $regs->si <= 1007",
     "$regs->si, $return", [f"{1000 + i} {1000 + i}" for i in range(1, 8)]),
    ("__x64_sys_getppid", "1", "$return == ppid()", ["1"] * 6),
    ("__x64_sys_kill", "$regs->di == pid()", "$regs->si, $return",
     ["0 0"] * 2),
]
# Entered once more than they return: the task that calls them last is gone.
LAST = re.compile(r"exit|schedul|dead|switch|death|mm_release|put_task|"
                  r"syscall_64|sys_execve|search_binary|exec_binprm|bprm")


def drawn():
    """Functions drawn, and the known ones that this kernel has."""
    with open(TRACEFS, encoding="ascii") as f:
        lines = f.read().splitlines()
    traceable = {}
    for line in lines:
        traceable[line] = traceable.get(line, 0) + 1
    names = {name for name in btf_names.functions() if traceable.get(name) == 1}
    known = [k for k in KNOWN if k[0] in names]
    names = sorted(names - {k[0] for k in known})
    return random.Random(SEED).sample(names, min(COUNT, len(names))), known


def script(names, known):
    text = "global went_in, came_out, args, result\n"
    for name in names:
        text += (f'probe kernel.function("{name}").call {{\n'
                 f'\tif (pid() != target()) next\n'
                 f'\twent_in["{name}"]++\n'
                 f'\targs["{name}"] = $$parms\n}}\n'
                 f'probe kernel.function("{name}").return {{\n'
                 f'\tif (pid() != target()) next\n'
                 f'\tcame_out["{name}"]++\n'
                 f'\tresult["{name}"] = $$return\n}}\n')
    for name, which, what, _ in known:
        entry = what.replace(", $return", "").replace("$return", "0")
        text += (f'probe kernel.function("{name}") {{\n'
                 f'\tif (pid() == target() && {which})\n'
                 f'\t\tprintdln(" ", "entered {name}", {entry})\n}}\n'
                 f'probe kernel.function("{name}").return {{\n'
                 f'\tif (pid() == target() && {which})\n'
                 f'\t\tprintdln(" ", "returned {name}", {what})\n}}\n')
    return text + """
probe end
{
	foreach (name in went_in)
		printdln(" ", "count", name, went_in[name], came_out[name],
			 args[name], result[name])
	foreach (name in came_out)
		if (!(name in went_in))
			printdln(" ", "count", name, 0, came_out[name], "",
				 result[name])
}
"""


TOLD = re.compile(r'^WARNING: kernel\.function\("(\w+)[^"]*"\)(\.return)?\S*: '
                  r"skipped: the processor was running this or another probe already \((\d+)\)$", re.M)


def told_of(err):
    """{(function, event): hits that spile says were not taken}"""
    told = {}
    for name, returned, n in TOLD.findall(err):
        key = name, "returned" if returned else "entered"
        told[key] = told.get(key, 0) + int(n)
    return told


def is_among(came, wanted):
    """Whether these are some of the values, in their order."""
    rest = iter(wanted)
    return all(value in rest for value in came)


def check_known(known, lines, told):
    bad = len(known) < 4
    for name, _, what, values in known:
        keeps = "$return" in what and ", " in what
        entered = [v.rsplit(" ", 1)[0] if keeps else
                   "0" if "$return" in what else v for v in values]
        for event, wanted in (("entered", entered), ("returned", values)):
            begin = f"{event} {name} "
            came = [line[len(begin):] for line in lines
                    if line.startswith(begin)]
            lost = told.get((name, event), 0)
            if not is_among(came, wanted) or len(came) + lost < len(wanted):
                print(f"{name} {event}: {came} and {lost} told, not {wanted}")
                bad += 1
    return bad


def check_counts(lines, told):
    bad = called = 0
    for line in lines:
        m = re.match(r"count (\S+) (\d+) (\d+) .*$", line)
        if not m:
            continue
        called += 1
        entered, returned = int(m[2]), int(m[3])
        last = 1 if LAST.search(m[1]) else 0
        more = told.get((m[1], "entered"), 0), told.get((m[1], "returned"), 0)
        if entered > returned + more[1] + last or \
                returned > entered + more[0] + last:
            print(f"{m[1]}: entered {entered} times, returned {returned}; "
                  f"told {more}")
            bad += 1
    return bad, called


def run(names, known):
    return subprocess.run([os.environ["SPILE"], "-v", "-e", script(names, known),
                           "-c", WORKLOAD], capture_output=True, text=True,
                          errors="replace", timeout=540, check=False)


def main():
    names, known = drawn()
    r = run(names, known)
    # BTF does not say which functions do not return.
    while m := re.search(r"'(\w+)' never returns$", r.stderr, re.M):
        print(m[0])
        names.remove(m[1])
        r = run(names, known)
    lines = r.stdout.splitlines()
    if os.environ.get("DRAW_SHOW"):
        print(r.stdout, r.stderr)
    told = told_of(r.stderr)
    bad = check_known(known, lines, told)
    more, called = check_counts(lines, told)
    bad += more
    # Any other reason to skip a hit is none here.
    all_skipped = sum(map(int, re.findall(r"skipped probes: (\d+)", r.stderr)))
    if r.returncode or "not attached" in r.stderr or \
            all_skipped != sum(told.values()):
        bad += 1
    if bad:
        print(f"DRAW_SEED={SEED}, exit status {r.returncode}, {called} of "
              f"{len(names)} were called\n{r.stderr[-4000:]}")
    return 1 if bad else 0


sys.exit(main())
