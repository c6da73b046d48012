#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: gcc clang objcopy strip xz readelf
#! timeout: 60
"""Where debug information is found, and that the index in the cache may be
damaged in any way."""
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"),
                                    "dbgtool"))
SOURCE = os.path.join(HERE, "data", "truth.c")
bad = []


def tool(d, *args, **env):
    e = {k: v for k, v in os.environ.items()
         if k not in ("DEBUGINFOD_URLS", "SPILE_DEBUGINFO_PATH")}
    e.update(HOME=d, SPILE_CACHE=d + "/spile",
             DEBUGINFOD_CACHE_PATH=d + "/client", **env)
    r = subprocess.run([TOOL, *args], capture_output=True, env=e, errors="replace",
                       timeout=30)
    return r.stdout + r.stderr


def expect(what, text, pattern):
    if not re.search(pattern, text, re.M):
        bad.append(f"{what}: no {pattern} in\n{text}")


def sh(*argv):
    return subprocess.run(argv, check=True, capture_output=True,
                          text=True).stdout


def compile_to(path, *flags):
    sh("gcc", "-O2", "-g", "-w", SOURCE, "-o", path, *flags)


def test_build_id(d):
    program = d + "/a"
    compile_to(program, "-Wl,--build-id")
    build_id = re.search(r"Build ID: (\w+)", sh("readelf", "-n", program))[1]
    whole = d + "/whole"
    shutil.copy(program, whole)
    sh("strip", program)
    expect("none", tool(d, program, "calls", "many"),
           "no debug information for .*looked in .*build-id")
    expect("hint", tool(d, program, "calls", "many"), "dbgsym")
    directory = f"{d}/lib/.build-id/{build_id[:2]}"
    os.makedirs(directory)
    shutil.copy(whole, f"{directory}/{build_id[2:]}.debug")
    expect("build-id", tool(d, program, "calls", "many",
                            SPILE_DEBUGINFO_PATH=f"/no:{d}/lib"),
           r"many 0x.*truth.c:\d+")
    server = f"{d}/server/buildid/{build_id}"
    os.makedirs(server)
    shutil.copy(whole, server + "/debuginfo")
    text = tool(d, program, "calls", "many",
                DEBUGINFOD_URLS=f"file://{d}/server")
    if "no libdebuginfod" not in text:
        expect("debuginfod", text, r"many 0x.*truth.c:\d+")
    with open(d + "/a.xz", "wb") as f:
        f.write(subprocess.run(["xz", "-c", whole], check=True,
                               capture_output=True).stdout)
    expect("xz", tool(d, d + "/a.xz", "calls", "many"), r"many 0x")


def test_link(d):
    program = d + "/b"
    compile_to(program, "-Wl,--build-id=none")
    sh("objcopy", "--only-keep-debug", program, program + ".debug")
    sh("objcopy", "--strip-debug", f"--add-gnu-debuglink={program}.debug",
       program)
    expect("link", tool(d, program, "calls", "many"), r"many 0x")
    os.mkdir(d + "/.debug")
    os.rename(program + ".debug", d + "/.debug/b.debug")
    expect("link in .debug", tool(d, program, "calls", "many"), r"many 0x")
    with open(d + "/.debug/b.debug", "ab") as f:
        f.write(b"x")
    expect("checksum", tool(d, program, "calls", "many"),
           "is of another build")


def test_cache(d):
    program = d + "/c"
    compile_to(program, "-Wl,--build-id")
    cache = d + "/spile"
    build_id = re.search(r"Build ID: (\w+)", sh("readelf", "-n", program))[1]
    right = tool(d, program, "functions", "*")
    names = [n for n in os.listdir(cache) if n.startswith(build_id)] \
        if os.path.isdir(cache) else []
    if len(names) != 1:
        bad.append(f"cache: {names} in {cache}")
        return
    path = os.path.join(cache, names[0])
    with open(path, "rb") as f:
        whole = f.read()
    r = random.Random(3)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(r.choice((1, 8, 64))):
            at = r.randrange(len(data))
            data[at] = r.randrange(256)
        if not r.randrange(4):
            del data[r.randrange(len(data)):]
        with open(path, "wb") as f:
            f.write(data)
        text = tool(d, program, "functions", "poly")
        if "Sanitizer" in text or "poly" not in text and \
                len(text) > 2000:
            bad.append(f"damaged cache: {text}")
            break
    with open(path, "wb") as f:
        f.write(b"SPILE" * 100)
    if tool(d, program, "functions", "*") != right:
        bad.append("a cache of rubbish changes the answer")
    with open(path, "rb") as f:
        if f.read() != whole:
            bad.append("the cache was not made again")
    os.unlink(path)


def questions(d, program):
    return [tool(d, program, what, pattern)
            for what in ("functions", "calls", "inlines")
            for pattern in ("*", "p*", "poly", "*@*truth.c", "*@nowhere.c",
                            "*@*truth.c:10-60")]


def listed(text):
    """What a list has of what functions there are."""
    return {re.sub(r" 0x\w+-0x\w+| external| symbol| \S+$", "", line + " ")
            for line in text.splitlines()}


def damage(r, whole):
    data = bytearray(whole)
    while data == whole:
        for _ in range(r.choice((1, 8, 64))):
            data[r.randrange(len(data))] = r.randrange(256)
    if not r.randrange(8):
        del data[r.randrange(len(data)):]
    return data


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


def kept(d, suffix):
    """The index of this kind: there is but one program."""
    cache = d + "/spile"
    return [os.path.join(cache, n) for n in os.listdir(cache)
            if n.endswith(suffix)][0]


def expect_same(what, got, right):
    if got != right:
        bad.append(f"{what}:\n{got}\ninstead of\n{right}")


def test_functions(d):
    """The index of functions says what units say, each time the same; one that
    is damaged is made again."""
    program = d + "/f"
    compile_to(program, "-Wl,--build-id")
    right = questions(d, program)
    listing = tool(d, program, "list", "*")
    if listed(listing) != listed(right[0]):
        bad.append(f"list: {listed(listing) ^ listed(right[0])}")
    expect_same("with an index of functions", questions(d, program), right)
    path = kept(d, ".functions")
    whole = read(path)
    os.unlink(path)
    expect_same("made twice", tool(d, program, "list", "*"), listing)
    expect_same("the bytes of it", read(path) == whole, True)
    r = random.Random(5)
    for i in range(40):
        write(path, damage(r, whole))
        expect_same("damaged index of functions",
                    tool(d, program, ("functions", "list")[i % 2], "*"),
                    (right[0], listing)[i % 2])
    write(path, b"SPILE" * 100)
    expect_same("an index of rubbish", tool(d, program, "list", "*"), listing)


def test_lie(d):
    """What an index says of another program that has the same build-id, and
    sections of the same sizes, is found to be untrue."""
    program, other = d + "/l", d + "/m"
    compile_to(program, "-Wl,--build-id=0x1234")
    with open(SOURCE, encoding="ascii") as f:
        text = f.read()
    source = d + "/truth.c"
    write(source, re.sub(r"\bpoly\b", "ylop", text).encode())
    sh("gcc", "-O2", "-g", "-w", source, "-o", other,
       "-Wl,--build-id=0x1234", f"-ffile-prefix-map={d}={HERE}/data")
    right = questions(d, other)
    shutil.rmtree(d + "/spile")
    tool(d, program, "list", "*")
    before = read(kept(d, ".functions"))
    expect_same("by an index that lies", questions(d, other), right)
    expect_same("which stays", read(kept(d, ".functions")) == before, False)


def test_variables(d):
    """All at once, one after the other, and by a damaged file of them."""
    program = d + "/v"
    for level in ("-O2", "-O0"):
        compile_to(program, "-Wl,--build-id", level)
        right = tool(d, program, "list-vars", "*")
        expect("variables", right, r"^poly( \$\w+:[^$]+)+$")
        expect_same("at once", tool(d, program, "list-many", "*"), right)
        path = kept(d, ".variables")
        whole = read(path)
        expect_same("from then on", tool(d, program, "list-vars", "*"), right)
        r = random.Random(7)
        for i in range(20):
            write(path, damage(r, whole))
            expect_same("damaged variables",
                        tool(d, program, ("list-vars", "list-many")[i % 2],
                             "*"), right)
        shutil.rmtree(d + "/spile")


def test_split(d):
    """Parts in .dwo files: what is missing is said, and not remembered."""
    program = d + "/s"
    sh("gcc", "-O2", "-g", "-gsplit-dwarf", "-w", "-c", SOURCE, "-o", d + "/s.o")
    sh("gcc", "-Wl,--build-id", d + "/s.o", "-o", program)
    os.rename(d + "/s.dwo", d + "/away")
    expect("no .dwo", tool(d, program, "calls", "many"),
           r"\Adbgtool: missing: .*s\.dwo$")
    os.rename(d + "/away", d + "/s.dwo")
    expect(".dwo", tool(d, program, "calls", "many"), r"\Amany 0x.*\n\Z")
    os.unlink(d + "/s.dwo")
    expect("gone", tool(d, program, "calls", "many"), "missing: .*s.dwo")
    os.rename(d + "/s.o", d + "/single.o")
    sh("clang", "-O2", "-gsplit-dwarf=single", "-g", "-w", "-c", SOURCE,
       "-o", d + "/single.o")
    sh("clang", d + "/single.o", "-o", program)
    expect("in the object", tool(d, program, "calls", "many"), "^many 0x")


def test_package(d):
    """A .dwp beside the program, whose skeletons are in another file."""
    program = d + "/p"
    sh("clang", "-O2", "-gsplit-dwarf", "-gdwarf-5", "-g", "-w", "-c",
       SOURCE, "-o", d + "/p.o")
    sh("clang", d + "/p.o", "-o", program, "-Wl,--build-id")
    if not shutil.which("llvm-dwp"):
        return
    sh("llvm-dwp", "-e", program, "-o", program + ".dwp")
    os.unlink(d + "/p.dwo")
    expect(".dwp", tool(d, program, "calls", "many"), "^many 0x")
    os.mkdir(d + "/debug")
    sh("objcopy", "--only-keep-debug", program, d + "/debug/p.debug")
    sh("strip", program)
    expect(".dwp of a stripped program",
           tool(d, program, "calls", "many",
                SPILE_DEBUGINFO_PATH=d + "/debug/p.debug"), "^many 0x")


def test_shared(d):
    """What dwz shares between files, in GNU's way and in DWARF 5's."""
    if not shutil.which("dwz"):
        return
    for flags in ([], ["-5"]):
        for name in "xy":
            sh("gcc", "-O2", "-gdwarf-5", "-g", "-w", SOURCE, "-o",
               f"{d}/{name}", "-Wl,--build-id", "-DNAME=" + name)
        right = tool(d, d + "/x", "functions", "*")
        sh("dwz", *flags, "-m", d + "/shared", d + "/x", d + "/y")
        what = f"dwz {flags}"
        if tool(d, d + "/x", "functions", "*") != right:
            bad.append(f"{what}: {tool(d, d + '/x', 'functions', '*')}")
        os.rename(d + "/shared", d + "/elsewhere")
        expect(what, tool(d, d + "/x", "functions", "*"), "missing: .*shared$")
        os.rename(d + "/elsewhere", d + "/shared")
        with open(d + "/shared", "r+b") as f:
            data = f.read()
            at = data.index(b"\5\0\1\0\x14") + 5 if flags else \
                data.index(b"GNU\0") + 4
            f.seek(at)
            f.write(bytes([data[at] ^ 1]))
        expect(what + ": of another build",
               tool(d, d + "/x", "functions", "*"), "missing: .*shared$")


def main():
    for test in (test_build_id, test_link, test_cache, test_functions, test_lie,
                 test_variables, test_split, test_package, test_shared):
        with tempfile.TemporaryDirectory() as d:
            test(d)
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
