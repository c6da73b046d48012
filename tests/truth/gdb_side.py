# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside of gdb: stops at each address of the plan and says what gdb
thinks of the expressions there.

Environment: PLAN, a JSON file: {"sites": [[pc, [[expression, how], ...]]]},
with pc as in the file; ANSWERS, where the answers go: {"base": N, "hits":
[[[function, [value, ...]], ...]]}, a list for each site.  A value is text: a number of 64 bits,
what spile's $$ would print where how is "$", or one of <out>, <fault>,
<unknown>, <other: why>."""
import json
import os
import re
import struct

import gdb

ELEMENTS = 5
DEPTH = 8
TEXT = 511


def signed64(n):
    n &= (1 << 64) - 1
    return n - (1 << 64) if n >> 63 else n


def is_out(v):
    try:
        return v.is_optimized_out or \
            v.format_string() == "<synthetic pointer>"
    except gdb.error:
        return True


def is_char(t):
    return t.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR) and \
        t.sizeof == 1 and "char" in t.name


def bits_of_float(v, size):
    """As a double, which has room for each float."""
    if size > 8:
        raise gdb.error("a long double")
    return struct.unpack("<q", struct.pack("<d", float(v)))[0]


def number(v):
    t = v.type.strip_typedefs()
    if t.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        # As spile has it: the address; *&x is what is there.
        return str(int(v.referenced_value().address))
    if is_out(v):
        return "<out>"
    if t.code == gdb.TYPE_CODE_FLT:
        return str(bits_of_float(v, t.sizeof))
    if t.code in (gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_FUNC):
        return str(int(v.address)) if v.address is not None else "<out>"
    if t.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        raise gdb.error("a struct")
    return str(signed64(int(v)))


def text_at(v, limit):
    raw = bytearray()
    try:
        memory = gdb.selected_inferior()
        while len(raw) < limit:
            byte = bytes(memory.read_memory(int(v) + len(raw), 1))
            if byte == b"\0":
                break
            raw += byte
    except gdb.MemoryError:
        return '""'
    return '"%s"' % raw.decode("latin1")


def pretty_array(v, t, depth):
    element = t.target().strip_typedefs()
    n = t.range()[1] + 1
    if is_char(element):
        raw = bytes(int(v[i]) & 255 for i in range(n))
        return '"%s"' % raw.split(b"\0")[0].decode("latin1")
    parts = [pretty(v[i], depth + 1) for i in range(min(n, ELEMENTS))]
    return "[%s]" % ", ".join(parts + ["..."] * (n > ELEMENTS))


def members(v, t, depth):
    for f in t.fields():
        if not hasattr(f, "bitpos"):
            continue        # static
        if f.is_base_class or not f.name:
            inner = f.type.strip_typedefs()
            yield from members(v[f] if not f.is_base_class else
                               v.cast(f.type), inner, depth + 1)
        elif not f.name.startswith("_vptr"):
            yield ".%s=%s" % (f.name, pretty(v[f], depth + 1))


def code_at(v):
    """A function by its address and its name, without parameters."""
    name = re.search(r"<([^+(]*).*>$", v.format_string())
    return "0x%x%s" % (int(v), " <%s>" % name.group(1) if name else "")


def pretty(v, depth=0):
    t = v.type.strip_typedefs()
    if t.code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
        return pretty(v.referenced_value(), depth)
    if t.code == gdb.TYPE_CODE_ARRAY:
        return pretty_array(v, t, depth)
    if t.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        return "{%s}" % ", ".join(members(v, t, depth))
    if t.code != gdb.TYPE_CODE_PTR:
        n = number(v)
        if n == "<out>":
            return "?"
        if t.code == gdb.TYPE_CODE_ENUM:
            # The first of those with the value.
            return next((f.name.split("::")[-1] for f in t.fields()
                         if f.enumval == int(n)), n)
        return "'%c'" % (int(n) & 255) if is_char(t) else n
    to = t.target().strip_typedefs()
    if not depth and to.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        return pretty(v.dereference(), depth)
    if is_out(v):
        return "?"
    if to.code == gdb.TYPE_CODE_FUNC:
        return code_at(v)
    return text_at(v, TEXT) if is_char(to) else "0x%x" % int(v)


def of_library(expression):
    """Whether it is about a variable that only a library has: where the
    program's is optimised out, gdb takes any symbol of that name."""
    name = re.match(r"[*&(]*(\w+)", expression)
    symbol = name and gdb.lookup_symbol(name.group(1))[0]
    if not symbol or symbol.addr_class not in (gdb.SYMBOL_LOC_STATIC,
                                               gdb.SYMBOL_LOC_UNRESOLVED):
        return False
    address = symbol.value().address
    return address is not None and gdb.solib_name(int(address)) is not None


def evaluate(expression, how):
    try:
        if of_library(expression):
            return "<unknown>"
        v = gdb.parse_and_eval(expression)
        if v.format_string() == "<optimized out>":
            return "<out>"
        return pretty(v) if how == "$" else number(v)
    except gdb.MemoryError:
        return "<fault>"
    except gdb.error as e:
        why = str(e)
        if "optimized out" in why or "not available" in why or \
                "synthetic pointer" in why:
            return "<out>"
        if "No symbol" in why or "no member" in why:
            return "<unknown>"
        return "<other: %s>" % " ".join(why.split())
    except OverflowError as e:
        return "<other: %s>" % e


def innermost(pc):
    """The function at pc, inlined ones too."""
    block = gdb.block_for_pc(pc)
    while block and not block.function:
        block = block.superblock
    return identity(block.function) if block else None


def identity(symbol):
    return symbol and (symbol.name, symbol.symtab.filename, symbol.line)


def enter_inlined(pc):
    """At the first instruction of an inlined function gdb stands in front of
    it: a step goes in, and not on."""
    for _ in range(8):
        if identity(gdb.newest_frame().function()) == innermost(pc):
            break
        gdb.execute("step", to_string=True)
        if gdb.newest_frame().pc() != pc:
            raise RuntimeError("the step went on at %#x" % pc)


def stops(by_pc, base):
    """Runs to the end; at each stop, all that is asked there."""
    while True:
        gdb.execute("continue", to_string=True)
        if not gdb.selected_inferior().pid:
            return
        pc = gdb.newest_frame().pc()
        if pc - base not in by_pc:
            continue
        enter_inlined(pc)
        name = gdb.newest_frame().name()
        for asked, hits in by_pc[pc - base]:
            hits.append([name, [evaluate(e, how) for e, how in asked]])


def load_base():
    """Where the program is, less where its file says it is."""
    said = gdb.execute("info proc mappings", to_string=True)
    path = gdb.current_progspace().filename
    first = [line.split()[0] for line in said.splitlines()
             if line.rstrip().endswith(os.path.basename(path))][0]
    with open(path, "rb") as f:
        kind = struct.unpack_from("<H", f.read(18), 16)[0]
    return int(first, 16) if kind == 3 else 0


def main():
    with open(os.environ["PLAN"]) as f:
        plan = json.load(f)
    for command in ("set confirm off", "set pagination off",
                    "set disable-randomization on",
                    "set exec-wrapper env -i",
                    "set print entry-values no", "starti"):
        gdb.execute(command, to_string=True)
    base = load_base()
    answers = {"base": base, "hits": [[] for _ in plan["sites"]]}
    by_pc = {}
    for (pc, asked), hits in zip(plan["sites"], answers["hits"]):
        by_pc.setdefault(pc, []).append((asked, hits))
    for pc in by_pc:
        gdb.Breakpoint("*%#x" % (pc + base), internal=True)
    stops(by_pc, base)
    with open(os.environ["ANSWERS"], "w") as f:
        json.dump(answers, f)


main()
