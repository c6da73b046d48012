#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever the files of a machine hold, spile ends in peace: it finds
something or it says that it does not, and takes no time to speak of.

    test_hostile.py [ROUNDS]        random damage as well, from one seed
"""
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "data"))
import make_world  # noqa: E402

SPILE = os.environ.get("SPILE", "build/spile")
BTF = "sys/kernel/btf/vmlinux"
HEAD = struct.Struct("<HBBIIIII")
SCRIPT = """
probe kernel.trace("sched_switch") { println($prev->mm->exe_file->f_path->
    dentry->d_name->name, $prev->comm$, $next$, $$vars, $prev->sched_migrated,
    @cast($prev, "task_struct")->signal->pids[1]->numbers[2]->nr) }
probe kernel.trace("shape_*") ? { println($$vars$$, @enum("BLUE")) }
probe process("server").syscall ? { println($arg1) }
probe process(100).end ?, process(200).end ? { println(1) }
probe timer.jiffies(2) ?, kernel.trace("widgets:*") ? { println(2) }
"""


def run(world, *args):
    try:
        p = subprocess.run([SPILE, "--world", world, *args],
                           capture_output=True, timeout=20)
    except subprocess.TimeoutExpired:
        return "it does not end"
    if p.returncode not in (0, 1):
        return "exit status %d\n%s" % (p.returncode,
                                       p.stderr.decode(errors="replace"))
    return ""


def attempt(world, what):
    for args in (("-L", 'kernel.trace("*")'), ("--dump=prog", "-e", SCRIPT),
                 ("--dump=bpf", "-e", SCRIPT)):
        why = run(world, *args)
        if why:
            print("failed: %s: %s: %s" % (what, " ".join(args[:2]), why))
            sys.exit(1)


class World:
    def __init__(self, directory):
        self.directory = directory
        make_world.make("basic", directory)
        with open(os.path.join(directory, BTF), "rb") as f:
            self.btf = f.read()

    def with_file(self, path, data, what):
        full = os.path.join(self.directory, path)
        with open(full, "rb") as f:
            good = f.read()
        with open(full, "wb") as f:
            f.write(data)
        attempt(self.directory, what)
        with open(full, "wb") as f:
            f.write(good)

    def with_btf(self, data, what):
        self.with_file(BTF, bytes(data), "BTF: " + what)


def records(data):
    """(offset, kind, vlen) of each type."""
    tail = {1: 4, 3: 12, 14: 4, 17: 4}
    each = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
    _, _, _, length, _, size, _, _ = HEAD.unpack_from(data)
    at, end, found = length, length + size, []
    while at < end:
        info, = struct.unpack_from("<I", data, at + 4)
        kind, vlen = info >> 24 & 31, info & 0xffff
        found.append((at, kind, vlen))
        at += 12 + tail.get(kind, 0) + each.get(kind, 0) * vlen
    return found


def header_damage(w):
    for size in (0, 1, 23, 24, 25, 100, len(w.btf) // 2, len(w.btf) - 1):
        w.with_btf(w.btf[:size], "cut to %d" % size)
    good = list(HEAD.unpack_from(w.btf))
    for i in range(len(good)):
        for value in (0, 1, 7, 0xffff, 0x7fffffff, 0xffffffff):
            head = good[:]
            head[i] = min(value, (0xffff, 255, 255)[i] if i < 3 else value)
            w.with_btf(HEAD.pack(*head) + w.btf[HEAD.size:],
                       "header field %d = %#x" % (i, value))


def patched(data, at, value):
    data = bytearray(data)
    struct.pack_into("<I", data, at, value & 0xffffffff)
    return data


def record_damage(w):
    """Each kind of record, in turn, says something impossible."""
    numbers = {}
    for n, (at, kind, vlen) in enumerate(records(w.btf), 1):
        numbers.setdefault(kind, []).append((n, at, vlen))
    for kind, rows in sorted(numbers.items()):
        for n, at, vlen in rows[:1] + rows[-1:]:
            for value in (n, n + 1, 0, 0xffffffff, 1 << 31):
                w.with_btf(patched(w.btf, at + 8, value),
                           "kind %d: size or type %#x" % (kind, value))
            for value in (0xffffffff, len(w.btf)):
                w.with_btf(patched(w.btf, at, value),
                           "kind %d: name at %#x" % (kind, value))
            for vlen in (0, 0xffff):
                w.with_btf(patched(w.btf, at + 4, kind << 24 | vlen),
                           "kind %d: %d parts" % (kind, vlen))
            for other in (0, 3, 4, 8, 13, 31):
                w.with_btf(patched(w.btf, at + 4, other << 24 | 1),
                           "kind %d becomes %d" % (kind, other))
            for k in range(3):
                if kind in (3, 4, 5, 6, 13, 19):
                    w.with_btf(patched(w.btf, at + 12 + 4 * k, 0xfffffff0),
                               "kind %d: word %d of a part" % (kind, k))
                    w.with_btf(patched(w.btf, at + 12 + 4 * k, n),
                               "kind %d: word %d is itself" % (kind, k))


def all_cycles(w):
    """Every typedef, pointer, const ... is of itself, or of the next one."""
    for step in (0, 1):
        data = bytearray(w.btf)
        rows = records(w.btf)
        for n, (at, kind, _) in enumerate(rows, 1):
            if kind in (2, 8, 9, 10, 11, 18):
                struct.pack_into("<I", data, at + 8,
                                 (n - 1 + step) % len(rows) + 1)
        w.with_btf(data, "cycles, %d" % step)


def other_files(w):
    top = "sys/kernel/tracing/"
    for path in ("proc/modules", "proc/100/stat", "proc/100/status",
                 top + "available_events", "boot/config-6.18.0-made",
                 "world.conf", "proc/sys/kernel/perf_event_max_sample_rate"):
        for data in (b"", b"\0", b"\n" * 10, b"x", b":" * 1000, b"a b c d\n",
                     b"(" * 5000, b")" * 5000, b"= =\n", b"\xff" * 4096,
                     b"100 (x) " + b"9" * 4000, b"A" * 300000):
            w.with_file(path, data, "%s = %r" % (path, data[:20]))


def random_damage(w, rounds):
    dice = random.Random(1)
    for i in range(rounds):
        data = bytearray(w.btf)
        for _ in range(dice.choice((1, 3, 30))):
            at = dice.randrange(len(data))
            data[at] = dice.choice((0, 1, 0xff, data[at] ^ 1 << i % 8,
                                    dice.randrange(256)))
        w.with_btf(data, "round %d" % i)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    directory = tempfile.mkdtemp(prefix="spile-hostile-")
    try:
        w = World(directory)
        attempt(directory, "as it is")
        header_damage(w)
        record_damage(w)
        all_cycles(w)
        other_files(w)
        random_damage(w, rounds)
    finally:
        shutil.rmtree(directory)


main()
