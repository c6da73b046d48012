# SPDX-License-Identifier: GPL-2.0-or-later
"""A process whose memory, files, signals and directory are known, for
test_values.py: prints what it is as JSON, then makes getpriority() calls."""
import ctypes
import json
import os
import resource
import signal
import struct
import sys
import threading
import time

libc = ctypes.CDLL(None, use_errno=True)
NUMBERS = struct.pack("<bBhHiIqQ", -5, 250, -300, 65000, -70000, 4000000000,
                      -5000000000, 2 ** 63 + 5)
TEXT = b'text "quoted"\tand \xc3\xa4\0behind'


def place(data):
    buffer = ctypes.create_string_buffer(data, len(data) + 8)
    return buffer, ctypes.addressof(buffer)


def main():
    os.chdir(sys.argv[1])
    libc.prctl(15, b"values", 0, 0, 0)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.siginterrupt(signal.SIGUSR1, False)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
    resource.setrlimit(resource.RLIMIT_NOFILE, (700, 800))
    threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
    kept = [place(d) for d in
            (NUMBERS, TEXT, "wide ä".encode("utf-16-le") + b"\0\0",
             "wide ä".encode("utf-32-le") + b"\0\0\0\0", b"\0" * 64)]
    file = os.open("a file", os.O_RDWR | os.O_CREAT, 0o600)
    print(json.dumps({"at": [at for _, at in kept], "file": file}), flush=True)
    while True:
        libc.getpriority(0, 0)
        time.sleep(0.01)


main()
