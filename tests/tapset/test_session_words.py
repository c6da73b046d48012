#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
"""What functions say of the session and of the kernel's code that was hit: the
name of the session, its messages, registers, stacks, who begat whom, sockets."""
import os
import re
import subprocess
import sys
import tempfile

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
failed = False


def said(script, *options):
    r = subprocess.run([SPILE, *options, "-e", script], text=True,
                       capture_output=True, timeout=60 * SLOW, check=False)
    return r.stdout, r.stderr


def check(what, pattern, text):
    global failed
    if not re.fullmatch(pattern, text):
        print(f"{what}: {text!r} is not {pattern}")
        failed = True


def session():
    out, err = said("""probe begin {
        println(module_name(), " ", remote_id(), "[", remote_uri(), "]")
        println(module_size()) warn("careful") exit() }""",
                    "-m", "words")
    check("session", r"words -1\[\]\n[\w :,]*\d[\w :,]*\n", out)
    check("warn()", r"WARNING: careful\n", err)
    out, err = said("""probe begin { println("before") abort() println("no") }
        probe end { println("end") } probe error { println("error") }""")
    check("abort()", "before\nend\n", out)


def code():
    out, _ = said("""probe syscall.openat { if (pid() != target()) next
        println(stack_size(), " ", stack_used() + stack_unused() ==
                stack_size(), " ", stack_used() > 0) exit() }""",
                  "-c", "cat /dev/null")
    check("stack", r"(8192|16384|32768) 1 1\n", out)
    if os.uname().machine == "x86_64":
        out, _ = said("global n probe timer.profile "
                      "{ if (!n++) { print_regs() exit() } }")
        check("print_regs()", r"RIP: [0-9a-f]{16} RSP: [0-9a-f]{16} RAX: "
              r"[0-9a-f]{16}\n(R\w\w: [0-9a-f]{16}[ \n]){14}", out)


def family():
    out, _ = said("""probe syscall.openat {
        if (execname() == "cat" && filename =~ "dev/null")
            println(target_set_pid(pid()), target_set_pid(1)) }
        probe end { target_set_report() }""",
                  # Who is gone is no longer told of: one that is not.
                  "-c", "sh -c 'sleep 60 >/dev/null 2>&1 & cat /dev/null; "
                  "true'")
    check("target_set", r"10\ntarget set:\n(\d+) begat (\d+)\n\2 begat \d+\n"
          r"(\d+ begat \d+\n)*", out)


# Connects to itself, from an address and a port of its choice.
CONNECT = """import socket
server = socket.create_server(("127.0.0.1", 0))
client = socket.socket()
client.bind(("127.0.0.3", 0))
client.connect(server.getsockname())
print(client.getsockname()[1], flush=True)
"""


def sockets():
    with tempfile.NamedTemporaryFile("w", suffix=".py") as f:
        f.write(CONNECT)
        f.flush()
        out, _ = said("""probe kernel.trace("sock:inet_sock_set_state") {
            if (pid() == target() && $newstate == 2)
                println(inet_get_ip_source($sk), ":",
                        inet_get_local_port($sk), linuxmib_filter_key($sk, 7))
            }""", "-c", f"{sys.executable} -S {f.name}")
    numbers = re.findall(r"^\d+$", out, re.M)
    check("inet_get_*()", r"127\.0\.0\.3:%s1" % "".join(numbers),
          "".join(re.findall(r"^.*:.*$", out, re.M)))


def trace():
    path = "/sys/kernel/tracing/trace"
    try:
        said('probe begin { ftrace("spile writes this") exit() }')
        with open(path, encoding="utf-8", errors="replace") as f:
            text = f.read()
    except OSError:
        return
    check("ftrace()", r"(?s).*tracing_mark_write: spile writes this\n.*", text)


session()
code()
family()
sockets()
trace()
sys.exit(failed)
