#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random scripts without mistakes, and what they print.

    generate.py SEED        prints the script, then what it must print

A script is made as a tree of tuples.  `Writer` writes it in the language,
`Machine` runs it: an independent reading of what the language means, with
which host engine and kernel code have to agree.
"""
import random
import re
import sys

LONG_MIN = -(1 << 63)
MASK = (1 << 64) - 1


def wrap(n):
    n &= MASK
    return n - (1 << 64) if n >> 63 else n


class ScriptError(Exception):
    pass


class Break(Exception):
    pass


class Continue(Exception):
    pass


class Return(Exception):
    pass


class Next(Exception):
    pass


class Machine:
    """Runs a tree; out is what it has printed."""

    def __init__(self, functions):
        self.functions = functions
        self.globals = {}
        self.out = []
        self.steps = 0

    # ---- expressions ----

    def divide(self, a, b, rest):
        if b == 0:
            raise ScriptError("division by 0")
        q = abs(a) // abs(b)
        if (a < 0) != (b < 0):
            q = -q
        return wrap(a - q * b) if rest else wrap(q)

    def arithmetic(self, op, a, b):
        shift = b & 63
        if op == "+":
            return wrap(a + b)
        if op == "-":
            return wrap(a - b)
        if op == "*":
            return wrap(a * b)
        if op in "/%":
            return self.divide(a, b, op == "%")
        if op == "&":
            return a & b
        if op == "|":
            return a | b
        if op == "^":
            return a ^ b
        if op == "<<":
            return wrap(a << shift)
        if op == ">>":
            return a >> shift
        assert op == ">>>"
        return wrap((a & MASK) >> shift)

    def compare(self, op, a, b):
        if isinstance(a, str):
            a, b = a.encode("latin-1"), b.encode("latin-1")
        return int({"==": a == b, "!=": a != b, "<": a < b, ">": a > b,
                    "<=": a <= b, ">=": a >= b}[op])

    def stat(self, op, values):
        if op == "@count":
            return len(values)
        if op == "@sum":
            return wrap(sum(values))
        if not values:
            raise ScriptError("empty aggregate")
        if op == "@min":
            return min(values)
        if op == "@max":
            return max(values)
        if op == "@variance":
            n, s = len(values), sum(values)
            squares = sum(v * v for v in values)
            return (n * squares - s * s) // n // (n - 1) if n > 1 else 0
        return self.divide(wrap(sum(values)), len(values), False)

    def substr(self, s, start, length):
        if start < 0 or start >= len(s) or length <= 0:
            return ""
        return s[start:start + length]

    def strtol(self, s, base):
        pattern = "(0[xX](?=[0-9a-fA-F]))?([0-9a-fA-F]*)" if base == 16 else (
            "()([0-9]*)")
        digits = re.match("-?" + pattern, s)[2]
        return wrap((-1 if s.startswith("-") else 1) * int(digits or "0",
                                                           base))

    def escaped(self, s):
        return "".join({'"': '\\"', "\\": "\\\\", "\t": "\\t"}.get(c, c)
                       for c in s)

    def token(self, s, delims):
        m = re.match(f"[{re.escape(delims)}]*([^{re.escape(delims)}]*)", s,
                     re.S)
        return m[1]

    def replace(self, s, old, new):
        return s.replace(old, new) if old else s

    def call(self, name, args, scope):
        function = self.functions[name]
        inner = dict(zip(function["params"], args))
        try:
            self.block(function["body"], inner)
        except Return as r:
            return r.args[0]
        return "" if function["type"] == "string" else 0

    def eval(self, e, scope):
        kind = e[0]
        if kind == "number" or kind == "string":
            return e[1]
        if kind == "local":
            return scope.get(e[1], e[2])
        if kind == "global":
            return self.globals.get(e[1], e[2])
        if kind == "set":
            v = self.eval(e[2], scope)
            self.assign(e[1], v, scope)
            return v
        if kind == "change":
            v = self.eval(e[3], scope)
            v = self.arithmetic(e[2], self.eval(e[1], scope), v)
            self.assign(e[1], v, scope)
            return v
        if kind == "step":
            old = self.eval(e[1], scope)
            new = wrap(old + e[2])
            self.assign(e[1], new, scope)
            return old if e[3] else new
        if kind == "unary":
            a = self.eval(e[2], scope)
            return {"-": wrap(-a), "~": ~a, "!": int(not a)}[e[1]]
        if kind == "binary":
            a = self.eval(e[2], scope)
            return self.arithmetic(e[1], a, self.eval(e[3], scope))
        if kind == "compare":
            a = self.eval(e[2], scope)
            return self.compare(e[1], a, self.eval(e[3], scope))
        if kind == "and":
            return int(bool(self.eval(e[1], scope)) and
                       bool(self.eval(e[2], scope)))
        if kind == "or":
            return int(bool(self.eval(e[1], scope)) or
                       bool(self.eval(e[2], scope)))
        if kind == "ternary":
            cond = self.eval(e[1], scope)
            return self.eval(e[2] if cond else e[3], scope)
        if kind == "concat":
            a = self.eval(e[1], scope)
            return a + self.eval(e[2], scope)
        if kind == "element":
            keys = tuple(self.eval(k, scope) for k in e[2])
            return self.globals.get(e[1], {}).get(keys, e[3])
        if kind == "in":
            keys = tuple(self.eval(k, scope) for k in e[2])
            return int(keys in self.globals.get(e[1], {}))
        if kind == "match":
            found = re.search(e[2], self.eval(e[1], scope), re.S)
            return int(bool(found) == (e[3] == "=~"))
        if kind == "element_stat":
            keys = tuple(self.eval(k, scope) for k in e[3])
            return self.stat(e[1], self.globals.get(e[2], {}).get(keys, []))
        if kind == "strlen":
            return len(self.eval(e[1], scope))
        if kind == "strpos":
            a = self.eval(e[1], scope)
            return a.find(self.eval(e[2], scope))
        if kind == "substr":
            s = self.eval(e[1], scope)
            start = self.eval(e[2], scope)
            return self.substr(s, start, self.eval(e[3], scope))
        if kind == "isinstr":
            a = self.eval(e[1], scope)
            return int(self.eval(e[2], scope) in a)
        if kind == "stringat":
            a = self.eval(e[1], scope)
            at = self.eval(e[2], scope)
            if not 0 <= at < len(a):
                raise ScriptError("Position out of bounds")
            return ord(a[at])
        if kind == "strtol":
            a = self.eval(e[1], scope)
            return self.strtol(a, self.eval(e[2], scope))
        if kind == "str_replace":
            return self.replace(*(self.eval(a, scope) for a in e[1:]))
        if kind == "text_str":
            return self.escaped(self.eval(e[1], scope))
        if kind == "tokenize":
            return self.token(*(self.eval(a, scope) for a in e[1:]))
        if kind == "sprintd":
            return e[1].join(str(self.eval(a, scope)) for a in e[2])
        if kind == "sprint":
            return str(self.eval(e[1], scope))
        if kind == "sprintf":
            values = [self.eval(a, scope) for a in e[2]]
            if re.search("%[-0-9.#]*[xXou]", e[1]):
                values = [v & MASK if isinstance(v, int) else v
                          for v in values]
            return e[1].replace("u", "d").replace("%#x", "0x%x") % tuple(
                values)
        if kind == "call":
            args = [self.eval(a, scope) for a in e[2]]
            return self.call(e[1], args, scope)
        assert kind == "stat", kind
        return self.stat(e[1], self.globals.get(e[2], []))

    # ---- statements ----

    def block(self, statements, scope):
        for s in statements:
            self.run(s, scope)

    def loop(self, body, scope):
        """True: go on."""
        try:
            self.block(body, scope)
        except Continue:
            pass
        except Break:
            return False
        return True

    def foreach(self, s, scope):
        _, name, keys, value, sort, limit, body, slice = s
        array = self.globals.setdefault(name, {})
        if slice:
            wanted = [k and self.eval(k, scope) for k in slice]
            array = {k: v for k, v in array.items()
                     if all(w is None or w == x for w, x in zip(wanted, k))}
        if sort and sort[0] in OPERATORS:
            items = sorted(array.items(),
                           key=lambda item: self.stat(sort[0], item[1]),
                           reverse=sort[1] < 0)
            array.clear()
            array.update(items)
        elif sort and sort[0] == "value":
            items = sorted(array.items(), key=lambda item: item[1],
                           reverse=sort[1] < 0)
            array.clear()
            array.update(items)
        elif sort:
            items = sorted(array.items(),
                           key=lambda item: [
                               k.encode("latin-1") if isinstance(k, str)
                               else k for k in item[0][sort[0]:sort[0] + 1]],
                           reverse=sort[1] < 0)
            array.clear()
            array.update(items)
        if isinstance(limit, tuple):
            limit = max(self.eval(limit, scope), 0)
        items = list(array.items())[:limit]
        for found, v in items:
            scope.update(zip(keys, found))
            if value:
                scope[value] = v
            if not self.loop(body, scope):
                break

    def assign(self, target, v, scope):
        if target[0] == "local":
            scope[target[1]] = v
        elif target[0] == "global":
            self.globals[target[1]] = v
        else:
            keys = tuple(self.eval(k, scope) for k in target[2])
            array = self.globals.setdefault(target[1], {})
            if target[1] == "aw" and keys not in array and (
                    len(array) == WRAPS):
                del array[next(iter(array))]
            array[keys] = v

    def run(self, s, scope):
        kind = s[0]
        self.steps += 1
        if kind == "assign":
            self.assign(s[1], self.eval(s[2], scope), scope)
        elif kind == "update":
            _, target, op, value = s
            if op == ".":
                v = self.eval(value, scope)
                self.assign(target, self.eval(target, scope) + v, scope)
            else:
                v = self.eval(value, scope)
                old = self.eval(target, scope)
                self.assign(target, self.arithmetic(op, old, v), scope)
        elif kind == "print":
            self.out.append(" ".join(str(self.eval(e, scope))
                                     for e in s[1]) + "\n")
        elif kind == "printf":
            self.out.append(self.eval(("sprintf",) + s[1:], scope) + "\n")
        elif kind == "cut":
            v = self.eval(s[2], scope)
            v = self.eval(s[1], scope) + v
            self.assign(s[1], v[:24], scope)
        elif kind == "next":
            raise Next()
        elif kind == "delete_scalar":
            self.globals[s[1]] = 0 if s[1] == "gn" else ""
        elif kind == "if":
            self.block(s[2] if self.eval(s[1], scope) else s[3], scope)
        elif kind == "for":
            for i in range(s[2]):
                scope[s[1]] = i
                if not self.loop(s[3], scope):
                    return
            scope[s[1]] = s[2]
        elif kind == "foreach":
            self.foreach(s, scope)
        elif kind == "try":
            try:
                self.block(s[1], scope)
            except ScriptError as e:
                if s[2]:
                    scope[s[2]] = str(e)
                self.block(s[3], scope)
        elif kind == "error":
            raise ScriptError(self.eval(s[1], scope))
        elif kind == "expr":
            self.eval(s[1], scope)
        elif kind == "steps":
            self.eval(s[1], scope)
            for _ in range(100):
                if not self.eval(s[2], scope):
                    break
                if not self.loop(s[4], scope):
                    break
                self.eval(s[3], scope)
        elif kind == "while":
            scope[s[1]] = s[2]
            while scope[s[1]] > 0:
                scope[s[1]] -= 1
                if not self.loop(s[3], scope):
                    break
        elif kind == "add_element":
            keys = tuple(self.eval(k, scope) for k in s[2])
            v = self.eval(s[3], scope)
            self.globals.setdefault(s[1], {}).setdefault(keys, []).append(v)
        elif kind == "delete_slice":
            array = self.globals.setdefault(s[1], {})
            wanted = [k and self.eval(k, scope) for k in s[2]]
            for k in list(array):
                if all(w is None or w == x for w, x in zip(wanted, k)):
                    del array[k]
        elif kind == "delete":
            array = self.globals.setdefault(s[1], {})
            if s[2] is None:
                array.clear()
            else:
                array.pop(tuple(self.eval(k, scope) for k in s[2]), None)
        elif kind == "add":
            v = self.eval(s[2], scope)
            self.globals.setdefault(s[1], []).append(v)
        elif kind == "return":
            raise Return(self.eval(s[1], scope))
        elif kind == "break":
            raise Break()
        elif kind == "continue":
            raise Continue()
        else:
            assert False, kind


class Writer:
    """The tree in the language."""

    def string(self, s):
        return '"' + s.replace("\\", "\\\\").replace('"', '\\"').replace(
            "\t", "\\t") + '"'

    def list(self, exprs):
        return ", ".join(self.expr(e) if e else "*" for e in exprs)

    def expr(self, e):
        kind = e[0]
        if kind == "number":
            return str(e[1]) if e[1] >= 0 else f"({e[1]})"
        if kind == "string":
            return self.string(e[1])
        if kind in ("local", "global"):
            return e[1]
        if kind == "set":
            return f"({self.expr(e[1])} = {self.expr(e[2])})"
        if kind == "change":
            return f"({self.expr(e[1])} {e[2]}= {self.expr(e[3])})"
        if kind == "step":
            sign = "++" if e[2] > 0 else "--"
            return (f"({self.expr(e[1])}{sign})" if e[3] else
                    f"({sign}{self.expr(e[1])})")
        if kind == "unary":
            return f"({e[1]} {self.expr(e[2])})"
        if kind in ("binary", "compare"):
            return f"({self.expr(e[2])} {e[1]} {self.expr(e[3])})"
        if kind == "and":
            return f"({self.expr(e[1])} && {self.expr(e[2])})"
        if kind == "or":
            return f"({self.expr(e[1])} || {self.expr(e[2])})"
        if kind == "ternary":
            return (f"({self.expr(e[1])} ? {self.expr(e[2])} : "
                    f"{self.expr(e[3])})")
        if kind == "concat":
            return f"({self.expr(e[1])} . {self.expr(e[2])})"
        if kind == "element":
            return f"{e[1]}[{self.list(e[2])}]"
        if kind == "match":
            return f"({self.expr(e[1])} {e[3]} {self.string(e[2])})"
        if kind == "element_stat":
            return f"{e[1]}({e[2]}[{self.list(e[3])}])"
        if kind == "in":
            return f"([{self.list(e[2])}] in {e[1]})"
        if kind == "sprintf":
            return f"sprintf({self.string(e[1])}, {self.list(e[2])})"
        if kind == "sprintd":
            return f"sprintd({self.string(e[1])}, {self.list(e[2])})"
        if kind == "stat":
            return f"{e[1]}({e[2]})"
        if kind == "call":
            return f"{e[1]}({self.list(e[2])})"
        return f"{kind}({self.list(e[1:])})"

    def block(self, statements, depth):
        tab = "\t" * depth
        return "{\n" + "".join(f"{tab}\t{self.statement(s, depth + 1)}\n"
                               for s in statements) + tab + "}"

    def foreach(self, s, depth):
        _, name, keys, value, sort, limit, body, slice = s
        by = ("" if not sort or isinstance(sort[0], int) else
              "+-"[sort[1] < 0] if sort[0] == "value" else
              f" {sort[0]}{'+-'[sort[1] < 0]}")
        if isinstance(limit, tuple):
            limit = self.expr(limit)
        if slice:
            name = f"{name}[{self.list(slice)}]"
        keys = [k + ("+-"[sort[1] < 0] if sort and sort[0] == i else "")
                for i, k in enumerate(keys)]
        return (f"foreach ({value + ' = ' if value else ''}"
                f"[{', '.join(keys)}] in {name}{by}"
                f"{f' limit {limit}' if limit is not None else ''}) "
                + self.block(body, depth))

    def statement(self, s, depth):
        kind = s[0]
        if kind == "assign":
            return f"{self.expr(s[1])} = {self.expr(s[2])};"
        if kind == "update":
            return f"{self.expr(s[1])} {s[2]}= {self.expr(s[3])};"
        if kind == "print":
            return f'printdln(" ", {self.list(s[1])});'
        if kind == "if":
            text = f"if ({self.expr(s[1])}) {self.block(s[2], depth)}"
            return text + (f" else {self.block(s[3], depth)}" if s[3] else "")
        if kind == "for":
            return (f"for ({s[1]} = 0; {s[1]} < {s[2]}; {s[1]}++) "
                    + self.block(s[3], depth))
        if kind == "foreach":
            return self.foreach(s, depth)
        if kind == "expr":
            return f"{self.expr(s[1])};"
        if kind == "steps":
            return (f"for ({self.expr(s[1])}; {self.expr(s[2])}; "
                    f"{self.expr(s[3])}) " + self.block(s[4], depth))
        if kind == "while":
            return (f"{s[1]} = {s[2]}; while ({s[1]}-- > 0) "
                    + self.block(s[3], depth))
        if kind == "add_element":
            return f"{s[1]}[{self.list(s[2])}] <<< {self.expr(s[3])};"
        if kind == "delete_slice":
            return f"delete {s[1]}[{self.list(s[2])}];"
        if kind == "printf":
            return (f"printf({self.string(s[1] + chr(10))}, "
                    f"{self.list(s[2])});").replace("\n", "\\n")
        if kind == "cut":
            to = self.expr(s[1])
            return f"{to} .= {self.expr(s[2])}; {to} = substr({to}, 0, 24);"
        if kind == "delete_scalar":
            return f"delete {s[1]};"
        if kind == "try":
            message = f"({s[2]}) " if s[2] else ""
            return (f"try {self.block(s[1], depth)} catch {message}"
                    + self.block(s[3], depth))
        if kind == "error":
            return f"error({self.expr(s[1])});"
        if kind == "delete":
            return (f"delete {s[1]};" if s[2] is None else
                    f"delete {s[1]}[{self.list(s[2])}];")
        if kind == "add":
            return f"{s[1]} <<< {self.expr(s[2])};"
        if kind == "return":
            return f"return {self.expr(s[1])};"
        return kind + ";"

    def function(self, name, function):
        params = ", ".join(f"{p}:{t}" for p, t in zip(function["params"],
                                                     function["types"]))
        return (f"function {name}:{function['type']}({params}) "
                + self.block(function["body"], 0) + "\n")


ARRAYS = {"an": (["long"], "long"), "as": (["string"], "long"),
          "am": (["long", "string"], "long"), "at": (["long"], "string"),
          "aw": (["long"], "long")}
WRAPS = 3			# elements of aw
STATS = ["sa", "sb"]
OPERATORS = ["@count", "@sum", "@min", "@max", "@avg"]
FORMATS = [
    ("%d-%s", "ls"), ("%5d|", "l"), ("%-4d|", "l"), ("%s=%d", "sl"),
    ("[%8s]", "s"), ("[%-3s]", "s"), ("%.2s.", "s"), ("%s%s", "ss"),
    ("%+d", "l"), ("%05d", "l"), ("%x", "l"), ("%#x", "l"), ("%X", "l"),
    ("%o", "l"), ("%u", "l"), ("%8x|", "l"), ("%%%d", "l"), ("% d", "l"),
    ("%.4d", "l"), ("%7.3d|", "l"), ("%-7.3x|", "l"), ("%09d", "l"),
    ("%10.3s|", "s"), ("%-10.1s|", "s"), ("%-20s|%-20d|", "sl")]
PATTERNS = ["a", "^a", "b$", "^$", "a.*b", "[a-c]+", "[^a]", "x y", "(ab)+c?",
            "^(a|b|ab)$", "z{2,3}$", "q.+w", "[0-9]+", "-[0-9]"]
WORDS = ["", "a", "b", "ab", "ba", "abc", "x y", "\"", "\\n", "%d", "zzzz",
         "-12", "0x1f", "077", "a\tb",
         "The quick brown fox"]
NUMBERS = [0, 1, 2, 3, 5, 7, 10, 63, 64, 100, 255, 256, 1000, 65535, 1 << 31,
           (1 << 31) - 1, 1 << 32, (1 << 63) - 1, -1, -2, -7, -100,
           -(1 << 31), -(1 << 32), LONG_MIN + 1]


class Generator:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.functions = {}
        self.locals = {"long": [], "string": []}
        self.fixed = []			# loop variables: not to be assigned
        self.iterated = []		# arrays whose elements are walked
        self.loops = 0
        self.printing = False		# what is not printed may be left
					# out, with its division by 0
        self.in_function = False	# changes nothing outside of it, since
                                        # nobody promises an order of calls
        self.count = 0

    def name(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"

    def chance(self, p):
        return self.r.random() < p

    # ---- expressions ----

    def leaf(self, type):
        names = self.locals[type]
        if names and self.chance(0.5):
            return ("local", self.r.choice(names),
                    0 if type == "long" else "")
        if self.chance(0.3):
            return ("global", "gn" if type == "long" else "gs",
                    0 if type == "long" else "")
        if type == "long":
            return ("number", self.r.choice(NUMBERS)
                    if self.chance(0.6) else self.r.randint(-50, 50))
        return ("string", self.r.choice(WORDS))

    def keys(self, name, depth):
        return [self.key(t, depth) for t in ARRAYS[name][0]]

    def key(self, type, depth):
        """Few different ones, so that elements are met again."""
        if type == "string":
            return ("string", self.r.choice(WORDS[:5]))
        if self.chance(0.5):
            return ("number", self.r.randint(0, 4))
        return ("binary", "&", self.long(depth - 1), ("number", 3))

    def long(self, depth):
        if depth <= 0:
            return self.leaf("long")
        kind = self.r.randrange(16)
        if kind < 4:
            op = self.r.choice(["+", "-", "*", "&", "|", "^", "<<", ">>",
                                ">>>", "/", "%"])
            b = self.long(depth - 1)
            if op in "/%" and (not self.printing or self.chance(0.8)):
                b = ("binary", "|", b, ("number", 1))
            return ("binary", op, self.long(depth - 1), b)
        if kind == 4:
            return ("unary", self.r.choice("-~!"), self.long(depth - 1))
        if kind == 5:
            return ("compare",
                    self.r.choice(["==", "!=", "<", ">", "<=", ">="]),
                    self.long(depth - 1), self.long(depth - 1))
        if kind == 6:
            return ("compare",
                    self.r.choice(["==", "!=", "<", ">", "<=", ">="]),
                    self.text(depth - 1), self.text(depth - 1))
        if kind == 7:
            return (self.r.choice(["and", "or"]), self.long(depth - 1),
                    self.long(depth - 1))
        if kind == 8:
            return ("ternary", self.long(depth - 1), self.long(depth - 1),
                    self.long(depth - 1))
        if kind == 9:
            name = self.r.choice(["an", "as", "am", "aw"])
            return ("element", name, self.keys(name, depth), 0)
        if kind == 10:
            name = self.r.choice(list(ARRAYS))
            return ("in", name, self.keys(name, depth))
        if kind == 11:
            return (self.r.choice([
                ("strlen", self.text(depth - 1)),
                ("strpos", self.text(depth - 1), self.text(depth - 1)),
                ("isinstr", self.text(depth - 1), self.text(depth - 1)),
                ("strtol", self.text(depth - 1),
                 ("number", self.r.choice([10, 16]))),
                ("stringat", self.text(depth - 1),
                 ("number", self.r.randint(-1, 8))) if self.printing else
                ("strlen", self.text(depth - 1))]))
        if kind == 12:
            return ("stat", self.r.choice(OPERATORS + ["@variance"]),
                    self.r.choice(STATS))
        if kind == 13:
            return ("match", self.text(depth - 1), self.r.choice(PATTERNS),
                    self.r.choice(["=~", "!~"]))
        if kind == 14:
            return ("element_stat", self.r.choice(["@count", "@sum"]) if
                    not self.printing else self.r.choice(OPERATORS), "st",
                    [self.key("long", depth)])
        return self.call("long", depth)

    def text(self, depth):
        if depth <= 0:
            return self.leaf("string")
        kind = self.r.randrange(13)
        if kind == 9:
            return ("str_replace", self.text(depth - 1),
                    ("string", self.r.choice(WORDS[:7])),
                    ("string", self.r.choice(WORDS[:7])))
        if kind == 10:
            return ("text_str", self.text(depth - 1))
        if kind == 11:
            # an empty text would go on with the last one
            return ("tokenize", ("concat", self.text(depth - 1),
                                 ("string", "k")),
                    ("string", self.r.choice([" ", "ab", "n"])))
        if kind == 12:
            return ("sprintd", self.r.choice(["-", "", ", "]),
                    [self.expr(self.r.choice(["long", "string"]), depth - 1)
                     for _ in range(self.r.randint(1, 3))])
        if kind < 2:
            return ("concat", self.text(depth - 1), self.text(depth - 1))
        if kind == 2:
            return ("substr", self.text(depth - 1),
                    ("number", self.r.randint(-1, 6)),
                    ("number", self.r.randint(0, 9)))
        if kind == 3:
            return ("sprint", self.long(depth - 1))
        if kind == 4:
            fmt, types = self.r.choice(FORMATS)
            return ("sprintf", fmt,
                    [self.long(depth - 1) if t == "l" else
                     self.text(depth - 1) for t in types])
        if kind == 5:
            return ("ternary", self.long(depth - 1), self.text(depth - 1),
                    self.text(depth - 1))
        if kind == 6:
            return ("element", "at", self.keys("at", depth), "")
        if kind == 7:
            return self.call("string", depth)
        return self.leaf("string")

    def call(self, type, depth):
        names = [n for n, f in self.functions.items() if f["type"] == type]
        if not names:
            return self.leaf(type)
        name = self.r.choice(names)
        return ("call", name, [self.expr(t, depth - 1) for t in
                               self.functions[name]["types"]])

    def expr(self, type, depth):
        return self.long(depth) if type == "long" else self.text(depth)

    # ---- statements ----

    def known_target(self):
        """A long that is there already: where code may be dropped, there
        must be more that gives it its type."""
        names = [n for n in self.locals["long"] if n not in self.fixed]
        if names and (self.in_function or self.chance(0.5)):
            return ("local", self.r.choice(names), 0)
        if self.in_function:
            return None
        arrays = [a for a, (_, t) in ARRAYS.items()
                  if t == "long" and a not in self.iterated]
        if not arrays or self.chance(0.4):
            return ("global", "gn", 0)
        name = self.r.choice(arrays)
        return ("element", name, self.keys(name, 1), 0)

    def target(self, type):
        names = [n for n in self.locals[type] if n not in self.fixed]
        if names and self.chance(0.5):
            return ("local", self.r.choice(names),
                    0 if type == "long" else "")
        if self.chance(0.4) and not self.in_function:
            return ("global", "gn" if type == "long" else "gs",
                    0 if type == "long" else "")
        arrays = [a for a, (_, t) in ARRAYS.items()
                  if t == type and a not in self.iterated and
                  not self.in_function]
        if arrays:
            name = self.r.choice(arrays)
            return ("element", name, self.keys(name, 1),
                    0 if type == "long" else "")
        local = self.name("v")
        self.locals[type].append(local)
        return ("local", local, 0 if type == "long" else "")

    def short_text(self, e):
        """Of strings that are kept, so many bytes that nothing is cut."""
        return ("substr", e, ("number", 0), ("number", 24))

    def changing(self, target):
        """An expression that gives target, a long, another value, which
        depends on nothing that may change with it."""
        kind = self.r.randrange(3)
        value = ("number", self.r.choice(NUMBERS))
        if kind == 0:
            return ("set", target, value)
        if kind == 1:
            return ("change", target, self.r.choice("+-*&|^"), value)
        return ("step", target, self.r.choice([1, -1]), self.chance(0.5))

    def nested_changes(self, depth):
        """Changes inside of expressions, where the order is certain."""
        kind = self.r.randrange(6)
        a = self.known_target()
        if a is None:
            return self.long(2)
        if kind == 0:
            return ("ternary", self.long(2), self.changing(a),
                    self.changing(self.known_target()))
        if kind == 1:
            return (self.r.choice(["and", "or"]), self.long(2),
                    self.changing(a))
        if kind == 2 and depth > 0:
            return ("ternary", self.changing(a),
                    self.nested_changes(depth - 1),
                    self.nested_changes(depth - 1))
        if kind == 3:
            return ("unary", self.r.choice("-~!"), self.changing(a))
        b = self.known_target()
        if a == b or "element" in (a[0], b[0]):
            return ("set", a, ("number", 1)) if a == b else (
                "and", self.changing(a), self.changing(b))
        if kind == 4:
            return ("binary", "+", self.changing(a), self.changing(b))
        return ("set", a, self.changing(b))

    def steps(self, depth):
        """A for that ends: its variable only grows."""
        name = self.name("i")
        v = ("local", name, 0)
        self.locals["long"].append(name)
        other = ("global", "gn", 0) if not self.in_function else v
        step = self.r.choice([
            ("step", v, 1, True), ("step", v, 1, False),
            ("change", v, "+", ("number", self.r.randint(1, 3))),
            ("ternary", ("unary", "!", v), ("step", v, 1, False),
             ("change", v, "+", ("number", 3))),
            ("binary", "+", ("step", v, 1, True),
             ("step", other, 1, False)) if other != v else
            ("step", v, 1, True)])
        body = self.loop_body(depth, [("long", name)])
        return ("steps", ("set", v, ("number", 0)),
                ("compare", "<", v, ("number", self.r.randint(0, 5))),
                step, body)

    def value(self, type, depth):
        return (self.long(depth) if type == "long" else
                self.short_text(self.text(depth)))

    def declare(self):
        type = self.r.choice(["long", "long", "string"])
        value = self.value(type, 2)
        name = self.name("v")
        self.locals[type].append(name)
        return ("assign", ("local", name, 0 if type == "long" else ""), value)

    def loop_body(self, depth, variables):
        """With variables = [(type, name)] to read."""
        saved = {t: list(v) for t, v in self.locals.items()}
        for type, name in variables:
            self.locals[type].append(name)
            self.fixed.append(name)
        self.loops += 1
        body = self.block(depth - 1)
        if self.chance(0.3):
            body.append(("if", self.long(2),
                         [(self.r.choice(["break", "continue"]),)], []))
            body.append(self.print())
        self.loops -= 1
        for type, name in variables:
            self.fixed.remove(name)
        self.locals = saved
        return body

    def foreach(self, depth):
        name = self.r.choice(list(ARRAYS))
        types, value_type = ARRAYS[name]
        if self.chance(0.2):
            return self.foreach_stat(depth)
        if name in self.iterated:
            return self.print()
        keys = [(t, self.name("k")) for t in types]
        variables = list(keys)
        value = None
        if self.chance(0.6):
            value = self.name("w")
            variables.append((value_type, value))
        sort = slice = None
        if len(types) == 2 and self.chance(0.5):
            slice = [self.key(t, 0) if self.chance(0.4) else None
                     for t in types]
        sorts = name != "aw"	# what falls out first is not to change
        if len(types) == 1 and self.chance(0.5) and sorts and (
                not self.in_function):
            sort = (0, self.r.choice([1, -1]))
        limit = self.r.choice([None, None, 0, 1, 3,
                               ("binary", "&", self.long(1),
                                ("number", 3))]) if not sort else None
        if not sort and not slice and sorts and self.chance(0.3) and (
                not self.in_function and value_type == "long"):
            sort = ("value", self.r.choice([1, -1]))
            limit = None
        self.iterated.append(name)
        body = self.loop_body(depth, variables)
        self.iterated.remove(name)
        return ("foreach", name, [k for _, k in keys], value, sort, limit,
                [self.print([("local", n, 0) for _, n in variables])] + body,
                slice)

    def foreach_stat(self, depth):
        """Sorted by what it adds up to, or as it was filled."""
        if "st" in self.iterated:
            return self.print()
        key = self.name("k")
        sort = None
        if self.chance(0.6) and not self.in_function:
            sort = (self.r.choice(OPERATORS), self.r.choice([1, -1]))
        self.iterated.append("st")
        body = self.loop_body(depth, [("long", key)])
        self.iterated.remove("st")
        shown = [("local", key, 0)] + [
            ("element_stat", op, "st", [("local", key, 0)])
            for op in self.r.sample(OPERATORS, 2)]
        limit = self.r.choice([None, 1, 2]) if not sort else None
        return ("foreach", "st", [key], None, sort, limit,
                [self.print(shown)] + body, None)

    def print(self, exprs=None):
        if not exprs:
            self.printing = True
            exprs = [self.expr(self.r.choice(["long", "string"]), 3)
                     for _ in range(self.r.randint(1, 3))]
            self.printing = False
        return ("print", exprs)

    def try_(self, depth):
        message = self.name("m")
        saved = {t: list(v) for t, v in self.locals.items()}
        body = self.block(depth - 1)
        if self.chance(0.4):
            body.append(("error", self.short_text(self.text(1))))
        self.locals = saved
        if self.chance(0.2):
            return ("try", body, None, self.block(depth - 1))
        return ("try", body, message,
                [("print", [("local", message, "")])])

    def statement(self, depth):
        kind = self.r.randrange(30)
        if kind in (24, 25):
            fmt, types = self.r.choice(FORMATS)
            self.printing = True
            args = [self.expr("long" if t == "l" else "string", 2)
                    for t in types]
            self.printing = False
            return ("printf", fmt, args)
        if kind == 26:
            target = self.target("string")
            return ("cut", target, self.text(2))
        if kind == 27 and not self.in_function and self.chance(0.3):
            return ("delete_scalar", self.r.choice(["gn", "gs"]))
        if kind == 28:
            return ("expr", self.call(self.r.choice(["long", "string"]), 2))
        if kind == 29 and not self.in_function and self.chance(0.3):
            return ("if", self.long(2), [("next",)], [])
        if kind in (20, 21):
            return ("expr", self.nested_changes(2))
        if kind == 22:
            return ("print", [self.nested_changes(1)])
        if depth > 0 and kind == 23 and self.loops < 2:
            return self.steps(depth)
        if kind < 3:
            return self.declare()
        if kind < 5:
            type = self.r.choice(["long", "long", "string"])
            value = self.value(type, 3)
            return ("assign", self.target(type), value)
        if kind < 7:
            op = self.r.choice(["+", "-", "*", "&", "|", "^"])
            value = self.long(2)
            return ("update", self.target("long"), op, value)
        if kind == 7 and not self.in_function:
            return ("add", self.r.choice(STATS), ("binary", ">>",
                                                  self.long(2),
                                                  ("number", 20)))
        if kind == 8 and not self.in_function:
            name = self.r.choice(list(ARRAYS))
            if name in self.iterated:
                return self.print()
            return ("delete", name, None if self.chance(0.2) else
                    self.keys(name, 1))
        if kind == 14 and not self.in_function and (
                "st" not in self.iterated):
            return ("add_element", "st", [self.key("long", 1)],
                    ("binary", ">>", self.long(2), ("number", 20)))
        if kind == 15 and not self.in_function and (
                "am" not in self.iterated):
            return ("delete_slice", "am", [
                self.key("long", 0) if self.chance(0.5) else None,
                self.key("string", 0) if self.chance(0.5) else None])
        if depth > 0 and kind == 16 and self.loops < 2:
            name = self.name("n")
            return ("while", name, self.r.randint(0, 3),
                    self.loop_body(depth, [("long", name)]))
        if depth > 0 and kind == 9:
            return self.nested(lambda: (
                "if", self.long(3), self.block(depth - 1),
                self.block(depth - 1) if self.chance(0.5) else []))
        if depth > 0 and kind == 10 and self.loops < 2:
            name = self.name("i")
            return ("for", name, self.r.randint(0, 4),
                    self.loop_body(depth, [("long", name)]))
        if depth > 0 and kind in (11, 12) and self.loops < 2:
            return self.foreach(depth)
        if depth > 0 and kind == 13:
            return self.try_(depth)
        return self.print()

    def nested(self, make):
        """Variables first assigned in there stay there."""
        saved = {t: list(v) for t, v in self.locals.items()}
        s = make()
        self.locals = saved
        return s

    def block(self, depth):
        saved = {t: list(v) for t, v in self.locals.items()}
        statements = [self.statement(depth)
                      for _ in range(self.r.randint(1, 4))]
        self.locals = saved
        return statements

    # ---- all ----

    def function(self):
        name = self.name("f")
        types = [self.r.choice(["long", "string"])
                 for _ in range(self.r.randint(0, 3))]
        params = [self.name("p") for _ in types]
        self.locals = {"long": [], "string": []}
        for param, type in zip(params, types):
            self.locals[type].append(param)
        type = self.r.choice(["long", "string"])
        body = []
        self.in_function = True
        for _ in range(self.r.randint(0, 3)):
            body.append(self.statement(1))
        if self.chance(0.4):
            body.append(("if", self.long(2),
                         [("return", self.value(type, 2))], []))
        body.append(("return", self.value(type, 3)))
        self.in_function = False
        self.functions[name] = {"params": params, "types": types,
                                "type": type, "body": body}

    def script(self):
        for _ in range(self.r.randint(0, 3)):
            self.function()
        self.locals = {"long": [], "string": []}
        return [("try", [self.statement(2)], "message",
                 [("print", [("local", "message", "")])])
                for _ in range(self.r.randint(6, 14))]


DECLARATIONS = f"""global gn = 0, gs = "", an, as, am, at, sa, sb, st
global aw%[{WRAPS}]
"""
# So that each global has a type, and is read, whatever the script does.
FIRST = """	gn = 0; gs = ""; an[0] = 0; as[""] = 0; am[0, ""] = 0; at[0] = ""; aw[0] = 0
	sa <<< 1; sb <<< -1; st[0] <<< 5
"""


def first(machine):
    machine.globals = {"gn": 0, "gs": "", "an": {(0,): 0}, "as": {("",): 0},
                       "am": {(0, ""): 0}, "at": {(0,): ""},
                       "aw": {(0,): 0}, "sa": [1],
                       "sb": [-1], "st": {(0,): [5]}}


def make(seed):
    """(functions and globals, body, what it prints)"""
    g = Generator(seed)
    body = g.script()
    machine = Machine(g.functions)
    first(machine)
    try:
        machine.block(body, {})
    except Next:
        pass
    w = Writer()
    head = DECLARATIONS + "".join(w.function(n, f)
                                  for n, f in g.functions.items())
    text = FIRST + "".join(f"\t{w.statement(s, 1)}\n" for s in body)
    return head, text, "".join(machine.out), machine.steps


def host(head, body):
    return f"{head}probe begin {{\n\texit()\n{body}}}\n"


def kernel(head, body):
    return (f"{head}global done\n"
            'probe kernel.trace("sched_switch") {\n'
            f"\tif (done++) next\n\texit()\n{body}}}\n")


if __name__ == "__main__":
    head_, body_, out_, _ = make(int(sys.argv[1]))
    print(host(head_, body_))
    print(out_)
