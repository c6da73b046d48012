#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! serial: yes
"""Stacks in the kernel: the right frames and no others, as keys, as text."""
import re

from live import check, need_root, run

SWITCH = 'probe kernel.trace("sched_switch") '
SECOND = ["-T", "1"]


def symbols():
    with open("/proc/kallsyms") as f:
        lines = [line.split() for line in f]
    return sorted((int(l[0], 16), l[2]) for l in lines if l[1] in "tTwW")


def name_of(table, addr):
    low, high = 0, len(table)
    while low < high:
        mid = (low + high) // 2
        if table[mid][0] <= addr:
            low = mid + 1
        else:
            high = mid
    return table[low - 1][1]


def machinery(name):
    return re.match(r"bpf_trace_run|bpf_prog_[0-9a-f]{16}|__bpf_trace_|"
                    "__traceiter_", name)


def frames(table):
    """Two probes: then there is one function more on the stack."""
    got = run("global s, n, m " + SWITCH + "{ s[backtrace()]++; n++ } " +
              SWITCH + "{ s[backtrace()]++; m++ } "
              'probe end { foreach (k in s) { printf("%d %s\\n", s[k], k) '
              't += s[k] } println(t == n + m, " ", n > 0) }', *SECOND)
    lines = got[1].splitlines()
    check(got[0] == 0 and lines and lines[-1] == "1 1",
          "each hit has its stack: %r" % (got,))
    stacks = [line.split(" ", 1)[1] for line in lines[:-1]]
    check(len(stacks) == len(set(stacks)), "a stack is there once")
    for stack in stacks:
        names = [name_of(table, int(a, 16)) for a in stack.split()]
        check(names and names[0].startswith("__schedule"),
              "the first is the function itself: %r" % names)
        check(not any(map(machinery, names)), "not ours: %r" % names)


def parts():
    got = run("global n, first " + SWITCH +
              '{ if (n++) next; first = backtrace() '
              'println(backtrace()) println(callers(2)) '
              'printf("0x%x 0x%x %d\\n", stack(0), stack(1), stack(1000)) '
              'println(caller()) println(symname(stack(1))) '
              'print_backtrace() print(sprint_backtrace()) println("-") '
              "println(first == backtrace()) exit() } "
              "probe end { println(first) println(strlen(first)) "
              'println(tokenize(first, " ")) println("<", backtrace(), ">") }')
    lines = got[1].splitlines()
    check(got[0] == 0 and len(lines) > 10, "parts: %r" % (got,))
    stack = lines[0].split()
    check(lines[1].split() == stack[:2], "callers(): %r" % lines)
    check(lines[2].split() == stack[:2] + ["0"], "stack(): %r" % lines)
    check(lines[3] == "%s %s" % (lines[4], stack[1]), "caller(): %r" % lines)
    full = lines[5:5 + len(stack)]
    for addr, line in zip(stack, full):
        check(re.match(r" %s : \S+\+0x[0-9a-f]+/0x[0-9a-f]+ \[\w+\]$" % addr,
                       line), "print_backtrace(): %r" % line)
    simple = lines[5 + len(stack):5 + 2 * len(stack)]
    check(simple == [re.sub(r" 0x\w+ : (\S+)/0x\w+", r"\1", line)
                     for line in full], "sprint_backtrace(): %r" % simple)
    rest = lines[5 + 2 * len(stack):]
    check(rest == ["-", "1", lines[0], str(len(lines[0])), stack[0], "<>"],
          "at the end: %r" % rest)


def samples():
    got = run("global s probe timer.profile { if (backtrace() != \"\") "
              "s[callers(1)]++ } probe end { foreach (k in s) n += s[k] "
              "println(n > 0) }", "-c", "dd if=/dev/zero of=/dev/null "
              "bs=1M count=3000 status=none")
    check(got[:2] == (0, "1\n"), "stacks of samples: %r" % (got,))


def of_the_kernel():
    """Its threads have no stack of a process, and so none is guessed."""
    got = run("global n, some " + SWITCH + "{ if (ppid() == 2) { n++; "
              'some += ustack(0) || sprint_ubacktrace() != "" } } '
              'probe end { println(n > 0, " ", some) }', *SECOND)
    check(got[:2] == (0, "1 0\n"), "threads of the kernel: %r" % (got,))
    check("guessed" not in got[2], "nothing is lost: %r" % (got,))


def hidden():
    """Then there are addresses, and one message."""
    path = "/proc/sys/kernel/kptr_restrict"
    with open(path) as f:
        old = f.read()
    try:
        with open(path, "w") as f:
            f.write("2")
        got = run("global n " + SWITCH + "{ if (n++) next; print_backtrace() "
                  "println(symname(stack(0))) exit() }", *SECOND)
    finally:
        with open(path, "w") as f:
            f.write(old)
    check(re.match(r" 0x(\w+) : 0x\1\n", got[1]), "addresses: %r" % (got,))
    check(got[2].count("kptr_restrict") == 1, "one message: %r" % (got,))


def main():
    need_root()
    frames(symbols())
    hidden()
    parts()
    samples()
    of_the_kernel()


if __name__ == "__main__":
    main()
