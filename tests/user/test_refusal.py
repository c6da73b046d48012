#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root
#! timeout: 120
"""Instructions with VEX prefixes that the kernel takes no probe at must be those
that we say."""
import ctypes
import os
import platform
import shutil
import struct
import subprocess
import sys
import tempfile
import time

ELFTOOL = os.path.join(os.environ["BUILD"], "elftool")
TYPE = "/sys/bus/event_source/devices/uprobe/type"
SYS_PERF_EVENT_OPEN = 298
ENOTSUPP = 524
PREFIX = bytes.fromhex("c5f9")     # AVX
OPCODES = [0x16, 0x28, *range(0x60, 0x80), *range(0xd4, 0x100)]
SPACE = 32
FIRST = 0x401020


def assemble(directory):
    path = os.path.join(directory, "all")
    lines = [".text", ".globl _start", "_start: mov $34, %eax", "syscall",
             "jmp _start"]
    for opcode in OPCODES:
        code = PREFIX + bytes([opcode, 0xc0]) + bytes(6)
        lines += [f".balign {SPACE}", ".byte " + ",".join(map(str, code))]
    with open(path + ".s", "w", encoding="ascii") as f:
        f.write("\n".join(lines) + "\n")
    subprocess.run(["gcc", "-nostdlib", "-static", "-Wl,-Ttext=0x401000",
                    "-Wl,-z,noseparate-code", "-o", path, path + ".s"],
                   check=True)
    return path


def offset_of(path, addr):
    """Of an address in the file."""
    out = subprocess.run(["readelf", "-lW", path], capture_output=True,
                         text=True, check=True).stdout
    for line in out.splitlines():
        w = line.split()
        if w and w[0] == "LOAD" and "E" in line[60:]:
            start, base = int(w[1], 16), int(w[2], 16)
            if base <= addr < base + int(w[4], 16):
                return addr - base + start
    sys.exit("no code")


def kernel(libc, kind, path, offset):
    """0, or why it refuses."""
    name = ctypes.create_string_buffer(path.encode())
    attr = bytearray(128)
    struct.pack_into("<II", attr, 0, kind, len(attr))
    struct.pack_into("<QQ", attr, 56, ctypes.addressof(name), offset)
    buf = (ctypes.c_char * len(attr)).from_buffer(attr)
    fd = libc.syscall(SYS_PERF_EVENT_OPEN, buf, -1, 0, -1, 8)
    if fd < 0:
        return ctypes.get_errno()
    os.close(fd)
    return 0


def ours(path, addr, size):
    """What there is at each address, where it is an instruction."""
    out = subprocess.run([ELFTOOL, path, "insns", hex(addr), str(size)],
                         capture_output=True, text=True, check=True).stdout
    words = [line.split() for line in out.splitlines()]
    return {int(w[0], 16): w[2] for w in words if w[1] != "0"}


def main():
    if platform.machine() != "x86_64" or not shutil.which("gcc") or \
            not os.path.exists(TYPE):
        sys.exit(77)
    with open(TYPE, encoding="ascii") as f:
        kind = int(f.read())
    libc = ctypes.CDLL(None, use_errno=True)
    with tempfile.TemporaryDirectory() as directory:
        path = assemble(directory)
        p = subprocess.Popen([path])
        time.sleep(0.3)
        wrong, asked, refused = [], 0, 0
        says = ours(path, FIRST, SPACE * len(OPCODES))
        start = offset_of(path, FIRST)
        try:
            for n, opcode in enumerate(OPCODES):
                our = says.get(FIRST + SPACE * n)
                why = our and kernel(libc, kind, path, start + SPACE * n)
                if not our or why not in (0, ENOTSUPP):
                    continue            # no instruction to one of the two
                asked += 1
                refused += why != 0
                if (our == "refused") != (why == ENOTSUPP):
                    wrong.append(f"{opcode:02x}: {our}, kernel {why}")
        finally:
            p.kill()
            p.wait()
    if wrong or asked < 40 or refused < 20:
        print(asked, refused, *wrong, sep="\n")
        sys.exit(1)


main()
