#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! serial: yes
"""Files of procfs probes: read and written as a shell does, permissions,
limits, and that nothing of them stays."""
import errno
import json
import os
import signal
import stat
import subprocess
import sys
import time

from live import SKIP, Session, check, need_root, run

SLOW = float(os.environ.get("LIVE_SLOW", "1"))

NAME = "spile-test-%d" % os.getpid()
DIR = "/run/spile/" + NAME


def shell(command):
    done = subprocess.run(["sh", "-c", command], cwd=DIR, timeout=20 * SLOW,
                          capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def cat(name):
    return shell("cat " + name)[1]


def is_there():
    """Also when nothing answers there."""
    return (os.path.exists("/run/spile") and
            NAME in os.listdir("/run/spile"))


def session(script, *options):
    return Session(script, "-m", NAME, *options)


def talk():
    s = session(
        'global n, last '
        'probe procfs("count").read { $value = sprintf("%d %s\\n", n, last) }'
        'probe procfs("count").write { n++ last = tokenize($value, "\\n") }'
        'probe procfs.read { $value = module_name() $value .= "\\n" } '
        'probe end { println(n) }')
    check(cat("count") == "0 \n", "what is read")
    check(shell("echo one > count; echo two >> count")[0] == 0, "writing")
    check(cat("count") == "2 two\n", "what was written")
    check(cat("command") == NAME + "\n", "the file without a name")
    with open(DIR + "/count") as f:
        first = f.read()
        shell("echo three > count")
        f.seek(0)
        check((first, f.read()) == ("2 two\n", "3 three\n"),
              "it is made anew when it is read from the beginning")
    check(s.stop()[:2] == (0, "3\n"), "the end")
    check(not is_there(), "the files go with the session")


def sizes():
    s = session('global n, all '
                'probe procfs("long").read.maxsize(5000) { '
                'for (i = 0; i < 1000; i++) $value = $value . "abcd\\n" } '
                'probe procfs("short").read { '
                'for (i = 0; i < 1000; i++) $value .= "abcd\\n" } '
                'probe procfs("in").write { n++ all += strlen($value) } '
                'probe end { println(n, " ", all) }')
    check(cat("long") == "abcd\n" * 1000, "more than a string")
    check(len(cat("short")) == 511, "no more than a string")
    check(shell("dd if=long bs=7 skip=3 count=2")[1] ==
          "bcd\nabcd\nabcd\n", "from the middle")
    check(shell("head -c 100000 /dev/zero | tr '\\0' x > in")[0] == 0,
          "much is written")
    pieces, total = map(int, s.stop()[1].split())
    check(pieces >= 100000 // 511 and total == 100000,
          "in pieces, each a string: %d %d" % (pieces, total))
    s = session('probe procfs("all").read { '
                'for (i = 0; i < 1000; i++) $value .= "abcd\\n" } '
                'probe procfs("some").read.maxsize(100) { '
                'for (i = 0; i < 1000; i++) $value .= "abcd\\n" }',
                "-DSTP_PROCFS_BUFSIZE=2000")
    check((len(cat("all")), len(cat("some"))) == (2000, 100),
          "as -D says")
    s.stop()


def permissions():
    s = session('probe procfs("r").read { $value = "r" } '
                'probe procfs("w").write { println(1) } '
                'probe procfs("dir/rw").read { $value = "rw" } '
                'probe procfs("dir/rw").write { println(1) } '
                'probe procfs("dir/all").umask(0).read { $value = "all" } '
                'probe procfs("dir/other").umask(0040).read { println(1) }')
    modes = {name: stat.S_IMODE(os.stat(DIR + "/" + name).st_mode)
             for name in ("r", "w", "dir/rw", "dir/all", "dir/other")}
    check(modes == {"r": 0o400, "w": 0o200, "dir/rw": 0o600, "dir/all": 0o444,
                    "dir/other": 0o404}, "modes: %r" % modes)
    check(sorted(os.listdir(DIR)) == ["dir", "r", "w"] and
          sorted(os.listdir(DIR + "/dir")) == ["all", "other", "rw"],
          "directories")
    check(os.stat(DIR + "/dir/..").st_ino == os.stat(DIR).st_ino, "..")
    for action in (lambda: open(DIR + "/r", "w").write("x"),
                   lambda: open(DIR + "/w").read(),
                   lambda: open(DIR + "/new", "w"),
                   lambda: os.unlink(DIR + "/r"),
                   lambda: os.mkdir(DIR + "/d"),
                   lambda: os.chmod(DIR + "/r", 0o777)):
        try:
            action()
            check(False, "something that is not allowed")
        except OSError as e:
            check(e.errno in (errno.EACCES, errno.EPERM), "%r" % e)
    for name, may in (("dir/all", True), ("r", False)):
        got = subprocess.run(["cat", DIR + "/" + name], user=65534,
                             capture_output=True)
        check((got.returncode == 0) == may, "another user: %s" % name)
    s.stop()


def errors():
    s = session('global z probe procfs("e").read { println(1 / z) } '
                'probe end { println("end") }', "-DMAXERRORS=9")
    got = shell("cat e")
    check(got[0] == 1 and "Input/output error" in got[2], "%r" % (got,))
    got = s.stop()
    check(got[:2] == (0, "end\n") and "division by 0" in got[2],
          "%r" % (got,))
    s = session('global on probe procfs("c").read if (on) { $value = "on" } '
                'probe procfs("c").write { on = !on }')
    said = [cat("c")]
    shell("echo > c")
    said.append(cat("c"))
    shell("echo > c")
    said.append(cat("c"))
    s.stop()
    check(said == ["", "on", ""], "a condition: %r" % said)


def ends():
    """By the file, by the command, while someone waits."""
    s = session('probe procfs("stop").write { exit() }')
    shell("echo > stop")
    check(s.finish()[0] == 0, "exit() in a handler")
    got = run('probe procfs("x").read { $value = "text\\n" }', "-m", NAME,
              "-c", "cat %s/x" % DIR)
    check(got[:2] == (0, "text\n"), "the command reads: %r" % (got,))
    s = session('probe procfs("x").read { $value = "text" }')
    fd = os.open(DIR + "/x", os.O_RDONLY)
    s.stop()
    try:
        os.read(fd, 1)
        check(False, "the file outlives its session")
    except OSError as e:
        check(e.errno == errno.ENOTCONN, "%r" % e)
    other = session('probe procfs.read { println(1) }')
    got = run('probe procfs.read { println(1) }', "-m", NAME)
    check(got[0] == 1 and "is in use" in got[2], "%r" % (got,))
    other.stop()


def killed():
    for _ in range(5):
        s = session('probe procfs("x").read { $value = "text" }')
        s.process.kill()
        s.process.communicate()
        for _ in range(100):
            if not is_there():
                break
            time.sleep(0.02)
        check(not is_there(), "a killed session leaves nothing")
    # and when its keeper is killed, too
    s = session('probe procfs("x").read { $value = "text" }')
    keepers = subprocess.run(["pgrep", "-P", str(s.process.pid)],
                             capture_output=True, text=True).stdout.split()
    s.process.send_signal(signal.SIGSTOP)
    for pid in keepers:
        os.kill(int(pid), signal.SIGKILL)
    s.process.kill()
    s.process.communicate()
    s = session('probe procfs("x").read { $value = "text" }')
    check(cat("x") == "text", "the next sweeps")
    s.stop()
    check(not is_there(), "and leaves nothing")


def collectors():
    s = session(
        'global a, b '
        'probe begin { a["x"] = 1 a["y"] = 2 b["p", 3] = 4 '
        'json_set_prefix("pre") json_add_numeric_metric("n", "N", "bytes") '
        'json_add_array("arr", "") '
        'json_add_array_string_metric("arr", "m", "") } '
        'probe prometheus { @prometheus_dump_array1(a, "m", "l") '
        '@prometheus_dump_array2(b, "mm", "l1", "l2") } '
        'probe json_data { @json_output_data_start '
        '@json_output_numeric_value("n", 5) '
        '@json_output_array_string_value("arr", "i", "m", "text") '
        '@json_output_data_end }')
    check(cat("__prometheus") == 'm{l="x"} 1\nm{l="y"} 2\n'
          'mm{l1="p",l2="3"} 4\n', "prometheus: " + cat("__prometheus"))
    check(json.loads(cat("data")) == [
        {"name": "n", "value": 5},
        {"name": "arr", "index": "i", "metric": "m", "value": "text"}],
        "data: " + cat("data"))
    check(json.loads(cat("metadata")) == {"prefix": "pre", "metrics": [
        {"name": "n", "type": "numeric", "description": "N",
         "units": "bytes"},
        {"name": "arr", "type": "array"},
        {"name": "m", "type": "string", "array": "arr"}]},
        "metadata: " + cat("metadata"))
    s.stop()


def main():
    need_root()
    got = run('probe procfs.read { println(1) } probe timer.ms(1) { exit() }')
    if "has no FUSE" in got[2] or "no /dev/fuse" in got[2]:
        print("no FUSE")
        sys.exit(SKIP)
    talk()
    collectors()
    sizes()
    permissions()
    errors()
    ends()
    killed()


main()
