#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf FENTRY
"""Functions that the kernel has only copies of, made by the compiler
("f.isra.0"): by name, and among others of a wildcard, they are hooked with
their arguments.  Those that have been put into their callers get a message."""
import collections
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import btf_names  # noqa: E402

SPILE = os.environ["SPILE"]
NAME = "finish_task_switch"
SCRIPT = """
global one, many, returns, names
probe kernel.function("%s") {
    one++
    if (kernel_string($prev->comm) == "") printf("no name\\n")
}
probe kernel.function("%s").return { returns++ }
probe kernel.function("finish_task_*") {
    if (ppfunc() == "%s") many++
}
probe kernel.function("fi*_*s*") { names[ppfunc()]++ }
probe end {
    println(one > 9, " ", many > 9, " ", returns > 9, " ", names["%s"] > 9)
    delete names
}
"""

# Others have the processor meanwhile.
WAITS = "sh -c 'for i in 0 1 2 3 4 5 6 7 8 9; do sleep 0.02; done'"

# With debug information, what is inlined everywhere can be probed there.
ENV = {k: v for k, v in os.environ.items() if k != "SPILE_DEBUGINFO_PATH"}


def run(*argv):
    return subprocess.run([SPILE, *argv], capture_output=True, text=True,
                          timeout=300, env=ENV)


def fails(done, *wanted):
    if any(w in done.stdout + done.stderr for w in wanted):
        return 0
    print(f"not {wanted}: status {done.returncode}\n"
          f"{done.stdout}{done.stderr}")
    return 1


def symbols():
    """Of the kernel itself: {name: how many}, and the copies of each."""
    with open("/proc/kallsyms", encoding="ascii") as f:
        text = f.read()
    count = collections.Counter(re.findall(r"^\w+ \w (\S+)$", text, re.M))
    copies = collections.defaultdict(list)
    for name in count:
        if re.fullmatch(r"[^.]+\.(isra|constprop)\..*", name) and \
                ".cold" not in name and ".part" not in name:
            copies[name.partition(".")[0]].append(name)
    return count, copies


def main():
    count, copies = symbols()
    gone = [n for n in btf_names.functions() if n not in count]
    copied = [n for n in gone if n in copies and
              all(count[c] == 1 for c in copies[n])]
    absent = [n for n in gone if n not in copies]
    if not copied:
        print("this kernel's BTF has no function that is only copied")
        return 77
    bad = 0
    if NAME in copied:
        bad += fails(run("-e", SCRIPT % ((NAME,) * 4), "-c", WAITS),
                     "1 1 1 1\n")
    for name in copied[::max(1, len(copied) // 4)]:
        done = run("-e", 'probe begin { println("attached"); exit() } probe '
                   f'kernel.function("{name}") {{ print($$parms) }}')
        bad += fails(done, "attached\n", "the kernel allows no probe")
    for name in absent[:1]:
        done = run("-e", f'probe kernel.function("{name}") {{ print(1) }}')
        bad += fails(done, "only in the functions that call it")
    return 1 if bad else 0


sys.exit(main())
