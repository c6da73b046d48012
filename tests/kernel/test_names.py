#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf KPROBE_MULTI modprobe mount
"""All functions of several modules by one link: also those that two of them
have under one name, and each hit is of the right one.  Here that is
delayed_free(), which comes when a file system is gone."""
import os
import struct
import subprocess
import sys
import tempfile

SCRIPT = """
global hits
probe module("*fat").function("*").call {
    if (isinstr(pp(), "delayed_free")) hits[pp()]++
}
probe end { foreach (point+ in hits) println(point) delete hits }
"""
WANTED = 'module("fat").function("delayed_free").call\n'
MODULES = ["loop", "vfat", "exfat", "nls_cp437", "nls_ascii"]


def floppy():
    """A FAT12 of 1440 KiB with one empty file."""
    boot = b"\xeb\x3c\x90spile   " + struct.pack(
        "<HBHBHHBHHHII", 512, 1, 1, 2, 224, 2880, 0xf0, 9, 18, 2, 0, 0)
    boot += b"\0\0\x29\1\2\3\4NO NAME    FAT12   "
    boot = boot.ljust(510, b"\0") + b"\x55\xaa"
    fat = b"\xf0\xff\xff".ljust(9 * 512, b"\0")
    root = b"HELLO   TXT".ljust(32, b"\0")
    return (boot + 2 * fat + root).ljust(2880 * 512, b"\0")


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, timeout=300)


def main():
    for module in MODULES:
        if run("modprobe", module).returncode:
            print(f"the module '{module}' is not to be had")
            return 77
    with tempfile.TemporaryDirectory() as directory:
        image = os.path.join(directory, "image")
        place = os.path.join(directory, "files")
        os.mkdir(place)
        with open(image, "wb") as f:
            f.write(floppy())
        done = run("mount", "-t", "vfat", "-o",
                   "loop,ro,codepage=437,iocharset=ascii", image, place)
        if done.returncode:
            print(f"a FAT cannot be mounted: {done.stderr}")
            return 77
        try:
            # The kernel takes its time with what is gone.
            done = run(os.environ["SPILE"], "-e", SCRIPT, "-c",
                       f"umount {place}; sleep 3")
        finally:
            run("umount", place)
    if done.stdout != WANTED or done.returncode:
        print(f"status {done.returncode}\n{done.stdout}{done.stderr}")
        return 1
    return 0


sys.exit(main())
