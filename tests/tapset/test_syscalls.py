#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf strace
#! timeout: 120
"""What syscall.* says of a process is what strace says of it: the same calls
in the same order, with the same arguments and results.  Once with a handler
that is one program for all calls, once with one that is a program for each.
"""
import os
import re
import subprocess
import sys
import tempfile

from hits import all_seen

HERE = os.path.dirname(os.path.abspath(__file__))
SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
WORKLOAD = os.path.join(HERE, "syscall_workload.py")
# What strace calls otherwise.
NAMES = {"newfstatat": "fstatat", "mmap": "mmap2", "pread64": "pread",
         "pwrite64": "pwrite", "getdents64": "getdents64"}
# Arguments that both write alike, but for addresses.
ALIKE = {"openat", "open", "close", "lseek", "mkdir", "rename", "link",
         "symlink", "unlink", "rmdir", "chmod", "fchmod", "dup2",
         "ftruncate", "fsync", "flock", "pwrite", "access", "truncate",
         "kill", "getuid", "getpriority", "setxattr", "removexattr",
         "madvise", "munmap", "umask", "chdir", "shutdown", "sched_yield",
         "mmap2", "chroot", "socket", "getpid"}
MIN_CALLS = 60
TOGETHER = """
probe syscall.* { if (pid() == target()) printf("%s(%s)\\n", name, argstr) }
probe syscall.*.return {
	if (pid() == target()) printf("%s = %s\\n", name, retstr)
}
"""
# Asking for pn() makes each call a probe of its own.
APART = """
probe syscall.* {
	if (pid() == target()) printf("%s(%s)%s\\n", name, argstr,
				      pn() == "" ? "!" : "")
}
probe syscall.*.return {
	if (pid() == target()) printf("%s = %s%s\\n", name, retstr,
				      pn() == "" ? "!" : "")
}
"""


def run(command):
    """Standard output of the command, with DIR in a new directory's place."""
    with tempfile.TemporaryDirectory() as directory:
        r = subprocess.run([c.replace("DIR", directory) for c in command],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=60 * SLOW, check=False)
    return r.stdout.decode(errors="replace"), r.stderr.decode(
        errors="replace")


def plain(args):
    """Without what differs from run to run, or is written otherwise."""
    args = args.replace("NULL", "0x0").replace("IPPROTO_IP", "0")
    args = re.sub(r"0x[0-9a-f]{6,}", "ADDRESS", args)
    args = re.sub(r", 0$", ", 0x0", args)
    args = re.sub(r"\[\d+\.\d+\]", "[NUMBER.NUMBER]", args)
    return re.sub(r"\b(?!0x)\d{3,}\b", "NUMBER", args)


def order(flags):
    """The same flags in one order."""
    return re.sub(r"\b[A-Z_0-9]+(?:\|[A-Z_0-9]+)+",
                  lambda m: "|".join(sorted(m[0].split("|"))), flags)


def result(text):
    """-1 ENOENT (...) and -2 (ENOENT) as ENOENT; numbers as they are."""
    m = re.search(r"\b(E[A-Z]+)\b", text)
    if m:
        return m[1]
    word = text.split()[0]
    if word.startswith("0x"):
        return "ADDRESS" if len(word) > 8 else str(int(word, 16))
    return str(int(word, 8)) if re.match(r"0\d", word) else word


def between_marks(calls):
    at = {a: i for i, (n, a, _) in enumerate(calls) if n == "access"}
    first = at['"/mark-begin", F_OK']
    last = at['"/mark-end", F_OK']
    return calls[first + 1:last]


def of_strace():
    trace = tempfile.mktemp()
    run(["strace", "-s", "64", "-o", trace, sys.executable, "-S", "-E",
         WORKLOAD, "DIR"])
    calls = []
    with open(trace, errors="replace") as f:
        for line in f:
            m = re.match(r"(\w+)\((.*)\)\s+= (\S.*)$", line)
            if m:
                calls.append((NAMES.get(m[1], m[1]), m[2], m[3]))
    os.unlink(trace)
    return between_marks(calls)


def calls_of(out):
    calls = []
    for line in out.splitlines():
        m = re.match(r"(\w+)\((.*)\)$", line)
        if m:
            calls.append((m[1], m[2], ""))
            continue
        m = re.match(r"(\w+) = (.*)$", line)
        if m and calls and calls[-1][0] == m[1]:
            calls[-1] = (*calls[-1][:2], m[2])
    return calls


def are_all(calls, strace):
    """Each with its result, but for those that do not return."""
    marks = [c for c in calls if c[0] == "access" and "/mark-" in c[1]]
    return len(marks) == 2 and \
        [c[0] for c in between_marks(calls)] == [c[0] for c in strace] and \
        all(c[2] for c in between_marks(calls))


def of_spile(script, strace):
    out, err = all_seen(
        lambda: run([SPILE, "-e", script, "-c",
                     f"{sys.executable} -S -E {WORKLOAD} DIR"]),
        lambda out: are_all(calls_of(out), strace))
    if "error" in err.lower() and "skipped" not in err:
        print(err)
        sys.exit(1)
    return between_marks(calls_of(out))


def compare(strace, spile, how):
    wrong = []
    if [c[0] for c in strace] != [c[0] for c in spile]:
        wrong.append(f"calls: {[c[0] for c in strace]}\n"
                     f"   not {[c[0] for c in spile]}")
    for (name, args, ret), (_, said, retstr) in zip(strace, spile):
        if name in ALIKE and order(plain(args)) != order(plain(said)):
            wrong.append(f"{name}({args}), said ({said})")
        if retstr and result(ret) != result(retstr) and name != "getpid":
            wrong.append(f"{name} = {ret}, said {retstr}")
    if wrong:
        print(how + ":\n" + "\n".join(wrong))
        sys.exit(1)


def main():
    # A number that is no call has no probe.
    strace = [c for c in of_strace() if not c[0].startswith("syscall_")]
    together = of_spile(TOGETHER, strace)
    apart = of_spile(APART, strace)
    compare(strace, together, "one program")
    compare(strace, apart, "a program for each")
    texts = [[(n, order(plain(a))) for n, a, _ in calls]
             for calls in (together, apart)]
    if texts[0] != texts[1]:
        for a, b in zip(*texts):
            if a != b:
                print(f"together: {a}\n   apart: {b}")
        sys.exit(1)
    if len(together) < MIN_CALLS:
        print(f"only {len(together)} calls")
        sys.exit(1)
    said = "\n".join(f"{n}({a})" for n, a, _ in together)
    for text in ('write(3, "hello\\nworld\\t\\"quoted\\"\\n", 21)',
                 'write(3, "nul"..., 10)', "{AF_INET, 127.0.0.1, 5353}",
                 "{AF_INET6, 0:0:0:0:0:0:0:1, 1}",
                 "{AF_UNIX, /nonexistent/socket}",
                 "setitimer(ITIMER_REAL, [1.000000,5.000000], 0x",
                 'utimensat(AT_FDCWD, "b", [1.000000000],[2.000000000], 0x0)',
                 "setsockopt(4, SOL_SOCKET, SO_REUSEADDR, [1], 4)"):
        if re.sub(r"\(\d, ", "(", text) not in re.sub(r"\(\d, ", "(", said):
            print(f"not there: {text}\n{said}")
            sys.exit(1)


main()
