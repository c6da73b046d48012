#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes random scripts, and says what they print.

    generate.py SEED [--expect]

The script runs one function test() in a begin probe (the host engine) and in
a handler of the kernel; both must print what --expect says.  Each piece is
made as a pair: its text, and a Python function that does what it means.
"""
import os
import random
import re
import sys

MASK = (1 << 64) - 1
MAX_TEXT = 511		# MAXSTRINGLEN - 1
MAX_STEPS = 4000	# statements of one run, as the model counts them
SCALE = int(os.environ.get("SCALE", "1"))	# larger scripts


class Error(Exception):
    """An error of the script, that it may catch."""


class Break(Exception):
    pass


class Continue(Exception):
    pass


class Return(Exception):
    pass


class TooLong(Exception):
    """The script runs longer than is wanted of a test."""


def s64(x):
    x &= MASK
    return x - (1 << 64) if x >> 63 else x


def divide(x, y):
    if y == 0:
        raise Error("division by 0")
    q = abs(x) // abs(y)
    return s64(-q if (x < 0) != (y < 0) else q)


def modulo(x, y):
    if y == 0:
        raise Error("division by 0")
    r = abs(x) % abs(y)
    return s64(-r if x < 0 else r)


BINARY = {
    "+": lambda x, y: s64(x + y), "-": lambda x, y: s64(x - y),
    "*": lambda x, y: s64(x * y), "/": divide, "%": modulo,
    "&": lambda x, y: x & y, "|": lambda x, y: x | y,
    "^": lambda x, y: x ^ y,
    "<<": lambda x, y: s64(x << (y & 63)),
    ">>": lambda x, y: x >> (y & 63),
    ">>>": lambda x, y: s64((x & MASK) >> (y & 63)),
}
COMPARE = {
    "==": lambda x, y: int(x == y), "!=": lambda x, y: int(x != y),
    "<": lambda x, y: int(x < y), "<=": lambda x, y: int(x <= y),
    ">": lambda x, y: int(x > y), ">=": lambda x, y: int(x >= y),
}
NUMBERS = [0, 1, 2, 3, 7, 10, 63, 64, 100, 255, 4096, 65535, 0x7fffffff,
           0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff]
WORDS = ["", "a", "b", "ab", "xyz", "hello", "0", "42", "a b", "-7x",
         "longer text here"]
PATTERNS = ["a", "^a", "b$", "l+", "[0-9]+", "x.z", "^$", "(ab|lo)", "h.*e"]
DEEP = 40		# calls in calls: less than MAXNESTING


class Model:
    """Memory of one run."""

    def __init__(self, functions):
        self.out = []
        self.functions = functions
        self.frames = [{}]
        self.globals = {}
        self.arrays = {}
        self.steps = 0
        self.depth = 0

    def step(self):
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise TooLong()

    def place(self, name):
        return self.globals if name[0] == "g" else self.frames[-1]

    def get(self, name):
        return self.place(name)[name]

    def set(self, name, value):
        self.place(name)[name] = value
        return value

    def call(self, name, args):
        params, body, empty = self.functions[name]
        self.depth += 1
        if self.depth > DEEP:
            raise TooLong
        self.frames.append(dict(zip(params, args)))
        try:
            body(self)
            return empty
        except Return as r:
            return r.args[0]
        finally:
            self.frames.pop()
            self.depth -= 1


class Generator:
    """plain: nothing that walks over an array or reads a statistic, which
    older kernels' handlers cannot do."""

    def __init__(self, seed, plain=False):
        self.plain = plain
        self.r = random.Random(seed)
        self.size = self.r.choice((1, 1, 1, 2)) * SCALE
        self.functions = {}
        self.text = []
        self.callable = []	# (name, result type, parameter types)
        self.vars = {"l": [], "s": []}
        self.globals = {"l": ["gl0", "gl1", "gl2"], "s": ["gs0", "gs1"]}
        self.loops = 0
        self.counters = 0
        self.recursive = None
        self.busy = set()	# arrays and counters that must not change

    def pick(self, *choices):
        """(weight, function) pairs."""
        total = sum(w for w, _ in choices)
        n = self.r.uniform(0, total)
        for weight, fn in choices:
            n -= weight
            if n <= 0:
                return fn()
        return choices[-1][1]()

    def var(self, kind, assign=False):
        names = self.vars[kind] + self.globals[kind]
        if assign:
            names = [n for n in names if n not in self.busy]
        return self.r.choice(names)

    # ---- longs ----

    def number(self):
        n = self.r.choice(NUMBERS + [self.r.randrange(-20, 20)] * 4)
        if self.r.random() < .1:
            n = self.r.getrandbits(64)
            n = s64(n)
        if n == -(1 << 63):
            n += 1
        return ("(%d)" % n if n < 0 else str(n)), lambda m: n

    def long_var(self):
        name = self.var("l")
        return name, lambda m: m.get(name)

    def binary(self, depth):
        op = self.r.choice(list(BINARY))
        x, fx = self.long(depth - 1)
        y, fy = self.long(depth - 1)

        def run(m):
            a = fx(m)
            return BINARY[op](a, fy(m))
        return "(%s %s %s)" % (x, op, y), run

    def compare(self, depth):
        op = self.r.choice(list(COMPARE))
        kind = self.text_expr if self.r.random() < .3 else self.long
        x, fx = kind(depth - 1)
        y, fy = kind(depth - 1)

        def run(m):
            a, b = fx(m), fy(m)
            if isinstance(a, str):
                a, b = a.encode(), b.encode()
            return COMPARE[op](a, b)
        return "(%s %s %s)" % (x, op, y), run

    def logic(self, depth):
        x, fx = self.long(depth - 1)
        y, fy = self.long(depth - 1)
        if self.r.random() < .5:
            return ("(%s && %s)" % (x, y),
                    lambda m: int(bool(fx(m)) and bool(fy(m))))
        return ("(%s || %s)" % (x, y),
                lambda m: int(bool(fx(m)) or bool(fy(m))))

    def unary(self, depth):
        x, fx = self.long(depth - 1)
        op = self.r.choice("-~!")
        what = {"-": lambda v: s64(-v), "~": lambda v: ~v,
                "!": lambda v: int(not v)}[op]
        return "(%s(%s))" % (op, x), lambda m: what(fx(m))

    def choice(self, depth, kind):
        c, fc = self.long(depth - 1)
        x, fx = kind(depth - 1)
        y, fy = kind(depth - 1)
        return ("(%s ? %s : %s)" % (c, x, y),
                lambda m: fx(m) if fc(m) else fy(m))

    def incdec(self):
        name = self.var("l", True)
        step = self.r.choice((1, -1))
        sign = "++" if step > 0 else "--"

        def pre(m):
            return m.set(name, s64(m.get(name) + step))

        def post(m):
            old = m.get(name)
            m.set(name, s64(old + step))
            return old
        if self.r.random() < .5:
            return "(%s%s)" % (sign, name), pre
        return "(%s%s)" % (name, sign), post

    def assign_expr(self, depth):
        name = self.var("l", True)
        value, fv = self.long(depth - 1)
        return ("(%s = %s)" % (name, value),
                lambda m: m.set(name, fv(m)))

    def key(self, depth):
        x, fx = self.long(depth)
        return "(%s) & 7" % x, lambda m: fx(m) & 7

    def element(self, depth):
        k, fk = self.key(depth - 1)
        return ("gal[%s]" % k, lambda m: m.arrays["gal"].get(fk(m), 0))

    def member(self, depth):
        k, fk = self.key(depth - 1)
        array = self.r.choice(("gal", "gas"))
        return ("([%s] in %s)" % (k, array),
                lambda m: int(fk(m) in m.arrays[array]))

    def call(self, depth, kind):
        fitting = [c for c in self.callable if c[1] == kind]
        if not fitting:
            return self.number() if kind == "l" else self.word()
        name, _, params = self.r.choice(fitting)
        args = [self.long(depth - 1) if p == "l" else
                self.text_expr(depth - 1) for p in params]

        def run(m):
            return m.call(name, [f(m) for _, f in args])
        return "%s(%s)" % (name, ", ".join(t for t, _ in args)), run

    def strlen(self, depth):
        x, fx = self.text_expr(depth - 1)
        return "strlen(%s)" % x, lambda m: len(fx(m))

    def match(self, depth):
        x, fx = self.text_expr(depth - 1)
        p = self.r.choice(PATTERNS)
        return ('(%s =~ "%s")' % (x, p),
                lambda m: int(bool(re.search(p, fx(m)))))

    def statistic(self):
        if self.plain:
            return self.number()
        op = self.r.choice(("count", "sum", "min", "max", "avg"))

        def run(m):
            v = m.arrays["gst"]
            if op == "count":
                return len(v)
            if op == "sum":
                return s64(sum(v))
            if not v:
                raise Error("empty aggregate")
            return {"min": min, "max": max,
                    "avg": lambda v: divide(s64(sum(v)), len(v))}[op](v)
        return "@%s(gst)" % op, run

    def long(self, depth):
        if depth <= 0:
            return self.pick((2, self.number), (3, self.long_var))
        d = depth
        return self.pick(
            (1, self.number), (2, self.long_var),
            (6, lambda: self.binary(d)), (3, lambda: self.compare(d)),
            (2, lambda: self.logic(d)), (1, lambda: self.unary(d)),
            (1.5, lambda: self.choice(d, self.long)), (1, self.incdec),
            (.5, lambda: self.assign_expr(d)), (1, lambda: self.element(d)),
            (.7, lambda: self.member(d)), (.7, lambda: self.call(d, "l")),
            (.7, lambda: self.strlen(d)), (.5, lambda: self.match(d)),
            (.4, self.statistic))

    # ---- strings ----

    def word(self):
        w = self.r.choice(WORDS)
        return '"%s"' % w, lambda m: w

    def text_var(self):
        name = self.var("s")
        return name, lambda m: m.get(name)

    def concat(self, depth):
        x, fx = self.text_expr(depth - 1)
        y, fy = self.text_expr(depth - 1)

        def run(m):
            a = fx(m)
            return (a + fy(m))[:MAX_TEXT]
        return "(%s . %s)" % (x, y), run

    def sprintf(self, depth):
        x, fx = self.long(depth - 1)
        y, fy = self.text_expr(depth - 1)
        form = self.r.choice(("%d:%s", "<%x %s>", "%5d%-6s", "%03d%.2s"))

        def run(m):
            v, s = fx(m), fy(m)
            if "%x" in form:
                v &= MASK
            return (form % (v, s))[:MAX_TEXT]
        return 'sprintf("%s", %s, %s)' % (form, x, y), run

    def substr(self, depth):
        x, fx = self.text_expr(depth - 1)
        a, n = self.r.randrange(0, 6), self.r.randrange(0, 6)
        return ("substr(%s, %d, %d)" % (x, a, n),
                lambda m: fx(m)[a:a + n])

    def text_element(self, depth):
        k, fk = self.key(depth - 1)
        return ("gas[%s]" % k, lambda m: m.arrays["gas"].get(fk(m), ""))

    def text_expr(self, depth):
        if depth <= 0:
            return self.pick((2, self.word), (3, self.text_var))
        d = depth
        return self.pick(
            (1, self.word), (3, self.text_var), (3, lambda: self.concat(d)),
            (2, lambda: self.sprintf(d)), (1, lambda: self.substr(d)),
            (1, lambda: self.choice(d, self.text_expr)),
            (1, lambda: self.text_element(d)),
            (.7, lambda: self.call(d, "s")))

    # ---- statements: lists of lines, and what they do ----

    def set_long(self):
        name = self.var("l", True)
        if self.r.random() < .4:
            # of what is never read only the operand is computed: no / and %
            op = self.r.choice([o for o in BINARY if o not in "/%"])
            v, fv = self.long(2)

            def run(m):
                value = fv(m)
                m.set(name, BINARY[op](m.get(name), value))
            return ["%s %s= %s" % (name, op, v)] if op != ">>>" else \
                ["%s = %s >>> (%s)" % (name, name, v)], \
                run if op != ">>>" else \
                lambda m: m.set(name, shift_right(m.get(name), fv(m)))
        v, fv = self.long(3)
        return ["%s = %s" % (name, v)], lambda m: m.set(name, fv(m))

    def set_text(self):
        name = self.var("s", True)
        v, fv = self.text_expr(3)
        if self.r.random() < .3:
            def run(m):
                value = fv(m)
                m.set(name, (m.get(name) + value)[:MAX_TEXT])
            return ["%s .= %s" % (name, v)], run
        return ["%s = %s" % (name, v)], lambda m: m.set(name, fv(m))

    def set_element(self):
        array = self.r.choice(("gal", "gas"))
        if array in self.busy:
            return self.set_long()
        k, fk = self.key(1)
        v, fv = self.long(2) if array == "gal" else self.text_expr(2)

        def store(m):
            key = fk(m)
            m.arrays[array][key] = fv(m)

        def add(m):
            key = fk(m)
            value = fv(m)
            m.arrays[array][key] = s64(m.arrays[array].get(key, 0) + value)
        if array == "gal" and self.r.random() < .4:
            return ["gal[%s] += %s" % (k, v)], add
        return ["%s[%s] = %s" % (array, k, v)], store

    def delete(self):
        array = self.r.choice(("gal", "gas"))
        if array in self.busy:
            return self.set_long()
        k, fk = self.key(1)
        return (["delete %s[%s]" % (array, k)],
                lambda m: m.arrays[array].pop(fk(m), None))

    def add_statistic(self):
        v, fv = self.long(2)
        return (["gst <<< (%s) & 0xffff" % v],
                lambda m: m.arrays["gst"].append(fv(m) & 0xffff))

    def show(self):
        x, fx = self.long(2)
        y, fy = self.text_expr(2)

        def run(m):
            a = fx(m)
            m.out.append("%d %s" % (a, fy(m)))
        if self.r.random() < .5:
            return ['printf("%%d %%s\\n", %s, %s)' % (x, y)], run
        return ['println(%s, " ", %s)' % (x, y)], run

    def block(self, n, depth):
        parts = [self.stmt(depth) for _ in range(n)]

        def run(m):
            for _, f in parts:
                m.step()
                f(m)
        return ["\t" + line for lines, _ in parts for line in lines], run

    def if_stmt(self, depth):
        c, fc = self.long(2)
        yes, fy = self.block(self.r.randrange(1, 3), depth - 1)
        if self.r.random() < .5:
            return (["if (%s) {" % c] + yes + ["}"],
                    lambda m: fy(m) if fc(m) else None)
        no, fn = self.block(self.r.randrange(1, 3), depth - 1)
        return (["if (%s) {" % c] + yes + ["} else {"] + no + ["}"],
                lambda m: fy(m) if fc(m) else fn(m))

    def loop(self, depth):
        i = "i%d" % self.counters
        self.counters += 1
        n = self.r.randrange(1, 5)
        self.vars["l"].append(i)
        self.busy.add(i)
        self.loops += 1
        body, fb = self.block(self.r.randrange(1, 3), depth - 1)
        self.loops -= 1
        self.vars["l"].remove(i)

        def run(m):
            m.set(i, 0)
            while m.get(i) < n:
                m.step()
                try:
                    fb(m)
                except Break:
                    break
                except Continue:
                    pass
                m.set(i, m.get(i) + 1)
        return (["for (%s = 0; %s < %d; %s++) {" % (i, i, n, i)] + body +
                ["}"], run)

    def foreach(self, depth):
        array = self.r.choice(("gal", "gas"))
        if array in self.busy or self.plain:
            return self.loop(depth)
        k = "i%d" % self.counters
        self.counters += 1
        down = self.r.random() < .5
        self.vars["l"].append(k)
        self.busy |= {k, array}
        was, self.callable = self.callable, []	# they may write the array
        self.loops += 1
        body, fb = self.block(self.r.randrange(1, 3), depth - 1)
        self.loops -= 1
        self.callable = was
        self.busy.discard(array)
        self.vars["l"].remove(k)

        def run(m):
            for key in sorted(m.arrays[array], reverse=down):
                m.set(k, key)
                m.step()
                try:
                    fb(m)
                except Break:
                    break
                except Continue:
                    pass
        return (["foreach (%s%s in %s) {" % (k, "-" if down else "+",
                                             array)] + body + ["}"], run)

    def leave(self):
        if not self.loops:
            return self.show()
        c, fc = self.long(1)
        word = self.r.choice(("break", "continue"))

        def run(m):
            if fc(m):
                raise Break() if word == "break" else Continue()
        return ["if (%s)" % c, "\t" + word], run

    def try_stmt(self, depth):
        body, fb = self.block(self.r.randrange(1, 3), depth - 1)
        e, fe = self.text_expr(1)
        raises = self.r.random() < .3
        name = self.var("s", True)
        handler, fh = self.block(1, depth - 1)
        if raises:
            body = body + ['\terror("oops" . %s)' % e]

        def run(m):
            try:
                fb(m)
                if raises:
                    m.step()
                    raise Error(("oops" + fe(m))[:MAX_TEXT])
            except Error as error:
                m.set(name, error.args[0])
                fh(m)
        return (["try {"] + body + ["} catch (%s) {" % name] + handler +
                ["}"], run)

    def stmt(self, depth):
        simple = [(4, self.set_long), (3, self.set_text),
                  (2, self.set_element), (.5, self.delete),
                  (.7, self.add_statistic), (2, self.show),
                  (.7, self.leave)]
        if depth > 0:
            d = depth
            simple += [(2.5, lambda: self.if_stmt(d)),
                       (1.5, lambda: self.loop(d)),
                       (1, lambda: self.foreach(d)),
                       (1.2, lambda: self.try_stmt(d))]
        return self.pick(*simple)

    # ---- functions ----

    def locals(self, nl, ns):
        lines, values = [], {}
        for n in range(nl):
            value = self.r.randrange(-5, 50)
            self.vars["l"].append("l%d" % n)
            values["l%d" % n] = value
            lines.append("\tl%d = %d" % (n, value))
        for n in range(ns):
            value = self.r.choice(WORDS)
            self.vars["s"].append("s%d" % n)
            values["s%d" % n] = value
            lines.append('\ts%d = "%s"' % (n, value))
        return lines, lambda m: m.frames[-1].update(values)

    def function(self, number):
        kind = self.r.choice("ls")
        params = [self.r.choice("ls") for _ in range(self.r.randrange(1, 3))]
        names = ["p%d" % n for n in range(len(params))]
        name = "f%d" % number
        self.vars = {"l": [], "s": []}
        for p, n in zip(params, names):
            self.vars[p].append(n)
        recursive = self.r.random() < .4
        if recursive:
            names = ["n"] + names
        first, f_first = self.locals(1, 1)
        body, f_body = self.block(self.r.randrange(1, 4), 1)
        expr = self.long if kind == "l" else self.text_expr
        stop, f_stop = expr(1)
        again = [self.long(1) if p == "l" else self.text_expr(1)
                 for p in params]
        end, f_end = expr(2)
        word = {"l": "long", "s": "string"}

        def run(m):
            f_first(m)
            if recursive:
                m.step()
                if m.get("n") <= 0:
                    raise Return(f_stop(m))
            f_body(m)
            m.step()
            if not recursive:
                raise Return(f_end(m))
            got = m.call(name, [m.get("n") - 1] + [f(m) for _, f in again])
            if kind == "l":
                raise Return(s64(got + f_end(m)))
            raise Return((got + f_end(m))[:MAX_TEXT])
        lines = ["function %s:%s(%s) {" % (name, word[kind], ", ".join(
            "%s:%s" % (n, word["l" if n == "n" else params[
                names.index(n) - recursive]]) for n in names))]
        lines += first
        # Never true.  A local that nothing reads goes, with what is put into
        # it: a division by 0 in there, too.
        read = ["l0 == 99", 's0 == "none"'] + [
            n + (" == 99" if p == "l" else ' == "none"')
            for p, n in zip(params, names[recursive:])]
        lines.append("\tif (%s) return %s" % (
            " && ".join(read), "0" if kind == "l" else '""'))
        if recursive:
            lines += ["\tif (n <= 0)", "\t\treturn %s" % stop]
        lines += body
        if recursive:
            lines.append("\treturn %s(%s) %s %s" % (
                name, ", ".join(["n - 1"] + [t for t, _ in again]),
                "+" if kind == "l" else ".", end))
        else:
            lines.append("\treturn %s" % end)
        self.text += lines + ["}", ""]
        self.functions[name] = (names, run, 0 if kind == "l" else "")
        if recursive:
            self.wrap(name, kind, params, word)
        else:
            self.callable.append((name, kind, params))

    def wrap(self, name, kind, params, word):
        """w(x) calls f(few, x): so that no call goes deep."""
        depth = self.r.randrange(1, 4)
        names = ["p%d" % n for n in range(len(params))]
        wrap = "w" + name

        def run(m):
            raise Return(m.call(name, [depth] + [m.get(n) for n in names]))
        self.functions[wrap] = (names, run, 0 if kind == "l" else "")
        self.text += ["function %s:%s(%s) { return %s(%d, %s) }" % (
            wrap, word[kind], ", ".join(
                "%s:%s" % (n, word[p]) for n, p in zip(names, params)),
            name, depth, ", ".join(names)), ""]
        self.callable.append((wrap, kind, params))

    def show_arrays(self):
        if not self.plain:
            return ["\tprintln(@count(gst))",
                    "\tforeach (k+ in gal) println(k, \"=\", gal[k])",
                    "\tforeach (k- in gas) println(k, \"=\", gas[k])"]
        return ["\tfor (k = 0; k < 8; k++) if ([k] in gal) "
                "println(k, \"=\", gal[k])",
                "\tfor (k = 7; k >= 0; k--) if ([k] in gas) "
                "println(k, \"=\", gas[k])"]

    def test(self):
        self.vars = {"l": [], "s": []}
        first, f_first = self.locals(3, 2)
        body, f_body = self.block(self.r.randrange(4, 10) * self.size,
                                  1 + self.size)
        last = ["\tprintln(%s)" % ', " ", '.join(
            self.vars["l"] + self.vars["s"] + self.globals["l"] +
            self.globals["s"]),
            *self.show_arrays()]
        names = self.vars["l"] + self.vars["s"] + self.globals["l"] + \
            self.globals["s"]

        def run(m):
            for n, name in enumerate(self.globals["l"]):
                m.set(name, n * 10)
            for n, name in enumerate(self.globals["s"]):
                m.set(name, "g" * n)
            m.arrays = {"gal": {}, "gas": {}, "gst": []}
            f_first(m)
            try:
                f_body(m)
            except Error as e:
                m.out.append("error " + e.args[0])
            m.out.append(" ".join(str(m.get(n)) for n in names))
            if not self.plain:
                m.out.append(str(len(m.arrays["gst"])))
            for k in sorted(m.arrays["gal"]):
                m.out.append("%d=%d" % (k, m.arrays["gal"][k]))
            for k in sorted(m.arrays["gas"], reverse=True):
                m.out.append("%d=%s" % (k, m.arrays["gas"][k]))
        reset = ["\t%s = %d" % (n, i * 10)
                 for i, n in enumerate(self.globals["l"])] + \
                ['\t%s = "%s"' % (n, "g" * i)
                 for i, n in enumerate(self.globals["s"])] + \
                ['\tgal[0] = 0; gas[0] = ""; gst <<< 0',
                 "\tfor (k = 0; k < 8; k++) { delete gal[k]; delete gas[k] }"
                if self.plain else "\tdelete gal; delete gas; delete gst"]
        self.functions["test"] = ([], run, 0)
        self.text += ["function test() {"] + reset + first + \
            ["\ttry {"] + ["\t" + line for line in body] + \
            ['\t} catch (m) {', '\t\tprintln("error ", m)', "\t}"] + last + \
            ["}", ""]

    def script(self):
        self.text = ["global " + ", ".join(
            self.globals["l"] + self.globals["s"] + ["gal", "gas", "gst"]),
            "global done", ""]
        for n in range(self.r.randrange(0, 3) * self.size):
            self.function(n)
        self.test()
        self.text += [
            'probe begin { println("-- host"); test() }',
            'probe kernel.trace("sched_switch") {',
            "\tif (done++)", "\t\tnext",
            '\tprintln("-- kernel")', "\ttest()", "\texit()", "}"]
        return "\n".join(self.text) + "\n"

    def expected(self):
        m = Model(self.functions)
        m.call("test", [])
        return m.out


def shift_right(x, y):
    return BINARY[">>>"](x, y)


def make(seed, plain=False):
    """(script, lines it prints in each engine)"""
    for salt in range(1000):
        g = Generator("%s.%d" % (seed, salt), plain)
        text = g.script()
        try:
            return text, g.expected()
        except TooLong:
            continue
    raise SystemExit("seed %s: nothing that ends soon" % seed)


def main():
    text, lines = make(sys.argv[1])
    if "--expect" in sys.argv:
        for half in ("-- host", "-- kernel"):
            print("\n".join([half] + lines))
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
