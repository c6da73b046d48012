#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: gcc objcopy
"""Points and variables of a kernel with debug information: a program that
stands for one, in a world."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "data"))
import make_world  # noqa: E402

SPILE = os.environ.get("SPILE", "build/spile")
RELEASE = "6.18.0-made"
bad = []


def spile(world, *args):
    env = dict(os.environ, XDG_CACHE_HOME=world)
    env.pop("SPILE_DEBUGINFO_PATH", None)
    env.pop("DEBUGINFOD_URLS", None)
    r = subprocess.run([SPILE, "--world", world, *args], env=env,
                       capture_output=True, text=True, timeout=30)
    return r.stdout + r.stderr


def expect(what, text, *patterns):
    for p in patterns:
        if not re.search(p, text, re.M):
            bad.append(f"{what}: no {p} in\n{text}")


def make_kernel(world):
    debug = os.path.join(world, "usr/lib/debug/boot")
    os.makedirs(debug)
    os.makedirs(os.path.join(world, "sys/kernel"), exist_ok=True)
    kernel = os.path.join(debug, "vmlinux-" + RELEASE)
    subprocess.run(["gcc", "-g", "-O1", "-w", "-static", "-nostdlib",
                    "-fno-pie", "-no-pie", "-Wl,--build-id=sha1",
                    os.path.join(HERE, "data", "kernel.c"), "-o", kernel],
                   check=True)
    subprocess.run(["objcopy", "-O", "binary", "--only-section",
                    ".note.gnu.build-id", kernel,
                    os.path.join(world, "sys/kernel/notes")], check=True)
    return kernel


def test_points(w):
    expect("line", spile(w, "-L", 'kernel.statement("walk@kernel.c:35")'),
           r'^kernel\.statement\("walk@.*/kernel.c:35"\)', r"\$item:struct item\*",
           r"\$sum:int", r"\$count:ulong_t")
    expect("range", spile(w, "-l", 'kernel.statement("walk@kernel.c:30-45")'),
           r"walk@.*kernel.c:31", r"walk@.*kernel.c:42")
    expect("all", spile(w, "-l", 'kernel.statement("*@kernel.c:*")'),
           r"walk@", r"twice@", r"_start@", r"start@")
    expect("relative", spile(w, "-l", 'kernel.statement("walk@*:+13")'),
           r"walk@.*:42")
    expect("no line", spile(w, "-l", 'kernel.statement("walk@kernel.c:32")'),
           r"there is no code at", r"lines? \d+")
    expect("nearest", spile(
        w, "-l", 'kernel.statement("walk@kernel.c:32").nearest'),
        r"nearest")
    expect("inline", spile(w, "-L", 'kernel.function("twice").inline'),
           r"\$number:int")
    expect("inlined", spile(w, "-L", 'kernel.function("twice")'),
           r"\$number:int")
    expect("inlined, by a pattern", spile(w, "-l", 'kernel.function("tw*")'),
           r'^kernel\.function\("twice@.*kernel\.c:\d+"\)$')
    expect("not inlined", spile(w, "-l", 'kernel.function("twi*").call'),
           r"no function of this kernel matches 'twi\*'")
    expect("called, without BTF", spile(
        w, "-L", 'kernel.function("walk").call'),
        r'^kernel\.function\("walk@.*"\)\.call .*\$item:struct item\*')
    expect("returning, without BTF", spile(
        w, "-L", 'kernel.function("walk").return'), r"\$return:int")
    expect("not called", spile(w, "-l", 'kernel.function("twice").call'),
           "no function 'twice'")
    expect("gone where it was inlined", spile(
        w, "-p2", "-e", 'probe kernel.function("twice") { println($gone) }'),
        r"no variable '\$gone'", r"\$number")
    expect("callee", spile(
        w, "-L", 'kernel.function("walk").callee("twice")'), r"\$number:int")
    expect("callees", spile(w, "-L", 'kernel.function("start").callees(2)'),
           r"nothing of that is inlined|\$")
    expect("label", spile(w, "-L", 'kernel.function("walk").label("done")'),
           r"\$sum:int")
    expect("no label", spile(w, "-L", 'kernel.function("walk").label("x")'),
           "has a label 'x'")
    expect("place", spile(w, "-L", 'kernel.function("wa*@kernel.c")'),
           r"kernel\.function\(\"walk@.*\$item:struct item\*")
    expect("return", spile(
        w, "-L", 'kernel.function("walk@kernel.c").return'),
        r"\$return:int")
    expect("other file", spile(
        w, "-L", 'kernel.function("walk@other.c")'), "no code at")
    expect("no place", spile(w, "-L", 'kernel.statement("walk@x.c:9-3")'),
           "no place in the source")
    for point in ('function("prepare@*")', 'function("prepare").callees',
                  'statement("prepare@*:*")'):
        expect("of the start " + point, spile(w, "-l", "kernel." + point),
               "the code at 'prepare.*' is thrown away once the kernel has "
               "started")
    expect("absolute", spile(w, "-l", "kernel.statement(4198400).absolute"),
           "needs -g")


def test_variables(w):
    text = spile(w, "--dump=prog", "-e", """
probe kernel.statement("walk@kernel.c:35") {
    println($item->number, $sum, $item->name$, $item->kind, $$parms, $$locals)
    println(@var("total"), @var("first@kernel.c")->number,
            &@var("first")->name, @var("first")->flags)
    println(@defined($item), @defined($nothing))
}""")
    expect("item", text, r"target \$item->number = loc reg \d+; add 8; "
           "load s4", r"target @var\(\"total\"\) = loc symbol 0, const \d+, "
           "add; load s4", r"target @var\(\"first@kernel.c\"\)->number = "
           r"loc symbol 0, const \d+, add; add 8; load s4",
           r"kind = .*bits 3 u5")
    expect("defined", text, r"println\(1, 0\)")
    expect("unknown", spile(w, "--dump=prog", "-e",
                            'probe kernel.statement("walk@kernel.c:35") '
                            "{ println($sun) }"),
           r"no variable '\$sun'", r"\$sum")
    expect("gone", spile(w, "--dump=prog", "-e",
                         'probe kernel.function("start@kernel.c").label("x")'
                         " ?, begin { println(@var(\"no_such_thing\")) }"),
           "there is no variable")


def test_missing(w, kernel):
    os.rename(kernel, kernel + ".x")
    expect("missing", spile(w, "-l", 'kernel.statement("walk@kernel.c:35")'),
           "no debug information for kernel", "looked in", "-dbg")
    # A file of another build is not taken.
    with open(os.path.join(w, "sys/kernel/notes"), "r+b") as f:
        f.seek(-1, os.SEEK_END)
        last = f.read(1)[0]
        f.seek(-1, os.SEEK_END)
        f.write(bytes([last ^ 1]))
    os.rename(kernel + ".x", kernel)
    expect("other", spile(w, "-l", 'kernel.statement("walk@kernel.c:35")'),
           "is of another build")


def main():
    with tempfile.TemporaryDirectory() as w:
        make_world.make("basic", w)
        kernel = make_kernel(w)
        test_points(w)
        test_variables(w)
        test_missing(w, kernel)
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
