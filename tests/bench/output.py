# SPDX-License-Identifier: GPL-2.0-or-later
"""Printing: events a second, seen and lost, CPU of who prints, and what a
session costs that waits."""
import os
import re
import signal
import subprocess
import time

from rows import SITE, TP

SCRIPTS = {
    "spile": SITE + r'{ printf("%d %d %s\n", pid(), mode, execname()) }',
    "bpftrace": TP + r'{ printf("%d %d %s\n", pid, args->mode, comm); }',
}


def start(o, who, script, path):
    argv = ([o.spile, "-o", path, "-e", script] if who == "spile" else
            ["bpftrace", "-o", path, "-e", script])
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True)
    time.sleep(0.5 if who == "spile" else 2)
    return p


def stop(p):
    """(what it said, CPU seconds)"""
    p.send_signal(signal.SIGINT)
    said = p.stderr.read()
    _, _, used = os.wait4(p.pid, 0)
    p.returncode = 0
    return said, used.ru_utime + used.ru_stime


def lost_events(said, path):
    n = sum(int(x) for x in re.findall(r"output lost[^\n]*\((\d+)\)", said))
    with open(path, errors="replace") as f:
        for line in f:
            m = re.match(r"Lost (\d+) events", line)
            n += int(m[1]) if m else 0
    return n


def flood(o, who, producers):
    """One row: rate seen, made, seen, said to be lost, unaccounted, CPU."""
    path = os.path.join(o.work, "flood.out")
    p = start(o, who, SCRIPTS[who], path)
    began = time.monotonic()
    makers = [subprocess.Popen([o.measure, "flood", str(o.flood)],
                               stdout=subprocess.DEVNULL)
              for _ in range(producers)]
    for maker in makers:
        maker.wait()
    took = time.monotonic() - began
    time.sleep(0.3)
    said, cpu = stop(p)
    with open(path, errors="replace") as f:
        seen = sum(1 for line in f if re.match(r"\d+ \d+ measure$", line))
    lost = lost_events(said, path)
    made = producers * o.flood
    os.unlink(path)
    return [f"{who}, {producers} producer{'s' * (producers > 1)}",
            f"{seen / took / 1e6:.2f}", str(made), str(seen), str(lost),
            str(made - seen - lost), f"{cpu / max(seen, 1) * 1e9:.0f}"]


def idle(o):
    """% of a CPU that a session takes while nothing happens."""
    p = start(o, "spile", 'probe kernel.trace("sched_process_hang") '
              '{ println(pid()) }', os.path.join(o.work, "idle.out"))
    def used():
        with open(f"/proc/{p.pid}/schedstat") as f:
            return int(f.read().split()[0]) / 1e9
    time.sleep(2)
    before = used()
    time.sleep(10)
    took = used() - before
    stop(p)
    return took / 10 * 100


def table(o):
    out = [["who", "M events/s seen", "made", "seen", "said to be lost",
            "unaccounted", "CPU ns/event"]]
    for producers in (1, 2):
        for who in ("spile", "bpftrace"):
            if who == "bpftrace" and not o.bpftrace:
                continue
            row = flood(o, who, producers)
            out.append(row)
            print("  ".join(f"{x:>{24 if not i else 12}}"
                            for i, x in enumerate(row)), flush=True)
    return out, idle(o)
