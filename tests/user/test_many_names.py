#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf KPROBE_COOKIE
"""$$name and register() are of the site that is hit, also where one program is
made for all sites: as its key, in functions, printed, and at returns."""
import os
import re
import subprocess
import sys

SPILE = os.environ["SPILE"]
PROGRAM = os.path.join(os.environ["BUILD"], "tests/user/user-program-O0")

SCRIPT = """
global by_name, of_names, first
function name() { return $$name }
probe process("PROGRAM").plt("[us]*") {
	by_name[$$name]++
	if (pp() =~ "plt\\\\(.snprintf.\\\\)" && name() != "snprintf")
		printf("no: %s is %s\\n", pp(), name())
	if (name() == "snprintf" && !first)
		first = register("rdi")
}
probe process("PROGRAM").plt("snprintf") {
	of_names["pointer", pointer_arg(1)]++
}
probe process("PROGRAM").plt("*").return { of_names[$$name, 0]++ }
probe process("PROGRAM").mark("*") { of_names[name(), 1]++ }
probe end {
	foreach (name+ in by_name)
		println("call of ", name)
	foreach ([name+, n] in of_names)
		println(name, n <= 1 ? sprint(" ", n) : " is there")
	println(["pointer", first] in of_names)
}
"""


def spile(*options, script):
    r = subprocess.run([SPILE, *options, "-e",
                        script.replace("PROGRAM", PROGRAM)],
                       capture_output=True, text=True, timeout=60)
    if r.returncode:
        sys.exit(r.stderr)
    return r


def programs(script):
    """How many BPF programs are made of it."""
    said = spile("-v", "-p3", script=script).stderr
    return int(re.search(r"translated to (\d+) BPF program", said)[1])


def main():
    got = spile("-c", PROGRAM, script=SCRIPT).stdout
    for line in ("call of snprintf", "snprintf 0", "pointer is there", "1",
                 "reached 1"):
        if line not in got.splitlines():
            sys.exit(f"no line '{line}' in\n{got}")
    if "no:" in got:
        sys.exit(got)
    for handler in ("println($$name)", "n[$$name]++",
                    'println(register("rdi"))'):
        many = 'global n probe process("PROGRAM").plt("*") { %s }' % handler
        if programs(many) != 1:
            sys.exit(f"{programs(many)} programs of {handler}")


main()
