# SPDX-License-Identifier: GPL-2.0-or-later
"""How costs grow: with entries, key length, sessions, probes.  Each gives
points (x, y) for a plot."""
import os
import statistics
import subprocess
import time

from events import in_program, whole_event
from rows import SITE, Row
from starts import least, measure


def program_ns(o, script, *options):
    got = in_program(o, Row("", "pid", script, None), *options)
    return got[0] if got else None


def entries(o):
    points = []
    for n in (10, 100, 1000, 10000, 100000, 1000000):
        ns = program_ns(o, f"global a[{n}] " + SITE +
                        f"{{ a[randint({n})]++ }}")
        if ns:
            points.append((n, ns))
    return points


def key_length(o):
    points = []
    for n in (7, 15, 31, 63, 127, 255, 511):
        ns = program_ns(o, "global a " + SITE +
                        f"{{ a[user_string_n($filename, {n})]++ }}")
        if ns:
            points.append((n + 1, ns))
    return points


def sessions(o):
    points = []
    bare = whole_event(o, "syscall")
    for n in (1, 2, 5, 10, 20, 50):
        others = [subprocess.Popen(
            [o.spile, "-w", "-o", "/dev/null", "-e",
             "global n " + SITE + "{ n++ } probe end { println(n) }"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(n)]
        time.sleep(0.5 + n / 20)
        ns = statistics.median(whole_event(o, "syscall") for _ in range(3))
        for p in others:
            p.terminate()
        for p in others:
            p.wait()
        points.append((n, ns - bare))
    return points


def probes(o):
    """CPU ms of a session of so many probes of one tracepoint."""
    points = []
    bare = measure(o, 5, "/bin/echo")
    for n in (1, 10, 100, 300, 1000):
        script = "global n\n" + "\n".join(
            f'probe kernel.trace("sched_process_fork") {{ n[{i}]++ }}'
            for i in range(n)) + "\nprobe end { println(@count(n[0])) }" * 0
        path = os.path.join(o.work, "probes.stp")
        with open(path, "w") as f:
            f.write(script + "\n")
        got = measure(o, 5, o.spile, "-w", path, "-c", "/bin/echo")
        if got:
            points.append((n, (least(got, 2) - least(bare, 2)) / 1000))
    return points


def entry_bytes(o):
    """Bytes of kernel memory for an entry of a[long]."""
    def charged(n):
        p = subprocess.Popen(
            [o.spile, "-w", "-o", "/dev/null", "-e", f"global a[{n}] " +
             SITE + "{ a[pid()]++ } probe end { foreach (k in a) "
             "println(k) }"])
        time.sleep(0.5)
        most = 0
        for fd in os.listdir(f"/proc/{p.pid}/fdinfo"):
            with open(f"/proc/{p.pid}/fdinfo/{fd}") as f:
                for line in f:
                    if line.startswith("memlock:"):
                        most = max(most, int(line.split()[1]))
        p.terminate()
        p.wait()
        return most
    return (charged(200000) - charged(100000)) / 100000


PLOTS = [
    ("entries", "Entries of an array: ns for one random a[k]++", "entries",
     "ns", entries),
    ("keys", "Bytes of a text as key: ns for one a[text]++", "bytes", "ns",
     key_length),
    ("sessions", "Sessions at once: ns that a system call takes longer",
     "sessions", "ns", sessions),
    ("probes", "Probes of a script: CPU ms of its start and end",
     "probes", "ms", probes),
]
