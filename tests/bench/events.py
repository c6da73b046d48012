# SPDX-License-Identifier: GPL-2.0-or-later
"""What an event costs: scripts, beside the same in C and in bpftrace.

Two measures.  The time in the program alone, as the kernel counts it
(BPF_ENABLE_STATS): spile's program, the C program and an empty one are
attached at once and see the same calls, window by window; the empty one's
time is the cost of counting and is taken off the others'.  And the time of a
whole call, in a loop: what an event costs with all that the kernel does around
the program, less a call that nobody looks at.
"""
import os
import re
import statistics
import subprocess

import rows

JIT_LINE = re.compile(r"^\s+[0-9a-f]+:\t")


def run(*argv):
    """One that does not end has no result."""
    argv = [str(a) for a in argv]
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=30)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(argv, 1, "", "")


def pinned(cpu, *argv):
    return ["taskset", "-c", str(cpu), *argv]


def words(*argv):
    return " ".join(str(a) for a in argv)


def jit_insns(path):
    """Instructions of machine code, without the padding of their ends."""
    r = run("objdump", "-D", "-b", "binary", "-m", "i386:x86-64",
            "--no-show-raw-insn", path)
    return sum(1 for line in r.stdout.splitlines()
               if JIT_LINE.match(line) and not re.search(
                   r"\t(int3|nop\w?|cs nopw|xchg +%ax,%ax)", line))


def programs(o, text):
    """NAME -> (instructions, ns of each window), added up by tracer."""
    sums = {}
    for line in text.splitlines():
        f = line.split()
        if len(f) < 4 or not f[1].isdigit():
            continue
        who = ("empty" if f[0] in ("raw_empty", "user_nothing") else
               "c" if f[0].startswith(("raw_", "user_")) else
               "full" if f[0].startswith(("full_", "fuser_")) else "spile")
        insns = jit_insns(os.path.join(o.work, "jit", f[1]))
        old = sums.get(who)
        ns = [float(x) for x in f[3:]]
        sums[who] = (insns, ns, 1) if old is None else (
            old[0] + insns, [a + b for a, b in zip(old[1], ns)], old[2] + 1)
    return sums


def quartiles(v):
    q = statistics.quantiles(v, n=4)
    return q[1], q[2] - q[0]


# The handlers of begin run before others are attached.
READY = (' global is_ready probe timer.ms(20) { if (!is_ready++) '
         'warn("ready") }')


def spile(o, script, *options):
    """A command that follows is run when all is attached; it is not the
    session's, since the script is about all processes."""
    argv = [o.spile, "-o", "/dev/null", *options, "-e", script + READY]
    return [o.measure, "beside", str(len(argv)), *argv]


def attached(o, row, options, spile_last):
    """programs() of one run: who runs first pays for what is not in the cache,
    so each order is measured."""
    measure = [o.measure, "bpf", row.kind, o.ops, o.windows // 2,
               os.path.join(o.work, "jit")]
    empty = [o.peer, o.peer_obj, row.empty()]
    peer = [o.peer, o.peer_obj, row.same()] * (row.same() != row.empty())
    ours = spile(o, row.script, *options)
    argv = empty + (peer + ours if spile_last else ours + peer) + measure
    return programs(o, run(*pinned(0, *argv)).stdout)


def in_program(o, row, *options):
    """(spile ns, C ns, ratio, spread, spile insns, C insns), or None."""
    got = attached(o, row, options, True)
    other = attached(o, row, options, False)
    for who, (insns, ns, n) in other.items():
        if who in got:
            got[who] = (insns, got[who][1] + ns, n)
    is_empty = row.same() == row.empty()
    if is_empty and "empty" in got:
        got["c"] = (got["empty"][0], [0.0] * len(got["empty"][1]), 1)
    if not all(k in got for k in ("empty", "c", "spile")):
        return None
    bare = got["empty"][1]
    take = [[n - b * got[who][2] for n, b in zip(got[who][1], bare)]
            for who in ("spile", "c")]
    if is_empty:
        return (statistics.median(take[0]), 0.0, None, None,
                got["spile"][0], got["c"][0])
    ratio, spread = quartiles([s / c for s, c in zip(*take) if c > 0])
    return (statistics.median(take[0]), statistics.median(take[1]), ratio,
            spread, got["spile"][0], got["c"][0])


def as_much(o, row):
    """(ns, instructions) of the program in C that does all that spile's does;
    None, None when there is none."""
    measure = [o.measure, "bpf", row.kind, o.ops, o.windows // 2,
               os.path.join(o.work, "jit")]
    got = programs(o, run(*pinned(0, o.peer, o.peer_obj, row.empty(), o.peer,
                                  o.full_obj, row.full(), *measure)).stdout)
    if "full" not in got or "empty" not in got:
        return None, None
    insns, ns, n = got["full"]
    return (statistics.median(a - n * b for a, b in zip(ns, got["empty"][1])),
            insns)


def whole_event(o, kind, *before):
    """ns of an event: the fastest tenth of the batches."""
    measure = [o.measure, "calls", kind, o.ops, o.batches]
    if before and before[0] == o.bpftrace:
        argv = [*before, "-c", words(*measure)]
    else:
        argv = [*before, *measure]
    r = run(*pinned(0, *argv))
    for line in r.stdout.splitlines():
        f = line.split()
        if len(f) == 3 and all(re.match(r"[\d.]+$", x) for x in f):
            return float(f[1])
    return None


def whole_events(o, row):
    """What is added to an event, NAME -> ns of each round; one after the
    other, so that each round sees the same machine."""
    who = {
        "spile": spile(o, row.script),
        "same": (o.peer, o.peer_obj, row.same()),
        "plain": (o.peer, o.peer_obj, row.plain()),
    }
    if row.bt and o.bpftrace:
        who["bt"] = (o.bpftrace, "-o", "/dev/null", "-e", row.bt)
    added = {name: [] for name in ("spile", "same", "plain", "bt")}
    for n in range(o.rounds):
        bare = whole_event(o, row.kind)
        for name, argv in who.items():
            # bpftrace takes a second to start: every other round will do.
            if name == "bt" and (n % 2 or (row.is_slow and n)):
                added[name].append(None)
                continue
            ns = whole_event(o, row.kind, *argv)
            added[name].append(None if ns is None else ns - bare)
    return added


def median(v):
    v = [x for x in v if x is not None]
    return statistics.median(v) if v else None


def ratios(a, b):
    """(median, half of the distance of the quartiles) of the rounds'."""
    v = [x / y for x, y in zip(a, b) if x is not None and y and y > 0]
    if not v:
        return None, None
    if len(v) < 3:
        return statistics.median(v), None
    q = statistics.quantiles(v, n=4)
    return q[1], (q[2] - q[0]) / 2


def number(v, form="{:.0f}"):
    return "-" if v is None else form.format(v)


def with_spread(v):
    return (number(v[0], "{:.2f}") +
            (f" ±{v[1]:.2f}" if v[1] is not None else ""))


def program_cells(o, row):
    p = in_program(o, row)
    if not p:
        return ["-"] * 10
    full_ns, full = as_much(o, row)
    return [number(p[0], "{:.1f}"), number(p[1], "{:.1f}"),
            number(p[2], "{:.2f}"), number(p[3], "{:.2f}"),
            number(full_ns, "{:.1f}"), number(p[4]), number(p[5]),
            number(p[4] / p[5] if p[5] else None, "{:.2f}"), number(full),
            number(p[4] / full if full else None, "{:.2f}")]


def event_cells(o, row):
    v = whole_events(o, row)
    return ([number(median(v[w])) for w in ("spile", "same", "plain", "bt")] +
            [with_spread(ratios(v["spile"], v[w]))
             for w in ("same", "plain", "bt")])


TITLES = ["handler", "spile", "C", "ratio", "spread", "C, as much", "insns",
          "C", "ratio", "C, as much", "ratio", "event: spile", "C, same",
          "C, plain", "bpftrace", "to same", "to plain", "to bpftrace"]


def table(o, all_rows):
    """Rows of texts, the first of titles."""
    out = [TITLES]
    os.makedirs(os.path.join(o.work, "jit"), exist_ok=True)
    for row in all_rows:
        if o.only and not re.search(o.only, row.what):
            continue
        cells = [row.what] + program_cells(o, row)
        if not o.quick:
            cells += event_cells(o, row)
        out.append(cells)
        print("  ".join(f"{x:>{40 if not i else 10}}"
                        for i, x in enumerate(cells)), flush=True)
    return out
