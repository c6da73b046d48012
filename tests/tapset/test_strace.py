#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf strace
#! timeout: 180
"""More than 200 different system calls: what syscall.* says of each equals
what strace says, but for the differences that are listed here, each with its
reason.  Any other difference is a failure, and so is one that is listed and
is none."""
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
DOCUMENT = os.path.join(HERE, "..", "..", "docs", "tapset.md")
SCRIPT = """
probe syscall.* { if (pid() == target()) printf("%s(%s)\\n", name, argstr) }
probe syscall.*.return {
	if (pid() == target()) printf("%s = %s\\n", name, retstr)
}
"""
# The probes that SystemTap calls otherwise.
NAMES = {"newfstatat": "fstatat", "mmap": "mmap2", "pread64": "pread",
         "pwrite64": "pwrite", "umount2": "umount", "_sysctl": "sysctl"}
# Arguments, from 0, that the kernel fills: strace shows what is there when the
# call ends, argstr is made when it begins and has the address.
OUT = {
    "read": {1}, "stat": {1}, "fstat": {1}, "pread64": {1},
    "readv": {1}, "preadv": {1}, "preadv2": {1}, "pipe": {0}, "pipe2": {0},
    "rt_sigaction": {2}, "rt_sigprocmask": {2}, "getitimer": {1},
    "recvfrom": {1}, "getsockname": {1, 2}, "getpeername": {1, 2},
    "socketpair": {3}, "getsockopt": {3, 4}, "uname": {0}, "getcwd": {0},
    "gettimeofday": {0}, "getrlimit": {1}, "getrusage": {1}, "sysinfo": {0},
    "times": {0}, "getresuid": {0, 1, 2}, "getresgid": {0, 1, 2},
    "capget": {1}, "rt_sigpending": {0}, "sigaltstack": {1}, "statfs": {1},
    "fstatfs": {1}, "sched_getparam": {1}, "sched_rr_get_interval": {1},
    "arch_prctl": {1}, "adjtimex": {0}, "sched_getaffinity": {2},
    "clock_gettime": {1}, "clock_getres": {1}, "newfstatat": {2},
    "get_robust_list": {1, 2}, "prlimit64": {3}, "getcpu": {0, 1},
    "sched_getattr": {1}, "getrandom": {0}, "statx": {4},
    "io_uring_setup": {1},
}
# Structures that argstr shows by their address.
BY_ADDRESS = {
    "sendmsg": {1}, "recvmsg": {1}, "semop": {1}, "msgsnd": {1},
    "semtimedop": {1},
    "capget": {0}, "capset": {0, 1}, "rt_sigqueueinfo": {2},
    "rt_tgsigqueueinfo": {3}, "sched_setparam": {1},
    "sched_setscheduler": {2}, "sched_setaffinity": {2},
    "sched_setattr": {1}, "openat2": {2}, "name_to_handle_at": {2},
    "open_by_handle_at": {1},
}
# Arguments behind those that the call looks at, which strace leaves out.
UNUSED = {"mremap": 1, "fcntl": 1, "prctl": 4, "futex": 3, "mknod": 1,
          "mknodat": 1, "reboot": 1, "mq_open": 1, "syslog": 2}
# Constants with two names, or a name that only strace gives.
SPELLED = {"PTRACE_PEEKUSER": "PTRACE_PEEKUSR", "SCHED_OTHER": "SCHED_NORMAL",
           "FUTEX_WAKE_PRIVATE": "FUTEX_WAKE|FUTEX_PRIVATE_FLAG",
           "MAP_FILE": "0", "KEXEC_ARCH_DEFAULT": "0", "8*R15": "0",
           "AT_STATX_SYNC_AS_STAT": "0", "IPPROTO_IP": "0"}
# What else differs: argument, what strace says, what argstr says.
OTHERWISE = {
    "execve": {2: "the environment: strace has its address, argstr its size"},
    "execveat": {3: "the same"},
    "sethostname": {0: "a size of -1: strace reads nothing"},
    "setdomainname": {0: "the same"},
    "fanotify_init": {0: "strace takes 0xc for a class; argstr says bits"},
    "epoll_pwait2": {3: "strace 6.1 shows no time here"},
    "quotactl": {0: "argstr has the command as a number"},
    "ioprio_set": {2: "argstr has the priority as a number"},
}


def run(command):
    with tempfile.TemporaryDirectory() as directory:
        r = subprocess.run([c.replace("DIR", directory) for c in command],
                           capture_output=True, timeout=90 * SLOW,
                           check=False, text=True, errors="replace")
        return r.stdout.replace(directory, "DIR"), r.stderr


def between(calls):
    """Without the returns from handlers: strace shows the mask that is taken
    from the stack for their argument, and they have no result."""
    at = [i for i, c in enumerate(calls) if "/mark-" in c[1]]
    return [c for c in calls[at[0] + 1:at[1]] if c[0] != "rt_sigreturn"]


def of_strace():
    trace = tempfile.mktemp()
    command = ["strace", "-s", "64", "-o", trace, sys.executable, "-S", "-E",
               CALLS]
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(command + [directory], capture_output=True,
                       timeout=90 * SLOW, check=False)
    calls = []
    with open(trace, errors="replace", encoding="utf-8") as f:
        for line in f:
            m = re.match(r"(\w+)\((.*)\)\s+= (\S.*)$", line)
            if m:
                calls.append((m[1], m[2].replace(directory, "DIR"), m[3]))
    os.unlink(trace)
    return between(calls)


def of_spile():
    out, err = all_seen(lambda: run(
        [SPILE, "-e", SCRIPT, "-c", f"{sys.executable} -S -E {CALLS} DIR"]))
    sys.stderr.write(err)
    calls = []
    for line in out.splitlines():
        m = re.match(r"(\w+)\((.*)\)$", line)
        if m:
            calls.append([m[1], m[2], ""])
            continue
        m = re.match(r"(\w+) = (.*)$", line)
        if m and calls and calls[-1][0] == m[1]:
            calls[-1][2] = m[2]
    return between(calls)


def split(text):
    """At the commas outside of all brackets and quotes."""
    parts, depth, quoted, start, i = [], 0, False, 0, 0
    while i < len(text):
        c = text[i]
        if quoted:
            i += c == "\\"
            quoted = c != '"'
        elif c == '"':
            quoted = True
        elif c in "[{(":
            depth += 1
        elif c in "]})":
            depth -= 1
        elif c == "," and not depth:
            parts.append(text[start:i].strip())
            start = i + 1
        i += 1
    return parts + [text[start:].strip()] if text else []


TIME = r"\{tv_sec=(-?\d+), tv_(u|n)sec=(\d+)\}"


def time_text(m):
    digits = 6 if m[2] == "u" else 9
    return f"{m[1]}.{int(m[3]):0{digits}d}"


def plain(arg):
    """One way of writing for both."""
    arg = re.sub(r" /\*.*?\*/", "", arg)
    arg = re.sub(TIME, time_text, arg)
    arg = re.sub(r"\{it_interval=(\S+), it_value=(\S+)\}", r"[\1,\2]", arg)
    arg = re.sub(r"^(\d+\.\d+)$", r"[\1]", arg)
    arg = re.sub(r"^\[(\d+\.\d{6}), (\d+\.\d+)\]$", r"[\1][\2]", arg)
    arg = re.sub(r"^\[(\d+\.\d{9}), (\d+\.\d+)\]$", r"[\1],[\2]", arg)
    arg = re.sub(r"\{rlim_cur=(\w+), rlim_max=(\w+)\}", r"[\1,\2]", arg)
    arg = re.sub(r"\{actime=(\d+), modtime=(\d+)\}", r"[\1,\2]", arg)
    arg = re.sub(r'\{sa_family=(\w+), sin_port=htons\((\d+)\), '
                 r'sin_addr=inet_addr\("(.*?)"\)\}', r"{\1, \3, \2}", arg)
    arg = re.sub(r"makedev\((\d+), (\d+)\)",
                 lambda m: str(int(m[1]) * 256 + int(m[2])), arg)
    if arg in SPELLED:
        arg = SPELLED[arg]
    arg = "|".join(SPELLED.get(a, a) for a in arg.split("|")
                   if a != "AT_STATX_SYNC_AS_STAT")
    if arg == "NULL":
        return "0"
    number = re.fullmatch(r"-?(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)", arg)
    if number:
        v = int(arg, 16 if "0x" in arg else 8 if re.match(r"-?0\d", arg)
                else 10)
        if v > 0x100000 and "0x" in arg:
            return "ADDRESS"
        return str(v - (1 << 32) if v == 0xffffffff else v)
    if re.fullmatch(r"[A-Z_0-9a-zx]+(\|[A-Z_0-9a-zx]+)+", arg):
        return "|".join(sorted(arg.split("|")))
    return arg


def is_pid(a, b):
    return a.isdigit() and b.isdigit() and int(a) > 100 < int(b)


def compare_args(name, strace, spile, used):
    a, b = split(strace), split(spile)
    # Two times of files are two arguments to split().
    if name == "utimensat" and len(b) == len(a) + 1:
        b[2:4] = [b[2] + "," + b[3]]
    if len(b) != len(a) and len(b) - len(a) <= UNUSED.get(name, 0):
        used.add(("unused", name))
        b = b[:len(a)]
    if len(a) != len(b):
        return [f"{name}: {strace}\n    said {spile}"]
    wrong = []
    for i, (x, y) in enumerate(zip(a, b)):
        if plain(x) == plain(y) or (is_pid(x, y)):
            continue
        if i in OUT.get(name, ()) and plain(y) == "ADDRESS":
            used.add(("out", name, i))
        elif i in BY_ADDRESS.get(name, ()) and plain(y) == "ADDRESS":
            used.add(("structure", name, i))
        elif i in OTHERWISE.get(name, ()):
            used.add(("otherwise", name, i))
        else:
            wrong.append(f"{name}, argument {i}: {x}, said {y}")
    return wrong


def result(text):
    m = re.search(r"^(?:-\d+|\?) \(?(E[A-Z]+)\b", text)
    if m:
        return m[1]
    if not text:
        return "no result"
    word = text.split()[0]
    return "ADDRESS" if re.match(r"0x[0-9a-f]{6,}", word) else str(
        int(word, 16 if "0x" in word else 8 if re.match(r"0\d", word) else 10))


# Results that differ from one run to the next.
VARY = {"getpid", "gettid", "getppid", "getpgrp", "getpgid", "getsid", "time",
        "times", "getcwd", "syslog", "shmget", "semget", "msgget", "brk",
        "getdents", "getdents64", "mincore", "setpgid", "io_setup",
        "set_tid_address", "setsid"}


def undocumented(used):
    """docs/tapset.md names the calls with differences of those kinds."""
    with open(DOCUMENT, encoding="utf-8") as f:
        text = f.read()
    return [f"{DOCUMENT} does not tell of {u}" for u in sorted(used, key=str)
            if u[0] != "out" and f"`{u[1]}`" not in text]


def main():
    strace, spile = of_strace(), of_spile()
    called = [NAMES.get(c[0], c[0]) for c in strace]
    wrong, used = [], set()
    if called != [c[0] for c in spile]:
        wrong.append(f"calls: {called}\n  not {[c[0] for c in spile]}")
    for (name, args, ret), (_, said, retstr) in zip(strace, spile):
        wrong += compare_args(name, args, said, used)
        if name not in VARY and result(ret) != result(retstr):
            wrong.append(f"{name} = {ret}, said {retstr}")
    if len(set(called)) < 200:
        wrong.append(f"only {len(set(called))} different calls")
    listed = {("out", n, i) for n in OUT for i in OUT[n]} | {
        ("structure", n, i) for n in BY_ADDRESS for i in BY_ADDRESS[n]} | {
        ("otherwise", n, i) for n in OTHERWISE for i in OTHERWISE[n]} | {
        ("unused", n) for n in UNUSED}
    called = {c[0] for c in strace}
    wrong += [f"listed, but no difference: {u}"
              for u in sorted(listed - used, key=str) if u[1] in called]
    print(f"{len(called)} calls;", ", ".join(
        f"{kind}: {sum(u[0] == kind for u in used)}"
        for kind in ("out", "structure", "unused", "otherwise")))
    wrong += undocumented(used)
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)


main()
