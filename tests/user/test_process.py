#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root
#! timeout: 120
"""Probes of processes that run already: one of two, by number; code and data by
address; what is written is seen as often as it is written."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

SPILE = os.environ["SPILE"]
SPIN = os.path.join(os.environ["BUILD"], "tests/user/user-spin")


def fail(what, *output):
    print(what, *output, sep="\n")
    sys.exit(1)


def spile(script, *options):
    r = subprocess.run([SPILE, *options, "-e", script], capture_output=True,
                       text=True, timeout=60, check=False)
    return r.stdout, r.stderr


def address(symbol):
    out = subprocess.run(["nm", SPIN], capture_output=True, text=True,
                         check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) \w {symbol}$", out, re.M)[1], 16)


def bias(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii") as f:
        return int(f.readline().split("-")[0], 16)


def expect(what, got, pattern):
    if not re.search(pattern, got[0], re.M):
        fail(what, *got)


def probe_process(pid, other):
    expect("one of two processes", spile(f"""
probe process({pid}).function("bump") {{ pids[pid()]++ }}
probe timer.s(1) {{ exit() }}
probe end {{ foreach (p in pids) println(p, " ", pids[p] > 10) delete pids }}
global pids"""), rf"\A{pid} 1\n\Z")
    expect("both processes", spile(f"""
probe process("{SPIN}").function("bump") {{ pids[pid()]++ }}
probe timer.s(1) {{ exit() }}
probe end {{ println({pid} in pids, {other} in pids) delete pids }}
global pids"""), r"\A11\n\Z")
    expect("the target", spile("""
probe process.function("bump") { n = $n; p = pid(); k = int_arg(1); exit() }
probe end { println(p == target(), n, k) }
global n, p, k""", "-x", str(pid)), r"\A133\n\Z")


def probe_address(pid):
    bump = address("bump")
    at = bias(pid) + bump
    expect("by address", spile(f"""
probe process({pid}).statement({at}).absolute {{ printf("%s %d\\n", pp(), $n); exit() }}"""),
           rf"^process\({pid}\)\.statement\({at:#x}\)\.absolute 3$")
    expect("by the file's address", spile(f"""
probe process("{SPIN}").statement({bump}).return {{ println("back"); exit() }}"""),
           r"^back$")
    got = spile(f'probe process("{SPIN}").statement({bump + 1}) {{ }}')
    if "no instruction of" not in got[1]:
        fail("inside of an instruction", *got)


def probe_data(pid):
    got = spile(f"""
probe process({pid}).data("counter").write {{ written++ }}
probe process("{SPIN}").data("other").write {{ others[pid()]++ }}
probe process({pid}).function("bump") {{ called++ }}
probe timer.s(1) {{ exit() }}
probe end {{ printf("%d %d %d\\n", called > 10,
                   written - called < 2 && called - written < 2,
                   others[{pid}] * 2 - called < 4) delete others }}
global written, called, others""")
    if "watchpoints of the processor are in use" in got[1]:
        return      # by other tests
    expect("data", got, r"\A1 1 1\n\Z")


def probe_image(directory):
    """An image is for one version of a program."""
    image, program = (os.path.join(directory, n) for n in ("x.img", "program"))
    shutil.copy(SPIN, program)
    subprocess.run([SPILE, "-p4", "-o", image, "-e",
                    f'probe process("{program}").function("bump") {{ exit() }}'],
                   check=True, capture_output=True, timeout=60)
    p = subprocess.Popen([program])
    try:
        r = subprocess.run([SPILE, image], capture_output=True, text=True,
                           timeout=60, check=False)
        if r.returncode:
            fail("image", r.stderr)
    finally:
        p.kill()
        p.wait()
    with open(program, "r+b") as f:
        data = f.read()
        at = data.index(b"GNU\0", data.index(b"\x14\0\0\0\3\0\0\0"))
        f.seek(at + 4)
        f.write(b"another")
    r = subprocess.run([SPILE, image], capture_output=True, text=True,
                       timeout=60, check=False)
    if not r.returncode or "not the version" not in r.stderr:
        fail("image of another version", r.stdout, r.stderr)


def main():
    one, two = [subprocess.Popen([SPIN]) for _ in range(2)]
    try:
        time.sleep(0.5)
        probe_process(one.pid, two.pid)
        probe_address(one.pid)
        probe_data(one.pid)
        with tempfile.TemporaryDirectory() as directory:
            probe_image(directory)
    finally:
        for p in (one, two):
            p.kill()
            p.wait()


main()
