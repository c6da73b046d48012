#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root
"""probing_32bit_app() in a program of 32 bits, and in one of 64."""
import os
import platform
import subprocess
import sys
import tempfile

SLOW = float(os.environ.get("LIVE_SLOW", "1"))

TEXT = """.globl _start
_start: call there
	%s
.type there, @function
there: nop
	ret
.size there, . - there
"""
END = {"32": "mov $1, %eax; xor %ebx, %ebx; int $0x80",
       "64": "mov $60, %eax; xor %edi, %edi; syscall"}


def said(path):
    done = subprocess.run(
        [os.environ["SPILE"], "-c", path, "-e", 'probe process.'
         'function("there") { printf("%d\\n", probing_32bit_app()) }'],
        capture_output=True, text=True, timeout=30 * SLOW)
    return done.stdout + done.stderr


def main():
    if platform.machine() != "x86_64":
        print("needs programs of both sizes")
        return 77
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        for bits, wanted in (("32", "1\n"), ("64", "0\n")):
            path = os.path.join(directory, "p" + bits)
            if subprocess.run(["cc", "-m" + bits, "-nostdlib", "-static",
                               "-o", path, "-xassembler", "-"], text=True,
                              input=TEXT % END[bits]).returncode:
                return 77
            try:
                subprocess.run([path], check=True)
            except (OSError, subprocess.CalledProcessError):
                print(f"programs of {bits} bits do not run here")
                continue
            failed |= said(path) != wanted
            print(bits, said(path))
    return failed


sys.exit(main())
