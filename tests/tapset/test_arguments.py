#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! timeout: 240
"""Each documented variable of syscall.* and nd_syscall.*, for more than 300
different calls, against the arguments that the calls were made with: a number
is that which the kernel's tracepoint of the call names so, and else one of
them; a text is a part of argstr, which test_strace.py compares with strace."""
import json
import os
import re
import subprocess
import sys
import tempfile

from hits import all_seen

HERE = os.path.dirname(os.path.abspath(__file__))
SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
CALLS = os.path.join(HERE, "syscall_calls.py")
EVENTS = "/sys/kernel/tracing/events/syscalls"
NAMES = os.path.join(HERE, "..", "..", "docs", "tapset.names")
# The probes that SystemTap calls otherwise.
PROBES = {"newfstatat": "fstatat", "mmap": "mmap2", "pread64": "pread",
          "pwrite64": "pwrite", "umount2": "umount", "_sysctl": "sysctl",
          "getdents64": "getdents", "signalfd4": "signalfd",
          "eventfd2": "eventfd", "epoll_create1": "epoll_create",
          "pipe2": "pipe", "inotify_init1": "inotify_init"}
# Those of these whose variable name is the kernel's.
SECOND = {"getdents64", "signalfd4", "eventfd2", "epoll_create1", "pipe2",
          "inotify_init1"}
# Variables that are behind a pointer, each with what the workload put there.
BEHIND = {("connect", "uaddr_ip_port"): "5353",
          ("bind", "uaddr_ip_port"): "5353", ("utime", "actime"): "1",
          ("utime", "modtime"): "2", ("getrandom", "buf"): '""'}


def documented():
    """{probe: [variable]}, of those that begin a call."""
    found = {}
    with open(NAMES, encoding="utf-8") as f:
        for line in f:
            m = re.match(r"probe syscalls syscall\.(\w+) (.*)", line)
            if m:
                found[m[1]] = m[2].split()
    return found


def types(family):
    """{probe: {variable: type}}, as spile lists them."""
    r = subprocess.run([SPILE, "-L", f"{family}.*"], stdout=subprocess.PIPE,
                       text=True, check=True, timeout=60 * SLOW)
    return {line.split()[0].split(".", 1)[1]:
            dict(v.split(":") for v in line.split()[1:] if ":" in v)
            for line in r.stdout.splitlines()}


def script(family, wanted):
    text = ""
    for name, variables in wanted.items():
        prints = "".join(
            'printf("%s\\t{}\\t%{}\\n", "{}", {})\n'.format(
                v, "d" if kind == "long" else "s", name, v)
            for v, kind in variables.items())
        text += (f"probe {family}.{name} {{ if (pid() != target()) next\n"
                 f'{prints} println("=") }}\n')
    return text


def session(family, wanted):
    """((the calls, what is printed of them), messages)"""
    with tempfile.TemporaryDirectory() as directory:
        command = (f"{sys.executable} -S -E {CALLS} {directory} "
                   f"{directory}/arguments")
        r = subprocess.run([SPILE, "-s", "16", "-c", command, "-"],
                           input=script(family, wanted),
                           capture_output=True, timeout=100 * SLOW,
                           check=False, text=True, errors="replace")
        if r.returncode:
            print(r.stderr)
        with open(f"{directory}/arguments", encoding="ascii") as f:
            calls = json.load(f)
    return (calls, r.stdout), r.stderr


def hits_of(out):
    """Of each call [(probe, variable, value)]."""
    hits = [[line.split("\t") for line in hit.splitlines() if "\t" in line]
            for hit in re.split("^=\n", out, flags=re.M)]
    at = [i for i, hit in enumerate(hits)
          if hit and hit[0][0] == "access" and
          any("/mark-" in row[-1] for row in hit)]
    return [hit for hit in hits[at[0] + 1:at[1]]
            if hit and hit[0][0] != "rt_sigreturn"] if len(at) == 2 else []


def run(family, wanted):
    """The calls, and of each [(probe, variable, value)]."""
    def names(calls):
        made = [PROBES.get(c[0], c[0]) for c in calls]
        return [name for name in made if name in wanted]

    (calls, out), _ = all_seen(
        lambda: session(family, wanted),
        lambda done: names(done[0]) == [hit[0][0] for hit in hits_of(done[1])])
    return calls, hits_of(out)


def as_taken(arg):
    """The numbers that an argument may be, by the size that is taken."""
    low = arg & 0xffffffff
    return {arg, low, low - (1 << 32) if low >> 31 else low,
            arg & ((1 << 64) - 1), low & 0xffff}


def fields(kernel_name):
    """The kernel's names of the arguments of a call, where it says them."""
    try:
        with open(f"{EVENTS}/sys_enter_{kernel_name}/format",
                  encoding="ascii") as f:
            return re.findall(r"field:.*?(\w+);\s", f.read())[5:]
    except OSError:
        return []


def is_right(variable, value, call):
    """Is it the argument of that name, or one of all?"""
    args, names = list(call[1:]) + [0] * 6, fields(call[0])
    variable = re.sub(r"_uaddr$", "", variable)
    if variable in names:
        args = [args[names.index(variable)]]
    return any(int(value) in as_taken(arg) for arg in args[:6])


def look_at(hit, call):
    """What is wrong with one hit."""
    name = hit[0][0]
    values = {row[1]: "\t".join(row[2:]) for row in hit}
    argstr, wrong = values.get("argstr", ""), []
    for variable, value in values.items():
        if variable in ("argstr", "name"):
            continue
        if (name, variable) in BEHIND:
            if value != BEHIND[name, variable]:
                wrong.append(f"{name}: {variable} is {value}")
        elif variable in NUMBERS[name]:
            if not is_right(variable, value, call):
                wrong.append(f"{name}: {variable} is {value}; the arguments "
                             f"{fields(call[0])} are {call[1:]}")
        elif value not in argstr.replace("\\", "") and value not in argstr:
            wrong.append(f"{name}: {variable} is {value}, argstr {argstr}")
    if values.get("name") != (call[0] if call[0] in SECOND else name):
        wrong.append(f"{name}: name is {values.get('name')}")
    return wrong


NUMBERS = {}


def check(family):
    known, wrong = types(family), []
    wanted = {name: {v: known[name].get(v) for v in variables}
              for name, variables in documented().items() if name in known}
    for name, variables in wanted.items():
        lost = [v for v, kind in variables.items() if not kind]
        if lost:
            wrong.append(f"{family}.{name} has no {lost}")
        NUMBERS[name] = {v for v, kind in variables.items()
                         if kind == "long"}
    calls, hits = run(family, wanted)
    calls = [c for c in calls if PROBES.get(c[0], c[0]) in wanted]
    made = [PROBES.get(c[0], c[0]) for c in calls]
    if made != [hit[0][0] for hit in hits]:
        wrong.append(f"{made}\nnot {[hit[0][0] for hit in hits]}")
    for call, hit in zip(calls, hits):
        wrong += look_at(hit, call)
    print(f"{family}: {len(hits)} calls, "
          f"{sum(len(hit) for hit in hits)} values")
    return wrong


def main():
    wrong = check("syscall")
    if SLOW == 1:       # these are made of the same on each kernel
        wrong += check("nd_syscall")
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)


main()
