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
            [o.bpftrace, "-o", path, "-e", script])
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True)
    wait_attached(p)
    return p


def wait_attached(p):
    """Programs that are loaded are attached soon."""
    for _ in range(200):
        time.sleep(0.05)
        try:
            fds = [os.readlink(f"/proc/{p.pid}/fd/{fd}")
                   for fd in os.listdir(f"/proc/{p.pid}/fd")]
        except OSError:
            continue
        if any("bpf-prog" in fd for fd in fds):
            break
    time.sleep(0.4)


def stop(p):
    """(what it said, CPU seconds)"""
    # One that is just starting does not hear the first signal.
    for n in range(40):
        p.send_signal(signal.SIGINT if n < 30 else signal.SIGKILL)
        for _ in range(20):
            pid, _, used = os.wait4(p.pid, os.WNOHANG)
            if pid:
                p.returncode = 0
                return p.stderr.read(), used.ru_utime + used.ru_stime
            time.sleep(0.05)
    raise RuntimeError("a tracer does not end")


def lost_events(said, path):
    """bpftrace says "Lost N events" (0.17: in the output) as it loses them, and
    newer ones the sum at the end."""
    n = sum(int(x) for x in re.findall(r"output lost[^\n]*\((\d+)\)", said))
    total = re.search(r"Total lost event count: (\d+)", said)
    if total:
        return int(total[1])
    with open(path, errors="replace") as f:
        for line in [*said.splitlines(), *f]:
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


class Seen:
    """Events in a file that grows: lines, or records of so many bytes."""

    def __init__(self, path, size):
        self.path, self.size, self.at, self.n = path, size, 0, 0

    def count(self):
        with open(self.path, "rb") as f:
            f.seek(self.at)
            new = f.read()
        self.at += len(new)
        self.n += new.count(b"\n") if not self.size else len(new)
        return self.n // self.size if self.size else self.n

    def settled(self, wanted):
        """When no more come, or those that are wanted have."""
        n, still = self.count(), 0
        while n < wanted and still < 10:
            time.sleep(0.1)
            last, n = n, self.count()
            still = 0 if n > last else still + 1
        return n


def paced(o, producers, rate):
    """Events made in half a second, and the seconds that it took."""
    each = rate // producers
    began = time.monotonic()
    makers = [subprocess.Popen([o.measure, "flood", str(each // 2), str(each)],
                               stdout=subprocess.DEVNULL)
              for _ in range(producers)]
    for maker in makers:
        maker.wait()
    return each // 2 * producers, time.monotonic() - began


RATES = (20000, 40000, 80000, 160000, 240000, 320000, 480000, 640000, 960000,
         1280000, 1920000, 2560000, 3840000)


def keeps_up(o, script, producers, rate):
    """bpftrace writes the last of its output as it ends: a session for each
    rate.  (M events/s made, CPU seconds, events), or None where some were
    lost."""
    path = os.path.join(o.work, "steady.out")
    p = start(o, "bpftrace", script, path)
    made, took = paced(o, producers, rate)
    time.sleep(0.5)
    _, cpu = stop(p)
    with open(path, errors="replace") as f:
        seen = sum(1 for line in f if re.match(r"\d+ \d+ measure$", line))
    os.unlink(path)
    return (made / took, cpu, seen) if seen == made else None


def steady_bpftrace(o, script, producers):
    best, each, stuck = 0, None, 0
    for rate in RATES:
        got = keeps_up(o, script, producers, rate)
        if not got:
            break
        stuck = 0 if got[0] > 1.05 * best else stuck + 1
        if got[0] > best:
            best, each = got[0], got[1] / got[2]
        if stuck == 2:      # the producers make no more
            break
    return best, each


def steady_spile(o, script, producers, size):
    path = os.path.join(o.work, "steady.out")
    p = start(o, "spile", script, path)
    seen = Seen(path, size)
    total = best = stuck = 0
    for rate in RATES:
        made, took = paced(o, producers, rate)
        total += made
        if seen.settled(total) < total:
            break
        stuck = 0 if made / took > 1.05 * best else stuck + 1
        best = max(best, made / took)
        if stuck == 2:
            break
    n = seen.count()
    _, cpu = stop(p)
    os.unlink(path)
    return best, cpu / max(n, 1)


def steady(o, what, who, script, producers, size):
    """The highest rate at which nothing is lost, each for half a second, and
    the CPU time of an event."""
    best, each = (steady_bpftrace(o, script, producers) if who == "bpftrace"
                  else steady_spile(o, script, producers, size))
    return [f"{what}, {producers} producer{'s' * (producers > 1)}",
            f"{best / 1e6:.2f}", f"{each * 1e9:.0f}" if each else "-"]


BINARY = SITE + r'{ printf("%4b%8b", pid(), mode) }'


def steady_table(o):
    out = [["who", "M events/s without loss", "CPU ns/event"]]
    for producers in (1, 2):
        for what, who, script, size in (
                ("spile", "spile", SCRIPTS["spile"], 0),
                ("spile, binary", "spile", BINARY, 12),
                ("bpftrace", "bpftrace", SCRIPTS["bpftrace"], 0)):
            if who == "bpftrace" and not o.bpftrace:
                continue
            row = steady(o, what, who, script, producers, size)
            out.append(row)
            print("  ".join(f"{x:>{28 if not i else 12}}"
                            for i, x in enumerate(row)), flush=True)
    return out


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
