#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! timeout: 60
"""What the probes signal.* say of a process that works with signals, against
what it did."""
import ctypes
import os
import signal
import subprocess
import sys
import time

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
SCRIPT = """
probe signal.syskill, signal.sys_tkill, signal.sys_tgkill {
    if (pid() == %(pid)d) printf("%%s %%d %%s %%d %%s %%d\\n", name, sig,
        sig_name, sig_pid, pid_name, task == task_current())
}
probe signal.sys_tgkill { if (pid() == %(pid)d) println("tgid ", tgid) }
probe signal.syskill.return, signal.sys_tkill.return, signal.systkill.return,
      signal.sys_tgkill.return, signal.do_action.return,
      signal.procmask.return, signal.pending.return {
    if (pid() == %(pid)d) printf("%%s = %%s\\n", name, retstr)
}
probe signal.do_action {
    if (pid() == %(pid)d && sigact_addr) printf("action %%s %%s %%d %%d\\n",
        sig_name, sa_handler_str(sa_handler), sa_mask, oldsigact_addr != 0)
}
probe signal.procmask {
    if (pid() == %(pid)d) printf("procmask %%d %%s\\n", how,
        sigset_mask_str(sigset))
}
probe signal.pending { if (pid() == %(pid)d) println("pending ", sigset_size) }
probe signal.send.return { if (pid() == %(pid)d)
    printf("sent %%s shared %%d\\n", retstr, shared) }
probe signal.send { if (pid() == %(pid)d)
    printf("send %%s to %%d %%s %%d\\n", sig_name, sig_pid, pid_name, si_code) }
probe signal.handle { if (pid() == %(pid)d) printf("handle %%s %%s\\n",
    sig_name, sig_mode) }
global wrong, right
probe kernel.trace("raw_syscalls:sys_enter") {
    if (__user_regs() == $regs) right++ else wrong++
}
probe end { println(right > 0, " ", wrong) }
probe begin { println("ready") }
"""


def main():
    me = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True)
    tracer = subprocess.Popen([SPILE, "-w", "-e", SCRIPT % {"pid": me}],
                              stdout=subprocess.PIPE, text=True)
    tracer.stdout.readline()
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK,
                           {signal.SIGUSR2, signal.SIGCHLD})
    signal.sigpending()
    os.kill(me, signal.SIGUSR2)
    libc.syscall(200 if os.uname().machine == "x86_64" else 130, me, 0)
    libc.syscall(234 if os.uname().machine == "x86_64" else 131, me, me,
                 int(signal.SIGUSR1))
    try:
        os.kill(me, 999)
    except OSError:
        pass
    got = []
    signal.signal(signal.SIGUSR2, lambda *_: got.append(1))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR2})
    time.sleep(0.2)
    tracer.send_signal(signal.SIGINT)
    lines = tracer.communicate(timeout=30 * SLOW)[0].splitlines()
    with open(f"/proc/{me}/comm", encoding="utf-8") as f:
        comm = f.read().strip()
    expected = [
        "action SIGUSR1 ignored 0 1", "rt_sigaction = 0",
        "procmask 0 12,17", "rt_sigprocmask = 0", "pending 8",
        "rt_sigpending = 0", f"kill 12 SIGUSR2 {me} {comm} 1",
        f"send SIGUSR2 to {me} {comm} 0", "sent 0 shared 1", "kill = 0",
        f"tkill 0  {me} {comm} 1", "tkill = 0",
        f"tgkill 10 SIGUSR1 {me} {comm} 1", f"tgid {me}", "tgkill = 0",
        "kill = -22 (EINVAL)", "handle SIGUSR2 user mode",
        "procmask 1 12", "1 0"]
    missing = [line for line in expected if line not in lines]
    if missing or not got:
        print("not there:", *missing, sep="\n\t")
        print(*lines, sep="\n")
        sys.exit(1)


main()
