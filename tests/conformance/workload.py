#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a machine does, for scripts to look at: files, processes, threads,
sockets, signals, sleeps, memory, semaphores; round by round until it is
killed.

    workload.py [SECONDS BETWEEN ROUNDS]
"""
import ctypes
import fcntl
import mmap
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
PAUSE = float(sys.argv[1]) if len(sys.argv) > 1 else 0.05


# Calls that the C library makes in another way, on x86-64.
X86 = os.uname().machine == "x86_64"
SYS_open, SYS_nanosleep = (2, 35) if X86 else (0, 0)


def files(directory):
    path = os.path.join(directory, "file")
    with open(path, "wb") as f:
        f.write(b"x" * 300000)
        f.flush()
        os.fsync(f.fileno())
        os.posix_fadvise(f.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    with open(path, "rb") as f:
        f.read()
    os.chmod(path, 0o600)
    os.rename(path, path + "2")
    os.link(path + "2", path)
    os.unlink(path)
    os.unlink(path + "2")
    os.listdir("/etc")
    if SYS_open:
        os.close(libc.syscall(SYS_open, b"/etc/hostname", os.O_RDONLY))
    for missing in ("/no/such/file", "/etc/passwd/x"):
        try:
            os.open(missing, os.O_RDONLY)
        except OSError:
            pass


def processes():
    subprocess.run(["/bin/true"], check=False)
    subprocess.run(["/bin/sh", "-c", "echo hello | wc; exit 3"], check=False,
                   stdout=subprocess.DEVNULL)
    child = os.fork()
    if not child:
        time.sleep(10)
        os._exit(0)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def threads():
    """Two that want the same lock: a futex."""
    lock = threading.Lock()

    def hold():
        with lock:
            time.sleep(0.005)
    both = [threading.Thread(target=hold) for _ in range(2)]
    for t in both:
        t.start()
    for t in both:
        t.join()


def network():
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        client.connect(server.getsockname())
        peer, _ = server.accept()
        with peer:
            client.sendall(b"x" * 5000)
            peer.recv(5000)
            peer.sendall(b"y" * 100)
            client.recv(100)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.sendto(b"datagram", s.getsockname())
        s.recv(100)
    with socket.socket() as s:
        try:
            s.connect(("127.0.0.1", 1))
        except OSError:
            pass


def waits():
    r, w = os.pipe()
    select.select([r], [], [], 0.002)
    poll = select.poll()
    poll.register(r, select.POLLIN)
    poll.poll(2)
    signal.setitimer(signal.ITIMER_REAL, 0.001)
    time.sleep(0.003)
    if SYS_nanosleep:
        libc.syscall(SYS_nanosleep, ctypes.byref((ctypes.c_long * 2)(
            0, 1000000)), 0)
    os.kill(os.getpid(), signal.SIGUSR1)
    try:
        fcntl.ioctl(r, termios.TCGETS, bytes(64))
    except OSError:
        pass
    os.close(r)
    os.close(w)


def memory():
    with mmap.mmap(-1, 1 << 20) as m:
        for at in range(0, 1 << 20, 4096):
            m[at] = 1
    kept = bytearray(200000)
    return len(kept)


def semaphores(sem):
    class Operation(ctypes.Structure):
        _fields_ = [("num", ctypes.c_ushort), ("op", ctypes.c_short),
                    ("flg", ctypes.c_short)]
    for op in (1, -1):
        libc.semop(sem, ctypes.byref(Operation(0, op, 0)), 1)


def main():
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.signal(signal.SIGALRM, lambda *_: None)
    sem = libc.semget(0, 1, 0o600)
    with tempfile.TemporaryDirectory(prefix="spile-load-") as directory:
        while True:
            files(directory)
            processes()
            threads()
            network()
            waits()
            memory()
            semaphores(sem)
            time.sleep(PAUSE)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
main()
