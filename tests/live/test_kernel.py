#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! serial: yes
"""What a session does with probes in the kernel: arming, errors, filters,
samples."""
import os
import signal
import subprocess
import sys
import tempfile
import time

from live import (SPILE, Session, check, gone, losses, need_root, objects_of,
                  run)

PYTHON = os.path.realpath(sys.executable)
GETPPID = {"x86_64": 110, "aarch64": 173}[os.uname().machine]
CALLS = "%s -S -c 'import os\nfor _ in range(%d): os.getppid()'"


def call(n):
    return CALLS % (PYTHON, n)


def exits():
    got = run('global n probe kernel.trace("sched_switch") { if (n++ == 5) '
              '{ println("six") exit() } } probe end { println("end") }')
    check(got[:2] == (0, "six\nend\n"), "exit() in the kernel: %r" % (got,))


def errors():
    got = run('global z probe kernel.trace("sched_switch") { println(1 / z) } '
              'probe end { println("end") } probe error { println("error") }')
    check(got[0] == 1 and got[1] == "error\n", "an error: %r" % (got,))
    check("ERROR: division by 0 near operator '/' at <input>:1:" in got[2] and
          'in probe kernel.trace("sched:sched_switch")' in got[2], got[2])
    got = run('global z probe kernel.trace("sched_switch") { error("mine") } '
              'probe end { println("end") }', "-DMAXERRORS=1000000", "-T",
              "1")
    check(got[:2] == (0, "end\n"), "MAXERRORS: %r" % (got,))
    check("ERROR: mine" in got[2] and "Number of errors: " in got[2], got[2])
    got = run('global z, n probe kernel.trace("sched_switch") { '
              'try { println(1 / z) } catch (m) { println(m) exit() } }')
    check(got[1].startswith("division by 0\n"), "catch: %r" % (got,))


def faults():
    got = run('probe kernel.trace("sched_switch") { try { '
              'println(@cast(8, "task_struct")->pid) } catch (m) { '
              'println(m) exit() } }')
    check(got[1].startswith("kernel read fault at 0x"), "a fault: %r" %
          (got,))


def conditions():
    """A kernel probe comes and goes with the globals of its condition."""
    # A while after each change the counting begins: arming takes its time.
    script = ('global on, n, ticks '
              'probe kernel.trace("sched_switch") if (on) { n++ } '
              'probe timer.ms(200) { if (ticks % 3 == 1) n = 0 '
              'if (ticks++ % 3 == 2) { println(n > 0) on = !on } }')
    session = Session(script)
    check(len([o for o in objects_of(session.process.pid)
               if o[0] == "prog"]) >= 1, "the program is loaded")
    first = session.process.stdout.readline()
    second = session.process.stdout.readline()
    third = session.process.stdout.readline()
    session.stop()
    check((first, second, third) == (b"0\n", b"1\n", b"0\n"),
          "off, on, off: %r" % ((first, second, third),))


def condition_in_kernel():
    """The handler itself turns another probe on."""
    got = run('global on, n probe kernel.trace("sched_switch") { on = 1 } '
              'probe timer.ms(100) if (on) { println("armed") exit() }',
              "-T", "5")
    check(got[:2] == (0, "armed\n"), "armed from the kernel: %r" % (got,))


def filters():
    script = ("global n probe %s { if ($syscall == %d) n++ } "
              "probe end { println(n) }")
    for point in ("process.syscall", 'process("%s").syscall' % PYTHON,
                  "process.syscall.return"):
        got = run(script % (point, GETPPID), "-c", call(3000))
        # A shell asks once for its parent, too.
        check(got[0] == 0 and 3000 <= int(got[1]) <= 3001,
              "%s: %r" % (point, got))
    # Another program's calls are not counted.
    got = run(script % ('process("/bin/true").syscall', GETPPID), "-c",
              call(3000))
    check(got[:2] == (0, "0\n"), "another program: %r" % (got,))


def registers():
    """Those of a process that calls are what the call is made with."""
    first, second, result = ("rdi", "rsi", "rax") \
        if os.uname().machine == "x86_64" else ("x0", "x1", "x0")
    got = run("global n, bad probe process.syscall { n++ "
              f'if (register("{first}") != $arg1 || '
              f'u_register("{second}") != $arg2 || !registers_valid()) bad++ }} '
              "probe process.syscall.return { "
              f'if (register("{result}") != $return) bad++ }} '
              'probe end { println(n > 100, " ", bad) }', "-c", call(200))
    check(got[:2] == (0, "1 0\n"), "registers: %r" % (got,))


def hierarchy():
    """With -c, processes are the command and what it starts."""
    bystander = subprocess.Popen(
        [PYTHON, "-S", "-c", "import os\nwhile 1: os.getppid()"])
    got = run("global n probe process.syscall { if ($syscall == %d) n++ } "
              "probe end { println(n) }" % GETPPID, "-c",
              "sh -c '%s & wait'" % call(2000).replace("'", '"'))
    bystander.kill()
    bystander.wait()
    check(got[0] == 0 and 2000 <= int(got[1]) <= 2003,
          "a grandchild counts, others do not: %r" % (got,))


def life():
    """Beginnings and ends of processes and threads, each once."""
    program = ("import threading\nfor i in range(5):\n t = threading.Thread("
               "target=int)\n t.start()\n t.join()")
    got = run("global b, e, t, u probe process.begin { b++ } "
              "probe process.end { e++ } probe process.thread.begin { t++ } "
              "probe process.thread.end { u++ } "
              "probe end { println(b, e, t, u) }", "-c",
              "%s -S -c '%s'" % (PYTHON, program))
    # sh becomes the program, or makes a child that does.
    numbers = got[1].strip()
    check(got[0] == 0 and numbers in ("1155", "2155", "3255"),
          "begin end threads: %r" % (got,))
    got = run("global e probe process(\"/bin/true\").end { e++ } "
              "probe end { println(e) }", "-c",
              "for i in 1 2 3 4 5; do /bin/true; done")
    check(got[:2] == (0, "5\n"), "five ends: %r" % (got,))


def samples():
    got = run("global n probe timer.profile.freq.hz(100) { n++ } "
              "probe timer.s(1) { println(n) exit() }")
    cpus = len(os.sched_getaffinity(0))
    check(got[0] == 0 and 20 <= int(got[1]) <= 130 * cpus,
          "a hundred a second on each CPU: %r" % (got,))
    pages = 5000
    got = run('global n probe perf.sw.page_faults.sample(1).process { n++ } '
              'probe end { println(n) }', "-c",
              "%s -S -c 'import mmap\nm = mmap.mmap(-1, %d)\n"
              "for i in range(%d): m[i * 4096] = 1'" %
              (PYTHON, pages * 4096, pages))
    check(got[0] == 0 and int(got[1]) >= pages, "page faults: %r" % (got,))
    got = run("probe perf.hw.cpu_cycles { println(1) }", "-T", "1")
    check(got[0] == 0 or "the processor does not count" in got[2],
          "hardware events: %r" % (got,))


def counters():
    """@perf reads what a counter has counted."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as f:
        # No quotes: a shell between would be the task that is counted.
        f.write("import mmap\nm = mmap.mmap(-1, 4096000)\n"
                "for i in range(1000): m[i * 4096] = 1\n")
        f.flush()
        got = run('probe perf.sw.page_faults.process.counter("faults") {} '
                  "global first, last probe process.syscall { "
                  'last = @perf("faults") if (!first) first = last } '
                  "probe end { println(last - first) }", "-c",
                  PYTHON + " -S " + f.name)
    check(got[0] == 0 and int(got[1]) >= 1000, "page faults: %r" % (got,))
    got = run('probe perf.sw.context_switches.counter("switches") {} '
              'global n, a probe kernel.trace("sched_switch") { '
              'a[n++] = @perf("switches") if (n == 50) exit() } '
              "probe end { println(a[49] > 0) }")
    check(got[:2] == (0, "1\n"), "of each CPU: %r" % (got,))
    got = run('probe perf.sw.task_clock.counter("c") {} '
              'probe begin { try { println(@perf("c")) } '
              "catch (m) { println(m) } exit() } ")
    check(got[:2] == (0, "perf counter cannot be read here\n"),
          "not on the host: %r" % (got,))


def skips():
    """Too many skipped handlers end a session, and it says so."""
    session = Session("global n probe timer.profile.freq.hz(5000) "
                      "{ n = n + 1 } "
                      'probe kernel.trace("sys_enter") { for (i = 0; i < 200; '
                      "i++) n = n + i }", "-DMAXSKIPPED=1")
    session.process.poll()
    time.sleep(1)
    if session.process.poll() is None:
        session.process.send_signal(signal.SIGINT)
    status, _, err = session.finish()
    check(status == 0 or "Skipped too many probes" in err,
          "skips: %d %s" % (status, err))


def many():
    """All tracepoints at once, and off again; but for one that the kernel comes
    by whenever it has called a program, and so for ever."""
    listed = subprocess.run([SPILE, "-l", 'kernel.trace("*sched*")'],
                            capture_output=True, text=True, check=True).stdout
    check("sched:sched_switch" in listed and "set_need_resched" not in listed,
          "safe wildcards: " + listed)
    named = run('probe kernel.trace("sched_set_need_resched_tp") { exit() }',
                "-p2")
    check(named[0] == 1 and ("called inside itself for ever" in named[2] or
                             "no tracepoint" in named[2]),
          "nor by name: %r" % (named,))
    session = Session('global n probe kernel.trace("*") { n++ } '
                      'probe end { println(n > 0) }', timeout=60)
    held = objects_of(session.process.pid)
    time.sleep(0.5)
    got = session.stop()
    check(got[:2] == (0, "1\n"), "all tracepoints: %r" % (got,))
    check(not gone(held, 20), "and all of them are gone")


def buffer():
    """A small buffer, and nobody who empties it: what does not fit is lost,
    counted to the last one, and said."""
    calls = 100000
    work = subprocess.Popen(
        [PYTHON, "-S", os.path.join(os.path.dirname(os.path.abspath(__file__)),
                              "workload.py"), str(calls), "0", "0", "0"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    session = Session("probe process(%d).syscall { if ($syscall == %d) "
                      "println(1) }" % (work.pid, GETPPID), "-s", "1")
    session.process.send_signal(signal.SIGSTOP)
    work.stdin.write(b"\n")
    work.stdin.flush()
    work.stdout.readline()
    session.process.send_signal(signal.SIGCONT)
    status, out, err = session.stop()
    work.communicate()
    seen, lost = out.count("1\n"), losses(err)
    check(status == 0 and lost > 0 and seen + lost == calls,
          "%d seen + %d lost of %d: %s" % (seen, lost, calls, err))


def errors_of_its_own():
    """Writing the message of an error is an event that raises the next."""
    process = Session('probe kernel.trace("sys_enter") { println(1 / 0) }',
                      "-DMAXERRORS=1000000000", "-T", "1", ready=False)
    start = time.monotonic()
    got = process.finish()
    check(got[0] == 0 and time.monotonic() - start < 10, "it ends in time")


def main():
    need_root()
    for test in (exits, errors, faults, conditions, condition_in_kernel,
                 filters, registers, hierarchy, life, samples, counters,
                 skips, many, buffer, errors_of_its_own):
        print("#", test.__name__)
        sys.stdout.flush()
        test()


main()
