#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: addr2line readelf clang
#! timeout: 60
"""dbgtool's functions, frames and lines are those of addr2line and nm."""
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", "build")
TOOL = os.path.abspath(os.path.join(BUILD, "dbgtool"))
SOURCE = os.path.join(HERE, "data", "truth.c")
# addr2line misses what clang inlines in DWARF 5.
CONFIGS = ["gcc -O0", "gcc -O2", "gcc -O3 -gdwarf-4", "clang -O2 -gdwarf-4",
           "clang -O1 -gdwarf-4", "gcc -O2 -no-pie -gz=zlib"]
bad = []


def out(*cmd, **kw):
    return subprocess.run(cmd, capture_output=True, text=True, check=True,
                          **kw).stdout


def ask(program, questions):
    """Answers to many questions, each a list of lines."""
    text = "".join("\t".join(q) + "\n" for q in questions)
    answers = [[]]
    for line in out(TOOL, program, "-", input=text).splitlines():
        if line == ".":
            answers.append([])
        else:
            answers[-1].append(line)
    return answers[:-1]


def check(what, mine, theirs):
    if mine != theirs:
        bad.append(f"{what}: {mine} is not {theirs}")


def addresses(program):
    """Each instruction of the program's own functions, and its function."""
    found, inside = {}, None
    for line in out("objdump", "-d", "--no-show-raw-insn",
                    program).splitlines():
        m = re.match(r"([0-9a-f]+) <([\w.]+)>:", line)
        if m:
            inside = m[2]
        m = re.match(r" +([0-9a-f]+):\t", line)
        if m and inside:
            found[int(m[1], 16)] = inside
    return found


def frames(program, pcs):
    """addr2line's chain of (function, line) for each."""
    text = out("addr2line", "-i", "-f", "-a", "-e", program,
               *map(hex, pcs))
    chains, chain = {}, None
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("0x"):
            chain = chains.setdefault(int(line, 16), [])
            continue
        where = next(lines)
        m = re.search(r":(\d+)", where)
        chain.append((line, m[1] if m else "0"))
    return chains


def check_frames(program):
    own = {f.split()[0] for f in ask(program, [["calls", "*"]])[0]}
    pcs = [pc for pc, f in addresses(program).items() if f in own]
    theirs = frames(program, pcs)
    answers = ask(program, [["frames", hex(pc)] for pc in pcs])
    for pc, lines in zip(pcs, answers):
        # The symbol table counts what fills up to the next function.
        if not lines or lines[0][0] == " ":
            continue
        mine = [(w[0], w[1].rpartition(":")[2])
                for w in (line.split() for line in lines)]
        check(f"{program} frames {hex(pc)}", mine, theirs[pc])
    return len(pcs)


def check_functions(program):
    symbols = {}
    for line in out("nm", program).splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in "tT":
            symbols[words[2]] = int(words[0], 16)
    for line in ask(program, [["calls", "*@truth.c"]])[0]:
        name, where = line.split()[:2]
        check(f"{program} {name}", int(where.split("-")[0], 16),
              symbols.get(name))


def check_statements(program):
    """Each is where its line's code begins, by readelf's table."""
    rows = set()
    for line in out("readelf", "--debug-dump=decodedline",
                    program).splitlines():
        m = re.match(r"truth\.c +(\d+) +(0x[0-9a-f]+)", line)
        if m and line.rstrip().endswith("x"):
            rows.add((int(m[2], 16), int(m[1])))
    found = 0
    for line in ask(program, [["statements", "*@truth.c:*"]])[0]:
        pc, where = line.split()[:2]
        found += 1
        if (int(pc, 16), int(where.rpartition(":")[2])) not in rows:
            bad.append(f"{program}: {line} is no row")
    lines = {n for _, n in rows if n}
    mine = {int(line.split()[1].rpartition(":")[2]) for line in
            ask(program, [["statements", "*@truth.c:*"]])[0]}
    check(f"{program} lines", sorted(mine), sorted(lines))
    return found


def check_patterns(program):
    """Parts of names, files, lines."""
    q = [["calls", "re*"], ["calls", "recurse@truth.c"],
         ["calls", "recurse@data/truth.c:129"], ["calls", "*@other.c"],
         ["calls", "recurse@uth.c"], ["inlines", "square"],
         ["statements", "recurse@truth.c:+2"],
         ["statements", "recurse@*.c:129,132-133"],
         ["nearest", "recurse@truth.c:130"], ["calls", "no@"],
         ["statements", "recurse@truth.c:9-3"]]
    a = ask(program, q)
    check("re*", [line.split()[0] for line in a[0]], ["recurse"])
    check("file", a[1], a[0])
    check("line", a[2], a[0])
    check("other file", a[3], [])
    check("part of a name", a[4], [])
    if not a[5] or not all("inlined" in line for line in a[5]):
        bad.append(f"{program}: square: {a[5]}")
    lines = [{line.split()[1].rpartition(":")[2] for line in x} for x in a[:9]]
    check("relative", lines[6], {"129"})
    if not lines[7] <= {"129", "132", "133"} or len(lines[7]) < 2:
        bad.append(f"{program}: range: {a[7]}")
    check("nearest", lines[8], {"131"})
    for i in (9, 10):
        if "no place" not in a[i][0]:
            bad.append(f"{program}: {q[i]}: {a[i]}")


def main():
    for config in CONFIGS:
        with tempfile.TemporaryDirectory() as directory:
            compiler, *flags = config.split()
            program = os.path.join(directory, "truth")
            subprocess.run([compiler, "-g", "-w", *flags, SOURCE, "-o",
                            program], check=True)
            os.environ["XDG_CACHE_HOME"] = directory
            print(config, check_frames(program), "addresses,",
                  check_statements(program), "statements")
            check_functions(program)
            if "-O0" not in config:
                check_patterns(program)
    print("\n".join(bad[:20]))
    return 1 if bad else 0


sys.exit(main())
