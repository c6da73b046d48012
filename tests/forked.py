# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs in Python without a start of Python: each is a fork of a process that
has the interpreter and what tests import.  On an emulated processor a start with
that takes one to two seconds.

That process has no threads, as a fork of one with threads keeps their locks.
"""
# pylint: disable=unused-import
import contextlib
import ctypes
import glob
import json
import os
import random
import re
import runpy
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

MESSAGE = 1 << 20       # bytes, at most: the environment is in it
FDS = 4                 # standard input, output, error; where the status goes


class Forks:
    """To be made before any thread is; run() may be called in all of them."""

    def __init__(self):
        self.socket, other = socket.socketpair(socket.AF_UNIX,
                                               socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            self.socket.close()
            # An interrupt is for those who wait: then nobody asks any more.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            serve(other)
        other.close()

    def run(self, path, directory, timeout, env):
        """(status, stdout, stderr), of bytes; status None = not done in time, and
        killed with its process group."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, \
                open(os.devnull, "rb") as nothing:
            status = self.wait(json.dumps([path, directory, env]),
                               [nothing.fileno(), out.fileno(), err.fileno()],
                               timeout)
            out.seek(0)
            err.seek(0)
            return status, out.read(), err.read()

    def wait(self, message, fds, timeout):
        """Lines that come: the process's number, and its status when it ends."""
        ours, theirs = os.pipe()
        with open(ours, encoding="ascii") as answer:
            socket.send_fds(self.socket, [message.encode()], fds + [theirs])
            os.close(theirs)
            pid = int(answer.readline())
            if select.select([answer], [], [], timeout)[0]:
                return int(answer.readline())
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            answer.readline()
            return None


def serve(asked):
    """Returns in the program's process only, when that is done."""
    while True:
        message, fds, _, _ = socket.recv_fds(asked, MESSAGE, FDS)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            asked.close()
            watch(json.loads(message), fds)
        for fd in fds:
            os.close(fd)
        reap()


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def watch(program, fds):
    """Starts it, and says how it ends."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    pid = os.fork()
    if pid == 0:
        become(fds)
        sys.exit(execute(*program))
    os.write(fds[3], b"%d\n" % pid)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.write(fds[3], b"%d\n" % status)
    os._exit(0)


def become(fds):
    """A session of its own, with these as the standard files, and no others."""
    os.setsid()
    for to, fd in enumerate(fds[:3]):
        os.dup2(fd, to)
    os.closerange(3, max(fds) + 1)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1,
                      errors="backslashreplace")


def execute(path, directory, env):
    os.environ.clear()
    os.environ.update(env)
    os.chdir(directory)
    sys.argv, sys.path[0] = [path], os.path.dirname(path)
    random.seed()
    try:
        runpy.run_path(path, run_name="__main__")
    except SystemExit as e:
        return e.code
    except BaseException:  # pylint: disable=broad-exception-caught
        traceback.print_exc()
        return 1
    return 0
