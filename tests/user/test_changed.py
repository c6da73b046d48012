#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root WRITE_REGISTERS
"""What handlers assign to variables in registers, the process goes on with: the
one that is meant, and no other of the same program."""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
SOURCE = os.path.join(HERE, "changed.c")
LINE = 1 + next(n for n, text in enumerate(open(SOURCE))
                if "/* changed */" in text)

SCRIPT = """
probe begin { println("ready") }
probe process("%s").function("add") {
	$a = -5
	$b = -1
	$c++
	$d = 0x1ff
	$e = 0x102
	printf("%%d %%d %%d %%d %%d\\n", $a, $b, $c, $d, $e)
}
probe process("%s").statement("repeat@changed.c:%d") {
	if ($i == 1)
		$s += 100
}
probe process("%s").function("twice").return { $return -= 9 }
"""
# clang says of the two halves of a register that they are computed.
HALF = """
probe process("%s").function("sum") { $p->a = 7 }
"""
# By their number, where nothing describes them: another function at each call.
SETTERS = ("int", "uint", "long", "ulong", "longlong", "ulonglong", "pointer",
           "s32", "u32", "s64", "u64")
NUMBERS = """
global calls
probe process("%s").function("twice") {
	calls++
""" + "".join(f"\tif (calls == {i}) set_{name}_arg(1, {-20 - i})\n"
              for i, name in enumerate(SETTERS, 1)) + "}\n"
BITS = """
probe process("%s").function("fields") {
	$b->low = 12
	$b->high += 5
	$b->sign = -1
}
"""
PLAIN = "15 102 40 42 1030021"
CHANGED = "{} {} 140 {} {}"


def ask(process):
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


def started(path):
    return subprocess.Popen([path], stdin=subprocess.PIPE, text=True,
                            stdout=subprocess.PIPE)


def compare(what, came, wanted):
    if came != wanted:
        print(f"{what}: {came!r}, not {wanted!r}")
    return came == wanted


def check(compiler, path):
    subprocess.run([compiler, "-g", "-O2", "-o", path, SOURCE], check=True)
    meant, other = started(path), started(path)
    script = (SCRIPT + NUMBERS + BITS) % (
        path, path, LINE, path, path, path)
    if compiler == "gcc":
        script += HALF % path
    changed = [CHANGED.format(1000 - 5 + 0xffffffff + 4 - 1 + 2,
                              702 if compiler == "gcc" else 102,
                              2 * (-20 - i) - 9,
                              4 + 70 - 10000 + 1000000)
               for i in range(1, len(SETTERS) + 1)]
    good = compare("before", ask(meant), PLAIN)
    spile = subprocess.Popen(
        [os.environ["SPILE"], "-g", "-x", str(meant.pid), "-e", script],
        stdout=subprocess.PIPE, text=True)
    if spile.stdout.readline() != "ready\n":
        return False
    for name, wanted in zip(SETTERS, changed):
        good &= compare(f"{compiler}: set_{name}_arg", ask(meant), wanted)
    good &= compare("handler", spile.stdout.readline().strip(),
                    f"-5 {0xffffffff} 4 -1 2")
    good &= compare("another process", ask(other), PLAIN)
    spile.terminate()
    spile.wait(60 * SLOW)
    good &= compare("after", ask(meant), PLAIN)
    for process in (meant, other):
        process.stdin.close()
        process.wait(60 * SLOW)
    return good


def main():
    compilers = [c for c in ("gcc", "clang") if shutil.which(c)]
    with tempfile.TemporaryDirectory() as directory:
        results = [check(c, os.path.join(directory, c)) for c in compilers]
    return 0 if results and all(results) else 1 if results else 77


sys.exit(main())
