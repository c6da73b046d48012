#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What single scripts look at, where the workload has no such thing:

    load.py audit|connect|connect-here|files|huge|memory|no-name|send|too-much|typed
"""
import ctypes
import mmap
import os
import pty
import resource
import socket
import struct
import subprocess
import sys
import threading
import time

libc = ctypes.CDLL(None)
MAP_HUGETLB = 0x40000


def audit():
    """Audit is switched on, and a process of since then tells it something:
    that there is a record of its call, too.  AUDIT_SET, AUDIT_USER_AVC."""
    def tell(kind, text):
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9) as s:
            s.send(struct.pack("IHHII", 16 + len(text), kind, 5, 1, 0) + text)
            s.recv(1000)
    tell(1001, struct.pack("11I", 1, 1, *[0] * 9))
    child = os.fork()
    if not child:
        tell(1107, b"spile says so\0")
        os._exit(0)
    os.waitpid(child, 0)


def connect():
    """To an address from which nothing comes back."""
    for words in ("link add e type dummy", "link set e arp off",
                  "address add 10.9.9.1/24 dev e", "link set e up"):
        subprocess.run(["ip", *words.split()], check=True)
    try:
        socket.create_connection(("10.9.9.2", 80), timeout=5)
    except OSError:
        pass


def connect_here():
    server = socket.create_server(("127.0.0.1", 0))
    socket.create_connection(server.getsockname(), timeout=10)


def memory():
    """More than there can be."""
    try:
        bytearray(1 << 44)
    except MemoryError:
        pass


def send():
    """To somebody who takes his time."""
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    peer = server.accept()[0]

    def fill():
        client.sendall(bytes(1 << 24))
        client.close()
    thread = threading.Thread(target=fill)
    thread.start()
    time.sleep(1)
    while peer.recv(1 << 20):
        pass
    thread.join()


def files():
    """More than may be open."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
    for _ in range(30):
        try:
            os.dup(1)
        except OSError:
            time.sleep(0.1)


def typed():
    """At a terminal, by somebody who waits for what comes of it."""
    keys, terminal = pty.openpty()
    for _ in range(8):
        os.write(keys, b"typed here\n")
        os.read(terminal, 100)
        time.sleep(1)


def huge():
    """A huge page, which a child wants for itself."""
    with open("/proc/sys/vm/nr_hugepages", "w", encoding="ascii") as f:
        f.write("8")
    with mmap.mmap(-1, 1 << 21, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS |
                   MAP_HUGETLB) as m:
        m[0] = 1
        child = os.fork()
        m[0] = 2
        if not child:
            os._exit(0)
        os.waitpid(child, 0)


def too_much():
    libc.memalign(64, ctypes.c_size_t(-100))


def no_name():
    """pkexec gets not even its own."""
    child = os.fork()
    if not child:
        libc.execve(b"/usr/bin/pkexec", (ctypes.c_char_p * 1)(None), None)
        os._exit(1)
    print("ended:", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


WORDS = {"audit": audit, "connect": connect, "connect-here": connect_here,
         "files": files, "huge": huge, "memory": memory, "no-name": no_name,
         "send": send, "too-much": too_much, "typed": typed}
WORDS[sys.argv[1]]()
