# SPDX-License-Identifier: GPL-2.0-or-later
"""What a start costs: from exec until all is attached, and until the end."""
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


# what, script, ms and MB at most (of a start, to attached); script of bpftrace
def rows(o):
    return [
        ("begin only", 'probe begin { print("") }', 3, 4,
         "BEGIN { exit(); }"),
        ("three tracepoints, BTF types", THREE, 3, 4,
         THREE_BT + "interval:ms:1 { exit(); }"),
        ("100 tracepoints", hundred(o), 10, None, None),
        ("syscall.*", "global names probe syscall.* { names[name]++ }", 40, None,
         None),
        ("500 lines", long_script(), 15, None, None),
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


def table(o):
    """Attached: until the first byte that a command (-c) prints, less what
    that takes by itself."""
    titles = ["script", "attached ms", "spread", "aim", "exit ms", "CPU ms",
              "MB", "aim", "bpftrace: exit ms", "CPU ms", "MB"]
    out = [titles]
    bare = measure(o, o.runs, "/bin/sh", "-c", "/bin/echo")
    for what, script, ms, mb, bt in rows(o):
        if o.only and o.only not in what:
            continue
        got = measure(o, o.runs, o.spile, "-w", "-e", script, "-c",
                      "/bin/echo")
        if not got:
            out.append([what] + ["failed"] + ["-"] * 9)
            continue
        row = [what, f"{(median(got, 0) - median(bare, 0)) / 1000:.1f}",
               f"{spread(got, 0) / 1000:.1f}", str(ms),
               f"{(median(got, 1) - median(bare, 1)) / 1000:.1f}",
               f"{(median(got, 2) - median(bare, 2)) / 1000:.1f}",
               f"{median(got, 3) / 1024:.1f}", str(mb) if mb else "-"]
        peer = (measure(o, 3, "bpftrace", "-e", bt)
                if bt and o.bpftrace else None)
        row += ([f"{median(peer, 1) / 1000:.0f}",
                 f"{median(peer, 2) / 1000:.0f}",
                 f"{median(peer, 3) / 1024:.0f}"] if peer else ["-"] * 3)
        out.append(row)
        print("  ".join(f"{x:>{30 if not i else 9}}"
                        for i, x in enumerate(row)), flush=True)
    return out
