#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
"""Calls of 32-bit programs: syscall.compat_* and its like say of them what
strace says (the list below is strace's, in SystemTap's form), and no others;
those of 64 bits do not see them."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "tapset"))
from hits import all_seen       # pylint: disable=wrong-import-position

BUILD, SPILE = os.environ["BUILD"], os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
WORKLOAD = os.path.join(BUILD, "tests", "kernel", "kernel-narrow")
ALONE = ("pwrite32,rt_sigaction32,settimeofday32,sigaction32,ustat32,chown16,"
         "llseek,waitpid,signal,recv,send,bdflush,fchown16,lchown16,"
         "setregid16,setresgid16,setresuid16,setreuid16,nice,readdir,"
         "sgetmask,ssetmask,sigpending,sigprocmask,sigsuspend,statfs64,"
         "fstatfs64,stime,fork,vfork,clone,restart_syscall")
NARROW = """
probe syscall.compat_*, syscall.{%s}, syscall.{nanosleep,utimes,ftruncate} {
	if (pid() == target()) printf("%%s %%s(%%s)\\n", pn(), name, argstr)
}
probe syscall.compat_*.return, syscall.{%s}.return {
	if (pid() == target()) printf(" %%s = %%s\\n", name, retstr)
}
""" % (ALONE, ALONE)
WIDE = """
probe syscall.* { if (pid() == target()) printf("%s(%s)\\n", name, argstr) }
"""
# The children leave by exit(2), but the last; nothing returns from that.
ENDS = r"""
global returned
probe syscall.{exit,exit_group} {
	if (ppid() == target() || pid() == target())
		printf("%s %s(%s)\n", pn(), name, argstr)
}
probe syscall.{exit,exit_group}.return { returned++ }
probe end { println("returned ", returned) }
"""
ENDED = """\
syscall.exit exit(3)
syscall.exit exit(4)
syscall.exit_group exit_group(5)
syscall.exit_group exit_group(0)
returned 0
"""
# The results of the calls that do not fail with EBADF, EINVAL, EFAULT, ENOENT.
RESULTS = {**dict.fromkeys(("setregid16", "setresgid16", "setresuid16",
                            "setreuid16", "nice", "sigprocmask",
                            "sigpending"), "0"),
           **dict.fromkeys(("ssetmask", "sgetmask"), r"0|512|-38 \(ENOSYS\)"),
           **dict.fromkeys(("fork", "clone", "vfork"), r"[1-9]\d*"),
           "bdflush": r"0|-38 \(ENOSYS\)",
           "sigsuspend": r"-514 \(ERESTARTNOHAND\)", "adjtimex": "[05]",
           "restart_syscall": r"-4 \(EINTR\)",
           "nanosleep": "0", "clock_nanosleep": "0", "getitimer": "0",
           "setitimer": "0", "ppoll": "0", "pselect6": "0", "select": "0",
           "rt_sigaction": "0", "sigaction": "0", "settimeofday": "0",
           "futex": r"-11 \(EAGAIN\)", "waitpid": r"-10 \(ECHILD\)"}
FAILURES = r"-(9 \(EBADF\)|22 \(EINVAL\)|14 \(EFAULT\)|2 \(ENOENT\)|38 \(.*\))"
EXPECTED = """\
syscall.compat_nanosleep nanosleep([0.000005000], 0x0)
syscall.nanosleep nanosleep([0.000006000], 0x0)
syscall.compat_clock_nanosleep clock_nanosleep(CLOCK_MONOTONIC, 0x0, [0.000007000], 0x0)
syscall.compat_execve execve("/no/such", ["/no/such", "one"], [/* 1 vars */])
syscall.compat_fadvise64 fadvise64(-1, 4294967301, 100, POSIX_FADV_WILLNEED)
syscall.compat_fadvise64_64 fadvise64_64(-1, 4294967301, 8589934599, POSIX_FADV_WILLNEED)
syscall.compat_fallocate fallocate(-1, FALLOC_FL_KEEP_SIZE, 4294967301, 8589934599)
syscall.compat_ftruncate64 ftruncate64(-1, 4294967301)
syscall.compat_truncate64 truncate64("/no/such", 4294967301)
syscall.compat_futex futex(0xADDR, FUTEX_WAIT|FUTEX_PRIVATE_FLAG, 5, 0x0, 0x0, 0)
syscall.compat_futimesat futimesat(AT_FDCWD, "/no/such", [1.000002][3.000004])
syscall.compat_sys_utimes utimes("/no/such", [1.000002][3.000004])
syscall.compat_utime utime("/no/such", [1,2])
syscall.compat_utimensat utimensat(AT_FDCWD, "/no/such", [1.000000002],[3.000000004], AT_SYMLINK_NOFOLLOW)
syscall.compat_getitimer getitimer(ITIMER_REAL, 0xADDR)
syscall.compat_setitimer setitimer(ITIMER_REAL, [0.000000,0.000000], 0x0)
syscall.compat_ppoll ppoll(NULL, 0, [0.000008000], 0x0, 8)
syscall.compat_pselect6 pselect6(0, 0x0, 0x0, 0x0, [0.000009000], 0x0)
syscall.compat_select select(0, 0x0, 0x0, 0x0, [0.000010])
syscall.compat_readahead readahead(-1, 4294967301, 9)
syscall.compat_recvmmsg recvmmsg(-1, 0x0, 2, MSG_DONTWAIT, [1.000000002])
syscall.compat_recvmmsg recvmmsg(-1, 0x0, 3, MSG_DONTWAIT, NULL)
syscall.compat_sys_sendmsg sendmsg(-1, 0x0, MSG_DONTWAIT)
syscall.compat_sys_sendmsg sendmsg(-1, 0x0, MSG_OOB)
syscall.compat_sys_recvmsg recvmsg(-1, 0x0, MSG_DONTWAIT)
syscall.compat_sys_recvmsg recvmsg(-1, 0x0, MSG_PEEK)
syscall.compat_sys_msgctl msgctl(-1, IPC_STAT, 0x0)
syscall.compat_sys_msgctl msgctl(-1, IPC_STAT, 0x0)
syscall.compat_sys_msgsnd msgsnd(-1, 0x0, 5, IPC_NOWAIT)
syscall.compat_sys_msgsnd msgsnd(-1, 0x0, 6, IPC_NOWAIT)
syscall.compat_sys_msgrcv msgrcv(-1, 0x0, 5, 7, IPC_NOWAIT)
syscall.compat_sys_msgrcv msgrcv(-1, 0x1000, 6, 8, IPC_NOWAIT)
syscall.compat_sys_msgrcv msgrcv(-1, 0x1000, 6, 9, IPC_NOWAIT)
syscall.compat_sys_semctl semctl(-1, 3, GETVAL, 0x4)
syscall.compat_sys_semctl semctl(-1, 3, GETVAL, 0x5)
syscall.compat_sys_semtimedop semtimedop(-1, 0x0, 1, [1.000000002])
syscall.compat_sys_semtimedop semtimedop(-1, 0x0, 1, [3.000000004])
syscall.compat_sys_shmat shmat(-1, 0x0, SHM_RDONLY)
syscall.compat_sys_shmat shmat(-1, 0x0, SHM_RDONLY)
syscall.compat_sys_shmctl shmctl(-1, IPC_STAT, 0x0)
syscall.compat_sys_shmctl shmctl(-1, IPC_STAT, 0x0)
syscall.compat_vmsplice vmsplice(-1, 0x0, 0, SPLICE_F_MOVE)
syscall.pwrite32 pwrite(-1, "hello", 5, 4294967301)
syscall.rt_sigaction32 rt_sigaction(SIGUSR1, {sa_handler=SIG_IGN, sa_mask=[USR1], sa_flags=SA_RESTART}, 0x0, 8)
syscall.compat_signalfd signalfd(-1, 0x0, 8)
syscall.compat_signalfd signalfd4(-1, 0x0, 8, SFD_CLOEXEC)
syscall.sigaction32 sigaction(SIGUSR1, 0x0, 0x0)
syscall.ustat32 ustat(0x1, 0x0)
syscall.compat_execveat execveat(-1, "", NULL, NULL, AT_EMPTY_PATH)
syscall.chown16 chown16("", 1, 2)
syscall.llseek llseek(-1, 1, 2, 0x0, SEEK_DATA)
syscall.waitpid waitpid(-1, 0x0, WNOHANG)
syscall.settimeofday32 settimeofday(NULL, 0x0)
syscall.compat_lookup_dcookie lookup_dcookie(4294967301, 0x0, 9)
syscall.signal signal(65, 0x0)
syscall.fchown16 fchown16(-1, -1, 2)
syscall.lchown16 lchown16("", 1, -1)
syscall.setregid16 setregid16(-1, -1)
syscall.setresgid16 setresgid16(-1, -1, -1)
syscall.setresuid16 setresuid16(-1, -1, -1)
syscall.setreuid16 setreuid16(-1, -1)
syscall.nice nice(0)
syscall.readdir readdir(-1, 0x0, 1)
syscall.ssetmask ssetmask(0x200)
syscall.sgetmask sgetmask()
syscall.ssetmask ssetmask(0x0)
syscall.sigprocmask sigprocmask(SIG_BLOCK, 0xADDR, 0x0)
syscall.sigpending sigpending(0xADDR)
syscall.sigsuspend sigsuspend(0x200)
syscall.sigprocmask sigprocmask(SIG_UNBLOCK, 0xADDR, 0x0)
syscall.statfs64 statfs64("", 84, 0xADDR)
syscall.fstatfs64 fstatfs64(-1, 84, 0xADDR)
syscall.stime stime(0x0)
syscall.bdflush bdflush(2, 5)
syscall.compat_adjtimex adjtimex(0xADDR)
syscall.send send(-1, "data", 4, MSG_DONTWAIT)
syscall.recv recv(-1, 0x1000, 9, MSG_DONTWAIT)
syscall.fork fork()
syscall.clone clone(SIGCHLD, 0x0, 0x0, 0x0, 0x0)
syscall.vfork vfork()
syscall.restart_syscall restart_syscall()
syscall.utimes utimes("/no/such", NULL)
syscall.ftruncate ftruncate(-1, 5)
"""


def run(script):
    def once():
        r = subprocess.run([SPILE, "-c", WORKLOAD, "-e", script],
                           capture_output=True, text=True, check=False,
                           timeout=60 * SLOW)
        return r.stdout, r.stderr

    out, _ = all_seen(once)
    return re.sub(r"0x4[0-9a-f]{7}\b", "0xADDR", out).splitlines()


def main():
    if subprocess.run([WORKLOAD], check=False).returncode == 77:
        print("no calls of 32-bit programs here")
        sys.exit(77)
    bad = 0
    said = run(NARROW)
    calls = [line for line in said if line[0] != " "]
    if calls != EXPECTED.splitlines():
        print("\n".join(calls) + "\nnot\n" + EXPECTED)
        bad += 1
    results = [line.split(" = ") for line in said if line[0] == " "]
    # each but the three of 64 bits
    if len(results) != len(EXPECTED.splitlines()) - 3:
        print(f"{len(results)} results")
        bad += 1
    for name, result in results:
        name = name.strip()
        if not re.fullmatch(RESULTS.get(name, FAILURES), result):
            print(f"{name} = {result}")
            bad += 1
    said = "\n".join(run(ENDS)) + "\n"
    if said != ENDED:
        print(f"{said}not\n{ENDED}")
        bad += 1
    names = {line.partition("(")[0] for line in run(WIDE)}
    if not {"nanosleep", "utimes", "ftruncate", "exit_group"} <= names or \
            names & {"sendmsg", "utime", "futimesat", "fallocate", "execveat"}:
        print(f"of 64 bits: {names}")
        bad += 1
    sys.exit(1 if bad else 0)


main()
