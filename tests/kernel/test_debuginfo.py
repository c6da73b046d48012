#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf
#! timeout: 60
"""Statements, inlined functions and variables by debug information, which
SPILE_DEBUGINFO_PATH or the system has; else skipped."""
import os
import re
import subprocess
import sys

SPILE = os.environ["SPILE"]
WORKLOAD = os.path.join(os.environ["BUILD"], "tests/kernel/kernel-workload")
EVENTS = os.path.join(os.environ["BUILD"], "tests/kernel/kernel-events")
PLACE = 'kernel.statement("vfs_read@fs/read_write.c:+1")'
SCRIPT = """
global sizes, names, inside, callees, init, here, verified, writes
probe %s
{
	if (pid() == target() && $count %% 10 == 0 &&
	    $count <= 50) {
		sizes[$count]++
		here += @var("runqueues")->cpu == cpu()
		init = sprintf("%%s %%d",
			       kernel_string(@var("init_task")->comm),
			       @var("init_task")->pid)
		names[kernel_string($file->f_inode->i_sb->s_type->name) != ""]++
	}
}
probe kernel.statement("vfs_read@fs/read_write.c:*")
{
	if (pid() == target())
		inside++
}
probe kernel.function("vfs_write").callees
{
	if (pid() == target())
		callees++
}
probe kernel.function("vfs_write").callee("rw_verify_area")
{
	if (pid() == target())
		verified++
}
probe kernel.function("vfs_write").call
{
	if (pid() == target())
		writes++
}
probe end
{
	foreach (size+ in sizes)
		printf("%%d: %%d\\n", size, sizes[size])
	println(names[1], " ", inside >= 20, " ", callees >= 3)
	println(init, " ", here)
	/* vfs_read() calls it as well, which is not meant. */
	println(verified == writes && writes > 0)
}
""" % PLACE
# Copies of inlined functions, labels, the line that is nearest, an address.
FORMS = """
global n, meant, wild, copies, calls
# What opens files is inlined where it is called.
probe kernel.function("do_sys_open") { meant += @mine }
probe kernel.function("do_sys_ope[n]") { wild += @mine }
probe kernel.function("do_sys_open").inline { copies += @mine }
probe kernel.function("do_sys_open").call ? { calls += @mine }
probe kernel.function("vfs_read@fs/read_write.c") { n["in a file"] += @mine }
probe kernel.function("fsnotify_access").inline { n["inlined"] += @mine }
probe kernel.function("vfs_read").callee("fsnotify_access")
{
	n["called by"] += @mine
}
probe kernel.function("__x64_sys_chdir").label("*")
{
	n["label"] += @mine
}
probe kernel.statement("vfs_read@fs/read_write.c:+6").nearest
{
	n["nearest"] += @mine
}
probe kernel.statement(0x%x).absolute
{
	n["address"] += @mine
	n["argument"] += @mine && pointer_arg(2) > 0 && long_arg(3) > 0
}
# Where returns are probed the kernel hides who called: not from these.
probe kernel.function("vfs_read").callee("rw_verify_area").return
{
	n["callee returns"] += @mine && !$return && $count > 0
}
probe kernel.function("vfs_read").callee("rw_verify_area").call
{
	n["callee called"] += @mine
}
probe kernel.function("vfs_read").callees.return
{
	n["callees return"] += @mine && ppfunc() == "rw_verify_area"
}
probe end
{
	foreach (what+ in n)
		println(what, " ", n[what] > 0)
	println("copies, too ", meant > 0 && meant == copies + calls &&
		meant == wild)
}
"""
FORMS_WANTED = "".join(what + " 1\n" for what in (
    "address", "argument", "called by", "callee called", "callee returns",
    "callees return", "in a file", "inlined", "label", "nearest", "copies, too"))
WANTED = """10: 1
20: 1
30: 1
40: 1
50: 1
5 1 1
swapper/0 0 5
1
"""


# Lines of addresses; what was inlined stands in a backtrace with them.
LINES = """
probe kernel.function("vfs_read")
{
	if (pid() != target() || done++)
		next
	println("file ", symfile(addr()))
	println("line ", symline(addr()))
	println("both ", symfileline(addr()))
	print_backtrace_fileline()
}
probe kernel.statement("vfs_read@fs/read_write.c:+6").nearest
{
	if (pid() == target() && probefunc() == "vfs_read" &&
	    !other++)
		println("declared ", @defined($file), " ", probefunc())
}
global done, other
"""
FILE = r"(?:\S*/)?fs/read_write\.c"
LINES_WANTED = [
    rf"^file {FILE}$", r"^line [1-9]\d*$", rf"^both {FILE}:[1-9]\d*$",
    rf"^ 0x[0-9a-f]{{16}} : vfs_read\+0x[0-9a-f]+/0x[0-9a-f]+ \[kernel\] "
    rf"at {FILE}:\d+$",
    rf"^ 0x[0-9a-f]{{16}} : ksys_read\+0x[0-9a-f]+/0x[0-9a-f]+ \[kernel\] "
    rf"at {FILE}:\d+$",
    r"^ 0x[0-9a-f]{16} : \S+ \(inlined\) at \S+:\d+$",
    r"^declared 1 vfs_read$",
]


def spile(*args):
    return subprocess.run([SPILE, *args], capture_output=True, text=True,
                          timeout=50 * float(os.environ.get("LIVE_SLOW",
                                                            "1")))


def address(name):
    with open("/proc/kallsyms", encoding="ascii") as f:
        for line in f:
            if line.split()[2] == name:
                return int(line.split()[0], 16)
    return 0


def forms():
    script = FORMS.replace("@mine", '(execname() == "spile-events")')
    r = spile("-g", "-e", script % address("vfs_read"), "-c", EVENTS)
    # Some callees cannot be probed, such as __stack_chk_fail(): nobody named them.
    if r.stdout != FORMS_WANTED or r.returncode or "callee" in r.stderr:
        print(f"status {r.returncode}\n{r.stdout}{r.stderr}")
        return 1
    return 0


def lines():
    r = spile("-e", LINES, "-c", WORKLOAD)
    missing = [w for w in LINES_WANTED if not re.search(w, r.stdout, re.M)]
    if missing or r.returncode:
        print(f"not there: {missing}\nstatus {r.returncode}\n"
              f"{r.stdout}{r.stderr}")
        return 1
    return 0


HOST = """probe begin {
	println(@var("jiffies_64@kernel/time/timer.c", "kernel") > 0, " ",
		kernel_string(@var("init_task")->comm), " ",
		@var("runqueues@kernel/sched/core.c")->nr_switches > 0)
	exit()
}"""


def host():
    """Globals, also those of each processor, in a handler of the host."""
    r = spile("-e", HOST)
    if r.stdout != "1 swapper/0 1\n" or r.returncode:
        print(f"host: status {r.returncode}\n{r.stdout}{r.stderr}")
        return 1
    return 0


def inlined():
    """An inlined function, in some copies of which the kernel has no probes:
    the others are probed, and that is said."""
    r = spile("-T", "1", "-e",
              'probe kernel.function("get_task_struct").inline { hits++ } '
              "global hits probe end { println(hits >= 0) }")
    if r.stdout != "1\n" or r.returncode:
        print(f"inlined: status {r.returncode}\n{r.stdout}{r.stderr}")
        return 1
    return 0


def names(point):
    return set(re.findall(r'function\("([^"@]*)', spile("-l", point).stdout))


def pattern():
    """Functions with the same code are one to debug information, not here."""
    some = 'kernel.function("__*s_sched_*")', 'kernel.function("__*b_sched_*")'
    lost = [names(p + ".call") - names(p) for p in some]
    if any(lost):
        print(f"not in the list of all: {lost}")
        return 1
    return 0


BY_FILE = """
probe kernel.function("vfs_statfs@fs/statfs.c").call { n += pid() == target() }
global n
probe end { println(n) }"""


def by_file():
    """A function that BTF may leave out, with the index of names made and
    kept."""
    command = f"{sys.executable} -S -c 'import os; [os.statvfs(" \
        f"\"/\") for i in range(7)]'"
    said = [spile("-e", BY_FILE, "-c", command).stdout for _ in range(2)]
    if said != ["7\n", "7\n"]:
        print(f"by file: {said}")
        return 1
    return 0


def main():
    there = spile("-l", PLACE)
    if "no debug information" in there.stderr:
        print("no debug information for this kernel")
        return 77
    r = spile("-e", SCRIPT, "-c", WORKLOAD)
    if r.stdout != WANTED or r.returncode:
        print(f"status {r.returncode}\n{r.stdout}{r.stderr}{there.stderr}")
        return 1
    return forms() | lines() | host() | inlined() | pattern() | by_file()


sys.exit(main())
