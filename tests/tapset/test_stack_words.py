#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
"""A stack as each function writes it: the same addresses, and the names that
/proc/kallsyms has for them.  Whose code it is; what a program writes when it is
told to, and files that are switched."""
import bisect
import os
import re
import subprocess
import sys
import tempfile

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
failed = False
KERNEL = """probe syscall.openat {
    if (pid() != target()) next
    b = backtrace()
    println("@stack ", b)
    println("@print_stack") print_stack(b)
    println("@print_syms") print_syms(b)
    println("@sprint_stack") print(sprint_stack(b))
    println("@sprint_syms") print(sprint_syms(b))
    println("@fileline") print_backtrace_fileline()
    println("@end")
    exit()
}"""


def said(script, *options):
    r = subprocess.run([SPILE, "-w", *options, "-e", script], text=True,
                       capture_output=True, timeout=60 * SLOW, check=False)
    if r.returncode:
        print(r.stderr)
    return r.stdout


def check(what, good, text):
    global failed
    if not good:
        print(f"{what}: {text}")
        failed = True


class Names:
    """The kernel's functions by their addresses."""

    def __init__(self):
        self.all = []
        with open("/proc/kallsyms", encoding="ascii",
                  errors="replace") as f:
            for line in f:
                addr, kind, name = line.split()[:3]
                if kind in "tTwW":
                    self.all.append((int(addr, 16), name))
        self.all.sort()

    def are(self, addr, name):
        """Is it the function, or another name of it, that addr is in?"""
        at = bisect.bisect(self.all, (addr, "~")) - 1
        start = self.all[at][0]
        return (start, name) in self.all


def kernel():
    out = said(KERNEL, "-c", "cat /dev/null")
    parts = dict(re.findall(r"@(\w+)[ \n]?([^@]*)", out))
    stack = [int(a, 16) for a in parts.get("stack", "").split()]
    check("backtrace()", len(stack) > 1, out)
    names = Names()
    for part in ("print_stack", "print_syms", "fileline"):
        rows = re.findall(r" (0x[0-9a-f]{16}) : ([\w.]+)\+0x[0-9a-f]+",
                          parts.get(part, ""))
        check(part, [int(a, 16) for a, _ in rows] == stack and
              all(names.are(int(a, 16), n) for a, n in rows), parts.get(part))
    for part in ("sprint_stack", "sprint_syms"):
        rows = re.findall(r"^([\w.]+)\+0x[0-9a-f]+", parts.get(part, ""), re.M)
        check(part, len(rows) == len(stack) and
              all(map(names.are, stack, rows)), parts.get(part))


def user(program):
    out = said("""probe process.function("fails").call {
        asmlinkage() fastcall() regparm(0)
        println(probefunc(), " ", register("rip") == uaddr(), " ",
                usymline(uaddr()))
        print_ustack(ubacktrace()) }""", "-c", program)
    check("in a program", re.match(
        r"fails 1 \d+\n 0x[0-9a-f]{16} : fails\+0x", out), out)


def files():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "out")
        check("system()", said('probe begin { system("echo said; exit 3") '
                               "exit() }") == "said\n", "")
        said('probe begin { println("first") switch_file() println("second") '
             "exit() }", "-o", path)
        text = []
        for name in sorted(os.listdir(directory)):
            with open(os.path.join(directory, name), encoding="ascii") as f:
                text.append(f.read())
        check("switch_file()", text == ["first\n", "second\n"], text)


kernel()
if os.uname().machine == "x86_64":
    user(os.path.join(os.environ["BUILD"], "tests/user/user-program-O0"))
files()
sys.exit(failed)
