#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: gdb clang
#! timeout: 120
"""Static marks: the arguments are where gdb finds them, whatever the compiler
does; marks of stripped, moved and damaged programs."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"),
                                    "elftool"))
SOURCE = os.path.join(HERE, "data", "marks.c")
INCLUDE = "-I" + os.path.join(HERE, "..", "data")
CONFIGS = ["gcc -O0", "gcc -O1 -no-pie", "gcc -O2", "gcc -O3 -static",
           "gcc -Os -fno-omit-frame-pointer", "gcc -O2 -flto -static-pie",
           "clang -O0", "clang -O2", "clang -O3 -no-pie", "clang -Os"]
bad = []


def compile_to(path, config):
    compiler, *flags = config.split()
    subprocess.run([compiler, "-w", INCLUDE, *flags, SOURCE, "-o", path],
                   check=True)


def marks(path):
    r = subprocess.run([TOOL, path, "marks"], capture_output=True, text=True,
                       timeout=20)
    if r.returncode not in (0, 1):
        bad.append(f"{path}: status {r.returncode}: {r.stderr}")
    return r.stdout + r.stderr


def tls_size(path):
    text = subprocess.run(["readelf", "-Wl", path], check=True,
                          capture_output=True, text=True).stdout
    words = re.search(r"\n +TLS .*", text)[0].split()
    size, align = int(words[5], 0), int(words[-1], 0)
    return (size + align - 1) // align * align


def truth(d, config):
    path = d + "/marks"
    compile_to(path, config)
    env = dict(os.environ, ELFTOOL=TOOL, TLS_SIZE=str(tls_size(path)))
    env.pop("DEBUGINFOD_URLS", None)
    r = subprocess.run(["gdb", "-nx", "-batch", "-x",
                        HERE + "/data/gdb_marks.py", path], env=env,
                       capture_output=True, text=True, timeout=60)
    counts = dict(re.findall(r"^(same|wrong|more|none) (\d+)$", r.stdout,
                             re.M))
    print(config, counts)
    # Only what is in a vector register is not known.
    if counts.get("wrong") != "0" or counts.get("none") != "2" or \
            int(counts["same"]) < 34:
        bad.append(f"{config}: {counts}\n{r.stdout}{r.stderr}")


def test_stripped(d):
    """Without symbols, what names one is not known; the rest is."""
    path = d + "/stripped"
    compile_to(path, "gcc -O2")
    subprocess.run(["strip", path], check=True)
    text = marks(path)
    if not re.search(r"counter\.0\(%rip\)\ts4\tnone \(the symbol "
                     r"'counter\.0' is not in the file\)", text) or \
            "shop:watched" not in text or "%edi\ts4\treg 5" not in text:
        bad.append(f"stripped: {text}")


def test_moved(d):
    """Code that was moved behind the notes' back."""
    path = d + "/moved"
    compile_to(path, "gcc -O2 -no-pie")
    subprocess.run(["objcopy", "--change-section-address",
                    ".stapsdt.base+0x5000", path, path + "2"], check=True,
                   capture_output=True)
    before, after = (re.search(r"shop:watched 0x(\w+) 0x(\w+)", marks(p))
                     for p in (path, path + "2"))
    for i in (1, 2):
        if int(before[i], 16) + 0x5000 != int(after[i], 16):
            bad.append(f"moved: {before[0]} and {after[0]}")


def test_lost(d):
    """A semaphore that is not in the file; and many, many arguments."""
    path = d + "/lost"
    compile_to(path, "gcc -O2 -no-pie")
    with open(path, "rb") as f:
        whole = bytearray(f.read())
    at = whole.index(b"stapsdt\0", whole.index(b"watched") - 60) + 8 + 16
    whole[at:at + 8] = (0x7000000).to_bytes(8, "little")
    with open(path, "wb") as f:
        f.write(whole)
    if os.geteuid() or "SPILE" not in os.environ:
        return
    r = subprocess.run([os.environ["SPILE"], "-p2", "-e",
                        f'probe process("{path}").mark("watched") {{ }}'],
                       capture_output=True, text=True)
    if "the semaphore of mark 'watched', at 0x7000000, is not in" not in \
            r.stderr:
        bad.append(f"lost: {r.stderr}")


def test_arm64(d):
    path = d + "/arm64"
    compile_to(path, "clang --target=aarch64-linux-gnu -ffreestanding "
               "-nostdlib -fuse-ld=lld -Wl,-e,main -O2")
    text = marks(path)
    if not re.search(r"4@\[x\d+\]\t[us]4\treg \d+ -> memory", text) or \
            "not understood" in text:
        bad.append(f"arm64: {text}")


def test_damaged(d):
    path = d + "/damaged"
    compile_to(path, "gcc -O2")
    with open(path, "rb") as f:
        whole = f.read()
    at = whole.index(b"stapsdt\0") - 12
    for off, value, want in (
            (4, b"\xff\xff\xff\xff", "damage: .*damaged: .note.stapsdt, at "
             "offset 0x0: the note is malformed"),
            (0, b"\xff\xff\xff\x7f", "the note is malformed"),
            (8, b"\4", "shop:"),
            (4, b"\x10\0\0\0", "the note is malformed"),
            (12, b"S", "shop:")):
        with open(path, "wb") as f:
            f.write(whole[:at + off] + value + whole[at + off + len(value):])
        text = marks(path)
        if not re.search(want, text):
            bad.append(f"damaged at {off}: no {want} in {text}")
    text = marks("/proc/self/cmdline")
    if "not an ELF file" not in text:
        bad.append(f"no ELF: {text}")


def main():
    with tempfile.TemporaryDirectory() as d:
        for config in CONFIGS:
            truth(d, config)
        test_stripped(d)
        test_moved(d)
        test_lost(d)
        test_arm64(d)
        test_damaged(d)
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
