# SPDX-License-Identifier: GPL-2.0-or-later
"""What a start costs: from exec until all is attached, and until the end."""
import re
import statistics
import subprocess

THREE = """
global switches, wakeups, calls
probe kernel.trace("sched_switch") { switches[$next->pid]++ }
probe kernel.trace("sched_wakeup") { wakeups[$p->real_parent->pid]++ }
probe kernel.trace("sys_enter") { calls <<< $id }
"""
THREE_BT = """
tracepoint:sched:sched_switch { @switches[args->next_pid] = count(); }
tracepoint:sched:sched_wakeup { @wakeups[args->pid] = count(); }
tracepoint:raw_syscalls:sys_enter { @calls = stats(args->id); }
"""


def tracepoints(o, n):
    r = subprocess.run([o.spile, "-l", 'kernel.trace("*")'],
                       capture_output=True, text=True)
    names = r.stdout.split()
    return names[:: max(1, len(names) // n)][:n]


def hundred(o):
    return ("global n probe " + ",\n".join(tracepoints(o, 100)) +
            " { n[pid()]++ }\n")


def long_script():
    """500 lines: 40 functions, 40 probes, arrays, loops, text."""
    parts = ["global count, total, by_name, last"]
    for i in range(40):
        parts.append(f"""function weigh{i}(a, b) {{
	if (a > b)
		return a * {i + 1} - b
	for (k = 0; k < {i % 5 + 2}; k++)
		a += b ^ k
	return a
}}""")
    for i in range(40):
        parts.append(f"""probe timer.s({1000 + i}) {{
	count[{i}, pid()]++
	total += weigh{i}(count[{i}, pid()], {i})
	by_name[execname(), "{i}"] <<< total""" + (f"""
	last = sprintf("%s %d", execname(), total)
	if (last =~ "^a.*{i}$")
		println(last)
}}""" if i % 2 else "\n\tprintf(\"%d %d\\n\", pid(), total)\n}"))
    parts.append(THREE.replace("global switches, wakeups, calls\n", ""))
    parts.insert(1, "global switches, wakeups, calls")
    text = "\n".join(parts)
    return text + "\n# end" * max(0, 500 - text.count("\n") - 1) + "\n"


# what, script, ms and MB at most (of a start, to attached); script of bpftrace;
# raw tracepoints that it needs; the same by libbpf
def rows(o):
    calls = ["sys_enter", "sys_exit"]
    three = ["sched_switch", "sched_wakeup", "sys_enter"]
    return [
        ("begin only", 'probe begin { print("") }', 3, 4,
         "BEGIN { exit(); }", [], None),
        ("three tracepoints, BTF types", THREE, 3, 4,
         THREE_BT + "interval:ms:1 { exit(); }", three,
         [o.peer, o.three_obj, "three"]),
        ("100 tracepoints", hundred(o), 10, None, None,
         [re.split('[:"]', x)[-2] for x in tracepoints(o, 100)], None),
        ("syscall.*", "global names probe syscall.* { names[name]++ }", 40,
         None, None, calls, None),
        ("500 lines", long_script(), 15, None, None, three, None),
    ]


def measure(o, n, *argv):
    r = subprocess.run([o.measure, "run", str(n), *argv],
                       capture_output=True, text=True)
    got = [[int(w) for w in line.split()] for line in r.stdout.splitlines()
           if line.replace(" ", "").isdigit()]
    return got if not r.returncode and got else None


def median(got, column):
    return statistics.median(row[column] for row in got)


def spread(got, column):
    v = [row[column] for row in got]
    q = statistics.quantiles(v, n=4) if len(v) > 3 else [min(v), 0, max(v)]
    return q[2] - q[0]


def interleaved(o, commands):
    """The rows of measure(), of each command; None for one that failed.  One
    after the other, so that all see the same machine."""
    got = [[] for _ in commands]
    for _ in range(o.runs):
        for rows_of, argv in zip(got, commands):
            one = measure(o, 1, *argv)
            if one:
                rows_of += one
    return [g or None for g in got]


def least(got, column):
    """The quickest quarter: what else the machine does only adds."""
    v = sorted(row[column] for row in got)
    return v[len(v) // 4]


def table(o):
    """Attached: until the first byte that a command (-c) prints, less what
    that takes by itself.  The floor: a program in C, without libraries, that
    does no more than to attach one program to the same tracepoints."""
    titles = ["script", "attached ms", "spread", "aim", "floor", "exit ms",
              "CPU ms", "floor", "MB", "aim", "libbpf: attached ms", "CPU ms",
              "MB", "bpftrace: exit ms", "CPU ms", "MB"]
    out = [titles]
    for what, script, ms, mb, bt, points, c in rows(o):
        if o.only and not re.search(o.only, what):
            continue
        ours = [o.spile, "-w", "-e", script, "-c", "/bin/echo"]
        got, bare, floor, lib = interleaved(
            o, [ours, ["/bin/echo"], [o.measure, "attach", *points],
                c + ["/bin/echo"] if c else ["/bin/false"]])
        if not got:
            out.append([what] + ["failed"] + ["-"] * 14)
            continue
        row = [what, f"{(least(got, 0) - least(bare, 0)) / 1000:.1f}",
               f"{spread(got, 0) / 1000:.1f}", str(ms),
               f"{least(floor, 0) / 1000:.1f}" if floor else "-",
               f"{(least(got, 1) - least(bare, 1)) / 1000:.1f}",
               f"{(least(got, 2) - least(bare, 2)) / 1000:.1f}",
               f"{least(floor, 2) / 1000:.1f}" if floor else "-",
               f"{median(got, 3) / 1024:.1f}", str(mb) if mb else "-"]
        row += ([f"{(least(lib, 0) - least(bare, 0)) / 1000:.1f}",
                 f"{(least(lib, 2) - least(bare, 2)) / 1000:.1f}",
                 f"{median(lib, 3) / 1024:.1f}"] if lib else ["-"] * 3)
        peer = (measure(o, 3, o.bpftrace, "-e", bt)
                if bt and o.bpftrace else None)
        row += ([f"{median(peer, 1) / 1000:.0f}",
                 f"{median(peer, 2) / 1000:.0f}",
                 f"{median(peer, 3) / 1024:.0f}"] if peer else ["-"] * 3)
        out.append(row)
        print("  ".join(f"{x:>{30 if not i else 9}}"
                        for i, x in enumerate(row)), flush=True)
    return out
