#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes a world: a directory that stands for a machine (spile --world DIR).

    make_world.py NAME DIR

NAME is one of WORLDS.  What a world holds depends on nothing but this file
and kernel.h, so that what is compiled against it is the same everywhere.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from btfwriter import Btf  # noqa: E402

PT_REGS = {
    "x86_64": "struct pt_regs { unsigned long r15, r14, r13, r12, bp, bx, "
              "r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip; "
              "union { u16 cs; u64 csx; }; unsigned long flags, sp; "
              "union { u16 ss; u64 ssx; }; };",
    "aarch64": "struct user_pt_regs { __u64 regs[31]; __u64 sp; __u64 pc; "
               "__u64 pstate; };"
               "struct pt_regs { union { struct user_pt_regs user_regs; "
               "struct { u64 regs[31]; u64 sp; u64 pc; u64 pstate; }; }; "
               "u64 orig_x0; s32 syscallno; u32 pmr; u64 sdei_ttbr1; };",
}

# system, name, arguments, fields of the record
TRACEPOINTS = [
    ("sched", "sched_switch",
     "bool preempt, struct task_struct *prev, struct task_struct *next, "
     "unsigned int prev_state",
     "char prev_comm[16]; pid_t prev_pid; int prev_prio; long prev_state; "
     "char next_comm[16]; pid_t next_pid; int next_prio"),
    ("sched", "sched_wakeup", "struct task_struct *p",
     "char comm[16]; pid_t pid; int prio; int target_cpu"),
    ("sched", "sched_wakeup_new", "struct task_struct *p",
     "char comm[16]; pid_t pid; int prio; int target_cpu"),
    ("sched", "sched_migrate_task", "struct task_struct *p, int dest_cpu",
     "char comm[16]; pid_t pid; int prio; int orig_cpu; int dest_cpu"),
    ("sched", "sched_process_fork",
     "struct task_struct *parent, struct task_struct *child",
     "char parent_comm[16]; pid_t parent_pid; char child_comm[16]; "
     "pid_t child_pid"),
    ("sched", "sched_process_exec",
     "struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm",
     "__data_loc char[] filename; pid_t pid; pid_t old_pid"),
    ("sched", "sched_process_exit", "struct task_struct *p, bool group_dead",
     "char comm[16]; pid_t pid; int prio; bool group_dead"),
    ("sched", "sched_process_free", "struct task_struct *p",
     "char comm[16]; pid_t pid; int prio"),
    ("sched", "sched_process_wait", "struct pid *pid",
     "char comm[16]; pid_t pid; int prio"),
    ("sched", "sched_stat_runtime", "struct task_struct *tsk, u64 runtime",
     "char comm[16]; pid_t pid; u64 runtime"),
    ("sched", "sched_kthread_stop", "struct task_struct *t",
     "char comm[16]; pid_t pid"),
    ("sched", "sched_set_need_resched_tp",
     "struct task_struct *tsk, int cpu, int tif", "pid_t pid"),
    ("raw_syscalls", "sys_enter", "struct pt_regs *regs, long id",
     "long id; unsigned long args[6]"),
    ("raw_syscalls", "sys_exit", "struct pt_regs *regs, long ret",
     "long id; long ret"),
    ("signal", "signal_generate",
     "int sig, struct kernel_siginfo *info, struct task_struct *task, "
     "int group, int result", "int sig; int errno; int code"),
    ("irq", "irq_handler_entry", "int irq, struct irqaction *action",
     "int irq; __data_loc char[] name"),
    ("irq", "irq_handler_exit",
     "int irq, struct irqaction *action, int ret", "int irq; int ret"),
    ("irq", "softirq_entry", "unsigned int vec_nr", "unsigned int vec"),
    ("irq", "softirq_exit", "unsigned int vec_nr", "unsigned int vec"),
    ("block", "block_rq_issue", "struct request *rq",
     "dev_t dev; sector_t sector; unsigned int nr_sector"),
    ("block", "block_rq_complete",
     "struct request *rq, unsigned char error, unsigned int nr_bytes",
     "dev_t dev; sector_t sector; unsigned int nr_sector; int error"),
    ("net", "netif_receive_skb", "struct sk_buff *skb",
     "void *skbaddr; unsigned int len; __data_loc char[] name"),
    ("net", "net_dev_queue", "struct sk_buff *skb",
     "void *skbaddr; unsigned int len; __data_loc char[] name"),
    ("kmem", "kmalloc",
     "unsigned long call_site, const void *ptr, size_t bytes_req, "
     "size_t bytes_alloc, gfp_t gfp_flags, int node",
     "unsigned long call_site; const void *ptr; size_t bytes_req"),
    # Names and types that no kernel has, for the tests.
    ("shapes", "shape_widget", "struct widget *w, const struct part *part",
     "int id"),
    ("shapes", "shape_numbers",
     "char c, signed char sc, unsigned char uc, short s, unsigned short us, "
     "int i, unsigned int ui, long l, u64 ull, bool b", "int i"),
    ("shapes", "shape_pointers",
     "void *any, const char *text, const char __user *user_text, int *ints, "
     "struct widget **table, callback_t callback, struct opaque *hidden",
     "int i"),
    ("shapes", "shape_enums", "enum color c, enum level l, enum huge h",
     "int c"),
    ("shapes", "shape_none", "", "int nothing"),
    # No event in tracefs: declared without one.
    ("", "bare_tp", "struct task_struct *p, int arg1", ""),
    ("", "sched_exit_tp", "bool is_switch", ""),
]

FIELD_SIZES = {"char": 1, "bool": 1, "pid_t": 4, "int": 4, "unsigned int": 4,
               "dev_t": 4, "long": 8, "unsigned long": 8, "u64": 8,
               "size_t": 8, "sector_t": 8, "void *": 8, "const void *": 8}
SIGNED = {"pid_t", "int", "long"}
COMMON = ("unsigned short common_type; unsigned char common_flags; "
          "unsigned char common_preempt_count; int common_pid")

PROCESSES = [
    # pid, ppid, comm, uid, threads, start in ticks, exe or None
    (1, 0, "init", 0, [1], 10, "/usr/sbin/init"),
    (2, 0, "kthreadd", 0, [2], 10, None),
    (100, 1, "server", 1000, [100, 101, 102], 5000, "/usr/bin/server"),
    (200, 100, "a (b) c) d", 1000, [200], 6000, "/usr/bin/odd name"),
]

PROGRAMS = {
    "/usr/sbin/init": "", "/usr/bin/server": "", "/usr/bin/odd name": "",
    "/usr/bin/ls": "", "/usr/bin/less": "", "/usr/bin/python3": "",
    "/usr/bin/env": "", "/bin/sh": "",
    "/usr/bin/tool": "#!/usr/bin/env python3\n",
    "/usr/bin/script": "#! /bin/sh -e\n",
    "/usr/bin/loop": "#!/usr/bin/loop\n",
}

SYMBOLS = [
    ("ffffffff81000000", "T", "_stext", ""),
    ("ffffffff81000000", "T", "_text", ""),
    ("ffffffff81001000", "T", "do_nothing", ""),
    ("ffffffff81001100", "t", "local_one", ""),
    ("ffffffff81002000", "T", "vfs_read", ""),
    ("ffffffff81003000", "t", "local_one", ""),
    ("ffffffff82000000", "D", "jiffies", ""),
    ("ffffffffa0000000", "t", "widget_open", "widgets"),
    ("ffffffffa0000200", "t", "widget_close", "widgets"),
]

MODULES = [
    ("widgets", 16384, 1, "gears,", "0xffffffffa0000000"),
    ("gears", 4096, 2, "-", "0xffffffffa0010000"),
]

CONFIG = ["CONFIG_HZ=250", "CONFIG_HZ_250=y", "CONFIG_BPF_SYSCALL=y",
          "CONFIG_DEBUG_INFO_BTF=y", "CONFIG_SMP=y",
          'CONFIG_LOCALVERSION="-made"', "CONFIG_EXT4_FS=m",
          "# CONFIG_KPROBES is not set"]

MORE_CONFIG = {"arm64k": ["CONFIG_ARM64_64K_PAGES=y"]}
# name: machine, and what is left out
WORLDS = {
    "basic": ("x86_64", ()),
    "arm": ("aarch64", ()),
    "arm64k": ("aarch64", ()),
    "nobtf": ("x86_64", ("btf",)),
    "notracefs": ("x86_64", ("tracefs",)),
    "blind": ("x86_64", ("btf", "tracefs", "config")),
}
RELEASE = "6.18.0-made"


class Dir:
    def __init__(self, root):
        self.root = root

    def path(self, path):
        full = os.path.join(self.root, path.lstrip("/"))
        os.makedirs(os.path.dirname(full), exist_ok=True)
        return full

    def write(self, path, data, mode=None):
        full = self.path(path)
        if isinstance(data, str):
            data = data.encode()
        with open(full, "wb") as f:
            f.write(data)
        if mode:
            os.chmod(full, mode)

    def link(self, path, target):
        full = self.path(path)
        if os.path.lexists(full):
            os.unlink(full)
        os.symlink(target, full)


def kernel_types(machine, tracepoints=TRACEPOINTS):
    """The text that the kernel's BTF is made of."""
    with open(os.path.join(HERE, "kernel.h")) as f:
        text = f.read()
    text += PT_REGS[machine]
    for _, name, args, _ in tracepoints:
        args = ", ".join(a for a in ("void *__data", args) if a)
        text += "\nvoid __probestub_%s(%s);" % (name, args)
        # The type has no names for the arguments, as in a kernel.
        text += "\ntypedef void (*btf_trace_%s)(%s);" % (name, args)
    return text


def kernel_btf(machine):
    btf = Btf(kernel_types(machine))
    for t in btf.types:
        if t.kind == "typedef" and t.name.startswith("btf_trace_"):
            proto = btf.types[btf.types[t.ref].ref]
            proto.params = [("", i) for _, i in proto.params]
    return btf.build()


def event_format(number, name, fields):
    at, lines = 0, []
    for part in (COMMON, fields):
        for field in part.split(";"):
            field = field.strip()
            if field.startswith("__data_loc"):
                size, signed = 4, 0
            else:
                kind, _, label = field.rpartition(" ")
                if label.startswith("*"):
                    kind += " *"
                count = int(label[label.index("[") + 1:-1]) \
                    if "[" in label else 1
                kind = {"unsigned short": "char", "unsigned char": "char"}.get(
                    kind, kind)
                size = FIELD_SIZES[kind] * count
                if "common_type" in label:
                    size = 2
                signed = int(kind in SIGNED)
                step = min(FIELD_SIZES[kind], 8)
                at = (at + step - 1) // step * step
            lines.append("\tfield:%s;\toffset:%u;\tsize:%u;\tsigned:%u;" %
                         (field, at, size, signed))
            at += size
        lines.append("")
    return "name: %s\nID: %u\nformat:\n%s\nprint fmt: \"\"\n" % (
        name, number, "\n".join(lines))


def make_tracefs(d, top):
    available = []
    for number, (system, name, _, fields) in enumerate(TRACEPOINTS, 100):
        if not system:
            continue
        available.append("%s:%s" % (system, name))
        where = "%s/events/%s/%s" % (top, system, name)
        d.write(where + "/format", event_format(number, name, fields))
        d.write(where + "/id", "%d\n" % number)
    # Events that are no tracepoints, and one of a module.
    for extra in ("syscalls:sys_enter_read", "ftrace:function",
                  "widgets:widget_turned"):
        available.append(extra)
        d.write("%s/events/%s/format" % (top, extra.replace(":", "/")),
                event_format(900, extra.split(":")[1], "int nothing"))
    d.write(top + "/available_events", "\n".join(available) + "\n")


def make_process(d, pid, ppid, comm, uid, threads, start, exe):
    top = "/proc/%d" % pid
    d.write(top + "/comm", comm + "\n")
    d.write(top + "/stat", "%d (%s) S %d %s %d 0 %d 0 0\n" % (
        pid, comm, ppid, " ".join(["0"] * 15), len(threads), start))
    d.write(top + "/status", "Name:\t%s\nUmask:\t0022\nTgid:\t%d\nPid:\t%d\n"
            "PPid:\t%d\nUid:\t%d\t%d\t%d\t%d\n" % (
                comm, pid, pid, ppid, uid, uid, uid, uid))
    for tid in threads:
        d.write("%s/task/%d/comm" % (top, tid), comm + "\n")
        if tid != pid:
            # A thread has a directory of its own, though it is not listed.
            d.write("/proc/%d/status" % tid, "Name:\t%s\nTgid:\t%d\n" %
                    (comm, pid))
            d.write("/proc/%d/stat" % tid, "%d (%s) S %d %s %d 0 %d 0 0\n" % (
                tid, comm, ppid, " ".join(["0"] * 15), len(threads), start))
    if exe:
        d.link(top + "/exe", exe)


def make_proc(d):
    for row in PROCESSES:
        make_process(d, *row)
    d.write("/proc/kallsyms", "".join(
        "%s %s %s%s\n" % (a, t, n, "\t[%s]" % m if m else "")
        for a, t, n, m in SYMBOLS))
    d.write("/proc/modules", "".join(
        "%s %d %d %s Live %s\n" % row for row in MODULES))
    d.write("/proc/sys/kernel/random/boot_id",
            "01234567-89ab-cdef-0123-456789abcdef\n")
    d.write("/proc/sys/kernel/perf_event_max_sample_rate", "50000\n")


def make(name, root):
    machine, without = WORLDS[name]
    d = Dir(root)
    d.write("/world.conf", "# made by make_world.py\nrelease = %s\n"
            "machine = %s\ncpus = 4\n" % (RELEASE, machine))
    make_proc(d)
    for path, text in PROGRAMS.items():
        d.write(path, text or "\x7fELF", 0o755)
    d.write("/usr/bin/README", "no program\n", 0o644)
    if "config" not in without:
        d.write("/boot/config-" + RELEASE,
                "\n".join(CONFIG + MORE_CONFIG.get(name, [])) + "\n")
    if "btf" not in without:
        d.write("/sys/kernel/btf/vmlinux", kernel_btf(machine))
    if "tracefs" not in without:
        make_tracefs(d, "/sys/kernel/tracing")


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in WORLDS:
        sys.exit(__doc__ + "\nWORLDS: " + " ".join(WORLDS))
    make(sys.argv[1], sys.argv[2])


if __name__ == "__main__":
    main()
