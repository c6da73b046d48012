#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! timeout: 120
"""The functions fp_*() on random numbers, in host and kernel code, against
Python's arithmetic: bit for bit."""
import decimal
import math
import os
import random
import struct
import subprocess
import sys

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
PAIRS = 150 if SLOW == 1 else 30
SPECIAL = [0.0, -0.0, 1.0, -1.0, 3.14, 5e-324, 2.2250738585072014e-308,
           1.7976931348623157e308, math.inf, -math.inf, math.nan, 0.5, 1.5,
           -2.5, 9007199254740993.0, 1e15, -9.2e18, 9.3e18, 1e22]
NAN = 0x7ff8000000000000

# Which test, the call, and what Python says.
TESTS = [
    ("add", "fp_add(a, b)", lambda a, b: a + b),
    ("sub", "fp_sub(a, b)", lambda a, b: a - b),
    ("mul", "fp_mul(a, b)", lambda a, b: a * b),
    ("div", "fp_div(a, b)", lambda a, b: divide(a, b)),
    ("rem", "fp_rem(a, b)", lambda a, b: remainder(a, b)),
    ("sqrt", "fp_sqrt(a)", lambda a, b: root(a)),
    ("compare", "fp_lt(a, b) + 2 * fp_le(a, b) + 4 * fp_eq(a, b)",
     lambda a, b: (a < b) + 2 * (a <= b) + 4 * (a == b)),
    ("long", "fp_to_long(a, b & 3, 0)", lambda a, b: whole(a, bits(b) & 3)),
    ("from", "long_to_fp(a ^ b)",
     lambda a, b: float(signed(bits(a) ^ bits(b)))),
    ("half", "fp32_to_fp64(a >>> 32)", lambda a, b: single(bits(a) >> 32)),
]


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def signed(x):
    return x - (1 << 64) if x >> 63 else x


def of_bits(x):
    return struct.unpack("<d", struct.pack("<Q", x & (1 << 64) - 1))[0]


def single(x):
    return struct.unpack("<f", struct.pack("<I", x))[0]


def divide(a, b):
    if b or math.isnan(a) or math.isnan(b):
        return a / b
    return math.nan if not a else math.copysign(math.inf, a) * \
        math.copysign(1, b)


def remainder(a, b):
    try:
        return math.remainder(a, b)
    except ValueError:
        return math.nan


def root(a):
    return math.sqrt(a) if not a < 0 else math.nan


def whole(a, mode):
    if math.isnan(a) or a >= 2 ** 63:
        return (1 << 63) - 1
    if a < -2 ** 63:
        return -(1 << 63)
    return int([round, math.trunc, math.floor, math.ceil][mode](a))


def numbers():
    random.seed(20)
    for i in range(PAIRS):
        if i < len(SPECIAL) * 2:
            yield SPECIAL[i // 2], random.choice(SPECIAL)
        elif i % 3:
            a = random.uniform(-1, 1) * 2.0 ** random.randint(-70, 70)
            yield a, random.uniform(0.5, 4) * a * 2.0 ** random.choice(
                [0, 0, 1, -1, 5, -30, 53])
        else:
            yield of_bits(random.getrandbits(64)), of_bits(
                random.getrandbits(64))


def expected(f, a, b):
    v = f(a, b)
    if isinstance(v, float):
        return NAN if math.isnan(v) else bits(v)
    return v & (1 << 64) - 1


def run(script):
    r = subprocess.run([SPILE, "-w", "--no-global-var-display", "-D",
                        "MAXACTION=1000000000", "-e", script],
                       capture_output=True, timeout=60 * SLOW, text=True,
                       check=False)
    if r.returncode or "ERROR" in r.stderr:
        print(r.stderr)
        sys.exit(1)
    return r.stdout.split()


def check(where, form, pairs):
    bad = 0
    fill = "".join(f"p[{i}] = {signed(bits(a))} q[{i}] = {signed(bits(b))}\n"
                   for i, (a, b) in enumerate(pairs))
    for name, call, f in TESTS:
        out = run("global p, q, n\n" + form % (fill, call))
        out = [v for _, v in sorted(zip(map(int, out[::2]), out[1::2]))]
        if len(out) != len(pairs):
            print(f"{where}: {name}: {len(out)} results")
            return 1
        for said, (a, b) in zip(out, pairs):
            if int(said, 16) != expected(f, a, b):
                print(f"{where}: {name}({a!r}, {b!r}): {said}, "
                      f"not {expected(f, a, b):x}")
                bad += 1
    return bad


def check_text(pairs):
    """What is printed reads back, and has the digits it should."""
    bad = 0
    values = [a for a, _ in pairs if abs(a) < 2 ** 63]
    body = "".join(f"x = {signed(bits(a))} printf(\"%s %s %x\\n\", "
                   f"fp_to_string(x, 3), fp_to_string(x, 17), "
                   f"string_to_fp(\"{a:.17g}\"))\n" for a in values)
    out = run("probe begin { " + body + " exit() }")
    for a, three, many, back in zip(values, out[::3], out[1::3], out[2::3]):
        with decimal.localcontext() as c:
            c.prec = 60
            text = f"{decimal.Decimal(a):.17f}"
            if abs(decimal.Decimal(text) - decimal.Decimal(many)) > \
                    decimal.Decimal("1e-17"):
                print(f"{a!r} as text: {many}, not {text}")
                bad += 1
        if abs(float(three) - a) > 0.000501 and abs(a) < 1e15:
            print(f"{a!r} with three digits: {three}")
            bad += 1
        error = abs(of_bits(int(back, 16)) - a)
        if abs(a) > 1e-300 and error > abs(a) * 2.0 ** -50:
            print(f"{a!r} read: {of_bits(int(back, 16))!r}")
            bad += 1
    return bad


def main():
    pairs = list(numbers())
    bad = check("host", "probe begin { %s for (n = 0; [n] in p; n++) {"
                " a = p[n] b = q[n] printf(\"%%d %%x\\n\", n, %s) }"
                " exit() }", pairs)
    # Two CPUs may print in another order than they count.
    bad += check("kernel", "probe begin { %s }\n"
                 "probe timer.profile { if ([n] in p) { a = p[n] b = q[n]"
                 " i = n++ printf(\"%%d %%x\\n\", i, %s) } else exit() }",
                 pairs)
    bad += check_text(pairs)
    sys.exit(1 if bad else 0)


main()
