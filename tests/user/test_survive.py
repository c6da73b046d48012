#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: bpf root UPROBE_MULTI
#! timeout: 120
"""A program survives probes at each instruction of the functions that it calls,
of a C library of its own: those that make processes, that wait, and those for
strings in the way this processor does it; while sessions come and go."""
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
ELFTOOL = os.path.join(os.environ["BUILD"], "elftool")
# An emulated processor would take minutes for all of it.
BYTES = 320 if SLOW <= 1 else 64        # looked at of each function
SESSIONS = 4 if SLOW <= 1 else 1
SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[] = {
	"fork", "_Fork", "vfork", "poll", "waitpid", "sigaction", "pause",
	"strlen", "strchr", "strcmp", "memcpy", "memset", "memchr", "memcmp",
	"_setjmp", "__longjmp_chk", "longjmp",
};
static char text[600], copy[600];
static void nothing(int sig) { (void)sig; }

static int strings(int n)
{
	memset(text, 'a', sizeof(text));
	text[n] = 0;
	memcpy(copy, text, (size_t)n + 1);
	return strlen(copy) != (size_t)n || strcmp(text, copy) ||
	       strchr(text, 'b') || memchr(text, 0, sizeof(text)) != text + n ||
	       memcmp(text, copy, (size_t)n + 1);
}

static int end_of(pid_t p)
{
	int status = 0;

	return waitpid(p, &status, 0) != p || !WIFEXITED(status) ||
	       WEXITSTATUS(status) != 7;
}

static int processes(void)
{
	int bad;
	pid_t p = fork();

	if (!p)
		_exit(strings(90) ? 1 : 7);
	bad = end_of(p);
	p = vfork();
	if (!p)
		_exit(7);
	return bad + end_of(p);
}

static int waits(void)
{
	static jmp_buf at;
	struct sigaction sa = { .sa_handler = nothing };
	pid_t p;

	sigaction(SIGUSR1, &sa, NULL);
	p = fork();
	if (!p) {
		for (int i = 0; i < 1000; i++) {
			kill(getppid(), SIGUSR1);
			usleep(1000);
		}
		_exit(7);
	}
	/* heard, and not at the end of the second */
	if (poll(NULL, 0, 5000) != -1)
		return 1;
	pause();
	kill(p, SIGKILL);
	waitpid(p, NULL, 0);
	if (!setjmp(at))
		longjmp(at, 1);
	return 0;
}

int main(int argc, char **argv)
{
	int bad = 0;

	if (argc < 2) {
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
			void *f = dlsym(RTLD_DEFAULT, names[i]);
			Dl_info in;

			if (f && dladdr(f, &in))
				printf("%#lx\n", (long)((char *)f -
					(char *)in.dli_fbase));
		}
		return 0;
	}
	while (!access(argv[1], F_OK)) {
		for (int n = 0; n < 599; n += 13)
			bad += strings(n);
		bad += processes() + waits();
	}
	printf("%d bad\n", bad);
	return bad != 0;
}
"""


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True,
                          timeout=60 * SLOW,
                          check=False, **more)


def make(directory):
    """The program, and the library of its own that it uses."""
    program = os.path.join(directory, "program")
    with open(program + ".c", "w", encoding="ascii") as f:
        f.write(SOURCE)
    subprocess.run(["gcc", "-O1", "-w", "-o", program, program + ".c", "-ldl"],
                   check=True)
    at = re.search(r"libc\.so\.6 => (\S+)", run("ldd", program).stdout)
    if not at:
        sys.exit(77)
    return program, shutil.copy(at[1], os.path.join(directory, "libc.so.6"))


def script(libc, starts, directory):
    pcs = set()
    for start in starts:
        out = run(ELFTOOL, libc, "insns", start, str(BYTES)).stdout
        pcs |= {line.split()[0] for line in out.splitlines()
                if line.split()[1] != "0"}
    path = os.path.join(directory, "all.stp")
    with open(path, "w", encoding="ascii") as f:
        for pc in sorted(pcs):
            f.write(f'probe process("{libc}").statement({pc})? '
                    "{ hits++ }\n")
        for name in ("fork", "vfork", "poll", "longjmp", "waitpid"):
            f.write(f'probe process("{libc}").function("{name}").return? '
                    "{ hits++ }\n")
        f.write("global hits\nprobe end { println(hits) }\n")
    return path


def main():
    if platform.machine() != "x86_64" or not shutil.which("gcc"):
        sys.exit(77)
    with tempfile.TemporaryDirectory() as directory:
        program, libc = make(directory)
        alone = dict(os.environ, LD_LIBRARY_PATH=directory)
        path = script(libc, run(program, env=alone).stdout.split(), directory)
        p = subprocess.Popen([program, path], env=alone, text=True,
                             stdout=subprocess.PIPE)
        said, hits = [], 0
        for _ in range(SESSIONS):
            r = run(SPILE, "-w", "-T", "1", path)
            said.append(r.stdout.strip() + r.stderr)
            hits += int(r.stdout or 0)
        os.unlink(path)
        p.wait(timeout=30 * SLOW)
        out = p.stdout.read().strip()
        if p.returncode or out != "0 bad" or hits < 1000 / SLOW:
            print(p.returncode, out, *said)
            sys.exit(1)


main()
