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
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
WATCHED = os.path.join(os.environ["BUILD"], "tests/user/user-watched")
SPIN = os.path.join(os.environ["BUILD"], "tests/user/user-spin")


def fail(what, *output):
    print(what, *output, sep="\n")
    sys.exit(1)


def spile(script, *options):
    r = subprocess.run([SPILE, *options, "-e", script], capture_output=True,
                       text=True, timeout=60 * SLOW, check=False)
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


def watch(what, script, pattern, *options):
    got = spile(script, *options)
    # They are by other tests, or the machine has none.
    if not re.search("watchpoints of the processor are in use|"
                     "watchpoints are never hit", got[1]):
        expect(what, got, pattern)


def probe_data(one, two):
    """One variable at a time, and none that is written by a probed instruction:
    QEMU's emulation tells two watchpoints of a task not apart, and does not end
    a single step that hits one."""
    watch("data of a process", f"""
probe process({one}).data("counter").write {{ if (++n[pid()] > 10) exit() }}
probe timer.s(8) {{ exit() }}
probe end {{ foreach (p in n) println(p, " ", n[p] > 10) delete n }}
global n""", rf"\A{one} 1\n\Z")
    watch("data of a program", f"""
probe process("{SPIN}").data("other").write {{
    n[pid()]++
    if (n[{one}] > 5 && n[{two}] > 5) exit()
}}
probe timer.s(8) {{ exit() }}
probe end {{ println(n[{one}] > 5, " ", n[{two}] > 5) delete n }}
global n""", r"\A1 1\n\Z")


def probe_command_data():
    """From its first instruction on; a shell's child is not the command."""
    script = """
probe process%s.data("written").write { n++ }
probe end { println(n) }
global n"""
    watch("data of a command", script % f'("{WATCHED}")', r"\A5\n\Z",
          "-c", WATCHED)
    watch("data of the command", script % "", r"\A5\n\Z", "-c", WATCHED)
    got = spile(script % f'("{WATCHED}")', "-c", f"true; {WATCHED}")
    if "the command runs " not in got[1]:
        fail("data of a command's child", *got)


def probe_image(directory):
    """An image is for one version of a program."""
    image, program = (os.path.join(directory, n) for n in ("x.img", "program"))
    shutil.copy(SPIN, program)
    subprocess.run([SPILE, "-p4", "-o", image, "-e",
                    f'probe process("{program}").function("bump") {{ exit() }}'],
                   check=True, capture_output=True, timeout=60 * SLOW)
    p = subprocess.Popen([program])
    try:
        r = subprocess.run([SPILE, image], capture_output=True, text=True,
                           timeout=60 * SLOW, check=False)
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
                       timeout=60 * SLOW, check=False)
    if not r.returncode or "not the version" not in r.stderr:
        fail("image of another version", r.stdout, r.stderr)


def main():
    one, two = [subprocess.Popen([SPIN]) for _ in range(2)]
    try:
        time.sleep(0.5)
        probe_process(one.pid, two.pid)
        probe_address(one.pid)
        probe_data(one.pid, two.pid)
        probe_command_data()
        with tempfile.TemporaryDirectory() as directory:
            probe_image(directory)
    finally:
        for p in (one, two):
            p.kill()
            p.wait()


main()
