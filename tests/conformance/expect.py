# SPDX-License-Identifier: GPL-2.0-or-later
"""What SystemTap's examples must print, beside the workload: a few words about
each, for tools/conformance."""
import re


class Expect:
    """A script prints each of `patterns` (regular expressions, where ^ and $
    are those of lines), none of `never`, and `check` of it is true.  It is
    run for `seconds`, by `command` in place of its .meta file's."""

    def __init__(self, *patterns, never=(), check=None, seconds=3,
                 command=None):
        self.patterns, self.never = patterns, never
        self.check, self.seconds = check, seconds
        self.command = command

    def says_anything(self):
        return bool(self.patterns or self.check)

    def wrong(self, said, err):
        for line in err.splitlines():
            if line.startswith("ERROR"):
                return line
        for p in self.patterns:
            if not re.search(p, said, re.M):
                return f"no line like /{p}/"
        for p in self.never:
            if re.search(p, said, re.M):
                return f"a line like /{p}/"
        if self.check and not self.check(said):
            return "it makes no sense"
        return ""


NOTHING = Expect()
HIST = r"^ *value \|-+ count$"
SCRIPTS = {
    # apps, general
    "alias_suffixes.stp": Expect(r"^intervals for (read|write) -- min:\d+us",
                                 HIST, r"^ *\d+ \|@+ +\d+$"),
    "also_ran.stp": Expect(check=lambda said: not said),
    "ansi_colors.stp": Expect(r"^fg,t \\ bg \|   40 ",
                              r"31,1   \|\x1b\[40;31;1m Bold"),
    "ansi_colors2.stp": Expect(r"^fg,t \\ bg \|   40 ",
                               r"30,4   \|\x1b\[40;30;4m Colors"),
    "eventcount.stp": Expect(r"^Starting event counting at \w{3} \w{3} .\d "
                             r"\d\d:\d\d:\d\d 20\d\d",
                             r"^TID +COUNT \(Hz\) +EVENT",
                             r"^sleep\(\d+\) +\d+ \(\d+\.\d+\) +syscall_any"),
    "func_time_stats.stp": Expect(r"^intervals min:\d+us avg:\d+us max:\d+us "
                                  r"count:[1-9]\d* variance:\d+$", HIST),
    "grapher.stp": Expect(r"^%DataSet:cpu 100 00ff00 bar$",
                          r"^cpu %Title:CPU utilization$",
                          r"^cpu \d{13} \d+$"),
    "graphs.stp": Expect(r"^set yrange \[0:100\]$", r"^plot '-' title",
                         r"^\d+$"),
    "helloworld.stp": Expect(r"\Ahello world\n\Z"),
    "key.stp": Expect(r"^TYPEWRITER ON$"),
    "measureinterval.stp": Expect(r"python3? *\d|python", seconds=4),
    "regex.stp": Expect(r'^opened "/etc/hostname"$',
                        command="stap regex.stp 'host.*e.$' -T 1"),
    "sizeof_interactive.stp": Expect(
        r"^Ready$", command='echo "struct task_struct \'kernel\'" | '
        "stap sizeof_interactive.stp -T 1"),
    "socket-events.stp": Expect(r"\ANo PID specified\.  Use -c or -x\."),
    "stopwatches.stp": Expect(r"^wall clock +3\d{6}us$",
                              r"^wall clock in kernel-space +\d+us$",
                              r"^wall clock in user-space +\d+us$"),
    "watchdog.stp": Expect(  # sleeps of 1 ms are never seen twice by 1 s
        check=lambda said: not said),
    # io
    "deviceseeks.stp": Expect(r"^Device: vda$", HIST,
                              command="stap deviceseeks.stp -T 1 vda"),
    "disktop.stp": Expect(r"^ +UID +PID +PPID +CMD +DEVICE +T +BYTES$",
                          seconds=12),
    "ioblktime.stp": Expect(r"device +rw total \(us\) +count +avg \(us\)",
                            seconds=12),
    "iostats.stp": Expect(r"^starting probe$", r"^ +name +open +read +KB tot",
                          r"^ +python3? +\d+ +\d+ +\d+ +\d+ +\d+", seconds=6),
    "iotime.stp": Expect(r'^\d+ \d+ \(\w.*\) access "/.*" read: \d+ '
                         r'write: \d+$', r'^\d+ \d+ \(.*\) iotime "/.*" '
                         r'time: \d+$'),
    "iotop.stp": Expect(r"^ +Process\tKB Read\tKB Written$", seconds=6),
    "nfs_func_users.stp": Expect(r"^Collecting top NFSD procs\.\.\.$",
                                 r"^name\(pid\) nfs ops$"),
    "switchfile.stp": Expect(
        r"\ABegin logging\n(log data\n)+log data\nEnd logging\n\Z",
        command="stap switchfile.stp -T 4; o=/tmp/spile-switch; "
                "rm -f $o $o.1", seconds=4),
    "traceaio.stp": Expect(r"\ATracing started\n", r"^Tracing stopped$"),
    "traceio.stp": Expect(r"^ +\w.* r: +\d+ KiB w: +\d+ KiB$"),
    "iodevstats.stp": Expect(r"^starting probe$", r"name +read +read"),
    # lwtools
    "accept2close-nd.stp": Expect(
        r"^TIME +PID +COMM +FD +DURATION$",
        r"^\w{3} \w{3} .\d \d\d:\d\d:\d\d 20\d\d +\d+ +\S+ +\d+ +\d+ ms$",
        r"^Duration \(ns\):$"),
    "biolatency-nd.stp": Expect(r"^Tracing block I/O\.\.\. Hit Ctrl-C to end",
                                r"^bio latency \(ns\):$", HIST,
                                r"^ *\d+ \|@+ +\d+$"),
    "bitesize-nd.stp": Expect(r"^I/O size \(bytes\):$", r"^process name: \S",
                              HIST),
    "execsnoop-nd.stp": Expect(r"^TIME +UID +PPID +PID +COMM ARGS$",
                               r" /bin/true$", r"/bin/sh -c echo hello"),
    "killsnoop-nd.stp": Expect(r"^FROM +COMMAND +SIG +TO +RESULT$",
                               r"^\d+ +python3? +9 +(\d+) +\1$"),
    "opensnoop-nd.stp": Expect(r"^ +UID +PID +COMM +FD PATH$",
                               r"^ +\d+ +\d+ +python3? +\d+ /etc/hostname$"),
    "rwtime-nd.stp": Expect(r"^syscall read latency \(ns\):$",
                            r"^syscall write latency \(ns\):$", HIST),
    "syscallbypid-nd.stp": Expect(r"^ *PID +COMM", r" \d+ +python"),
    # memory
    "last_100_frees.stp": Expect(r"^spile 0|^free"),
    "mmfilepage.stp": Expect(r"\AStarting data collection\nmode - All Pids\n",
                             r"^Command +Pid +Alloc +Free +F_fault",
                             r"^python3? +\d+ +[1-9]\d* +\d+ "),
    "mmreclaim.stp": Expect(r"^Terminating data collection$",
                            r"^Command +Pid +Direct +Cgroup"),
    "numa_faults.stp": Expect(r"^Execname +PID +RD Faults +WR Faults",
                              r"^python3? +\d+ +\d+ +[1-9]\d* 0:\d+ $"),
    "pfaults.stp": Expect(r"^\d+:\d+:0x[0-9a-f]+:[rw]:(minor|major):\d+$"),
    "vm.tracepoints.stp": Expect(r"^Process:python",
                                 r"^Slab_size:\d+\tCount:[1-9]\d*$"),
    # network: the JSON is in files
    "net_xmit_json.stp": Expect(check=lambda said: not said),
    "netfilter_summary_json.stp": Expect(check=lambda said: not said),
    "who_sent_it.stp": Expect(
        r"^python3?\[\d+\] sent packet to 127\.0\.0\.1:53$",
        command="stap who_sent_it.stp -G the_dport=53 -c 'python3 -c \"import "
                "socket; socket.socket(2, 2).sendto(bytes(9), (str(127) + "
                "chr(46) + str(1), 53))\"'"),
    "connect_stat.stp": Expect(
        r"^127\.0\.0\.1: python3? \(\d+\),0,0 -> .*\(1\),0,0$"),
    "dropwatch.stp": Expect(r"\AMonitoring for dropped packets\n",
                            r"^Stopping dropped packet monitor$"),
    "netfilter_summary.stp": Expect(
        r"^ *127\.0\.0\.1 --> +127\.0\.0\.1 : [1-9]\d* packets, \d+ total "
        r"bytes$"),
    "nettop.stp": Expect(r"^ +PID +UID DEV +XMIT_PK RECV_PK",
                         r"^ *\d+ +0 lo +[1-9]\d* +\d+ +\d+ +\d+ +python",
                         seconds=6),
    "packet_contents.stp": Expect(r"127\.0\.0\.1", r"(?i)tcp|udp"),
    "tcp_connections.stp": Expect(r"^ *UID +CMD +PID +PORT +IP_SOURCE",
                                  r"^ *0 +python3? +\d+ +\d+ +127\.0\.0\.1$"),
    "tcpdumplike.stp": Expect(r"Source IP +Dest IP",
                              r" 127\.0\.0\.1 +127\.0\.0\.1 +\d+ +\d+"),
    "tcpipstat.stp": Expect(r"^Indexing collected stats using tuple values$",
                            r"127\.0\.0\.1:\d+ <-> 127\.0\.0\.1:\d+"),
    "netdev.stp": Expect(r"^Device lo is sending \(queued\) a packet with "
                         r"protocol 2048$"),
    # process
    "chng_cpu.stp": Expect(r"^thread \d+ \((bash|sh)\) context switched on "
                           r"cpu\d+ state: \d+$",
                           r"^ 0x[0-9a-f]+ : \w*schedule\w*\+0x",
                           command="stap chng_cpu.stp -T 1 sh"),
    "cycle_thief.stp": Expect(r"^task 0 migrated: \d+$",
                              r"^task 0 on processor \(us\):$", HIST),
    "errsnoop.stp": Expect(r"HITS ERRSTR +SYSCALL +PROCESS +PID ARGSTR",
                           r'^ +\d+ +\d+/E\w+ +\w+ +\S+ +\d+ ',
                           seconds=5),
    "forktracker.stp": Expect(
        r"^\w{3} \w{3} .\d \d\d:\d\d:\d\d 20\d\d : python3? \(\d+:\d+\) "
        r"created \d+:\d+$", r": \S+ \(\d+\) is exec'ing \"/bin/true\"$"),
    "futexes.stp": Expect(r"^\S+\[\d+\] lock 0x[0-9a-f]+ contended "
                          r"[1-9]\d* times, \d+ avg us$"),
    "migrate.stp": Expect(check=lambda said: all(
        re.fullmatch(r"thread \d+ \(sh\) is migrating from \d to \d ", line)
        for line in said.splitlines()), command="stap migrate.stp -T 1 sh"),
    "semop-watch.stp": Expect(r"^Thread \d+ took \d+us to operate on set \d+ "
                              r"sems 0$"),
    "proc_snoop.stp": Expect(r"^ +TIMESTAMP +PID +TID +EXECNAME +ACTION$",
                             r" true +exit 0$", r"sigsend 17 \(SIGCHLD\)"),
    "proctop.stp": Expect(r"^\d+ seconds: showing \d+ out of \d+ tasks$",
                          r"^ +\d+ +\S.* +[RSD] +\d+ +\d+ +\d+ ", seconds=7),
    "pstrace_exec.stp": Expect(r"^process traceback:$",
                               r"^ python3?\(\d+\) python3?\(\d+\) ",
                               command="stap pstrace_exec.stp -T 1 sh"),
    "pstree.stp": Expect(r"\Adigraph pstree \{\n", r"^PID\d+_\d+ -> PID\d+_1$",
                         r"label=\"\(\d+\) /bin/true\"", r"^\}$"),
    "sched-latency.stp": Expect(r"^pid:\d+ prio:\d+$", HIST),
    "schedtimes.stp": Expect(r"^ +execname: +pid +run\(us\)  sleep\(us\)",
                             r"^ +python3?: +\d+ +\d+ +\d+ +\d+ +\d+ +\d+$"),
    "sig_by_pid.stp": Expect(r"^SPID +SENDER +RPID +RECEIVER +SIGNAME +COUNT$",
                             r"^\d+ +python3? +\d+ python3? +SIGKILL +1$"),
    "sig_by_proc.stp": Expect(r"^SENDER +RECEIVER +SIGNAL +COUNT$",
                              r"^python3? +python3? +SIGKILL +[1-9]\d*$"),
    "sigkill.stp": Expect(r"^SIGKILL was sent to python3? \(pid:\d+\) by "
                          r"python3? uid:0$"),
    "sigmon.stp": Expect(
        r"^SPID +SNAME +RPID +RNAME +SIGNUM SIGNAME",
        r"^\d+ +sh +\d+ +sh +10 +SIGUSR1",
        command="stap sigmon.stp SIGUSR1 -c "
                "\"sh -c 'trap : USR1; kill -USR1 \\$\\$'\""),
    "sleeptime.stp": Expect(r"^\d+ \d+ \(python3?\) nanosleep: \d+$"),
    "spawn_seeker.stp": Expect(r"^\w{3} \w{3} .\d \d\d:\d\d:\d\d 20\d\d UTC$",
                               r"^ +python3?\( *\d+\) +\d+ \( *\d+%\)$",
                               seconds=6),
    "strace.stp": Expect(r'execve\("/bin/cat", \["cat", "/proc/sys/vm/',
                         r'openat\(AT_FDCWD, "/proc/sys/vm/\w+", O_RDONLY\)'
                         r' = \d+$', r"write\(1, "),
    "syscalls_by_pid.stp": Expect(r"^#SysCalls  PID$", r"^\d+ +\d+$"),
    "syscalls_by_proc.stp": Expect(r"^#SysCalls  Process Name$",
                                   r"^\d+ +python3?$"),
    "thread-business.stp": Expect(r"^ +execname +tid count recent syscalls",
                                  r"^ +python3? +\d+ +\d+ \w+ ", seconds=10),
    "wait4time.stp": Expect(r"^\d+ \d+ \(python3?\) wait4: \d+ \d+$"),
    # profiling
    "errno.stp": Expect(r"^ +PID Syscall +Process +Error +Count$",
                        r"^ +\d+ openat? +\S+ +ENOENT +\d+$"),
    "graphcall.stp": Expect(r"^call %Title:Calls to main$",
                            r"call \d{13} main\+0x0$"),
    "ioctl_handler.stp": Expect(r"^Per execname ioctl information$",
                                r"^python3? [1-9]\d*$",
                                r"^  pipe_ioctl\+0x0/0x[0-9a-f]+ \[kernel\] "
                                r"[1-9]\d*$"),
    "pf2.stp": Expect(r"^--- [1-9]\d* samples recorded:$",
                      r"^<user> +\t +[1-9]\d*$", seconds=6),
    "pf4.stp": Expect(r"^--- [1-9]\d* samples recorded:$",
                      r"^[1-9]\d* hits on cpu \d+$"),
    "sched_switch.stp": Expect(
        r"^\S.* +\d +\d+ +\d+: +\d+:[RSDXZTtI]* ==> +\d+: +\d+:[RSDXZTtI]+ "
        r"\S"),
    "syscallerrorsbypid.stp": Expect(check=lambda said: not said),
    "syscalllatency.stp": Expect(check=lambda said: not said),
    "syscallsbypid.stp": Expect(check=lambda said: not said),
    "thread-times.stp": Expect(r"^ +comm +tid +%user %kernel \(of \d+ ticks\)",
                               r"^ +\S+ +\d+ +\d+\.\d\d% +\d+\.\d\d%$"),
    "topsys.stp": Expect(r"^ +SYSCALL +COUNT$", r"^ +read +[1-9]\d*$",
                         seconds=6),
    "ucalls.stp": Expect(r"^hello world$", r"^METHOD +# CALLS TIME \(us\)$",
                         r"^syscall\.\w+ +[1-9]\d* +\d+$"),
    "syscallsrw.stp": Expect(r"read|write"),
    # virtualization, games
    "kvm_service_time.stp": Expect(r"^# reason reason\(hex\): count sum\(us\)"
                                   r" min\(us\) avg\(us\) max\(us\)$"),
    "qemu_count.stp": Expect(check=lambda said: all(
        re.fullmatch(r"\S+ = \d+", line) for line in said.splitlines())),
    "pingpong.stp": Expect(r"^Failed to get current tty$"),
    "qemu_io.stp": Expect(r"^cpu_in$", r"^cpu_out$", r"^  port    count$"),
    "lifegame.stp": Expect(r"\x1b\[\d+;\d+Ho", r"\x1b\[1;1H\x1b\[J"),
    # interrupts
    "interrupts-by-dev.stp": Expect(
        r"^\s+DEVICE \s+NUMBER OF INTERRUPTS", r"^ +\S+ : +[1-9]\d*$"),
    "periodic.stp": Expect(r"\S"),
}


def of(name):
    return SCRIPTS.get(name, NOTHING)
