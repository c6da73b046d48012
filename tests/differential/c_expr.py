#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Random expressions of C, of all widths and signs: what gcc makes of them and
what embedded C comes to must be the same.

    c_expr.py SPILE [seed] [how many] [kernel]

In the host engine, or by the kernel's (as root)."""
import random
import subprocess
import sys
import tempfile

TYPES = {"signed char": (8, True), "unsigned char": (8, False),
         "short": (16, True), "unsigned short": (16, False),
         "int": (32, True), "unsigned int": (32, False),
         "long": (64, True), "unsigned long": (64, False)}
EDGES = [0, 1, 2, 3, 7, 63, 100, 127, 128, 255, 256, 32767, 32768, 65535,
         2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 63 - 1]


class Random(random.Random):
    def number(self):
        n = self.choice(EDGES) if self.random() < .6 else \
            self.getrandbits(self.choice([4, 8, 16, 32, 63]))
        return -n if self.random() < .4 else n

    def literal(self):
        n = abs(self.number()) % 2 ** 63
        if self.random() < .3:
            text = hex(n)
        else:
            text = str(n)
        return text + self.choice(["", "", "", "u", "ul", "l", "LL", "ULL"])

    def expr(self, names, depth):
        if not depth or self.random() < .1:
            return self.choice(names) if self.random() < .75 else \
                self.literal()
        a = self.expr(names, depth - 1)
        b = self.expr(names, depth - 1)
        kind = self.random()
        if kind < .12:
            return f"({self.choice(list(TYPES))})({a})"
        if kind < .24:
            return self.choice("-~!") + f"({a})"
        if kind < .30:
            return f"(({a}) ? ({b}) : ({self.expr(names, depth - 1)}))"
        if kind < .40:
            return f"(({a}) {self.choice(['<<', '>>'])} (({b}) & 15))"
        if kind < .52:  # never by 0, nor the least by -1
            return f"(({a}) {self.choice('/%')} ((({b}) & 1023) + 1))"
        if kind < .58:
            return f"(({a}) {self.choice('/%')} ((({b}) | 1UL << 62) & ~0UL))"
        if kind < .72:
            op = self.choice(["<", ">", "<=", ">=", "==", "!=", "&&", "||"])
        else:
            op = self.choice("+-*&|^")
        return f"(({a}) {op} ({b}))"

    def case(self, n):
        """(declarations, statements) of variables and what they come to."""
        names = [f"v{n}_{i}" for i in range(4)]
        code = []
        for name in names:
            value = self.number() % 2 ** 64
            code.append(f"{self.choice(list(TYPES))} {name} = "
                        f"({value}UL);")
        to = self.choice(names)
        op = self.choice(["=", "+=", "-=", "*=", "&=", "|=", "^="])
        code.append(f"{to} {op} {self.expr(names, 3)};")
        step = self.choice([f"{to}++", f"++{to}", f"{to}--", f"--{to}"])
        return code, [self.expr(names, 4), step, self.expr(names, 2)]


def gcc(cases, directory):
    text = "#include <stdio.h>\nint main(void) {\n"
    for code, exprs in cases:
        text += "{ " + "\n".join(code) + "\n"
        for e in exprs:
            text += f'printf("%ld\\n", (long)({e}));\n'
        text += "}\n"
    with open(f"{directory}/x.c", "w", encoding="utf-8") as f:
        f.write(text + "return 0; }\n")
    subprocess.run(["gcc", "-w", "-fwrapv", "-O0", "-o", f"{directory}/x",
                    f"{directory}/x.c"], check=True)
    return subprocess.run([f"{directory}/x"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.split()


PROBES = {"host": ("begin", []),
          "kernel": ("syscall.getpid", ["-c", "sh -c 'echo $$ > /dev/null'"])}


def spile(binary, cases, directory, engine):
    point, options = PROBES[engine]
    text, calls = "", ""
    for n, (code, exprs) in enumerate(cases):
        text += f"function f{n}() %{{\n" + "\n".join(code) + "\n"
        for e in exprs:
            text += f'STAP_PRINTF("%ld\\n", (long)({e}));\n'
        text += "%}\n"
        calls += f"f{n}()\n"
    with open(f"{directory}/x.stp", "w", encoding="utf-8") as f:
        f.write(text + f"probe {point} {{\n{calls}exit()\n}}\n")
    done = subprocess.run([binary, "-w", "-g", "-DMAXACTION=1000000",
                           f"{directory}/x.stp"] + options, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        print(done.stderr)
    return done.stdout.split()


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    n = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    engine = sys.argv[4] if len(sys.argv) > 4 else "host"
    rnd = Random(seed)
    cases = [rnd.case(i) for i in range(n)]
    with tempfile.TemporaryDirectory() as d:
        want, got = gcc(cases, d), spile(sys.argv[1], cases, d, engine)
    lines = [(code, e) for code, exprs in cases for e in exprs]
    wrong = 0
    for i, (code, e) in enumerate(lines):
        have = got[i] if i < len(got) else "nothing"
        if have != want[i] and wrong < 5:
            print("\n".join(code), f"\n{e}\n  gcc: {want[i]}  spile: {have}")
        wrong += have != want[i]
    print(f"{len(lines)} expressions, {wrong} differ")
    return 1 if wrong else 0


sys.exit(main())
