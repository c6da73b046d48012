#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every function of the library is called in host and kernel code, and every
alias is attached with all its variables printed: all of it compiles, passes
the verifier, and fails only where it is told nonsense.

Also: each has a comment in front of it."""
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TAPSET = os.path.join(HERE, "..", "..", "tapset")
SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
FUNCTION = re.compile(r"((?:^.*\*/\n)?)^function (\w+)(:\w+)?\(([^)]*)\)",
                      re.M)
ALIAS = re.compile(r"((?:^.*\*/\n)?)^probe ([\w.]+) = [^{]*\n\{\n(.*?)^\}",
                   re.M | re.S)
# These end the script, or would do something, or want a function's probe or an
# address of a process, or stand for $verdict.
LEFT_OUT = {"__verdict_set", "__verdict_now", "probefunc", "exit", "abort",
            "error", "system", "assert", "ftrace", "printk", "dump_stack",
            "panic", "raise", "udelay", "mdelay"} | {
    "umod" + what for what in ("name", "buildid", "addr")} | {
    "set_user_" + what for what in ("char", "short", "int", "long", "pointer",
                                    "string", "string_n", "string_arg")} | {
    f"set_{what}_arg" for what in ("int", "uint", "long", "ulong", "longlong",
                                   "ulonglong", "pointer", "s32", "u32", "s64",
                                   "u64")}
# What only some kernels have.
ELSEWHERE = {"ioblock_trace.bounce", "vm.write_shared_copy",
             "scheduler.balance",  # a part of its caller on some
             "scsi.iodispatching", "scsi.iodone", "scsi.ioentry",
             "scsi.ioexecute", "scsi.iocompleted", "scsi.set_state"}
# Texts that only the host can make: in the kernel they are printed.
LATE = {"task_backtrace", "symname", "symdata", "modname", "sprint_stack", "sprint_syms",
        "symfile", "symline", "symfileline", "sprint_usyms",
        "sprint_ustack", "task_backtrace", "usymname", "usymdata", "usymfile",
        "usymline", "usymfileline"}
# At most so many calls in a probe, for the verifier's sake; and aliases in a
# script.
CALLS = 12
ALIASES = 60


def argument(param):
    if param.endswith(":string"):
        return '"abc"'
    if param.startswith("task:"):
        return "task_current()"
    return "5"


def call(m):
    params = [p.strip() for p in m[4].split(",") if p.strip()]
    text = f"{m[2]}({', '.join(argument(p) for p in params)})"
    if not m[3]:
        return f"try {{ {text} }} catch {{ }}"
    if m[2] in LATE:
        return f"println({text})"
    return f"try {{ x = {text} println(x) }} catch {{ }}".replace(
        " x ", f" x_{m[2]}_{len(params)} ").replace(
        "(x)", f"(x_{m[2]}_{len(params)})")


def complaints(script):
    """(exit status, what spile says but for warnings)"""
    r = subprocess.run([SPILE, "-e", script], capture_output=True,
                       timeout=60 * SLOW)
    err = r.stderr.decode(errors="replace")
    return r.returncode, [line for line in err.splitlines()
                          if not line.startswith("WARNING: ")]


def run(name, script):
    status, err = complaints(script)
    if not status and not err:
        return 0
    if any("this kernel has no kprobes" in line for line in err):
        return 0  # it has come through the verifier; tests/kernel runs it
    if name.split()[-1] in ELSEWHERE and \
            re.search(r"no (tracepoint|function) .*\[E03(04|14)\]", err[0]):
        return 0  # said as it should be
    if name.startswith("stap.stp: ") and \
            re.search(r"\[E03(06|22)\]", err[0]):
        return 0  # SystemTap is not installed, or has no such mark
    if re.match(r"(nfs|nfsd|sunrpc)(_proc)?\.stp", name) and \
            re.search(r"\[E0(304|314|318|411)\]", err[0]):
        return 0  # there is no such module here, or it lacks the function
    if err and "which neither BTF nor debug information describes" in err[0]:
        return 0  # a module without BTF
    if any("error: this kernel has no BPF programs at" in line
           for line in err):
        return 0  # netfilter: said as it should be
    if status == 1 and name.endswith("in the kernel") and \
            "[E0222]" in err[0]:
        return 0  # an old kernel's handlers cannot, and that is said
    print(f"{name}: exit status {status}\n" + "\n".join(err[:8]))
    return 1


def host_script(body):
    return f"probe begin {{ {body} exit() }}"


def kernel_script(body):
    return ('global n\nprobe kernel.trace("sched_switch") {\n'
            f"if (n++) next\n{body}\nexit() }}")


# What the host does is the same on each kernel; another one is emulated.
ENGINES = {"kernel": kernel_script} if SLOW > 1 else \
    {"host": host_script, "kernel": kernel_script}


def check_functions(texts):
    """Many at a time; where something is said, those of one file."""
    bad = 0
    calls = [(name, call(m)) for name, text in texts.items()
             for m in FUNCTION.finditer(text) if m[2] not in LEFT_OUT]
    for i in range(0, len(calls), CALLS):
        some = {}
        for name, text in calls[i:i + CALLS]:
            some.setdefault(name, []).append(text)
        for engine, script in ENGINES.items():
            if complaints(script("\n".join(sum(some.values(), [])))) != (0, []):
                bad += sum(run(f"{name} in the {engine}",
                               script("\n".join(texts_of)))
                           for name, texts_of in some.items())
    return bad


def alias_probe(m, text, n):
    """A probe of an alias that prints all that it makes."""
    made = m[3]
    for macro in re.findall(r"^\t@(\w+)$", made, re.M):
        made += re.search(r"^@define " + macro + r" %\((.*?)^%\)", text,
                          re.M | re.S)[1]
    variables = sorted(set(re.findall(r"^\t(\w+) =(?!=)", made, re.M)))
    body = " ".join(f"println({v})" for v in variables)
    return f"global n{n} probe {m[2]} {{ if (n{n}++ < 3) {{ {body} }} }}\n"


def check_some(name, probes):
    """Together, which is as strict and starts spile less often; where something
    is said, one half and the other, down to the one that it is said of."""
    end = "probe timer.ms(20) { exit() }"
    if len(probes) == 1:
        return run(f"{name}: {probes[0][0]}", probes[0][1] + end)
    if not probes or complaints("".join(p[1] for p in probes) + end) == (0, []):
        return 0
    half = len(probes) // 2
    return check_some(name, probes[:half]) + check_some(name, probes[half:])


def check_aliases(name, text):
    probes = [(m[2], alias_probe(m, text, n))
              for n, m in enumerate(ALIAS.finditer(text))]
    there = [p for p in probes if p[0] not in ELSEWHERE]
    return sum(check_some(name, there[i:i + ALIASES])
               for i in range(0, len(there), ALIASES)) + \
        sum(check_some(name, [p]) for p in probes if p[0] in ELSEWHERE)


def check_names(name, text):
    """An intrinsic would be called in place of a function of its name."""
    with open(os.path.join(HERE, "../../src/image/intrinsic.def"),
              encoding="utf-8") as f:
        intrinsics = set(re.findall(r'^INTRINSIC\(\w+,\s*"(\w+)"', f.read(),
                                    re.M))
    both = sorted(intrinsics & {m[2] for m in FUNCTION.finditer(text)})
    for function in both:
        print(f"{name}: {function} is an intrinsic, too")
    return len(both)


def check_comments(name, text):
    bad = 0
    for m in list(FUNCTION.finditer(text)) + list(ALIAS.finditer(text)):
        if not m[1] and not m[2].startswith("__"):
            print(f"{name}: {m[2]} has no comment")
            bad += 1
    return bad


def main():
    texts, bad = {}, 0
    for path in sorted(glob.glob(os.path.join(TAPSET, "*.stp"))):
        with open(path, encoding="utf-8") as f:
            texts[os.path.basename(path)] = f.read()
    for name, text in texts.items():
        bad += check_comments(name, text)
        bad += check_names(name, text)
        if os.geteuid() == 0:
            bad += check_aliases(name, text)
    if os.geteuid() == 0:
        bad += check_functions(texts)
    if not bad and os.geteuid() != 0:
        print("not root: only the comments were looked at")
        return 77
    return 1 if bad else 0


sys.exit(main())
