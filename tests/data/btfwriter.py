#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes BTF from C declarations, so that tests need no compiler and no kernel.

    Btf(text).build() -> bytes          btfwriter.py INPUT.h OUTPUT

The text holds struct, union and enum definitions, typedefs, function
prototypes and variables, as C has them, for a little-endian LP64 machine.
Beyond C: `__user` before a `*` becomes a type tag "user"; `#` begins a
comment, and so do `//` and `/*`.  Expressions are numbers only.
"""
import re
import struct
import sys

KINDS = ("void int ptr array struct union enum fwd typedef volatile const "
         "restrict func func_proto var datasec float decl_tag type_tag "
         "enum64").split()
NUMBER = {name: i for i, name in enumerate(KINDS)}

# name -> size, encoding (1 signed, 2 char, 4 bool); char as the kernel has it
INTS = {
    "char": (1, 0), "signed char": (1, 1), "unsigned char": (1, 0),
    "short int": (2, 1), "short unsigned int": (2, 0),
    "int": (4, 1), "unsigned int": (4, 0),
    "long int": (8, 1), "long unsigned int": (8, 0),
    "long long int": (8, 1), "long long unsigned int": (8, 0),
    "_Bool": (1, 4), "__int128": (16, 1),
}
FLOATS = {"float": 4, "double": 8}
WORDS = {"char", "short", "int", "long", "unsigned", "signed", "_Bool",
         "float", "double", "void", "__int128"}
QUALIFIERS = {"const", "volatile", "restrict"}
TOKEN = re.compile(r"\s+|(?:#|//)[^\n]*|/\*.*?\*/|"
                   r"(0x[0-9a-fA-F]+|\d+|[A-Za-z_]\w*|\.\.\.|[{}()\[\];,:*=-])",
                   re.S)


class Type:
    """One record; ref and others are ids of types."""

    def __init__(self, kind, name="", **fields):
        self.kind, self.name = kind, name
        self.size = self.ref = self.n = self.index = self.encoding = 0
        self.linkage = self.align = 0
        self.signed = False
        self.members = []       # (name, type, bit offset, bits)
        self.params = []        # (name, type)
        self.values = []        # (name, value)
        self.__dict__.update(fields)


class Btf:
    def __init__(self, text=""):
        self.types = [Type("void")]
        self.tags, self.typedefs, self.ints, self.derived = {}, {}, {}, {}
        if text:
            self.parse(text)

    def add(self, t):
        self.types.append(t)
        return len(self.types) - 1

    # ---- types ----

    def derive(self, kind, ref, name="", **fields):
        """PTR, CONST, ARRAY ...: one record for equal ones."""
        key = (kind, ref, name, tuple(sorted(fields.items())))
        if key not in self.derived:
            self.derived[key] = self.add(Type(kind, name, ref=ref, **fields))
        return self.derived[key]

    def base(self, name):
        if name not in self.ints:
            if name in FLOATS:
                t = Type("float", name, size=FLOATS[name])
            else:
                size, encoding = INTS[name]
                t = Type("int", name, size=size, encoding=encoding,
                         signed=bool(encoding & 1))
            self.ints[name] = self.add(t)
        return self.ints[name]

    def words(self, words):
        """`unsigned long` and the like, as compilers name them."""
        if words == ["void"]:
            return 0
        if words[-1] in FLOATS or words[0] in ("__int128",):
            return self.base(words[-1])
        if "_Bool" in words:
            return self.base("_Bool")
        sign = "unsigned" in words
        if "char" in words:
            return self.base("unsigned char" if sign else "signed char"
                             if "signed" in words else "char")
        length = ("short" if "short" in words else
                  " ".join(["long"] * words.count("long")))
        return self.base(" ".join(x for x in (
            length, "unsigned" if sign else "", "int") if x))

    def strip(self, i):
        while self.types[i].kind in ("typedef", "const", "volatile",
                                     "restrict", "type_tag"):
            i = self.types[i].ref
        return i

    def layout(self, i):
        """(size, alignment) in bytes."""
        t = self.types[self.strip(i)]
        if t.kind in ("ptr",):
            return 8, 8
        if t.kind == "array":
            size, align = self.layout(t.ref)
            return size * t.n, align
        if t.kind in ("struct", "union"):
            return t.size, t.align or 1
        if t.kind in ("int", "float", "enum", "enum64"):
            return t.size, t.size
        raise SyntaxError("%s '%s' has no size" % (t.kind, t.name))

    # ---- parsing ----

    def parse(self, text):
        self.tokens, at = [], 0
        while at < len(text):
            m = TOKEN.match(text, at)
            if not m:
                raise SyntaxError("cannot read %r" % text[at:at + 30])
            if m.group(1):
                self.tokens.append(m.group(1))
            at = m.end()
        self.tokens.append("")
        self.at = 0
        while self.peek():
            self.declaration()

    def peek(self, ahead=0):
        return self.tokens[min(self.at + ahead, len(self.tokens) - 1)]

    def next(self, want=None):
        token = self.peek()
        if want is not None and token != want:
            raise SyntaxError("expected %r before %r" % (
                want, " ".join(self.tokens[self.at:self.at + 8])))
        self.at += 1
        return token

    def take(self, token):
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def number(self):
        sign = -1 if self.take("-") else 1
        return sign * int(self.next(), 0)

    def declaration(self):
        typedef = self.take("typedef")
        base = self.specifiers()
        if self.take(";"):
            return
        while True:
            name, i = self.declarator(base)
            kind = self.types[i].kind
            if typedef:
                self.typedefs[name] = self.add(Type("typedef", name, ref=i))
            elif kind == "func_proto":
                self.add(Type("func", name, ref=i, linkage=1))
            else:
                self.add(Type("var", name, ref=i, linkage=1))
            if not self.take(","):
                break
        self.next(";")

    def specifiers(self):
        words, quals, i = [], [], None
        while True:
            token = self.peek()
            if token in QUALIFIERS:
                quals.append(self.next())
            elif token in WORDS:
                words.append(self.next())
            elif token in ("struct", "union"):
                i = self.aggregate(self.next())
            elif token == "enum":
                self.next()
                i = self.enum()
            elif i is None and not words and token in self.typedefs:
                i = self.typedefs[self.next()]
            else:
                break
        if i is None:
            if not words:
                raise SyntaxError("no type before %r" % self.peek())
            i = self.words(words)
        for q in quals:
            i = self.derive(q, i)
        return i

    def tagged(self, kind, name):
        if name and (kind, name) in self.tags:
            return self.tags[kind, name]
        i = self.add(Type(kind, name, incomplete=True))
        if name:
            self.tags[kind, name] = i
        return i

    def aggregate(self, kind):
        name = self.next() if self.peek() != "{" else ""
        i = self.tagged(kind, name)
        if self.take("{"):
            t = self.types[i]
            t.incomplete = False
            t.end = 0           # bits
            while not self.take("}"):
                self.members(t)
            t.align = t.align or 1
            size = (t.end + 7) // 8
            t.size = (size + t.align - 1) // t.align * t.align
        return i

    def members(self, t):
        base = self.specifiers()
        if self.take(";"):
            self.place(t, "", base, None)
            return
        while True:
            name, i = ("", base) if self.peek() == ":" else \
                self.declarator(base)
            bits = self.number() if self.take(":") else None
            self.place(t, name, i, bits)
            if not self.take(","):
                break
        self.next(";")

    def place(self, t, name, i, bits):
        size, align = self.layout(i)
        at = 0 if t.kind == "union" else t.end
        if bits == 0:
            t.end = (at + 8 * size - 1) // (8 * size) * (8 * size)
            return
        if bits is not None:
            unit = 8 * size
            if at // unit != (at + bits - 1) // unit:
                at = (at + unit - 1) // unit * unit
            length = bits
        else:
            at = (at + 8 * align - 1) // (8 * align) * 8 * align
            length = 8 * size
        t.align = max(t.align, align)
        t.end = max(t.end, at + length)
        if name or bits is None:
            t.members.append((name, i, at, bits or 0))

    def enum(self):
        name = self.next() if self.peek() != "{" else ""
        i = self.tagged("enum", name)
        t = self.types[i]
        if not self.take("{"):
            return i
        value = 0
        while not self.take("}"):
            label = self.next()
            if self.take("="):
                value = self.number()
            t.values.append((label, value))
            value += 1
            self.take(",")
        numbers = [v for _, v in t.values]
        t.incomplete, t.size = False, 4
        t.signed = min(numbers) < 0
        if max(numbers) >= 1 << (31 if t.signed else 32) or \
                min(numbers) < -(1 << 31):
            t.kind, t.size = "enum64", 8
        return i

    def declarator(self, i):
        while True:
            if self.take("*"):
                i = self.derive("ptr", i)
            elif self.take("__user"):
                i = self.derive("type_tag", i, "user")
            elif self.peek() in QUALIFIERS:
                i = self.derive(self.next(), i)
            else:
                break
        if self.peek() == "(" and self.peek(1) in ("*", "("):
            # What is inside applies to what stands behind it.
            self.next("(")
            start, depth = self.at, 1
            while depth:
                depth += {"(": 1, ")": -1}.get(self.next(), 0)
            i = self.suffixes(i)
            end, self.at = self.at, start
            name, i = self.declarator(i)
            self.next(")")
            self.at = end
            return name, i
        name = ""
        if re.match(r"[A-Za-z_]", self.peek()):
            name = self.next()
        return name, self.suffixes(i)

    def suffixes(self, i):
        dims = []
        if self.peek() == "(":
            return self.add(Type("func_proto", ref=i, params=self.params()))
        while self.take("["):
            dims.append(0 if self.peek() == "]" else self.number())
            self.next("]")
        for n in reversed(dims):
            i = self.derive("array", i, n=n,
                            index=self.base("long unsigned int"))
        return i

    def params(self):
        self.next("(")
        params = []
        if self.peek() == "void" and self.peek(1) == ")":
            self.next()
        while not self.take(")"):
            if self.take("..."):
                params.append(("", 0))
                continue
            base = self.specifiers()
            params.append(self.declarator(base))
            self.take(",")
        return params

    # ---- the file ----

    def build(self):
        strings, offsets = bytearray(b"\0"), {"": 0}

        def name(s):
            if s not in offsets:
                offsets[s] = len(strings)
                strings.extend(s.encode() + b"\0")
            return offsets[s]

        body = b"".join(self.record(t, name) for t in self.types[1:])
        head = struct.pack("<HBBIIIII", 0xeb9f, 1, 0, 24, 0, len(body),
                           len(body), len(strings))
        return head + body + bytes(strings)

    def record(self, t, name):
        kind, flag, vlen, last, tail = t.kind, 0, 0, t.ref, b""
        if getattr(t, "incomplete", False):
            flag, last = int(kind == "union"), 0
            if kind == "enum":
                last = 4
            else:
                kind = "fwd"
        elif kind == "int":
            last = t.size
            tail = struct.pack("<I", t.encoding << 24 | 8 * t.size)
        elif kind == "float":
            last = t.size
        elif kind == "array":
            last = 0
            tail = struct.pack("<III", t.ref, t.index, t.n)
        elif kind in ("struct", "union"):
            flag = int(any(bits for _, _, _, bits in t.members))
            vlen, last = len(t.members), t.size
            for label, i, at, bits in t.members:
                tail += struct.pack("<III", name(label), i,
                                    bits << 24 | at if flag else at)
        elif kind in ("enum", "enum64"):
            flag, vlen, last = int(t.signed), len(t.values), t.size
            for label, v in t.values:
                if kind == "enum":
                    tail += struct.pack("<II", name(label), v & 0xffffffff)
                else:
                    tail += struct.pack("<III", name(label), v & 0xffffffff,
                                        v >> 32 & 0xffffffff)
        elif kind == "func":
            vlen = t.linkage
        elif kind == "func_proto":
            vlen = len(t.params)
            for label, i in t.params:
                tail += struct.pack("<II", name(label), i)
        elif kind == "var":
            tail = struct.pack("<I", t.linkage)
        info = flag << 31 | NUMBER[kind] << 24 | vlen
        return struct.pack("<III", name(t.name), info, last) + tail


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1]) as f:
        data = Btf(f.read()).build()
    with open(sys.argv[2], "wb") as f:
        f.write(data)


if __name__ == "__main__":
    main()
