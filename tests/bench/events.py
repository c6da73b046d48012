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

SITE = "probe syscall.faccessat "
TP = "tracepoint:syscalls:sys_enter_faccessat "

# what, handler of peer.bpf.c, script of spile, script of bpftrace (None: it
# has no such thing)
ROWS = [
    ("empty", "empty", SITE + "{ next }", TP + "{ }"),
    ("count by pid", "pid",
     "global a " + SITE + "{ a[pid()]++ }", TP + "{ @[pid] = count(); }"),
    ("count by execname", "comm",
     "global a " + SITE + "{ a[execname()]++ }",
     TP + "{ @[comm] = count(); }"),
    ("count by execname, path", "commpath",
     "global a " + SITE + "{ a[execname(), user_string_n($pathname, 63)]++ }",
     TP + "{ @[comm, str(args->filename)] = count(); }"),
    ("log2 histogram", "log2",
     "global s " + SITE + "{ s <<< mode } "
     "probe end { print(@hist_log(s)) }", TP + "{ @ = hist(args->mode); }"),
    ("linear histogram", "linear",
     "global s " + SITE + "{ s <<< mode } "
     "probe end { print(@hist_linear(s, 0, 4096, 128)) }",
     TP + "{ @ = lhist(args->mode, 0, 4096, 128); }"),
    ("min, avg, max", "minmax",
     "global s " + SITE + "{ s <<< mode } "
     "probe end { println(@min(s), @avg(s), @max(s)) }",
     TP + "{ @a = min(args->mode); @b = avg(args->mode); "
     "@c = max(args->mode); }"),
    ("latency, enter and return", "latency",
     "global t, l " + SITE + "{ t[tid()] = gettimeofday_ns() } "
     "probe syscall.faccessat.return { if (tid() in t) { "
     "l <<< gettimeofday_ns() - t[tid()]; delete t[tid()] } } "
     "probe end { print(@hist_log(l)) }",
     TP + "{ @s[tid] = nsecs; } tracepoint:syscalls:sys_exit_faccessat "
     "/@s[tid]/ { @ = hist(nsecs - @s[tid]); delete(@s[tid]); }"),
    ("two globals, locked", "lock",
     "global a, b " + SITE + "{ a = a * 3 + b; b ^= a }", None),
    ("compare a text", "strcmp",
     "global n " + SITE + '{ if (execname() == "measure") n++ }',
     TP + '/comm == "measure"/ { @ = count(); }'),
    ("match a regex", "regex",
     "global n " + SITE + '{ if (execname() =~ "^mea.*e$") n++ }', None),
    ("read a user string", "ustr",
     "global n " + SITE + '{ if (user_string_n($pathname, 63) == "/s") n++ }',
     TP + '/str(args->filename) == "/s"/ { @ = count(); }'),
    ("stack as key", "stack",
     "global a " + SITE + "{ a[backtrace()]++ }",
     TP + "{ @[kstack] = count(); }"),
    ("printf", "printf",
     SITE + r'{ printf("%d %d %s\n", pid(), mode, execname()) }',
     TP + r'{ printf("%d %d %s\n", pid, args->mode, comm); }'),
]

JIT_LINE = re.compile(r"^\s+[0-9a-f]+:\t")


def run(*argv):
    return subprocess.run([str(a) for a in argv], capture_output=True,
                          text=True)


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
        who = ("empty" if f[0] == "raw_empty" else
               "c" if f[0].startswith("raw_") else "spile")
        insns = jit_insns(os.path.join(o.work, "jit", f[1]))
        old = sums.get(who)
        ns = [float(x) for x in f[3:]]
        sums[who] = (insns, ns, 1) if old is None else (
            old[0] + insns, [a + b for a, b in zip(old[1], ns)], old[2] + 1)
    return sums


def quartiles(v):
    q = statistics.quantiles(v, n=4)
    return q[1], q[2] - q[0]


def attached(o, handler, script, options, spile_last):
    """programs() of one run: who runs first pays for what is not in the cache,
    so each order is measured."""
    measure = words(*pinned(1, o.measure, "bpf", o.ops, o.windows // 2,
                            os.path.join(o.work, "jit")))
    empty = [o.peer, o.peer_obj, "raw_empty"]
    peer = [o.peer, o.peer_obj, "raw_" + handler] * (handler != "empty")
    spile = [o.spile, "-w", "-o", "/dev/null", *options, "-e", script, "-c"]
    if spile_last:
        argv = empty + peer + spile + [measure]
    else:
        argv = empty + spile + [words(*peer, measure)]
    return programs(o, run(*pinned(0, *argv)).stdout)


def in_program(o, handler, script, *options):
    """(spile ns, C ns, ratio, spread, spile insns, C insns), or None."""
    got = attached(o, handler, script, options, True)
    other = attached(o, handler, script, options, False)
    for who, (insns, ns, n) in other.items():
        if who in got:
            got[who] = (insns, got[who][1] + ns, n)
    if handler == "empty" and "empty" in got:
        got["c"] = (got["empty"][0], [0.0] * len(got["empty"][1]), 1)
    if not all(k in got for k in ("empty", "c", "spile")):
        return None
    bare = got["empty"][1]
    take = [[n - b * got[who][2] for n, b in zip(got[who][1], bare)]
            for who in ("spile", "c")]
    if handler == "empty":
        take[1] = [0.0 for _ in bare]
        return (statistics.median(take[0]), 0.0, None, None,
                got["spile"][0], got["c"][0])
    ratio, spread = quartiles([s / c for s, c in zip(*take)])
    return (statistics.median(take[0]), statistics.median(take[1]), ratio,
            spread, got["spile"][0], got["c"][0])


def whole_call(o, *argv):
    """ns of a call: the fastest tenth of the batches."""
    measure = pinned(1, o.measure, "calls", o.ops, o.batches)
    if argv and argv[0] == o.spile:
        argv = (*argv, "-c", words(*measure))
    elif argv and argv[0] == "bpftrace":
        argv = (*argv, "-c", words("/usr/bin/" + measure[0], *measure[1:]))
    else:
        argv = (*argv, *measure)
    r = run(*pinned(0, *argv))
    for line in r.stdout.splitlines():
        f = line.split()
        if len(f) == 3 and all(re.match(r"[\d.]+$", x) for x in f):
            return float(f[1])
    return None


def whole_calls(o, handler, script, bt):
    """Medians over the rounds of what is added: (spile, C as most would
    write it, bpftrace); None where one failed."""
    who = {
        "spile": (o.spile, "-w", "-o", "/dev/null", "-e", script),
        "c": (o.peer, o.peer_obj, "tp_" + handler),
    }
    if bt and o.bpftrace:
        who["bt"] = ("bpftrace", "-o", "/dev/null", "-e", bt)
    added = {name: [] for name in ("spile", "c", "bt")}
    for _ in range(o.rounds):
        bare = whole_call(o)
        for name, argv in who.items():
            ns = whole_call(o, *argv)
            if ns is not None:
                added[name].append(ns - bare)
    return [statistics.median(v) if v else None
            for v in (added["spile"], added["c"], added["bt"])]


def number(v, form="{:.0f}"):
    return "-" if v is None else form.format(v)


def ratio(a, b):
    return a / b if a is not None and b else None


def table(o):
    """Rows of texts, the first of titles."""
    rows = [["handler", "spile", "C", "ratio", "spread", "insns", "C",
             "ratio", "call: spile", "C, tp", "bpftrace", "to C", "to bpftrace"]]
    os.makedirs(os.path.join(o.work, "jit"), exist_ok=True)
    for what, handler, script, bt in ROWS:
        if o.only and not re.search(o.only, what):
            continue
        p = in_program(o, handler, script)
        row = [what]
        if p:
            row += [number(p[0], "{:.1f}"), number(p[1], "{:.1f}"),
                    number(p[2], "{:.2f}"), number(p[3], "{:.2f}"),
                    number(p[4]), number(p[5]),
                    number(ratio(p[4], p[5]), "{:.2f}")]
        else:
            row += ["-"] * 7
        if not o.quick:
            s, c, b = whole_calls(o, handler, script, bt)
            row += [number(s), number(c), number(b),
                    number(ratio(s, c), "{:.2f}"),
                    number(ratio(s, b), "{:.2f}")]
        rows.append(row)
        print("  ".join(f"{x:>{26 if not i else 8}}"
                        for i, x in enumerate(row)), flush=True)
    return rows
