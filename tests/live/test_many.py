#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root
#! serial: yes
"""Several sessions at once, of several users: nothing is shared."""
import os
import signal
import subprocess
import tempfile
import time

from live import SLOW, SPILE, Session, check

OTHER = 65534
COUNT = '''global n
probe kernel.trace("sched_switch") { n++ }
probe procfs("n").read { $value = sprintf("%%d %d", n) }
probe timer.ms(500) { println("alive %d") }
probe end { printf("end %d %%d\\n", n) }'''


def as_other(*args):
    """As a user who may read the program, and nothing of root's."""
    return subprocess.run(
        ["setpriv", "--reuid=%d" % OTHER, "--regid=%d" % OTHER,
         "--clear-groups", *args], text=True, capture_output=True,
        timeout=30 * SLOW, cwd="/", stdin=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"]})


def at_once():
    """Each has its own globals, files, output and end."""
    sessions = [Session(COUNT % (i, i, i), "-m", "many-%d" % i)
                for i in range(4)]
    time.sleep(1)
    for i in range(4):
        with open("/run/spile/many-%d/n" % i, encoding="utf-8") as f:
            n, who = f.read().split()
        check(int(n) > 0 and int(who) == i, "its own file: " + who)
    first = sessions[0].stop()
    check("end 0 " in first[1] and first[0] == 0, first[1])
    check(not os.path.exists("/run/spile/many-0"), "its files go with it")
    for i in range(1, 4):
        check(os.path.exists("/run/spile/many-%d/n" % i), "others' stay")
        status, out, err = sessions[i].stop()
        check(status == 0 and "end %d " % i in out and
              "alive %d" % i in out and
              not any("alive %d" % k in out for k in range(4) if k != i),
              out + err)


def features_of_users():
    """What a user's kernel offers is kept for him, and for his rights."""
    rights = "+bpf,+perfmon"
    with tempfile.TemporaryDirectory() as top:
        os.chown(top, OTHER, OTHER)
        if as_other(SPILE, "-V").returncode:
            return
        path = os.path.join(top, "spile/features")
        env = ["env", "XDG_RUNTIME_DIR=" + top]
        caps = ["setpriv", "--inh-caps", rights, "--ambient-caps", rights]

        def with_caps():
            return subprocess.run(
                [*caps, "--reuid=%d" % OTHER, "--regid=%d" % OTHER,
                 "--clear-groups", *env, SPILE, "--dump-features"], text=True,
                capture_output=True, timeout=30 * SLOW, cwd="/")
        first = with_caps()
        check(first.returncode == 0 and os.stat(path).st_uid == OTHER,
              first.stderr)
        made = os.stat(path).st_ino
        check(with_caps().stdout == first.stdout, "the same again")
        check(os.stat(path).st_ino == made, "it was kept")
        r = as_other(*env, SPILE, "--dump-features")
        check(r.returncode and "CAP_BPF" in r.stderr,
              "it is not for fewer rights: " + r.stdout + r.stderr)
        with open(path, "r+b") as f:
            f.write(b"another boot, or somebody who wants to be believed")
        os.chmod(path, 0o666)
        check(with_caps().stdout == first.stdout and
              os.stat(path).st_ino != made, "what others wrote is not taken")


def names_of_users():
    """Two users' sessions may have one name; each finds his own."""
    script = 'probe begin { println("user ", uid()) } probe timer.s(60) { exit() }'
    if as_other(SPILE, "-V").returncode:
        return
    for run in (subprocess.run, None):
        args = [SPILE, "-F", "-m", "test-shared", "-e", script]
        r = (subprocess.run(args, text=True, capture_output=True,
                            timeout=30 * SLOW) if run else as_other(*args))
        check(r.returncode == 0, r.stderr)
    for mine in (True, False):
        attach = ["timeout", "--foreground", "-s", "INT", str(1.7 + 0.3 * SLOW),
                  SPILE, "-A",
                  "test-shared"]
        r = (subprocess.run(attach, text=True, capture_output=True)
             if mine else as_other(*attach))
        check(r.stdout == "user %d\n" % (0 if mine else OTHER),
              r.stdout + r.stderr)


def another_may_not_attach():
    script = 'probe timer.s(60) { println("x") }'
    r = subprocess.run([SPILE, "-F", "-m", "test-private", "-e", script],
                       text=True, capture_output=True)
    check(r.returncode == 0, r.stderr)
    try:
        check(as_other(SPILE, "-A", "test-private").returncode == 1,
              "another user has no way in")
        path = "/run/spile/test-private.sock"
        check(os.stat(path).st_mode & 0o077 == 0, "nor to its socket")
    finally:
        p = subprocess.Popen([SPILE, "-A", "test-private"],
                             stdout=subprocess.DEVNULL)
        time.sleep(0.5)
        p.send_signal(signal.SIGINT)
        p.wait(20 * SLOW)


at_once()
features_of_users()
names_of_users()
another_may_not_attach()
