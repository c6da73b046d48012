# SPDX-License-Identifier: GPL-2.0-or-later
"""What test_aliases.py looks at, in a network namespace that is the test's
alone: one mapping of 123 pages, one more piece of heap, a child that exits with
7, a signal, 5000 bytes by TCP, 8 by UDP, and a terminal.  Prints what
/proc/net/snmp counted of it."""
import ctypes
import fcntl
import json
import os
import pty
import signal
import socket
import termios

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + \
    [ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def counters():
    found = {}
    with open("/proc/self/net/snmp", encoding="ascii") as f:
        lines = [line.split() for line in f]
    for names, values in zip(lines[::2], lines[1::2]):
        for name, value in list(zip(names, values))[1:]:
            found[names[0] + name] = int(value)
    return found


def network():
    with socket.socket() as server, socket.socket() as client:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        client.connect(server.getsockname())
        peer, _ = server.accept()
        with peer:
            client.sendall(b"x" * 5000)
            left = 5000
            while left:
                left -= len(peer.recv(left))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.sendto(b"datagram", s.getsockname())
        s.recv(100)


def main():
    signal.signal(signal.SIGUSR1, lambda *_: None)
    at = libc.mmap(None, 123 * 4096, 3, 0x22, -1, 0)
    ctypes.memset(at, 1, 4096)
    libc.munmap(at, 123 * 4096)
    libc.sbrk(81920)
    child = os.fork()
    if not child:
        os._exit(7)
    os.waitpid(child, 0)
    os.kill(os.getpid(), signal.SIGUSR1)
    before = counters()
    network()
    after = counters()
    master, slave = pty.openpty()
    os.write(slave, b"hello")
    fcntl.ioctl(slave, termios.TIOCGWINSZ, bytes(8))
    os.close(slave)
    os.close(master)
    print("COUNTED " + json.dumps({k: after[k] - before[k] for k in after}) +
          f" {child}")


main()
