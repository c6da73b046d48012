#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! timeout: 120
"""Options: SystemTap's letters, and what each of them does."""

import os
import re
import stat
import subprocess
import sys
import tempfile
import unittest

SPILE = os.path.abspath(os.environ["SPILE"])
TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
HELLO = 'probe begin { println("hello") exit() }'


def spile(*args, stdin="", program=SPILE, **env):
    return subprocess.run([program, *args], input=stdin, text=True,
                          capture_output=True, timeout=60,
                          env=dict(os.environ, **env))


class Refused(unittest.TestCase):
    def error(self, *args):
        r = spile(*args)
        self.assertEqual(r.returncode, 1, args)
        self.assertEqual(r.stdout, "")
        return r.stderr

    def test_unknown(self):
        self.assertIn("no option -z", self.error("-z"))
        self.assertIn("did you mean --suppress-handler-errors?",
                      self.error("--supress-handler-errors"))
        self.assertIn("-e needs an argument", self.error("-e"))
        self.assertIn("--ldd takes no argument", self.error("--ldd=x"))

    def test_what_spile_has_not(self):
        for args in (["--dyninst"], ["--runtime=dyninst"],
                     ["--privilege=stapusr"], ["--use-server"],
                     ["--benchmark-sdt-loops=3"],
                     ["--target-namespaces=1"]):
            self.assertIn("\n  help: ", self.error(*args, "-e", HELLO), args)

    def test_elsewhere(self):
        self.assertIn("over ssh", self.error("--remote", "ssh://x", "-e",
                                             HELLO))
        self.assertIn("later than systemtap",
                      self.error("--compatible=99.1", "-e", HELLO))

        self.assertIn("needs a version",
                      self.error("--compatible=abc", "-e", HELLO))

    def test_when(self):
        for option in "--color", "--prologue-searching":
            self.assertIn(f"{option} is never, always or auto, not 'no'",
                          self.error(f"{option}=no", "-e", HELLO))
            for when in "=never", "=always", "=auto", "":
                self.assertEqual(spile(option + when, "-e", HELLO).returncode,
                                 0)

    def test_time_limits(self):
        """Without limits only in guru mode, as stap has it."""
        steps = ("probe oneshot { for (i = 0; i < 1000000; i++) n += i"
                 " println(n) }")
        self.assertIn("needs -g",
                      self.error("--suppress-time-limits", "-e", steps))
        self.assertIn("MAXACTION exceeded", self.error("-g", "-e", steps))
        r = spile("--suppress-time-limits", "-g", "-e", steps)
        self.assertEqual(r.stdout, "499999500000\n", r.stderr)

    def test_no_such_command(self):
        """Before any probe runs: one that ends at once would not see it."""
        for c in "/nonexistent", "no-such-program-x -y", "/etc", "/etc/passwd":
            self.assertIn(f"cannot run '{c.split()[0]}'",
                          self.error("-c", c, "-e", HELLO))
        for c in "exit 0", "true | true", "umask", "'/bin/true'":
            self.assertEqual(spile("-c", c, "-e", HELLO).returncode, 0, c)

    def test_passes(self):
        self.assertIn("--vp needs", self.error("--vp", "123456", "-e", HELLO))


class Accepted(unittest.TestCase):
    def test_without_effect(self):
        """What is about kernel modules is accepted, and said to do nothing;
        what is so anyway is not worth a word."""
        r = spile("-R", "/dir", "-B", "X=y", "--modinfo=a=b", "-e", HELLO)
        self.assertEqual((r.returncode, r.stdout), (0, "hello\n"))
        self.assertEqual(len(re.findall("warning: -[BR-].* has no effect: ",
                                        r.stderr)), 3, r.stderr)
        self.assertEqual(spile("-w", "-R", "/dir", "-e", HELLO).stderr, "")
        r = spile("--remote", "direct://", "-s", "4095", "-e", HELLO)
        self.assertEqual((r.returncode, r.stdout, r.stderr),
                         (0, "hello\n", ""))

    def test_macros(self):
        """-D of what only SystemTap's runtime knows, or a typing mistake."""
        r = spile("-DSTP_NO_OVERLOAD", "-DMINE=3", "-DMAXMAPENTRYS=9", "-e",
                  HELLO)
        self.assertEqual((r.returncode, r.stdout), (0, "hello\n"))
        self.assertIn("warning: -D MINE has no effect: spile has no limit",
                      r.stderr)
        self.assertIn("did you mean 'MAXMAPENTRIES'?", r.stderr)
        self.assertNotIn("STP_NO_OVERLOAD", r.stderr)
        r = spile("-P", "-b", "-d", "kernel", "--ldd", "--all-modules",
                  "--disable-cache", "--bpf", "--runtime=kernel",
                  "--privilege=stapdev", "--check-version", "-e", HELLO)
        self.assertEqual((r.returncode, r.stdout, r.stderr),
                         (0, "hello\n", ""))

    def test_clean_cache(self):
        r = spile("--clean-cache")
        self.assertEqual((r.returncode, r.stdout + r.stderr), (0, ""))

    def test_compatible(self):
        script = ('probe begin { println(%( systemtap_v < "2.0" %? "old" '
                  '%: "new" %)) exit() }')
        self.assertEqual(spile("-e", script).stdout, "new\n")
        for args in (["--compatible", "1.8"], ["--compatible=1.8"]):
            self.assertEqual(spile(*args, "-e", script).stdout, "old\n")

    def test_colour(self):
        for option in ("--color", "--colour", "--color=always"):
            self.assertIn("\033[", spile(option, "-e", "probe x {}").stderr)
        for option in ("--color=never", "--colour=auto"):
            self.assertNotIn("\033[", spile(option, "-e", "probe x {}").stderr)


    def test_colours(self):
        def said(colours):
            return spile("--color", "-e", "probe x {}",
                         SYSTEMTAP_COLORS=colours).stderr
        text = said("error=4;32:source=34:caret=bad\033[2J:token=7")
        self.assertIn("\033[7m<input>:1:7: \033[0m\033[4;32merror: \033[0m",
                      text)
        self.assertIn("\033[34mprobe x {}\033[0m", text)
        self.assertIn("\033[1;31m^\033[0m", text)
        self.assertNotIn("\033[", said(""))


class Words(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)

    def path(self, *names):
        return os.path.join(self.dir.name, *names)

    def script(self, first, text):
        path = self.path("x.stp")
        with open(path, "w", encoding="utf-8") as f:
            f.write(first + "\n" + text)
        os.chmod(path, stat.S_IRWXU)
        return path

    def test_rc(self):
        with open(self.path("rc"), "w", encoding="utf-8") as f:
            f.write("# mine\n-w -G 'x=a b'\n -G \"y=it\\\"s\"\n")
        r = spile("-e", 'global x = "", y = "", unused '
                  'probe begin { println(x, y) exit() }',
                  SYSTEMTAP_DIR=self.dir.name)
        self.assertEqual((r.stdout, r.stderr), ('a bit"s\n', ""))

    def test_rc_at_home(self):
        os.mkdir(self.path(".systemtap"))
        with open(self.path(".systemtap", "rc"), "w", encoding="utf-8") as f:
            f.write("--no-such-option")
        r = spile("-e", HELLO, HOME=self.dir.name)
        self.assertIn("no option --no-such-option", r.stderr)

    def test_script_that_runs_itself(self):
        """The kernel gives what stands behind #! as one word."""
        path = self.script("#!%s -w -g" % SPILE, 'global unused\nprobe begin '
                           '{ print(@1, @2, %( guru_mode == 1 %? "g" '
                           '%: "" %)) exit() }')
        r = subprocess.run([path, "a b", "c"], text=True, capture_output=True,
                           timeout=60)
        self.assertEqual((r.stdout, r.stderr), ("a bcg", ""))

    def test_called_stap(self):
        os.symlink(SPILE, self.path("stap"))
        self.assertEqual(spile("-e", HELLO, program=self.path("stap")).stdout,
                         "hello\n")
        path = self.script("#!" + self.path("stap"), HELLO)
        r = subprocess.run([path], text=True, capture_output=True, timeout=60)
        self.assertEqual(r.stdout, "hello\n")


class Environment(unittest.TestCase):
    def test_tapset(self):
        with tempfile.TemporaryDirectory() as d:
            with open(os.path.join(d, "mine.stp"), "w",
                      encoding="utf-8") as f:
                f.write("function mine:long() { return 42 }\n")
            r = spile("-e", "probe begin { println(mine()) exit() }",
                      SYSTEMTAP_TAPSET=d)
            self.assertEqual(r.stdout, "42\n", r.stderr)

    def test_data_directories(self):
        """systemtap/tapset below XDG_DATA_HOME, or ~/.local/share, and
        XDG_DATA_DIRS, the first of them first; not SystemTap's own."""
        with tempfile.TemporaryDirectory() as d:
            for i, name in enumerate(("home/.local/share", "one", "two",
                                      "stap")):
                path = os.path.join(d, name, "systemtap/tapset")
                os.makedirs(path)
                with open(path + "/mine.stp", "w", encoding="utf-8") as f:
                    f.write("function mine:long() { return %d }\n" % i)
            with open(d + "/stap/systemtap/tapset/uconversions.stp", "w",
                      encoding="utf-8"):
                pass
            script = ("-e", "probe begin { println(mine()) exit() }")
            home, none = d + "/home", d + "/none"
            dirs = f"{d}/stap:{none}:{d}/two:{d}/one"
            for expected, more in (
                    ("0", {"HOME": home, "XDG_DATA_DIRS": dirs}),
                    ("2", {"HOME": none, "XDG_DATA_DIRS": dirs}),
                    ("1", {"XDG_DATA_HOME": d + "/one", "HOME": home})):
                r = spile(*script, **more)
                self.assertEqual(r.stdout, expected + "\n", r.stderr)
            r = spile(*script, HOME=none, XDG_DATA_DIRS=d + "/stap")
            self.assertIn("E0209", r.stderr)

    def test_release(self):
        """That of the running kernel changes nothing; another is looked
        for."""
        release = os.uname().release
        self.assertEqual(spile("-r", release, "-e", HELLO).stdout, "hello\n")
        self.assertEqual(spile("-e", HELLO, SYSTEMTAP_RELEASE=release).stdout,
                         "hello\n")
        r = spile("-e", HELLO, SYSTEMTAP_RELEASE="1.2.3-none")
        self.assertEqual(r.returncode, 1)
        self.assertIn("1.2.3-none", r.stderr)


class Examples(unittest.TestCase):
    def test_list(self):
        r = spile("--example")
        self.assertEqual(r.returncode, 0)
        self.assertRegex(r.stdout, r"(?m)^syscall-latency\.stp +\w+")
        for line in r.stdout.splitlines():
            self.assertRegex(line, r"^\S+\.stp +[A-Z]", "what it is")

    def test_run(self):
        with tempfile.TemporaryDirectory() as d:
            os.mkdir(os.path.join(d, "sub"))
            path = os.path.join(d, "sub", "mine.stp")
            with open(path, "w", encoding="utf-8") as f:
                f.write("probe begin { println(@1) exit() }")
            for name in ("mine", "mine.stp"):
                r = spile("--example", name, "arg", SPILE_EXAMPLES=d)
                self.assertEqual(r.stdout, "arg\n")
            r = spile("--example", "mnie", SPILE_EXAMPLES=d)
            self.assertIn("did you mean 'mine.stp'?", r.stderr)

    def test_all_compile(self):
        """Those about a program that is not here are only parsed."""
        for name in os.listdir(os.path.join(TOP, "examples")):
            with open(os.path.join(TOP, "examples", name),
                      encoding="utf-8") as f:
                program = re.search(r"(?m)^#! program: (\S+)$", f.read())
            away = program and not os.path.exists(program[1])
            r = spile("-p1" if away else "-p3", "--example", name)
            self.assertEqual(r.returncode, 0, name + ": " + r.stderr)


class Passes(unittest.TestCase):
    SCRIPT = ('global a%[10], b = "x" function f(n) { m = n; return m + 1 } '
              'probe begin { a[pid()] = f(3) b = execname() exit() } '
              'probe timer.s(1) { s <<< 1 println(@count(s), b, a[1]) } '
              'global s')

    def test_summary(self):
        """-p2, as SystemTap prints it."""
        r = spile("-p2", "-e", self.SCRIPT)
        self.assertEqual(r.stdout.splitlines(), [
            "# globals",
            "a%[10]:long [long]", "b:string", "s:stats",
            "# functions",
            "pid:long ()", "f:long (n:long)", "  # locals", "  m:long",
            "execname:string ()", "exit:unknown ()",
            "# probes",
            "begin /* <- begin */", "timer.s(1) /* <- timer.s(1) */"])
        self.assertIn('b:string = "x"', spile("-p2", "-v", "-e",
                                              self.SCRIPT).stdout)

    def test_verbose(self):
        """The lines that programs look for; --vp for single passes."""
        memory = r" using \d+virt/\d+res/\d+shr/\d+data kb"
        times = r", in \d+usr/\d+sys/\d+real ms\."
        lines = {
            1: r"parsed user script and \d+ library scripts?" + memory + times,
            2: r"analyzed script: 1 probe, 1 function, 0 embeds, 0 globals" +
               memory + times,
            3: r"translated to 0 BPF programs .*" + memory + times,
        }
        every = spile("-v", "-e", HELLO).stderr
        for n, line in lines.items():
            want = r"(?m)^Pass %d: %s$" % (n, line)
            self.assertRegex(every, want)
            one = spile("--vp", "0" * (n - 1) + "1", "-e", HELLO).stderr
            self.assertRegex(one, want)
            self.assertEqual(one.count("Pass "), 1)
        self.assertIn("\nPass 5: starting run.\n", every)
        self.assertRegex(every, r"(?m)^Pass 5: run completed in \d+usr/\d+sys/"
                         r"\d+real ms\.$")
        self.assertIn("Pass 1: parse failed.", spile("-v", "-e", "}").stderr)
        self.assertIn("Pass 2: analysis failed.",
                      spile("-v", "-e", "probe x {}").stderr)

    def test_coverage(self):
        r = spile("-q", "-p2", "-e", "probe begin { println(execname()) }")
        self.assertIn("uses library script tapset/context.stp\n", r.stderr)


class Timing(unittest.TestCase):
    def test_host(self):
        r = spile("-t", "-e", "probe begin { exit() }\nprobe end, end(1) {}")
        lines = r.stderr.splitlines()
        at = lines.index("----- probe hit report: ")
        self.assertRegex(lines[at + 1], r"^begin, \(<input>:1:7\), hits: 1, "
                         r"ns: (\d+)min/\1avg/\1max, from: begin, index: 0$")


class Lists(unittest.TestCase):
    def test_for_programs(self):
        """A line is a form, an alias, a function; -v adds what it is."""
        functions = spile("--dump-functions").stdout
        for line in functions.splitlines():
            self.assertRegex(line, r"^\w+:(long|string|unknown) "
                             r"\((\w+:\w+(, \w+:\w+)*)?\)$")
        self.assertIn("\nexecname:string ()\n", functions)
        self.assertIn("\nexit:unknown ()\n", functions)
        self.assertIn("\nexecname:string ()  ",
                      spile("-v", "--dump-functions").stdout)
        types = spile("--dump-probe-types").stdout.splitlines()
        self.assertIn("timer.ms(N)", types)
        aliases = spile("--dump-probe-aliases").stdout.splitlines()
        self.assertIn("kprocess.exec", aliases)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
