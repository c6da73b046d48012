#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! serial: yes
"""Beginning and end of a session: signals, -c, -x, -T, errors, exit codes."""
import os
import signal
import subprocess
import sys
import time

from live import SLOW, SPILE, Session, check, run


def begin_and_end():
    session = Session('probe begin { println("a") } '
                      'probe timer.s(100) { println("never") } '
                      'probe end { println("z") }')
    check(session.stop() [:2] == (0, "a\nz\n"), "SIGINT runs end probes")
    session = Session('probe timer.s(100) { println("t") } probe end { println("z") }')
    check(session.stop(signal.SIGTERM)[:2] == (0, "z\n"), "so does SIGTERM")


def second_signal():
    """It ends at once, whatever it is doing: here a write nobody reads."""
    session = Session('probe timer.ms(1) { for (i = 0; i < 1000; i++) '
                      'println("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx") }',
                      "-DMAXACTION=100000")
    time.sleep(0.5)
    session.process.send_signal(signal.SIGINT)
    time.sleep(0.4)
    check(session.process.poll() is None, "it waits for its reader")
    session.process.send_signal(signal.SIGINT)
    check(session.process.wait(5 * SLOW) == 1, "the second one ends it")


def echoed_signal():
    """timeout(1) signals its child, then its group: that is one stop."""
    session = Session('probe timer.s(100) { println("t") } probe end { '
                      'for (i = 0; i < 500; i++) println(i) println("z") }')
    for number in (signal.SIGTERM, signal.SIGINT):
        session.process.send_signal(number)
    status, out, _ = session.finish()
    check((status, out[-2:]) == (0, "z\n"), "end probes run to their end")


def hangup():
    script = 'probe timer.ms(%d) { println("t") exit() }' % (
        300 * SLOW)
    process = subprocess.Popen(
        ["nohup", SPILE, "-e", script], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.1 * SLOW)
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=10 * SLOW)
    check(out == b"t\n", "nohup is heeded: %r" % out)


def order():
    got = run('probe begin(2) { println("b2") } probe begin { println("b0") } '
              'probe begin(-1) { println("b-1") } probe end(1) { '
              'println("e1") } probe end { println("e0") }', "-T", "1")
    check(got[:2] == (0, "b-1\nb0\nb2\ne0\ne1\n"), "the order: " + got[1])


def command():
    got = run('probe timer.s(100) { println("t") } probe end { println("z") }',
              "-c", "true")
    check(got[:2] == (0, "z\n"), "the command's end ends the session")
    got = run('probe timer.s(100) { println("t") } probe end { println("z") }',
              "-c", "exit 3")
    check(got[:2] == (1, "z\n"), "a command that fails")
    check("Child process exited with status 3" in got[2], got[2])
    got = run('probe timer.s(100) { println("t") }', "-c", "kill -9 $$")
    check(got[0] == 1 and "signal 9" in got[2], got[2])
    got = run('probe timer.s(100) { println("t") }', "-c", "/nonexistent/program")
    check(got[:2] == (1, "") and "cannot run '/nonexistent/program'" in got[2],
          got[2])


def command_waits():
    """It starts when the probes are there, not before."""
    # words in quotes take no shell: the target is the program itself
    got = run('probe begin { println(target()) }', "-c",
              "python3 -c 'import os; print(os.getpid())'")
    check(len(set(got[1].split())) == 1, "a target in quotes: %r" % (got,))
    got = run('probe begin { println("first") }', "-c", "echo second")
    check(got[:2] == (0, "first\nsecond\n"), "the order: " + got[1])


def command_is_ended():
    session = Session('probe timer.s(100) { println("t") }', "-c", "sleep 1000")
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(session.process.pid)],
        capture_output=True, text=True).stdout.split()
    session.stop()
    time.sleep(0.2)
    for pid in children:
        check(not os.path.exists("/proc/%s/exe" % pid),
              "the command is ended with the session")


def target():
    got = run('probe timer.s(100) { println("t") }', "-x", "4194304")
    check(got[0] == 1 and "there is no process 4194304" in got[2], got[2])
    got = run('probe timer.s(100) { println("t") }', "-x", str(os.getpid()), "-T", "1")
    check(got[0] == 0, "a target that is there: " + got[2])


def timeout():
    start = time.monotonic()
    got = run('probe timer.ms(100) { println("t") }', "-T", "1")
    took = time.monotonic() - start
    check(got[0] == 0 and 0.9 < took < 3 * SLOW, "-T 1 takes %.1f s" % took)
    check(5 <= got[1].count("t") <= 10, "timers keep their pace: " + got[1])


def slow_handlers():
    """A timer that is always due keeps nothing else from its turn."""
    script = ('global n probe timer.ms(1) { for (i = 0; i < 100000; i++) n++ }'
              ' probe timer.ms(1) { for (i = 0; i < 100000; i++) n++ }'
              ' probe end { println("z", n > 0) }')
    start = time.monotonic()
    got = run(script, "-T", "1", "-DMAXACTION=10000000")
    took = time.monotonic() - start
    check(got[:2] == (0, "z1\n") and took < 5 * SLOW, "-T 1 takes %.1f s" % took)
    session = Session(script, "-DMAXACTION=10000000")
    time.sleep(0.3)
    check(session.stop()[:2] == (0, "z1\n"), "SIGINT is seen")


def errors():
    got = run('probe begin { println(1 / 0) } probe end { println("end") } '
              'probe error { println("error") }')
    check(got[:2] == (1, "error\n"), "an error ends the session: " + got[1])
    check("ERROR: division by 0" in got[2], got[2])
    check("Number of errors: 1, skipped probes: 0" in got[2], got[2])
    got = run('probe timer.ms(50) { println(1 / 0) } '
              'probe end { println("end") }', "-DMAXERRORS=100", "-T", "1")
    check(got[:2] == (0, "end\n"), "MAXERRORS lets errors be: " + got[2])


def reader_goes():
    """Nobody reads any more: it ends, and is no error."""
    process = subprocess.Popen(
        [SPILE, "-e", 'probe timer.ms(10) { println("x") }'],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    check(process.wait(10 * SLOW) == 0, "it ends when its reader does: %r" % err)


def unprivileged():
    """What needs no kernel runs for anybody; what does, says what it needs."""
    if os.geteuid():
        return
    user = {"user": 65534, "group": 65534, "extra_groups": []}
    if subprocess.run(["test", "-x", SPILE], **user).returncode:
        return          # it lies where nobody may look
    got = subprocess.run([SPILE, "-e", 'probe begin { println("a") }',
                          "-T", "1"], capture_output=True, text=True, **user)
    check((got.returncode, got.stdout) == (0, "a\n"), got.stderr)
    got = subprocess.run([SPILE, "-e", 'probe kernel.trace("sched_switch") '
                          '{ println("a") }'], capture_output=True, text=True,
                         **user)
    check(got.returncode == 1 and "CAP_BPF" in got.stderr, got.stderr)


def few_files():
    """What the kernel lacks is not blamed on the program."""
    if os.geteuid():
        return
    script = 'global n probe kernel.trace("sched:*") { n++ }'
    for limit in 12, 20, 40:
        got = subprocess.run(["sh", "-c", 'ulimit -n %u; exec "$0" "$@"' % limit,
                              SPILE, "-T", "1", "-e", script],
                             capture_output=True, text=True)
        check(got.returncode == 1 and "Too many open files" in got.stderr and
              "ulimit -n" in got.stderr, "%u files: %s" % (limit, got.stderr))


def main():
    for test in (begin_and_end, second_signal, echoed_signal, hangup, order, command, command_waits,
                 command_is_ended, target, timeout, slow_handlers, errors, reader_goes,
                 unprivileged, few_files):
        print("#", test.__name__)
        sys.stdout.flush()
        test()


main()
