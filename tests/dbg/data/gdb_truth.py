# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside of gdb: steps through the program instruction by instruction
and, at each, compares every variable that gdb sees with what dbgtool says of
where it lives, evaluated on gdb's registers and memory.

Environment: DBGTOOL, STEPS.  Prints "same N", "entry N", "wrong N", "more N",
"less N" and what was wrong."""
import math
import os
import struct
import subprocess

import gdb

TOOL = os.environ.get("DBGTOOL")
STEPS = int(os.environ.get("STEPS", "1500"))
REGS = ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9",
        "r10", "r11", "r12", "r13", "r14", "r15", "rip"]
M64 = (1 << 64) - 1
counts = {"same": 0, "entry": 0, "wrong": 0, "more": 0, "less": 0, "none": 0}
shown = {}


class Unknown(Exception):
    pass


class Tool:
    def __init__(self, path):
        self.p = subprocess.Popen([TOOL, path, "-"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        self.cache = {}

    def ask(self, *words):
        if words in self.cache:
            return self.cache[words]
        self.p.stdin.write("\t".join(words) + "\n")
        self.p.stdin.flush()
        lines = []
        while (line := self.p.stdout.readline().rstrip("\n")) != ".":
            if not line and self.p.poll() is not None:
                raise RuntimeError("dbgtool died")
            lines.append(line)
        self.cache[words] = lines
        return lines


def register(n, size=8):
    if n < 17:
        return int(gdb.selected_frame().read_register(REGS[n])) & M64
    if n < 33:
        v = gdb.selected_frame().read_register(f"xmm{n - 17}")
        low, high = (int(v["v2_int64"][i]) & M64 for i in (0, 1))
        return high << 64 | low
    raise Unknown(f"register {n}")


def memory(addr, size):
    return bytes(gdb.selected_inferior().read_memory(addr & M64, size))


def signed(v, size=8):
    v &= (1 << 8 * size) - 1
    return v - (1 << 8 * size) if v >> (8 * size - 1) else v


def run(ops, bias):
    """The value that operations leave on top of the stack."""
    st = []
    two = {
        "add": lambda a, b: a + b, "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b, "and": lambda a, b: a & b,
        "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b,
        "shl": lambda a, b: a << b if b < 64 else 0,
        "shr": lambda a, b: a >> b,
        "sar": lambda a, b: signed(a) >> min(b, 63),
        "sdiv": lambda a, b: int(signed(a) / signed(b)),
        "udiv": lambda a, b: a // b, "umod": lambda a, b: a % b,
        "smod": lambda a, b: signed(a) - int(signed(a) / signed(b)) *
        signed(b),
        "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
        "slt": lambda a, b: signed(a) < signed(b),
        "sle": lambda a, b: signed(a) <= signed(b),
        "sgt": lambda a, b: signed(a) > signed(b),
        "sge": lambda a, b: signed(a) >= signed(b),
        "ult": lambda a, b: a < b, "ule": lambda a, b: a <= b,
        "ugt": lambda a, b: a > b, "uge": lambda a, b: a >= b,
    }
    for op in ops:
        name, _, arg = op.partition(" ")
        if name == "const":
            st.append(int(arg) & M64)
        elif name == "reg":
            st.append(register(int(arg)))
        elif name == "addr":
            st.append(int(arg, 0) + bias & M64)
        elif name == "load":
            st.append(int.from_bytes(memory(st.pop(), int(arg)), "little"))
        elif name == "pick":
            st.append(st[-1 - int(arg)])
        elif name == "drop":
            st.pop()
        elif name == "swap":
            st[-1], st[-2] = st[-2], st[-1]
        elif name == "swapz":
            if not st.pop():
                st[-1], st[-2] = st[-2], st[-1]
        elif name == "rot":
            st[-3:] = [st[-1], st[-3], st[-2]]
        elif name == "sext":
            st.append(signed(st.pop(), int(arg)) & M64)
        elif name == "zext":
            st.append(st.pop() & (1 << 8 * int(arg)) - 1)
        elif name == "neg":
            st.append(-st.pop() & M64)
        elif name == "not":
            st.append(~st.pop() & M64)
        elif name == "abs":
            st.append(abs(signed(st.pop())))
        elif name in two:
            b, a = st.pop(), st.pop()
            st.append(two[name](a, b) & M64)
        elif name == "tls":
            base = int(gdb.parse_and_eval("$fs_base"))
            st.append(base - TLS + st.pop() & M64)
        else:
            raise Unknown(name)
    return st[-1]


def fetch(text, size, bias):
    """The value's bytes, None where a byte is not known."""
    if text.startswith("none"):
        return [None] * size
    if text.startswith("bytes"):
        b = [int(x, 16) for x in text.split()[1:]]
        return (b + [None] * size)[:size]
    if text.startswith("pieces"):
        out = []
        rest = text[len("pieces"):]
        while rest.startswith(" ["):
            depth = i = 0
            for i, c in enumerate(rest):
                depth += c == "["
                depth -= c == "]"
                if c == "]" and not depth:
                    break
            piece, rest = rest[2:i], rest[i + 1:]
            head, _, loc = piece.partition(": ")
            bits, at = int(head.split()[0]), int(head.split()[3])
            if bits % 8 or at % 8:
                raise Unknown("bit pieces")
            out += fetch(loc, at // 8 + bits // 8, bias)[at // 8:]
        return (out + [None] * size)[:size]
    if text.startswith("pointer"):
        raise Unknown("implicit pointer")
    ops, _, kind = text.rpartition(" -> ")
    ops = ops.split(", ")
    if kind == "register":
        v = register(int(ops[0].split()[1]))
        return list((v.to_bytes(16, "little") + bytes(size))[:size])
    v = run(ops, bias)
    if kind == "value":
        return list((v.to_bytes(8, "little") + bytes(size))[:size])
    return list(memory(v, size))


def flatten(v, at, out, depth=0):
    """(bit offset, bits, number or None) of the scalars in a gdb value."""
    t = v.type.strip_typedefs()
    code = t.code
    if code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        for f in t.fields():
            if depth > 4:
                continue
            if f.bitsize:
                try:
                    n = int(v[f]) & (1 << f.bitsize) - 1
                except gdb.error:
                    n = None
                out.append((at + f.bitpos, f.bitsize, n))
            else:
                flatten(v[f], at + f.bitpos, out, depth + 1)
    elif code == gdb.TYPE_CODE_ARRAY:
        low, high = t.range()
        size = t.target().sizeof * 8
        for i in range(low, min(high, low + 7) + 1):
            flatten(v[i], at + (i - low) * size, out, depth + 1)
    else:
        try:
            if code == gdb.TYPE_CODE_FLT:
                if math.isnan(float(v)):
                    return out  # Python makes all of them quiet
                fmt = {4: "f", 8: "d"}[t.sizeof]
                n = int.from_bytes(struct.pack("<" + fmt, float(v)),
                                   "little")
            else:
                n = int(v) & (1 << 8 * t.sizeof) - 1
        except (gdb.error, KeyError):
            n = None
        if t.sizeof <= 8:  # gdb's Python has no longer numbers
            out.append((at, 8 * t.sizeof, n))
    return out


def known(mine, at, bits):
    """The number at a bit offset, None if a byte of it is not known."""
    part = mine[at // 8:(at + bits + 7) // 8]
    if None in part or not part:
        return None
    return int.from_bytes(bytes(part), "little") >> at % 8 & (1 << bits) - 1


def note(what, pc, name, text):
    counts[what] += 1
    key = (what, name, text)
    if what in ("wrong", "more", "less") and \
            shown.setdefault(what, 0) < 12 and key not in shown:
        shown[key] = 1
        shown[what] += 1
        print(f"{what}: {hex(pc)} {name}: {text}")


def compare(pc, bias, name, symbol, entry):
    loc = entry[3]
    try:
        value = symbol.value(gdb.selected_frame())
        if value.type.dynamic or value.type.sizeof > 512:
            return
        theirs = flatten(value, 0, [])
    except (gdb.error, gdb.MemoryError):
        theirs = None
    if theirs is None:
        return
    if "(needs entry)" in loc:
        note("entry", pc, name, loc)
        return
    try:
        mine = fetch(loc, value.type.sizeof, bias)
    except Unknown:
        counts["none"] += 1
        return
    except gdb.MemoryError:
        if any(n is not None for _, _, n in theirs):
            note("less", pc, name, loc + " cannot be read")
        return
    for at, bits, n in theirs:
        m = known(mine, at, bits)
        if m == n:
            note("same" if m is not None else "none", pc, name, "")
        elif m is None:
            note("less", pc, name, f"bit {at}: gdb has {n}, we: {loc}")
        elif n is None:
            note("more", pc, name, f"bit {at}: gdb has none, we {m}: {loc}")
        else:
            note("wrong", pc, name, f"bit {at}: gdb {n}, we {m}: {loc}")


def visible(pc):
    block, seen = gdb.block_for_pc(pc), {}
    while block:
        for s in block:
            if (s.is_variable or s.is_argument) and s.name not in seen:
                seen[s.name] = s
        if block.function:
            break
        block = block.superblock
    return seen


def here(tool, bias, start, end):
    pc = int(gdb.selected_frame().pc())
    mine = {}
    for line in tool.ask("vars", hex(pc - bias)):
        fields = line.split("\t")
        if len(fields) == 4:
            mine.setdefault(fields[0], fields)
    theirs = visible(pc)
    for name, symbol in theirs.items():
        if name not in mine:
            # gdb lists what an inlined function's other blocks have, too.
            if not symbol.value(gdb.selected_frame()).is_optimized_out:
                note("less", pc, name, "not listed")
        else:
            compare(pc, bias, name, symbol, mine[name])


def main():
    global TLS
    gdb.execute("set pagination off")
    gdb.execute("set print inferior-events off")
    gdb.execute("set disable-randomization on")
    gdb.execute("set stop-on-solib-events 0")
    gdb.execute("starti", to_string=True)
    gdb.execute("tbreak main")
    gdb.execute("continue", to_string=True)
    path = gdb.objfiles()[0].filename
    tool = Tool(path)
    TLS = int(os.environ.get("TLS_SIZE", "0"))
    main_addr = int(gdb.parse_and_eval("(long)&main"))
    linked = int(tool.ask("calls", "main")[0].split()[1].split("-")[0], 0)
    bias = main_addr - linked
    start, end = bias, bias + (1 << 22)
    if not bias:
        start, end = linked & ~0xfffff, (linked & ~0xfffff) + (1 << 21)
    for _ in range(STEPS):
        try:
            pc = int(gdb.selected_frame().pc())
            if gdb.selected_frame().function() is None or \
                    not gdb.selected_frame().find_sal().symtab or \
                    not tool.ask("frames", hex(pc - bias)):
                gdb.execute("finish", to_string=True)
                continue
            here(tool, bias, start, end)
            gdb.execute("stepi", to_string=True)
        except gdb.error as e:
            if "not being run" in str(e) or "No frame" in str(e) or \
                    "no registers" in str(e):
                break
            if "outermost" in str(e):
                break
            raise
    for k, v in counts.items():
        print(k, v)


if __name__ == "__main__":
    main()
