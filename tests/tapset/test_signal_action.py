#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! timeout: 60
"""What get_sigaction_mask() and its kin say of a process's actions and of the
signals that it holds back, against what it set."""
import ctypes
import os
import signal
import subprocess
import sys

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
SA_RESTORER = 0x4000000     # the C library's own business
SCRIPT = """
function show(sig) {
    act = &task_current()->sighand->action[sig - 1]
    printf("%%d %%x %%s %%s %%d\\n", sig, get_sa_flags(act) & ~0x%x,
        sigset_mask_str(get_sigaction_mask(act)),
        sa_handler_str(get_sa_handler(act)),
        is_sig_blocked(task_current(), sig))
}
probe syscall.getpgid { if (pid() == %d) { show(10) show(12) show(34) exit() } }
probe begin { println("ready") }
"""


class Action(ctypes.Structure):
    _fields_ = [("handler", ctypes.c_void_p), ("mask", ctypes.c_uint64 * 16),
                ("flags", ctypes.c_int), ("restorer", ctypes.c_void_p)]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda sig: None)
    at = ctypes.cast(handler, ctypes.c_void_p).value
    for sig, act in ((10, Action(1, (1 << 1 | 1 << 14, 0), 0x50000000)),
                     (12, Action(at, (1 << 63 | 1 << 61, 0), 4))):
        if libc.sigaction(sig, ctypes.byref(act), None):
            sys.exit("sigaction: " + os.strerror(ctypes.get_errno()))
    signal.pthread_sigmask(signal.SIG_BLOCK, {12})
    with subprocess.Popen(
            [SPILE, "-w", "-e", SCRIPT % (SA_RESTORER, os.getpid())],
            stdout=subprocess.PIPE, text=True) as tracer:
        first = tracer.stdout.readline()
        os.getpgid(0)
        got = first + tracer.communicate(timeout=30 * SLOW)[0]
    want = (f"ready\n10 50000000 2,15 ignored 0\n12 4 62,64 {at:#x} 1\n"
            "34 0  default 0\n")
    if got != want:
        sys.exit(f"{got}instead of\n{want}")


main()
