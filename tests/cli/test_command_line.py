#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line, as a user types it: what is printed, where, and the
exit status."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

SPILE = os.environ["SPILE"]


def spile(*args, stdin=""):
    return subprocess.run([SPILE, *args], input=stdin, text=True,
                          capture_output=True, timeout=60)


class CommandLine(unittest.TestCase):
    def test_help_and_version(self):
        for option, text in (("--help", "usage: spile"), ("-h", "-e SCRIPT"),
                             ("-V", "spile "), ("--version", "spile ")):
            r = spile(option)
            self.assertEqual(r.returncode, 0, option)
            self.assertIn(text, r.stdout)

    def test_script_from_everywhere(self):
        script = 'probe begin { print(@1, " ", $#) exit() }'
        with tempfile.NamedTemporaryFile("w", suffix=".stp") as f:
            f.write(script)
            f.flush()
            self.assertEqual(spile(f.name, "a").stdout, "a 1")
        self.assertEqual(spile("-", "b", stdin=script).stdout, "b 1")
        self.assertEqual(spile("-e", script, "c", "d").stdout, "c 2")
        self.assertEqual(spile("/dev/stdin", "e", stdin=script).stdout, "e 1")
        r = subprocess.run(["bash", "-c", f"{SPILE} <(echo '{script}') f"],
                           text=True, capture_output=True, timeout=60)
        self.assertEqual(r.stdout, "f 1")

    def test_extra_script(self):
        r = spile("-e", "probe begin { println(two()) exit() }",
                  "-E", "function two() { return 2 }")
        self.assertEqual(r.stdout, "2\n")

    def test_closed_descriptors(self):
        """What is opened in the place of a closed one is not written to."""
        with tempfile.TemporaryDirectory() as directory:
            out = os.path.join(directory, "out")
            subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", SPILE, "-o",
                            out, "-e", 'probe begin { print("a") error("b") }'],
                           timeout=60)
            with open(out, encoding="utf-8") as f:
                self.assertEqual(f.read(), "a")
        r = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", SPILE, "-e",
                            'probe begin { print("a") exit() }'],
                           stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(r.returncode, 1)
        self.assertIn("Bad file descriptor", r.stderr)

    def test_no_script(self):
        r = spile()
        self.assertEqual(r.returncode, 1)
        self.assertIn("no script", r.stderr)

    def test_first_mistakes(self):
        """What people try at first is told how it is done."""
        for args, help_ in (
                (["-l"], "--dump-probe-types"),
                (["probe begin { }"], "stands behind -e"),
                (["hello.stp"], "spile --example hello.stp"),
                (["-e", 'println("x")'], "statements stand in a handler"),
                (["-e", ""], "probe begin {"),
                (["-l", "syscal.open"], "did you mean 'syscall.open'?")):
            r = spile(*args)
            self.assertEqual(r.returncode, 1, args)
            self.assertIn("help: ", r.stderr, args)
            self.assertIn(help_, r.stderr.split("help: ")[1], args)

    def test_wrong_options(self):
        for args in (["--nonsense"], ["-T", "x", "-e", ""], ["-p9"],
                     ["-D", "MAXACTION=x", "-e", ""], ["--dump=soup"],
                     ["-c", "true", "-x", "1", "-e", ""], ["-e"]):
            r = spile(*args)
            self.assertEqual(r.returncode, 1, args)
            self.assertTrue(r.stderr.startswith("spile: error: "), r.stderr)

    def test_absent_option_says_what_helps(self):
        r = spile("--remote=host", "-e", "probe begin { }")
        self.assertEqual(r.returncode, 1)
        self.assertIn("help: ", r.stderr)

    def test_passes(self):
        script = 'probe begin { println("ran") exit() }'
        for n, text in (("1", "probe begin"), ("2", "# probes\nbegin")):
            r = spile("-p" + n, "-e", script)
            self.assertEqual(r.returncode, 0)
            self.assertIn(text, r.stdout)
            self.assertNotIn("ran\n", r.stdout)
        self.assertEqual(spile("-p5", "-e", script).stdout, "ran\n")

    def test_saved_image_runs(self):
        with tempfile.TemporaryDirectory() as d:
            image = os.path.join(d, "x.img")
            r = spile("-p4", "-o", image, "-e",
                      'probe begin { println("from image") exit() }')
            self.assertEqual(r.stdout, image + "\n")
            self.assertEqual(spile(image).stdout, "from image\n")

    def test_module_name_of_image(self):
        """stap -p4 -m NAME, then staprun NAME.ko."""
        with tempfile.TemporaryDirectory() as d:
            os.symlink(os.path.abspath(SPILE), os.path.join(d, "staprun"))
            for words, said in (
                    ([SPILE, "-p4", "-m", "simple", "-e", 'global n = 1 probe '
                      'begin { println("n is ", n) exit() }'], "simple.ko\n"),
                    (["./staprun", "simple.ko", "n=7"], "n is 7\n")):
                r = subprocess.run(words, cwd=d, capture_output=True,
                                   text=True, timeout=60)
                self.assertEqual(r.stdout, said, r.stderr)

    def test_include(self):
        r = spile("-I", "/nonexistent", "-e", "probe begin { exit() }")
        self.assertEqual(r.returncode, 0)
        self.assertIn("warning: -I /nonexistent: No such file", r.stderr)

    def test_keep(self):
        with tempfile.TemporaryDirectory() as d:
            env = dict(os.environ, TMPDIR=d)
            r = subprocess.run([SPILE, "-k", "-e", "probe begin { exit() }"],
                               env=env, text=True, capture_output=True)
            kept = r.stderr.split('"')[1]
            self.assertTrue(kept.startswith(d))
            self.assertEqual(sorted(os.listdir(kept)),
                             ["ast", "bpf", "image", "ir", "opt", "prog",
                              "tokens"])

    def test_verbose(self):
        r = spile("-v", "-e", "probe begin { exit() }")
        for line in ("Pass 1: ", "Pass 2: ", "Pass 3: "):
            self.assertIn(line, r.stderr)

    def test_warnings(self):
        script = "global unused probe begin { exit() }"
        self.assertIn("W0105", spile("-e", script).stderr)
        self.assertEqual(spile("-w", "-e", script).stderr, "")
        r = spile("-W", "-e", script)
        self.assertEqual(r.returncode, 1)
        self.assertTrue(r.stderr.endswith("error: warnings are errors (-W)\n"))

    def test_lists(self):
        r = spile("-l", "timer.s(1)")
        self.assertEqual((r.returncode, r.stdout), (0, "timer.s(1)\n"))
        self.assertEqual(spile("-l", "nosuch.point").returncode, 1)
        self.assertIn("timer.profile", spile("--dump-probe-types").stdout)
        self.assertIn("execname:string ()", spile("--dump-functions").stdout)
        self.assertEqual(spile("--dump-probe-aliases").returncode, 0)

    def test_explain(self):
        self.assertTrue(spile("--explain", "E0402").stdout.startswith("E0402"))
        self.assertEqual(spile("--explain", "E9999").returncode, 1)

    def test_limits_and_globals(self):
        r = spile("-D", "MAXACTION=5", "-e",
                  "probe begin { for (i = 0; i < 100; i++) println(i) }")
        self.assertEqual(r.returncode, 1)
        self.assertIn("MAXACTION exceeded", r.stderr)
        r = spile("-G", "x=7", "-e",
                  "global x = 1 probe begin { println(x) exit() }")
        self.assertEqual(r.stdout, "7\n")


class Command(unittest.TestCase):
    def test_quoted(self):
        """The program is found whatever quotes its name needs."""
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "it's 1")
            shutil.copy("/bin/true", path)
            for c in (f'"{path}"', path.replace("'", "\\'").replace(
                    " ", "\\ "), f'"{path}" "more words"'):
                r = spile("-c", c, "-p2", "-e",
                          'probe process.function("nothing") {}')
                self.assertNotIn("which program", r.stderr, c)
                self.assertIn(path, r.stderr, c)
            r = spile("-c", f'A=1 "{path}"', "-p2", "-e",
                      'probe process.function("x") {}')
            self.assertIn("which program", r.stderr)


class NoRoom(unittest.TestCase):
    """Output that cannot be written is an error that is said, not a death."""
    script = "probe begin { for (i = 0; i < 900; i++) println(i) exit() }"

    def test_full(self):
        with open("/dev/full", "w") as full:
            r = subprocess.run([SPILE, "-e", self.script], stdout=full,
                               stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(r.returncode, 1)
        self.assertIn("writing the output: No space left", r.stderr)
        r = spile("-o", "/dev/full", "-e", self.script)
        self.assertEqual(r.returncode, 1)
        self.assertIn("No space left", r.stderr)

    def test_largest_file(self):
        with tempfile.TemporaryDirectory() as d:
            r = subprocess.run(
                [SPILE, "-o", os.path.join(d, "out"), "-e", self.script],
                stderr=subprocess.PIPE, text=True, timeout=60,
                preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_FSIZE, (1024, 1024)))
        self.assertEqual(r.returncode, 1)
        self.assertIn("File too large", r.stderr)

    def test_commands_have_the_limit(self):
        r = spile("-e", 'probe begin { system("kill -XFSZ $$; echo alive >&2")'
                  " exit() }", "-c", "sh -c 'kill -PIPE $$; echo alive >&2'")
        self.assertNotIn("alive", r.stderr)


class Staprun(unittest.TestCase):
    def test_letters(self):
        """Called as staprun, the letters are staprun's; NAME=VALUE is -G."""
        with tempfile.TemporaryDirectory() as d:
            run = os.path.join(d, "staprun")
            os.symlink(os.path.realpath(SPILE), run)
            image = os.path.join(d, "image")
            script = ('global g = 1, s = "x" probe begin { printf("%d %s %d\\n", '
                      'g, s, target()) exit() }')
            subprocess.run([SPILE, "-p4", "-o", image, "-e", script],
                           check=True, stdout=subprocess.DEVNULL)

            def said(*args):
                return subprocess.run([run, *args], capture_output=True,
                                      text=True, check=False)
            self.assertEqual(said("-R", "-b", "2", image).stdout, "1 x 0\n")
            self.assertEqual(said("-x", "1", image, "g=7", "s=two words")
                             .stdout, "7 two words 1\n")
            r = said("-d", "module")
            self.assertEqual(r.returncode, 1)
            self.assertIn("there is no kernel module to delete", r.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
