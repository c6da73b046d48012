#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf KPROBE_MULTI
"""What is known of the functions that can be hooked is kept until the next boot:
a file that lies, that somebody else could have written, or that is no such file
changes nothing but the time."""
import os
import struct
import subprocess
import sys

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
WORKLOAD = os.path.join(os.environ["BUILD"], "tests/kernel/kernel-workload")
FILE = "/run/spile/functions"
HEAD = 8 + 40 + 4 + 4
SCRIPT = """probe kernel.function("vfs_[rw]*").call {
	if (pid() == target() && (ppfunc() == "vfs_read" || ppfunc() == "vfs_write"))
		n[ppfunc()]++
}
probe kernel.function("vfs_[rw]*").return { if (pid() == target()) returns++ }
global n, returns
probe end { println(n["vfs_read"], " ", n["vfs_write"], " ", returns > 2) }"""


def run(what):
    r = subprocess.run([SPILE, "-c", WORKLOAD, "-o", "/dev/stdout", "-e",
                        SCRIPT], capture_output=True, text=True,
                       timeout=60 * SLOW)
    if r.returncode or r.stderr.strip():
        sys.exit(f"{what}: status {r.returncode}\n{r.stdout}\n{r.stderr}")
    return r.stdout.strip().splitlines()[-1]


def read():
    with open(FILE, "rb") as f:
        return f.read()


def write(data):
    with open(FILE, "wb") as f:
        f.write(data)


def moved(data):
    """Each function 8 bytes further on, where none begins."""
    n = struct.unpack_from("=I", data, HEAD - 8)[0]
    out = bytearray(data)
    for i in range(n):
        addr, = struct.unpack_from("=Q", data, HEAD + 16 * i)
        struct.pack_into("=Q", out, HEAD + 16 * i, addr + 8)
    return bytes(out)


def main():
    if os.path.exists(FILE):
        os.unlink(FILE)
    wanted = run("at first")
    good = read()
    if os.stat(FILE).st_mode & 0o077:
        sys.exit("others may read addresses of the kernel")
    bad = [("again", good), ("cut short", good[:-1]), ("empty", b""),
           ("other addresses", moved(good)),
           ("another boot", good[:8] + b"x" * 36 + good[44:]),
           ("names from nowhere", good[:HEAD] + b"\xff" * (len(good) - HEAD))]
    for what, data in bad:
        write(data)
        got = run(what)
        if got != wanted:
            sys.exit(f"{what}: {got!r} instead of {wanted!r}")
        if read() != good:
            sys.exit(f"{what}: not written anew")
    write(moved(good))
    os.chown(FILE, 65534, 65534)
    if run("somebody else's") != wanted or os.stat(FILE).st_uid:
        sys.exit("somebody else's file was taken")


main()
