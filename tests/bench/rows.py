# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured: handlers as scripts, as programs in C, and for bpftrace."""
import re
import subprocess

SITE = "probe syscall.faccessat "
TP = "tracepoint:syscalls:sys_enter_faccessat "


class Row:
    """what: of the table; handler: of peer.bpf.c; script, bt (None: bpftrace
    has no such thing); kind: of events (sites.h)."""

    def __init__(self, what, handler, script, bt, kind="syscall", place=None,
                 is_slow=False):
        self.what, self.handler, self.script, self.bt = (what, handler, script,
                                                         bt)
        self.kind, self.place, self.is_slow = kind, place, is_slow

    def peer(self, prefix):
        """The argument of peer: a handler and where it goes."""
        return (f"{prefix}_{self.handler}" +
                (f"@{self.place}" if self.place else ""))

    def same(self):
        """In C, attached as spile attaches."""
        return self.peer("user" if self.place else "raw")

    def plain(self):
        """In C, as most would write it."""
        return self.peer("plain" if self.place else "tp")

    def full(self):
        """In C, as spile attaches, with all that spile's do; for its size."""
        return self.peer("fuser" if self.place else "full")

    def empty(self):
        return ("user_nothing@" + self.place if self.place else "raw_empty")


SYSCALLS = [
    Row("empty", "empty", SITE + "{ next }", TP + "{ }"),
    Row("count by pid", "pid",
        "global a " + SITE + "{ a[pid()]++ }", TP + "{ @[pid] = count(); }"),
    Row("count by execname", "comm",
        "global a " + SITE + "{ a[execname()]++ }",
        TP + "{ @[comm] = count(); }"),
    Row("count by execname, path", "commpath",
        "global a " + SITE +
        "{ a[execname(), user_string_n($filename, 63)]++ }",
        TP + "{ @[comm, str(args->filename)] = count(); }"),
    Row("log2 histogram", "log2",
        "global s " + SITE + "{ s <<< mode } "
        "probe end { print(@hist_log(s)) }", TP + "{ @ = hist(args->mode); }"),
    Row("linear histogram", "linear",
        "global s " + SITE + "{ s <<< mode } "
        "probe end { print(@hist_linear(s, 0, 4096, 128)) }",
        TP + "{ @ = lhist(args->mode, 0, 4096, 128); }"),
    Row("min, avg, max", "minmax",
        "global s " + SITE + "{ s <<< mode } "
        "probe end { println(@min(s), @avg(s), @max(s)) }",
        TP + "{ @a = min(args->mode); @b = avg(args->mode); "
        "@c = max(args->mode); }"),
    Row("latency, enter and return", "latency",
        "global t, l " + SITE + "{ t[tid()] = gettimeofday_ns() } "
        "probe syscall.faccessat.return { if (tid() in t) { "
        "l <<< gettimeofday_ns() - t[tid()]; delete t[tid()] } } "
        "probe end { print(@hist_log(l)) }",
        TP + "{ @s[tid] = nsecs; } tracepoint:syscalls:sys_exit_faccessat "
        "/@s[tid]/ { @ = hist(nsecs - @s[tid]); delete(@s[tid]); }"),
    Row("two globals, locked", "lock",
        "global a, b " + SITE + "{ a = a * 3 + b; b ^= a }", None),
    Row("compare a text", "strcmp",
        "global n " + SITE + '{ if (execname() == "measure") n++ }',
        TP + '/comm == "measure"/ { @ = count(); }'),
    Row("match a regex", "regex",
        "global n " + SITE + '{ if (execname() =~ "^mea.*e$") n++ }', None),
    Row("read a user string", "ustr",
        "global n " + SITE +
        '{ if (user_string_n($filename, 63) == "/s") n++ }',
        TP + '/str(args->filename) == "/s"/ { @ = count(); }'),
    Row("stack as key", "stack",
        "global a " + SITE + "{ a[backtrace()]++ }",
        TP + "{ @[kstack] = count(); }"),
    Row("printf", "printf",
        SITE + r'{ printf("%d %d %s\n", pid(), mode, execname()) }',
        TP + r'{ printf("%d %d %s\n", pid, args->mode, comm); }'),
]

STRUCTS = ("struct inner { int count; long value; } "
           "struct outer { char name[24]; struct inner *inner; } ")


def output(*argv):
    return subprocess.run(argv, capture_output=True, text=True,
                          check=True).stdout


def symbols(path):
    """NAME -> offset in the file, of what is in the text of a program."""
    segments = [[int(x, 16) for x in m.groups()] for m in re.finditer(
        r"LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+)", output("readelf", "-lW",
                                                       path))]
    found = {}
    for line in output("nm", path).splitlines():
        f = line.split()
        if len(f) != 3 or f[1] not in "tT":
            continue
        at = int(f[0], 16)
        for offset, address, size in segments:
            if address <= at < address + size:
                found[f[2]] = at - address + offset
    return found


def mark_offset(path):
    """The only static mark of the program, where its text has one segment with
    offset and address alike."""
    return int(re.search(r"Location: (0x\w+)", output("readelf", "-nW",
                                                      path))[1], 16)


def programs(o):
    """The rows about user space; the program is the one that measures."""
    path = o.measure
    where = symbols(path)
    hit = f"{path}:{where['hit']:#x}"
    many = path + ":" + ",".join(f"{where[f'many_{i:02}']:#x}"
                                 for i in range(25))
    mark = f"{path}:{mark_offset(path):#x}"
    probe = f'probe process("{path}")'
    on = probe + '.function("hit")'
    bt, bt_ret = f"uprobe:{path}:hit ", f"uretprobe:{path}:hit "
    bt_many = ", ".join(f"uprobe:{path}:many_{i:02}" for i in range(25))
    show = " probe end { print(@hist_log(s)) }"

    def row(what, handler, script, peer, place=hit, kind="function", **more):
        return Row(what, handler, script, peer, kind, place, **more)

    return [
        row("function: empty", "nothing", on + "{ next }", bt + "{ }"),
        row("function: count by pid", "pid",
            "global a " + on + "{ a[pid()]++ }", bt + "{ @[pid] = count(); }"),
        row("function: log2 histogram of an argument", "log2",
            "global s " + on + "{ s <<< $x }" + show,
            bt + "{ @ = hist(arg0); }"),
        row("function: $o->inner->value", "member",
            "global s " + on + "{ s <<< $o->inner->value } "
            "probe end { println(@min(s), @avg(s), @max(s)) }",
            STRUCTS + bt + "{ $v = ((struct outer *)arg1)->inner->value; "
            "@a = min($v); @b = avg($v); @c = max($v); }"),
        row("function: printf", "printf",
            on + r'{ printf("%d %d %s\n", pid(), $x, execname()) }',
            bt + r'{ printf("%d %d %s\n", pid, arg0, comm); }'),
        row("return: empty", "result_nothing_out", on + ".return { next }",
            bt_ret + "{ }"),
        row("return: log2 histogram of it", "result_log2_out",
            "global s " + on + ".return { s <<< $return }" + show,
            bt_ret + "{ @ = hist(retval); }"),
        row("latency of a function", "time",
            "global t, l " + on + "{ t[tid()] = gettimeofday_ns() } " + on +
            ".return { if (tid() in t) { l <<< gettimeofday_ns() - t[tid()]; "
            "delete t[tid()] } } probe end { print(@hist_log(l)) }",
            bt + "{ @s[tid] = nsecs; } " + bt_ret +
            "/@s[tid]/ { @ = hist(nsecs - @s[tid]); delete(@s[tid]); }"),
        row("mark: empty", "nothing", probe + '.mark("mark") { next }',
            f"usdt:{path}:bench:mark {{ }}", mark, "mark"),
        row("mark: log2 histogram of an argument", "mark_log2",
            "global s " + probe + '.mark("mark") { s <<< $arg1 }' + show,
            f"usdt:{path}:bench:mark {{ @ = hist(arg0); }}", mark, "mark"),
        row("25 functions: count by name", "site",
            "global a " + probe + '.function("many_*") { a[ppfunc()]++ }',
            bt_many + " { @[probe] = count(); }", many, "many",
            is_slow=True),
    ]
