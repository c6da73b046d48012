#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root
#! timeout: 120
"""process.begin and process.thread.begin of what is there already: once for
each, though it sleeps, with its own numbers and names; of those that are made
or run another program meanwhile, too."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
PYTHON = os.path.realpath(sys.executable)
THREADS = """
import threading, time
for _ in range(3):
    threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
print("ready", flush=True)
time.sleep(100)
"""
# Until a line is said to it.
FORKS = """
import os, select, sys, time
print("ready", flush=True)
pids = []
while not select.select([sys.stdin], [], [], 0)[0]:
    pid = os.fork()
    if not pid:
        time.sleep(100)
        os._exit(0)
    pids.append(pid)
    time.sleep(0.002 if len(pids) < 400 else 0.1)
print(*pids, flush=True)
time.sleep(100)
"""
HOP = 'exec "$0" -c "$HOP" "$0" $(($1 + 1))'
PROBES = 24 if SLOW == 1 else 8


def fail(what, *output):
    print(what, *output, sep="\n")
    sys.exit(1)


def spile(script, *options):
    r = subprocess.run([SPILE, *options, "-e", script], capture_output=True,
                       text=True, timeout=60 * SLOW, check=False)
    if r.returncode:
        fail("spile fails", script, r.stdout, r.stderr)
    return r.stdout.splitlines()


def expect(what, got, want):
    if sorted(got) != sorted(want):
        fail(what, "got:", *got, "wanted:", *want)


def reads_memory():
    names = subprocess.run([SPILE, "--dump-features"], capture_output=True,
                           text=True,
                           check=True).stdout.strip().split(",")
    return "UPROBE_MULTI" in names


def sleepers(program):
    """Of two processes, by path; the memory of who sleeps."""
    run = [subprocess.Popen([program, "100", str(n)])
           for n in range(2)]
    other = subprocess.Popen(["sleep", "100"])
    time.sleep(0.3)
    text = "cmdline_str()" if reads_memory() else '"?"'
    line = 'printf("%d %d %s %d %d %s\\n", pid(), tid(), execname(), ' \
           f"uid(), ppid(), {text})"
    try:
        want = [f"{p.pid} {p.pid} sleeper {os.getuid()} {os.getpid()} " +
                (f"{program} 100 {n}" if reads_memory() else "?")
                for n, p in enumerate(run)]
        end = "probe timer.ms(200) { exit() }"
        expect("by path", spile(
            f'probe process("{program}").begin {{ {line} }} {end}'), want)
        expect("by number", spile(
            f"probe process({run[1].pid}).begin {{ {line} }} {end}"), want[1:])
        expect("of the target", spile(
            f"probe process.begin {{ {line} }} {end}", "-x",
            str(run[0].pid)), want[:1])
        expect("not of a command", spile(
            f'probe process("{program}").begin {{ {line} }}', "-c", "true"),
            [])
        expect("nothing is done to spile instead", spile(
            f'probe process("{program}").begin {{ '
            'try { raise(9) } catch { println("no", ubacktrace()) } } ' + end,
            "-g"), ["no"] * 2)
        expect("all", spile(f"""
global n
probe process.begin {{ n[pid()]++ }}
probe timer.ms(200) {{ println(n[{other.pid}], n[{os.getpid()}]) exit() }}
probe end {{ delete n }}"""), ["11"])
    finally:
        for p in run + [other]:
            p.kill()
            p.wait()


def threads():
    p = subprocess.Popen([PYTHON, "-S", "-c", THREADS], stdout=subprocess.PIPE)
    p.stdout.readline()
    time.sleep(0.2)
    ids = [int(t) for t in os.listdir(f"/proc/{p.pid}/task")]
    try:
        got = spile(f"probe process({p.pid}).thread.begin "
                    '{ printf("%d %d\\n", pid(), tid()) } '
                    "probe timer.ms(200) { exit() }")
        expect("threads", got, [f"{p.pid} {t}" for t in ids if t != p.pid])
    finally:
        p.kill()
        p.wait()


def forks():
    """A process forks all the time: each child is told about exactly once."""
    p = subprocess.Popen([PYTHON, "-S", "-c", FORKS], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True,
                         start_new_session=True)
    p.stdout.readline()
    s = subprocess.Popen([SPILE, "-x", str(p.pid), "-e", """
probe process.begin { println(pid()) }
probe timer.ms(100) { println("on") }"""],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
    try:
        early = []
        while (line := s.stdout.readline().strip()) not in ("on", ""):
            early.append(line)
        time.sleep(0.2)
        p.stdin.write("enough\n")
        p.stdin.flush()
        want = p.stdout.readline().split() + [str(p.pid)]
        time.sleep(0.3)
        s.terminate()
        out, err = s.communicate(timeout=30 * SLOW)
        got = early + [n for n in out.split() if n != "on"]
        # those that the kernel skipped are said, also those of others
        skipped = re.search(r"skipped probes: (\d+)", err)
        missing = set(want) - set(got)
        if len(missing) <= int(skipped[1] if skipped else 0):
            want = [n for n in want if n not in missing]
        expect("forks", got, want)
    finally:
        s.kill()
        os.killpg(p.pid, 9)
        p.wait()


def hop_script(hopper, n):
    return "".join(f"""
probe process("{hopper}").begin {{
	seen[{k}, pid()] = 1
	println({k}, " ", pid(), " ", cmdline_str())
}}""" for k in range(PROBES)) + f"""
global seen
probe timer.ms(20) {{
	told = 0
	foreach ([k, pid] in seen)
		told++
	if (told == {PROBES * n})
		exit()
}}"""


def slips(lines):
    """How many programs, from the first on that is told about, are told about
    twice or never: each in its process by its last argument."""
    told = {}
    for line in lines:
        k, pid, *words = line.split()
        # Of a task that goes on to another program nothing may be read.
        told.setdefault((k, pid), []).append(words[-1] if words else '""')
    n = 0
    for numbers in told.values():
        seen = [int(w) for w in numbers if w != '""']
        if not seen:
            continue
        n += len(numbers) - len(set(seen))
        n += len(set(range(min(seen), max(seen))) - set(seen))
    return n


def hops(directory):
    """Processes run programs all the time while a session begins: each program
    is told about exactly once, by each of many probes, which visit one after
    the other.  While a task is visited it may go on to another program; so few
    may read the wrong number, more where visits are slow."""
    hopper = os.path.join(directory, "hopper")
    shutil.copy(os.path.realpath(shutil.which("dash")), hopper)
    run = [subprocess.Popen([hopper, "-c", HOP, hopper, "1"],
                            env={"HOP": HOP}) for _ in range(4)]
    try:
        n = slips(spile(hop_script(hopper, len(run))))
        if n > PROBES * len(run) // (20 if SLOW == 1 else 4):
            fail(f"{n} programs were told about twice or never")
    finally:
        for p in run:
            p.kill()
            p.wait()


def main():
    with tempfile.TemporaryDirectory() as directory:
        program = os.path.join(directory, "sleeper")
        shutil.copy(shutil.which("sleep"), program)
        sleepers(program)
        if reads_memory():
            hops(directory)
    threads()
    forks()


main()
