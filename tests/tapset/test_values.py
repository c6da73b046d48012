#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! timeout: 120
"""What functions of the library say of a process is what /proc, the process
itself and Python say."""
import datetime
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
NUMBERS = [-5, 250, -300, 65000, -70000, 4000000000, -5000000000,
           2 ** 63 + 5 - 2 ** 64]
OFFSETS = [0, 1, 2, 4, 6, 10, 14, 22]
# Kernels without loops quote byte by byte (docs/architecture.md).
FEATURES = subprocess.run([SPILE, "--dump-features"], capture_output=True,
                          text=True, check=True).stdout.strip().split(",")
HAS_CODES = "BPF_LOOP" in FEATURES or "MAY_GOTO" in FEATURES
A_UMLAUT = r"\u00e4" if HAS_CODES else r"\303\244"
WIDE = f'"wide {A_UMLAUT}"'
TEXT = 'text "quoted"\tand \xe4'
COMM = '&@cast(task_current(), "task_struct", "kernel")->comm'
SIGNAL = '&@cast(task_current(), "task_struct", "kernel")->exit_signal'
bad = 0


def run(script, *options):
    r = subprocess.run([SPILE, "-w", *options, "-e", script],
                       capture_output=True, timeout=60 * SLOW, check=False)
    if r.returncode:
        print(r.stderr.decode(errors="replace"))
    return r.stdout.decode(errors="replace")


def check(table, said):
    """table: (what is called, what it is); said: a line for each."""
    global bad
    lines = said.split("\n")
    if len(lines) != len(table) + 1:
        print(f"{len(lines) - 1} lines for {len(table)} calls:\n{said}")
        bad += 1
    for (call, expected), line in zip(table, lines):
        good = expected(line) if callable(expected) else \
            str(expected) == line
        if not good:
            print(f"{call}: {line}, not {expected}")
            bad += 1


def in_process(pid, table, *options):
    """The calls in kernel code of that process."""
    body = "\n".join(f"println({call})" for call, _ in table)
    check(table, run("probe syscall.getpriority { if (pid() != target()) next"
                     f"\n{body}\nexit() }}", "-x", str(pid), *options))


def in_host(table):
    body = "\n".join(f"println({call})" for call, _ in table)
    check(table, run(f"probe begin {{ {body} exit() }}"))


def near(value, slack):
    return lambda line: abs(int(line) - value) <= slack


def between(read, slack):
    """What read() gives now, what it gives then, or something in the middle."""
    first = read()
    return lambda line: first - slack <= int(line) <= read() + slack


def conversions(at):
    numbers, text, wide16, wide32, _ = at
    table = []
    for kinds, i in ((["int8", "char"], 0), (["uint8"], 1),
                     (["int16", "short"], 2), (["uint16", "ushort"], 3),
                     (["int32", "int"], 4), (["uint32"], 5),
                     (["int64", "long"], 6), (["uint64", "ulong"], 7)):
        for kind in kinds:
            for end in ("", "_error", "_warn"):
                if end == "_warn" and kind[-1].isdigit():
                    continue
                table.append((f"user_{kind}{end}({numbers + OFFSETS[i]})",
                              NUMBERS[i]))
    quoted = r'"text \"quoted\"\tand ' + A_UMLAUT + '"'
    table += [(f"user_string{end}({text})", TEXT)
              for end in ("", "_warn", "_nofault")]
    table += [(f"user_string_n{end}({text}, 4)", "text")
              for end in ("", "_warn", "_nofault")]
    table += [
        (f"user_string_quoted({text})", quoted),
        (f"user_string_n_quoted({text}, 6)", r'"text \""'),
        (f"user_buffer_quoted({text}, 27, 100)", r'"text \"quoted\"\tand '
         r'\303\244\000behind"'),
        (f"user_buffer_quoted_error({text}, 4, 100)", '"text"'),
        (f"user_string_utf16({wide16})", "wide \xe4"),
        (f"user_string_utf32({wide32})", "wide \xe4"),
        (f"user_string_quoted_utf16({wide16})", WIDE),
        (f"user_string_quoted_utf32({wide32})", WIDE),
        (f"kernel_or_user_string_quoted({text})", quoted),
        (f"kernel_or_user_string_quoted_utf16({wide16})", WIDE),
        (f"kernel_or_user_string_quoted_utf32({wide32})", WIDE),
        ("user_int_warn(8)", 0), ("user_string_warn(8)", ""),
        (f"kernel_string({COMM})", "values"),
        (f"kernel_string_n({COMM}, 3)", "val"),
        (f"kernel_char({COMM})", ord("v")),
        (f"kernel_short({COMM})", int.from_bytes(b"va", sys.byteorder)),
        (f"kernel_buffer_quoted({COMM}, 4, 100)", '"valu"'),
        (f"kernel_buffer_quoted_error({COMM}, 8, 100)", r'"values\000\000"'),
        (f"kernel_string_quoted_utf16({COMM})",
         r'"\u6176\u756c\u7365"' if HAS_CODES else
         r'"\346\205\266\347\225\254\347\215\245"'),
        # A letter that the member behind it ends.
        (f"kernel_string_utf32({SIGNAL})", "\x11"),
        (f"kernel_string_quoted_utf32({SIGNAL})", r'"\021"'),
        ('kernel_string_utf16(&@cast(task_current(), "task_struct", "kernel")'
         "->comm)", "\u6176\u756c\u7365"),
    ]
    return table


def status(pid, name, column=0):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(rf"^{name}:\s+(.*)$", f.read(),
                             re.M)[1].split()[column])


def stat(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        return f.read().rsplit(")", 1)[1].split()


def pages_of(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        return [int(n) for n in f.read().split()]


def context(pid):
    task = "task_current()"
    with open(f"/proc/{pid}/cmdline", "rb") as f:
        line = f.read().decode().split("\0")[:-1]
    pages = pages_of(pid)
    ticks = os.sysconf("SC_CLK_TCK")
    table = [
        ('cmdline_args(0, -1, ",")', ",".join(line)),
        ("cpuid() == cpu()", 1), ("is_myproc()", 1), ("probemod()", "kernel"),
        ("ns_uid()", status(pid, "Uid")), ("ns_euid()", status(pid, "Uid", 1)),
        ("ns_gid()", status(pid, "Gid")), ("ns_egid()", status(pid, "Gid", 1)),
        ("ns_pgrp()", os.getpgid(pid)), ("ns_sid()", os.getsid(pid)),
        ("symname(caller_addr())", lambda s: s != ""),
        (f"task_euid({task})", status(pid, "Uid", 1)),
        (f"task_egid({task})", status(pid, "Gid", 1)),
        (f"task_ns_pid({task})", pid), (f"task_ns_tid({task})", pid),
        (f"task_ns_uid({task})", status(pid, "Uid")),
        (f"task_ns_euid({task})", status(pid, "Uid", 1)),
        (f"task_ns_gid({task})", status(pid, "Gid")),
        (f"task_ns_egid({task})", status(pid, "Gid", 1)),
        (f"task_state({task})", 0),
        ("task_start_time(tid())",
         lambda s: abs(int(s) / 1e9 * ticks - int(stat(pid)[19])) <= 1),
        # The kernel counts whole ticks there; /proc shares out the exact sum.
        ("cputime_to_msecs(task_stime())",
         between(lambda: int(stat(pid)[12]) * 1000 // ticks, max(300, 100 * SLOW))),
        ("cputime_to_usecs(5000000)", 5000), ("cputime_to_msecs(7000000)", 7),
        ("task_time_string_tid(tid())", took(pid)),
        ('atomic_read(&@cast(task_current(), "task_struct", "kernel")->signal'
         '->live)', 2),
        ('atomic_long_read(&@cast(task_current(), "task_struct", "kernel")->mm'
         '->pgtables_bytes)', near(status(pid, "VmPTE") * 1024, 65536)),
        # Pages of its files come as it goes on, and are counted late.
        ("proc_mem_shr()", between(lambda: pages_of(pid)[2], 512)),
        ("proc_mem_txt()", near(pages[3], 64)),
        ("proc_mem_data()", near(pages[5], 200)),
        ("current_exe_file() != 0", 1), ('pnlabel()', ""),
    ]
    return table


def took(pid):
    """Text of the time that a process has taken until now, or soon after."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        ticks = int(f.read().rpartition(")")[2].split()[11])
    user = ticks / os.sysconf("SC_CLK_TCK")

    def good(text):
        m = re.fullmatch(r"usr: (\d+)m(\d+\.\d{3})s, sys: \d+m\d+\.\d{3}s",
                         text)
        return m and abs(int(m[1]) * 60 + float(m[2]) - user) < 2 * SLOW
    return good


def below_root(path):
    """The library goes to the root of the mounts, which is not that of a
    process behind chroot(2), as all are in a guest of tools/run-in-kernel."""
    return lambda s: s in (path, "/new" + path)


def files(pid, me, directory):
    task = "task_current()"
    file = f"task_fd_lookup({task}, {me['file']})"
    path = f'&@cast({file}, "file", "kernel")->f_path'
    dentry = f'@cast({file}, "file", "kernel")->f_path->dentry'
    mount = f'@cast({file}, "file", "kernel")->f_path->mnt'
    name = os.path.join(os.path.realpath(directory), "a file")
    inode = f'@cast({file}, "file", "kernel")->f_inode'
    return [
        (f"d_path({path})", below_root(name)),
        (f"fullpath_struct_path({path})", below_root(name)),
        (f"fullpath_struct_file({task}, {file})", below_root(name)),
        (f"task_dentry_path({task}, {dentry}, {mount})", below_root(name)),
        (f"d_name({dentry})", "a file"), (f"inode_name({inode})", "a file"),
        (f"inode_path({inode})", lambda s: name.endswith(s) and
         s.endswith("/a file")),
        (f"reverse_path_walk({dentry})", lambda s: name.endswith(s) and
         s.endswith("a file")),
        (f"real_mount({mount}) != 0", 1),
        (f"d_path(task_cwd_path({task}))",
         below_root(os.path.realpath(directory))),
        ("fullpath_struct_file(task_current(), current_exe_file())",
         below_root(os.path.realpath(f"/proc/{pid}/exe"))),
    ]


def signals():
    def action(n):
        return ('&@cast(task_current(), "task_struct", "kernel")->sighand'
                f"->action[{n - 1}]->sa")
    return [
        (f"sa_flags_str(get_sa_flags({action(10)}))",
         lambda s: "SA_RESTART" in s.split("|")),
        (f"sa_handler_str(get_sa_handler({action(12)}))", "ignored"),
        (f"sa_handler_str(get_sa_handler({action(15)}))", "default"),
        (f"get_sa_handler({action(12)})", 1),
        ("is_sig_blocked(task_current(), 34)", 1),
        ("is_sig_blocked(task_current(), 10)", 0),
    ]


def may_write():
    """Not where the kernel is locked down: that is said."""
    r = subprocess.run([SPILE, "-g", "-p3", "-e", "probe syscall.open { "
                        "set_user_int(1, 2) }"], capture_output=True,
                       text=True, check=False)
    return "cannot write to a process's memory" not in r.stderr


def written_by_host():
    """The host has no process to write to."""
    check([("set_user_int", "user write fault at 0x1000")], run(
        "probe begin { try { set_user_int(0x1000, 1) } catch (m) "
        "{ println(m) } exit() }", "-g"))


def written(pid, at):
    """set_user_*: what is in the process's memory then."""
    run("probe syscall.getpriority { if (pid() != target()) next "
        f"set_user_char({at}, 0x61) set_user_short({at + 2}, 0x6362) "
        f"set_user_int({at + 4}, 0x67666564) set_user_long({at + 8}, -2) "
        f"set_user_pointer({at + 16}, 0x123456789a) "
        f'set_user_string({at + 24}, "hello") '
        f'set_user_string_n({at + 40}, 3, "world") '
        f'set_user_string_arg({at + 44}, "x") exit() }}',
        "-g", "-x", str(pid))
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as f:
        f.seek(at)
        data = f.read(48)
    check([("set_user_*", (b"a\0bcdefg" + struct.pack("<qQ", -2, 0x123456789a)
                           + b"hello\0" + bytes(10) + b"wor\0x" + bytes(3)))],
          f"{data}\n")


QUEUE = """
probe begin {
	qsq_start("q")
	for (i = 0; i < 5; i++) { qs_wait("q") qs_run("q") }
}
probe timer.ms(200) {
	for (i = 0; i < 4; i++) qs_done("q")
	println(qsq_utilization("q", 100), " ", qsq_throughput("q", 1000000), " ",
		qsq_service_time("q", 1000), " ", qsq_wait_time("q", 1000), " ",
		qsq_wait_queue_length("q", 100), " ", qsq_blocked("q", 100))
	qsq_print("q")
	exit()
}
"""


def queue():
    """Five jobs at once for 0.2 s, of which four are done."""
    said = run(QUEUE).splitlines()
    numbers = [int(n) for n in said[0].split()]
    good = 95 <= numbers[0] <= 100 and 5 <= numbers[1] <= 21 and \
        numbers[2] >= 100000 and numbers[5] <= 100
    check([("qsq_*", lambda s: good)], " ".join(said[:1]) + "\n")
    check([("qsq_print", lambda s: re.match(r"q:", s))], said[1] + "\n")


CLOCKS = """
probe begin {
	start_stopwatch("w")
	for (i = 0; i < 1000; i++) x += i
	a = cpu_clock_us(cpu()) b = cpu_clock_ms(cpu()) c = cpu_clock_s(cpu())
	println(b - a / 1000, " ", c - a / 1000000)
	a = local_clock_us() b = local_clock_ms() c = local_clock_s()
	println(b - a / 1000, " ", c - a / 1000000)
}
probe timer.ms(150) {
	println(read_stopwatch_ms("w"), " ", read_stopwatch_us("w") / 1000 -
		read_stopwatch_ms("w"), " ", read_stopwatch_s("w"))
	exit()
}
global x
"""


def clocks():
    said = run(CLOCKS).splitlines()
    ok = all(0 <= int(n) <= 100 for line in said[:2] for n in line.split())
    ms, off, s = [int(n) for n in said[2].split()]
    check([("clocks", lambda _: ok),
           ("stopwatch", lambda _: 140 <= ms and 0 <= off < 50 and
            s == ms // 1000)], "x\nx\n")
    when = 1700000000
    os.environ["TZ"] = "America/New_York"
    time.tzset()
    here = datetime.datetime.fromtimestamp(when).astimezone()
    in_host([(f"tz_ctime({when})",
              here.strftime("%a %b %e %H:%M:%S %Y ") + here.tzname())])
    del os.environ["TZ"]


def texts():
    in_host([
        ('rlimit_from_str("RLIMIT_NOFILE")', 7),
        ('rlimit_from_str("RLIMIT_STACK")', 3),
        ("pages_to_string(3)", lambda s: s.lower() in ("12k", "12.0k")),
        ("MKDEV(8, 1) == 8 << 20 | 1", 1),
        ("MAJOR(MKDEV(8, 1)) * 1000 + MINOR(MKDEV(8, 1))", 8001),
    ])
    said = run('probe begin { log("a line") try { assert(0, "wrong") } '
               'catch(m) { println(m) } try { assert(0) } catch(m) '
               '{ println(m) } assert(1, "right") exit() }')
    check([("log", "a line"), ("assert", "wrong"),
           ("assert", "assertion failed")], said)


def json_metrics():
    """What the JSON file of a session says, and the schema of it."""
    name = f"values{os.getpid()}"
    script = """
    probe json_data {
        @json_output_data_start
        @json_output_string_value("text", "a value")
        @json_output_array_numeric_value("list", "one", "n", 5)
        @json_output_data_end
    }
    probe begin {
        json_set_prefix("values")
        json_add_string_metric("text", "a text")
        json_add_array("list", "a list")
        json_add_array_numeric_metric("list", "n", "a number", "count")
        println("ready")
    }
    """
    p = subprocess.Popen([SPILE, "-w", "-m", name, "-e", script],
                         stdout=subprocess.PIPE, text=True)
    p.stdout.readline()
    said = {}
    for _ in range(50):
        for directory, _, found in os.walk(f"/run/spile/{name}"):
            for file in found:
                with open(os.path.join(directory, file),
                          encoding="utf-8") as f:
                    said[file] = json.loads(f.read())
        if said:
            break
        time.sleep(0.1)
    p.terminate()
    p.wait()
    text = json.dumps(said)
    check([("json", lambda _: all(w in text for w in (
        '"name": "text", "value": "a value"', '"metric": "n", "value": 5',
        '"a number"', '"a text"')))],
        text + "\n")


def main():
    written_by_host()
    directory = tempfile.mkdtemp(prefix="spile-values-")
    child = subprocess.Popen([sys.executable, "-S",
                              os.path.join(HERE, "values_child.py"),
                              directory], stdout=subprocess.PIPE, text=True)
    me = json.loads(child.stdout.readline())
    try:
        in_process(child.pid, conversions(me["at"]))
        in_process(child.pid, context(child.pid))
        in_process(child.pid, files(child.pid, me, directory))
        in_process(child.pid, signals())
        if may_write():
            written(child.pid, me["at"][4])
    finally:
        child.kill()
        child.wait()
        shutil.rmtree(directory)
    queue()
    clocks()
    texts()
    json_metrics()
    sys.exit(1 if bad else 0)


main()
