# SPDX-License-Identifier: GPL-2.0-or-later
"""System calls of many kinds, between two marks: for test_syscalls.py."""
import ctypes
import fcntl
import mmap
import os
import resource
import select
import signal
import socket
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)


def attempt(f, *args):
    try:
        return f(*args)
    except OSError:
        return None


def files():
    fd = os.open("a file", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o640)
    os.write(fd, b'hello\nworld\t"quoted"\n')
    os.write(fd, b"x" * 100)
    os.write(fd, b"nul\0behind")
    os.pwrite(fd, b"xyz", 4)
    os.pread(fd, 5, 2)
    os.lseek(fd, 3, os.SEEK_SET)
    os.read(fd, 10)
    os.ftruncate(fd, 77)
    os.fsync(fd)
    os.fchmod(fd, 0o600)
    os.dup2(fd, 50)
    os.close(50)
    fcntl.fcntl(fd, fcntl.F_GETFD)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(fd)


def names():
    os.mkdir("dir", 0o755)
    os.rename("a file", "b")
    os.link("b", "c")
    os.symlink("b", "sym")
    os.readlink("sym")
    os.access("b", os.R_OK | os.W_OK)
    os.chmod("b", 0o644)
    os.truncate("b", 10)
    os.utime("b", (1, 2))
    attempt(os.mkfifo, "fifo", 0o600)
    attempt(os.setxattr, "b", "user.x", b"val")
    attempt(os.removexattr, "b", "user.y")
    attempt(os.open, "missing", os.O_RDONLY)
    attempt(os.rename, "missing", "nowhere/at/all")
    attempt(os.rmdir, "b")
    for name in ("c", "b", "sym", "fifo"):
        attempt(os.unlink, name)
    os.rmdir("dir")


def sockets():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    attempt(s.connect, ("127.0.0.1", 5353))
    u = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    attempt(u.connect, "/nonexistent/socket")
    v = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    attempt(v.connect, ("::1", 1))
    a, b = socket.socketpair()
    a.send(b"abc")
    b.recv(10)
    a.shutdown(socket.SHUT_WR)
    for x in (s, u, v, a, b):
        os.close(x.detach())


def others():
    os.kill(os.getpid(), 0)
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(0.001)
    select.select([], [], [], 0.001)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    signal.setitimer(signal.ITIMER_REAL, 5, 1)
    signal.setitimer(signal.ITIMER_REAL, 0)
    m = mmap.mmap(-1, 8192)
    m.madvise(mmap.MADV_DONTNEED)
    m.close()
    os.getuid()
    os.getpriority(os.PRIO_PROCESS, 0)
    os.sched_yield()
    os.umask(os.umask(0o22))
    os.chdir("/")
    libc.syscall(9999)
    attempt(os.chroot, "/nonexistent")
    attempt(os.close, 1000)


os.chdir(sys.argv[1])
os.access("/mark-begin", os.F_OK)
for part in (files, names, sockets, others):
    part()
os.access("/mark-end", os.F_OK)
