#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: clang
"""Statements by a pattern of files are those, of all statements, whose file
matches it: whatever the heads of line tables look like."""
import fnmatch
import os
import re
import subprocess
import sys
import tempfile

TOOL = os.path.abspath(os.path.join(os.environ.get("BUILD", "build"),
                                    "dbgtool"))
CONFIGS = ["gcc -O1", "gcc -O1 -gdwarf-4", "gcc -O1 -gdwarf-3",
           "gcc -O1 -gdwarf64", "clang -O1", "clang -O1 -gdwarf-4",
           "gcc -O1 -gsplit-dwarf", "gcc -O1 -flto"]
FILES = {
    "main.c": '#include "inc/part.h"\nint one(int);\nint two(int);\n'
              'int main(int c, char **v)\n{\n\treturn part(c) +\n\t\t'
              'one(c) +\n\t\ttwo(c);\n}\n',
    "sub/one.c": '#include "../inc/part.h"\nint one(int x)\n{\n\t'
                 'return part(x) * 3;\n}\n#include "deep/rest.c"\n',
    "sub/deep/rest.c": 'int rest(int x)\n{\n\treturn x + one(x);\n}\n',
    "sub/two.c": 'int rest(int);\nint two(int x)\n{\n\treturn rest(x) + 1;\n}\n',
    "inc/part.h": 'static inline int part(int x)\n{\n\tint y = x * x;\n\n\t'
                  'return y ^ (y >> 3);\n}\n',
}
PATTERNS = ["one.c", "sub/one.c", "*.c", "sub/*.c", "part.h", "inc/*", "*",
            "s*/rest.c", "sub/deep/rest.c", "ne.c", "o*", "[om]*.c", "?ain.c",
            "*/one.c", "part.?", "inc/part.h", "b/one.c", "two.c", "nothing.c",
            "*b/t*", "main.c", "*e.c", "{top}/main.c", "{top}/inc/*.h",
            "{top}/sub/../inc/part.h", "*rest.c", "*.[ch]"]
bad = []


def ask(program, pattern, first=""):
    """(address, file, line) of each statement."""
    text = subprocess.run([TOOL, program, "-"], check=True, text=True,
                          input=f"{first}statements\t{pattern}\n",
                          capture_output=True).stdout
    answers = [""]
    for line in text.splitlines():
        if line == ".":
            answers.append("")
        else:
            answers[-1] += line + "\n"
    return set(re.findall(r"0x([0-9a-f]+) (\S+):(\d+)", answers[-2]))


def matches(pattern, path):
    """The whole path, or its end from a '/' on."""
    starts = [0] + [i + 1 for i, c in enumerate(path) if c == "/"]
    return any(fnmatch.fnmatchcase(path[i:], pattern) for i in starts)


def build(config, top):
    sources = ["main.c", "sub/one.c", "./sub/../sub/two.c"]
    objects = []
    for s in sources:
        objects.append(os.path.basename(s) + ".o")
        subprocess.run([*config.split(), "-g", "-c", s, "-o", objects[-1]],
                       cwd=top, check=True)
    subprocess.run([*config.split(), "-g", *objects, "-o", "program"],
                   cwd=top, check=True)
    return os.path.join(top, "program")


def check(config):
    with tempfile.TemporaryDirectory() as top:
        top = os.path.realpath(top)
        os.environ["XDG_CACHE_HOME"] = top
        for name, text in FILES.items():
            os.makedirs(os.path.dirname(os.path.join(top, name)),
                        exist_ok=True)
            with open(os.path.join(top, name), "w", encoding="ascii") as f:
                f.write(text)
        program = build(config, top)
        every = ask(program, "*@*:*")
        ours = {s for s in every if s[1].startswith(top)}
        if len({s[1] for s in ours}) != len(FILES):
            bad.append(f"{config}: not all files: {ours}")
        for p in PATTERNS:
            p = p.replace("{top}", top)
            want = {s for s in every if matches(p, s[1])}
            # By the heads of line tables, and by an index.
            for first in ("", "inlines\t*\n"):
                got = ask(program, f"*@{p}:*", first)
                if got != want:
                    bad.append(f"{config}: {p}: lacks {want - got}, "
                               f"has {got - want}")


for c in CONFIGS:
    check(c)
print("\n".join(bad))
sys.exit(1 if bad else 0)
