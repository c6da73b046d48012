# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests on the running kernel share."""
import ctypes
import os
import re
import signal
import subprocess
import sys
import time

SPILE = os.environ.get("SPILE", "build/spile")
SKIP = 77
# How much slower this machine is than others (tests/run --slow): an emulated
# processor is.
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
NR_BPF = {"x86_64": 321, "aarch64": 280}[os.uname().machine]
# kind: BPF_*_GET_FD_BY_ID, and the key of its number in /proc/PID/fdinfo
OBJECTS = {"prog": (13, "prog_id"), "map": (14, "map_id"),
           "link": (30, "link_id")}
libc = ctypes.CDLL(None, use_errno=True)


def need_root():
    if os.geteuid():
        print("needs root")
        sys.exit(SKIP)


def check(ok, what):
    if not ok:
        print("failed: " + what[:3000])
        sys.exit(1)


class Session:
    """A spile that runs a script until it is told to stop."""

    def __init__(self, script, *options, ready=True, timeout=20):
        self.timeout = timeout * SLOW
        self.process = subprocess.Popen(
            [SPILE, "-v", *options, "-e", script], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said = b""
        if ready:
            self.wait_until_attached()

    def wait_until_attached(self):
        """-v says so on standard error."""
        while b"attached" not in self.said:
            line = self.process.stderr.readline()
            check(line, "it attaches: " + self.said.decode())
            self.said += line

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.finish()

    def finish(self):
        """(exit status, standard output, standard error)"""
        try:
            out, err = self.process.communicate(timeout=self.timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            check(False, "it ends in %u s" % self.timeout)
        return (self.process.returncode, out.decode(),
                (self.said + err).decode())


def run(script, *options, **more):
    return Session(script, *options, ready=False, **more).finish()


def losses(err, other="timer.profile", inside=None):
    """Hits that the warnings say were skipped or not printed, but for those
    of another probe of the script; with inside=True only, with False without
    those that hit a probe which the processor was running already."""
    return sum(int(n) for point, what, n in re.findall(
        r"^WARNING: (.*): (?:output lost|skipped): ([^()]*)\((\d+)\)$", err,
        re.M) if point != other and
        inside in (None, "running this or another probe already" in what))


def objects_of(pid):
    """Numbers of the kernel's objects that a process holds: {(kind, id)}."""
    found = set()
    where = "/proc/%d/fdinfo" % pid
    try:
        for fd in os.listdir(where):
            with open(where + "/" + fd) as f:
                text = f.read()
            for kind, (_, key) in OBJECTS.items():
                for n in re.findall(r"^%s:\s*(\d+)" % key, text, re.M):
                    found.add((kind, int(n)))
    except OSError:
        pass
    return found


def object_exists(kind, number):
    attr = (ctypes.c_uint32 * 4)(number)
    fd = libc.syscall(NR_BPF, OBJECTS[kind][0], attr, ctypes.sizeof(attr))
    if fd >= 0:
        os.close(fd)
    return fd >= 0


def gone(objects, seconds=5.0):
    """Waits until none of them exists; returns those that still do."""
    end = time.monotonic() + seconds
    while True:
        left = {o for o in objects if object_exists(*o)}
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.05)
