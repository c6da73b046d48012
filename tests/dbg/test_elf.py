#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: gcc clang xz
#! timeout: 120
"""What programs tell without debug information: functions by their symbols,
wherever those are; entries of the linkage table; where instructions start."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
TOOL = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"),
                                    "elftool"))
SOURCE = HERE + "/data/symbols.cc"
bad = []


def sh(*argv):
    return subprocess.run(argv, check=True, capture_output=True,
                          text=True).stdout


def tool(*args, **env):
    e = {k: v for k, v in os.environ.items() if k != "SPILE_DEBUGINFO_PATH"}
    r = subprocess.run([TOOL, *args], capture_output=True, text=True,
                       env=dict(e, **env), timeout=20)
    return r.stdout + r.stderr


def expect(what, text, pattern, wanted=True):
    if bool(re.search(pattern, text, re.M)) != wanted:
        bad.append(f"{what}: {'no' if wanted else 'a'} {pattern} in\n{text}")


def test_functions(d):
    path = d + "/full"
    sh("g++", "-O1", "-rdynamic", SOURCE, "-o", path)
    expect("source", tool(path, "source"), "^full$")
    everything = tool(path, "functions", "*")
    for pattern in (r"^internal 0x\w+ \d+ local$",
                    r"^(exported|alias) 0x\w+ \d+ exported$",
                    r"^weak 0x\w+ \d+ exported$",
                    r"^hidden 0x\w+ \d+ local$",
                    r"^choose 0x\w+ \d+ exported$",
                    r"^sizeless 0x\w+ [3-9] exported$",
                    r"^_ZN5space3runEi 0x\w+ \d+ exported\tspace::run$",
                    r"\tspace::Box::get$", r"\tspace::Box::Box$"):
        expect("all", everything, pattern)
    expect("one for each address", everything, "^(alias|exported) "
           "(.*\n)+^(alias|exported) ", False)
    expect("ifunc", tool(path, "functions", "chosen"),
           r"^chosen 0x\w+ \d+ exported ifunc$")
    expect("aliases", tool(path, "functions", "alias"), "^alias 0x")
    addr = tool(path, "functions", "alias").split()[1]
    expect("aliases", tool(path, "aliases", addr), "^alias.*\nexported")
    expect("untyped", tool(path, "functions", "untyped"), "^untyped 0x")
    expect("by the end", tool(path, "functions", "run"), "space::run")
    expect("glob", tool(path, "functions", "space::*::g?t"), "Box::get")
    expect("not the middle", tool(path, "functions", "space"), "^_Z", False)
    expect("symbol", tool(path, "symbol", "variable"),
           r"^variable 0x\w+ 4 data exported$")
    expect("at", tool(path, "at", hex(int(addr, 0) + 1)), "^(alias|exported)")
    expect("offset", tool(path, "offset", addr), r"^0x\w+ code$")
    expect("none", tool(path, "offset", "0x12345678"), "no such address")


def test_stripped(d):
    """From the poorest table to the best."""
    whole, path = d + "/whole", d + "/stripped"
    sh("g++", "-O1", "-Wl,--build-id", SOURCE, "-o", whole)
    shutil.copy(whole, path)
    sh("strip", path)
    expect("dynamic", tool(path, "source"), "^dynamic$")
    expect("dynamic", tool(path, "functions", "internal"), "0x", False)
    sh("objcopy", "--only-keep-debug", whole, d + "/mini")
    sh("objcopy", "-S", "--remove-section=.comment",
       "--keep-symbol=internal", d + "/mini")
    sh("xz", "-f", d + "/mini")
    shutil.copy(path, path + "2")
    sh("objcopy", f"--add-section=.gnu_debugdata={d}/mini.xz", path + "2")
    expect("packed", tool(path + "2", "source"), "^packed$")
    expect("packed", tool(path + "2", "functions", "int*"), "^internal 0x")
    build_id = re.search(r"Build ID: (\w+)", sh("readelf", "-n", whole))[1]
    directory = f"{d}/lib/.build-id/{build_id[:2]}"
    os.makedirs(directory)
    shutil.copy(whole, f"{directory}/{build_id[2:]}.debug")
    text = tool(path, "functions", "internal",
                SPILE_DEBUGINFO_PATH=d + "/lib")
    expect("build-id", text, "^internal 0x")
    if text != tool(whole, "functions", "internal"):
        bad.append(f"the separate file says otherwise: {text}")


def test_versions(d):
    with open(d + "/v.c", "w", encoding="utf-8") as f:
        f.write('__asm__(".symver old, f@V1");\n'
                '__asm__(".symver new, f@@V2");\n'
                "int old(void) { return 1; }\nint new(void) { return 2; }\n"
                "int g(void) { return 3; }\n")
    with open(d + "/map", "w", encoding="utf-8") as f:
        f.write("V1 { global: f; local: *; };\nV2 { global: f; g; } V1;\n")
    path = d + "/libv.so"
    sh("gcc", "-shared", "-fpic", d + "/v.c", "-o", path,
       f"-Wl,--version-script={d}/map")
    for _ in range(2):
        expect("new", tool(path, "functions", "f", "V2"),
               r"^f@V2 0x\w+ \d+ exported$")
        expect("old", tool(path, "functions", "f", "V1"),
               r"^f@V1 0x\w+ \d+ exported old$")
        if len(tool(path, "functions", "f").splitlines()) != 2:
            bad.append("versions: " + tool(path, "functions", "f"))
        sh("strip", path)


def test_plt(d):
    path = d + "/plt"
    configs = ["g++ -O1", "g++ -O1 -fcf-protection=none -Wl,-z,lazy",
               "g++ -fcf-protection=full -Wl,-z,ibtplt -Wl,-z,lazy",
               "g++ -Wl,-z,now -no-pie", "g++ -O1 -fuse-ld=gold",
               "clang++ -O1 -fuse-ld=lld",
               "clang++ -O1 -fuse-ld=lld -fcf-protection=full -no-pie"]
    for config in configs:
        sh(*config.split(), SOURCE, "-o", path)
        mine = {line.split()[0].split("@")[0]: int(line.split()[1], 0)
                for line in tool(path, "plt").splitlines()}
        if not {"puts", "printf", "getenv", "chosen"} <= set(mine):
            bad.append(f"plt: {config}: {mine}")
        calls = sh("objdump", "-dw", path)
        for name in ("printf", "getenv"):
            theirs = {int(a, 16) for a in re.findall(
                r"call +(\w+) <" + name + r"(?:@plt)?>", calls)}
            if theirs and mine[name] not in theirs:
                bad.append(f"plt: {config}: {name} {theirs} {mine}")
    with open(d + "/a.c", "w", encoding="utf-8") as f:
        f.write("int puts(const char *); int abs(int);\n"
                "int f(int x) { return puts(\"\") + abs(x); }\n")
    for flags in ((), ("-mbranch-protection=standard",
                       "-Wl,-z,force-bti")):
        sh("clang", "--target=aarch64-linux-gnu", "-shared", "-fpic",
           "-nostdlib", "-fno-builtin", "-O1", "-fuse-ld=lld", *flags,
           d + "/a.c", "-o", path)
        text = tool(path, "plt")
        expect("arm64", text, r"^puts 0x\w+ (16|20)$")
        expect("arm64", text, r"^abs 0x\w+ (16|20)$")


def disassembled(path, start, size):
    text = sh("objdump", "-dw", f"--start-address={start}",
              f"--stop-address={start + size}", path)
    return {int(m[1], 16): (len(m[2].split()), m[3]) for m in re.finditer(
        r"^ +(\w+):\t((?:[0-9a-f]{2} )+) *\t?(.*)$", text, re.M)}


def compare_insns(path, start, size):
    theirs = disassembled(path, start, size)
    mine = {}
    for line in tool(path, "insns", hex(start), hex(size)).splitlines():
        words = line.split()
        mine[int(words[0], 0)] = words
    wrong = [(hex(a), n, t, mine.get(a)) for a, (n, t) in theirs.items()
             if not mine.get(a) or int(mine[a][1]) != n or
             ("call" in mine[a]) != bool(re.search(r"\bl?call\b", t)) or
             ("return" in mine[a]) != bool(re.search(r"\bl?ret\b", t))]
    if wrong or len(theirs) < 50:
        bad.append(f"insns: {path}: {len(theirs)}, wrong: {wrong[:10]}")


def test_insns(d):
    path = d + "/insns"
    sh("gcc", "-O3", "-march=skylake-avx512", "-w", HERE + "/data/truth.c",
       "-o", path)
    text = sh("readelf", "-WS", path)
    addr, size = re.search(r" \.text +PROGBITS +(\w+) \w+ (\w+)",
                           text).groups()
    compare_insns(path, int(addr, 16), int(size, 16))
    name, addr, size = tool(path, "functions", "main").split()[:3]
    starts = disassembled(path, int(addr, 0), int(size))
    for at in range(int(addr, 0), int(addr, 0) + int(size)):
        want = "start" if at in starts else "inside"
        got = tool(path, "insn", hex(at)).strip()
        if got != want:
            bad.append(f"{name}+{at}: {got}, not {want}")
            break
    expect("no code", tool(path, "insn", "0x10"), "^inside$")


def main():
    for test in (test_functions, test_stripped, test_versions, test_plt,
                 test_insns):
        with tempfile.TemporaryDirectory() as d:
            test(d)
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
