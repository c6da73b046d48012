#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! timeout: 120
"""Functions that ask the machine, or do something to it, against what it says
itself: the environment, load averages, the kernel's log, signals, delays,
addresses and ports of packets."""
import os
import re
import signal
import socket
import subprocess
import sys
import time

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
bad = []


def run(script, *options, env=None):
    r = subprocess.run([SPILE, "-w", "-g", "-e", script, *options],
                       capture_output=True, timeout=60 * SLOW, text=True,
                       env=env, check=False)
    if "ERROR" in r.stderr or "error" in r.stderr:
        bad.append(f"{script}:\n{r.stderr}")
    return r.stdout


def check(what, said, expected):
    if said != expected:
        bad.append(f"{what}: {said!r}, not {expected!r}")


def check_environment():
    env = dict(os.environ, SPILE_ONE="first", SPILE_TWO="the second",
               SPILE_LONG="x" * 2000, SPILE_LAST="after")
    out = run("""probe syscall.exit_group {
        if (pid() == target()) printf("%s|%s|%s|%s\\n",
            env_var("SPILE_ONE"), env_var("SPILE_TWO"), env_var("SPILE"),
            env_var("SPILE_LAST")) }
        probe begin { println(env_var("SPILE_TWO")) }""", "-c", "true",
              env=env)
    check("env_var()", out, f"the second\nfirst|the second|{SPILE}|after\n")


def check_load():
    def load():
        with open("/proc/loadavg", encoding="ascii") as f:
            return [float(x) for x in f.read().split()[:3]]
    before = load()
    out = run("""function all() { println(sprint_loadavg())
        println(get_loadavg_index(0), " ", get_loadavg_index(2)) }
        probe begin { all() } global n
        probe timer.profile { if (!n++) { all() exit() } }""")
    after, lines = load(), out.splitlines()
    for text, whole in zip(lines[::2], lines[1::2]):
        said = [float(x) for x in text.split()]
        if any(not min(a, b) - 0.3 <= x <= max(a, b) + 0.3
               for x, a, b in zip(said, before, after)):
            bad.append(f"sprint_loadavg(): {text}, not {before}, {after}")
        check("get_loadavg_index()", whole,
              f"{int(said[0])} {int(said[2])}")
    check("load averages", len(lines), 4)


def kernel_log():
    out = []
    fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    try:
        while True:
            try:
                out.append(os.read(fd, 8192).decode(errors="replace"))
            except BrokenPipeError:
                continue
    except BlockingIOError:
        os.close(fd)
    return out


def check_log():
    word = f"spile test {time.time()}"
    run(f"""probe begin {{ printk(5, "{word} host") }} global n
        probe kernel.trace("sched_switch") {{
            if (n++) next
            printk(4, "{word} kernel") dump_stack() exit() }}""")
    log = kernel_log()
    for place, level in (("host", 5), ("kernel", 4)):
        lines = [line for line in log if f"{word} {place}" in line]
        if len(lines) != 1 or int(lines[0].split(",")[0]) & 7 != level:
            bad.append(f"printk() in {place}: {lines}")
    if not any(re.search(r"schedule", line) for line in log[-40:]):
        bad.append("dump_stack(): nothing in the log")


def check_raise():
    child = subprocess.Popen(["sleep", "30"])
    tracer = subprocess.Popen(
        [SPILE, "-g", "-e", 'probe kernel.trace("raw_syscalls:sys_enter")'
         f" {{ if (pid() == {child.pid}) {{ raise(10) exit() }} }}"
         'probe begin { println("ready") }'], stdout=subprocess.PIPE)
    tracer.stdout.readline()
    time.sleep(0.5)
    os.kill(child.pid, signal.SIGSTOP)
    os.kill(child.pid, signal.SIGCONT)   # sleep restarts its system call
    try:
        status = child.wait(20 * SLOW)
    except subprocess.TimeoutExpired:
        child.kill()
        status = 0
    check("raise(10)", status, -signal.SIGUSR1)
    tracer.wait(20 * SLOW)


def check_delay():
    out = run("""function took(ms) { t = gettimeofday_us()
            if (ms) mdelay(3) else udelay(400)
            return gettimeofday_us() - t } global n
        probe begin { println(took(1), " ", took(0)) }
        probe timer.profile { if (!n++) {
            println(took(1), " ", took(0)) exit() } }""",
              "-D", "MAXACTION=100000000")
    for line in out.splitlines():
        ms, us = (int(x) for x in line.split())
        if not 3000 <= ms < 60000 * SLOW or not 400 <= us < 50000 * SLOW:
            bad.append(f"mdelay(3), udelay(400) took {line} us")
    check("delays", len(out.splitlines()), 2)


def check_speculation():
    out = run("""function some(who) {
            a = speculation() b = speculation()
            speculate(a, who . " a1\\n") speculate(b, who . " b1\\n")
            println(who, " first") speculate(a, who . " a2\\n")
            discard(b) commit(a) commit(b) commit(a)
            println(who, " last") } global n
        probe begin { some("host") }
        probe kernel.trace("sched_switch") {
            if (!n++) { some("kernel") exit() } }""")
    check("speculation", out, "".join(
        f"{w} first\n{w} a1\n{w} a2\n{w} last\n" for w in ("host", "kernel")))


CONNECTION = """
probe kernel.trace("sock:inet_sock_set_state") {
    if (pid() == %(pid)d && $oldstate == 2) printf("tcp %%d %%x %%d %%x %%d %%d\\n",
        tcpmib_get_state($sk), tcpmib_local_addr($sk),
        tcpmib_local_port($sk), tcpmib_remote_addr($sk),
        tcpmib_remote_port($sk), tcpmib_filter_key($sk, 1))
}
probe kernel.trace("net:netif_receive_skb") {
    if (pid() == %(pid)d && ipmib_get_proto($skb) == 6)
        printf("ip %%x %%d %%x %%d %%d\\n", ipmib_local_addr($skb, 1),
        ipmib_tcp_local_port($skb, 1), ipmib_remote_addr($skb, 1),
        ipmib_tcp_remote_port($skb, 1), ipmib_filter_key($skb, 1, 1))
}
probe begin { println("ready") }
"""


def check_packets():
    tracer = subprocess.Popen([SPILE, "-e", CONNECTION % {"pid": os.getpid()}],
                              stdout=subprocess.PIPE, text=True)
    tracer.stdout.readline()
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    ours, theirs = client.getsockname()[1], server.getsockname()[1]
    time.sleep(0.3)
    tracer.send_signal(signal.SIGINT)
    lines = tracer.communicate(timeout=20 * SLOW)[0].splitlines()
    client.close()
    server.close()
    local = "7f000001"
    for line in (f"ip {local} {ours} {local} {theirs} 1",
                 f"ip {local} {theirs} {local} {ours} 1",
                 f"tcp 2 {local} {ours} {local} {theirs} 1"):
        if line not in lines:
            bad.append(f"not there: {line}\n" + "\n".join(lines))


def check_numbers():
    out = run("""probe begin { printf("%d|%s|", remote_id(), remote_uri())
            println(stack_size()) println(module_size()) } global n
        probe kernel.trace("sched_switch") { if (n++) next
            println(stack_size(), " ", addr_to_node(4096)) exit() }""")
    m = re.fullmatch(r"-1\|\|(\d+)\nprograms: (\d+), host code: (\d+), "
                     r"texts: \d+\n\1 0\n", out)
    if not m or int(m[2]) < 100 or m[1] not in ("16384", "32768", "65536"):
        bad.append(f"numbers: {out}")


def check_limits():
    out = run("""probe kernel.trace("sched_process_exit") {
        if (pid() == target()) println(task_rlimit_nofile(task_current()), " ",
            task_rlimit(task_current(), "RLIMIT_STACK"), " ",
            task_rlimit_core(task_current())) }""", "-c",
              "ulimit -n 321; ulimit -s 4096; ulimit -c 0")
    check("limits", out, f"321 {4096 * 1024} 0\n")


for part in (check_environment, check_limits, check_load, check_log, check_raise,
             check_delay, check_speculation, check_packets, check_numbers):
    part()
print("\n".join(bad))
sys.exit(1 if bad else 0)
