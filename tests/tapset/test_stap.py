#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! timeout: 60
"""The marks in SystemTap's own translator, where it is installed: a script as
far as pass 4, twice, with a tree that makes empty modules in a kernel's place;
the second time it comes from the cache."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
SCRIPT = """
probe stap.pass0, stap.pass0.end, stap.pass1a, stap.pass1b, stap.pass1.end,
      stap.pass2, stap.pass2.end, stap.pass3, stap.pass3.end, stap.pass4,
      stap.pass4.end, stap.pass6, stap.pass6.end {
    println(pn(), session == sessions[tid()] || sessions[tid()] == 0 ? "" : "?")
    sessions[tid()] = session
}
global sessions
probe stap.cache_get { println(pn(), " ", module_path, " ", source_path) }
probe stap.cache_add_mod, stap.cache_add_src {
    println(pn(), " ", source_path, " ", dest_path)
}
probe stap.system { println(pn(), " ", command) }
probe stap.system.spawn { println(pn(), " ", ret, pid > 1) }
probe stap.system.return { println(pn(), " ", ret) }
"""
MAKEFILE = r"""
VERSION = 6
CONF := $(shell grep -o 'stapconf_[0-9a-f_]*\.h' $(M)/Makefile | head -n 1)
modules:
	touch $(M)/$(CONF)
	echo module >$(patsubst %_src.c,%.ko,$(wildcard $(M)/stap_*_src.c))
"""
FIRST = r"""stap\.pass0
stap\.pass0\.end
stap\.pass1a
stap\.pass1b
stap\.pass1\.end
stap\.pass2
stap\.pass2\.end
"""
# What follows, where it is not in the cache, and where it is.
MADE = r"""stap\.pass3
stap\.pass3\.end
stap\.pass4
stap\.system  env -uARCH .*
stap\.system\.spawn 01
stap\.system\.return 0
stap\.cache_add_mod (\S+)\.ko \S+/cache/\S+\.ko
stap\.cache_add_src (\S+)_src\.c \S+/cache/\S+\.c
stap\.pass4\.end
"""
CACHED = r"""stap\.cache_get \S+/cache/\S+\.ko \S+/cache/\S+\.c
"""
LAST = r"""stap\.pass6
stap\.pass6\.end
stap\.system  rm -rf \S+
stap\.system\.spawn 01
stap\.system\.return 0
"""


def make_tree(top):
    os.makedirs(top + "/include/config")
    os.makedirs(top + "/include/generated")
    os.makedirs(top + "/tapset")
    for name, text in ((".config", "CONFIG_MODULES=y\n"),
                       ("Makefile", MAKEFILE), ("Module.symvers", ""),
                       ("include/config/kernel.release", "6.18.44\n")):
        with open(f"{top}/{name}", "w", encoding="ascii") as f:
            f.write(text)


def run(top):
    r = subprocess.run([SPILE, "-w", "-e", SCRIPT, "-c",
                        f"stap -u -w -r {top} -e 'probe begin {{}}'"],
                       capture_output=True, text=True, timeout=50 * SLOW,
                       check=False, env={
                           **os.environ, "SYSTEMTAP_DIR": top + "/home",
                           "SYSTEMTAP_TAPSET": top + "/tapset"})
    if "this kernel has no uprobes" in r.stderr:
        print("no uprobes")
        sys.exit(77)
    return "".join(line + "\n" for line in r.stdout.splitlines()
                   if line.startswith("stap.")), r.stderr


def main():
    if not shutil.which("stap"):
        print("there is no stap")
        return 77
    with tempfile.TemporaryDirectory() as top:
        make_tree(top)
        for expected in (FIRST + MADE + LAST, FIRST + CACHED + LAST):
            said, errors = run(top)
            if not re.fullmatch(expected, said):
                print(f"{said}\nnot\n{expected}\n{errors}")
                return 1
    return 0


sys.exit(main())
