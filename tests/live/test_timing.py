#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root
#! serial: yes
"""-t: how often each probe was hit, how long its handlers took, where it is."""
import re

from live import check, run


def report(err):
    """{point: (hits, min, avg, max)} and the lines themselves."""
    check("----- probe hit report: \n" in err, err)
    lines = err.split("----- probe hit report: \n")[1].splitlines()
    found = {}
    for line in lines:
        m = re.match(r"(.+), \(<input>:\d+:\d+\), hits: (\d+)(?:, ns: "
                     r"(\d+)min/(\d+)avg/(\d+)max)?, from: .+, index: \d+$",
                     line)
        if m:
            found[m.group(1)] = [int(n or 0) for n in m.groups()[1:]]
    return found, lines


def counts_and_times():
    """A handler that does much takes longer than one that does little; what
    they count is what is reported."""
    got = run('''global few, many, j
probe kernel.trace("sched_switch") { few++ }
probe kernel.trace("sched_wakeup") {
	for (i = 0; i < 200; i++) j += i * few
	many++
}
probe timer.profile { }
probe syscall.swapoff { println("x") }
probe timer.ms(500) { exit() }
probe end { printf("%d %d\\n", few, many) }''', "-t")
    check(got[0] == 0, got[2])
    few, many = (int(n) for n in got[1].split()[:2])
    found, lines = report(got[2])
    switch = found['kernel.trace("sched:sched_switch")']
    wakeup = found['kernel.trace("sched:sched_wakeup")']
    check(switch[0] == few and wakeup[0] == many,
          "%d %d: %s" % (few, many, "\n".join(lines)))
    for hits, least, avg, most in (switch, wakeup):
        check(hits and 0 < least <= avg <= most < 10**9, "\n".join(lines))
    check(wakeup[1] > switch[1], "the longer one takes longer: " +
          "\n".join(lines))
    check(found['kernel.syscall("swapoff")'] [:1] == [0]
          if 'kernel.syscall("swapoff")' in found else True, "no hits")
    check(found["timer.ms(500)"][0] == 1, "the host's are counted, too")
    check('from: kernel.trace("sched_switch"), index: 0' in lines[0],
          "it says how the script calls it: " + lines[0])


def errors_are_measured():
    got = run('probe kernel.trace("sched_switch") { error("x") } '
              'probe timer.ms(200) { exit() }', "-t",
              "--suppress-handler-errors")
    found, lines = report(got[2])
    hits, least, avg, _ = found['kernel.trace("sched:sched_switch")']
    check(hits > 0 and 0 < least <= avg, "\n".join(lines))


counts_and_times()
errors_are_measured()
