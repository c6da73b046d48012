# SPDX-License-Identifier: GPL-2.0-or-later
"""What SystemTap's examples must print, beside the workload: a few words about
each, for tools/conformance."""
import os
import re


class Expect:
    """A script prints each of `patterns` (regular expressions, where ^ and $
    are those of lines), none of `never`, and `check` of it is true.  It is
    run for `seconds`, by `command` in place of its .meta file's; in a guest by
    in_guest, if that is there."""

    def __init__(self, *patterns, never=(), check=None, seconds=3,
                 command=None, in_guest=None):
        self.patterns, self.never = patterns, never
        self.check, self.seconds = check, seconds
        self.command, self.in_guest = command, in_guest

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
HERE = os.path.dirname(os.path.abspath(__file__))
LOAD = f"-c 'python3 {HERE}/load.py "   # and its word, and a '
# A machine that serves files to itself.
NFS = ("-c 'flock /tmp/nfs sh -c \"rm -f /run/rpcbind.sock; exec python3 "
       f"{os.path.dirname(HERE)}/kernel/nfs_child.py\"'")
HIST = r"^ *value \|-+ count$"
HUGE = (r"^ +python3?\( *\d+\) count=[1-9]\d* sum\(us\)=[1-9]\d* "
        r"avg\(us\)=\d+$")
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
                          r"cpu \d{13} \d+\0"),
    # Where one thread emulates all processors, who waits for the lock keeps the
    # one that has it from going on.
    "graphs.stp": Expect(r"^set yrange \[0:100\]$", r"^plot '-' title",
                         r"^\d+$", in_guest="stap graphs.stp -T 4 "
                                            "-DMAXSKIPPED=100000"),
    "helloworld.stp": Expect(r"\Ahello world\n\Z"),
    "key.stp": Expect(r"^TYPEWRITER ON$"),
    "measureinterval.stp": Expect(
        r"python3? *\d|python", seconds=4,
        in_guest="stap -DMAXSKIPPED=100000 measureinterval.stp "
                 "'gettimeofday_us()' 'tid()' @sum vm.pagefault "
                 "vm.pagefault.return 'execname()' -T 4"),
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
    "iostat-scsi.stp": Expect(
        r"^  Device: +tps blk_read/s blk_wrtn/s  blk_read  blk_wrtn$"),
    "iotime.stp": Expect(r'^\d+ \d+ \(\w.*\) access "/.*" read: \d+ '
                         r'write: \d+$', r'^\d+ \d+ \(.*\) iotime "/.*" '
                         r'time: \d+$'),
    "iotop.stp": Expect(r"^ +Process\t +KB Read\tKB Written$",
                        r"^ *\S+\t +\d+\t +\d+$", seconds=6),
    "nfs_func_users.stp": Expect(r"^Collecting top NFSD procs\.\.\.$",
                                 r"^name\(pid\) nfs ops$"),
    "block.stp": Expect(r"\x1b\["),
    "eater.stp": Expect(r"\x1b\["),
    "2048.stp": Expect(r"\x1b\[48;5;95m\x1b\[38;5;0m  "),
    "libguestfs_log.stp": Expect(check=lambda said: True),
    "php-trace.stp": Expect(
        r"\S", command="stap php-trace.stp -c \"php -r 'echo strlen(php_uname("
                       "));'\""),
    "switchfile.stp": Expect(
        r"\ABegin logging\n(log data\n)+log data\nEnd logging\n\Z",
        command="stap switchfile.stp -T 4; o=/tmp/spile-switch; "
                "rm -f $o $o.1", seconds=4),
    "traceaio.stp": Expect(r"\ATracing started\n", r"^Tracing stopped$"),
    "traceio.stp": Expect(r"^ +\w.* r: +\d+ KiB w: +\d+ KiB$"),
    "iodevstats.stp": Expect(
        r"^starting probe$", r"^ +name +device +read +KB tot",
        r"^ +python3? +\d+, +\d+ +\d+( +\d+){5}$"),
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
    "syscallbypid-nd.stp": Expect(
        r"^PID +CMD +SYSCALL +COUNT$", r"^\d+ +python3? +\w+ +[1-9]\d*$"),
    # memory
    "last_100_frees.stp": Expect(r"^spile 0|^free"),
    "mmfilepage.stp": Expect(r"\AStarting data collection\nmode - All Pids\n",
                             r"^Command +Pid +Alloc +Free +F_fault",
                             r"^python3? +\d+ +[1-9]\d* +\d+ "),
    "mmreclaim.stp": Expect(r"^Terminating data collection$",
                            r"^Command +Pid +Direct +Cgroup"),
    "numa_faults.stp": Expect(r"^Execname +PID +RD Faults +WR Faults",
                              r"^python3? +\d+ +\d+ +[1-9]\d* 0:\d+ $"),
    "pfaults.stp": Expect(r"^\d+:\d+:\d+d:[rw]:(minor|major):\d+$"),
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
    "packet_contents.stp": Expect(
        r"^Protocol Family: ipv4$", r"^Length: [1-9]\d*$",
        r"^Hex: 45[0-9a-f]{38,}$", r"^ASCII: E"),
    "tcp_connections.stp": Expect(r"^ *UID +CMD +PID +PORT +IP_SOURCE",
                                  r"^ *0 +python3? +\d+ +\d+ +127\.0\.0\.1$"),
    "tcpdumplike.stp": Expect(r"Source IP +Dest IP",
                              r" 127\.0\.0\.1 +127\.0\.0\.1 +\d+ +\d+"),
    "tcpipstat.stp": Expect(r"^Indexing collected stats using tuple values$",
                            r"127\.0\.0\.1:\d+ <-> 127\.0\.0\.1:\d+",
                            in_guest="stap tcpipstat.stp " + LOAD + "send'"),
    "netdev.stp": Expect(r"^Device lo is sending \(queued\) a packet with "
                         r"protocol 2048$",
                         in_guest="stap netdev.stp " + LOAD + "connect-here'"),
    # process
    "chng_cpu.stp": Expect(r"^thread \d+ \((bash|sh)\) context switched on "
                           r"cpu\d+ state: \d+$",
                           r"^ 0x[0-9a-f]+ : \w*schedule\w*\+0x",
                           command="stap chng_cpu.stp -T 1 sh"),
    "cycle_thief.stp": Expect(
        r"^task \d+ migrated: \d+$", r"^task \d+ on processor \(us\):$", HIST,
        command="stap cycle_thief.stp -c "
                "'python3 -c \"sum(range(30000000))\"'"),
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
    "plimit.stp": Expect(r"^data\(bytes\) +unlimited +unlimited$",
                         r"^open files +[1-9]\d* +[1-9]\d*"),
    "psig.stp": Expect(r"^SIGKILL +default", r"^SIGTERM "),
    "pstree.stp": Expect(r"\Adigraph pstree \{\n", r"^PID\d+_\d+ -> PID\d+_1$",
                         r"label=\"\(\d+\) /bin/true\"", r"^\}$"),
    "sched-latency.stp": Expect(r"^pid:\d+ prio:\d+$", HIST),
    "schedtimes.stp": Expect(r"^ +execname: +pid +run\(us\)  sleep\(us\)",
                             r"^ +python3?: +\d+ +\d+ +\d+ +\d+ +\d+ +\d+$"),
    "sig_by_pid.stp": Expect(r"^SPID +SENDER +RPID +RECEIVER +SIGNAME +COUNT$",
                             r"^\d+ +python3? +\d+ +python3? +SIGKILL +[1-9]$"),
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
    # cat is a child of the shell, and children are followed when asked for.
    "strace.stp": Expect(r'cat\[\d+\] execve\("(/usr)?/bin/cat", \["cat", '
                         r'"/proc/sys/vm/',
                         r'openat\(AT_FDCWD, "/proc/sys/vm/\w+", O_RDONLY\)'
                         r' = \d+$', r"write\(1, ",
                         command="stap -G follow_fork=1 strace.stp "
                                 "-c 'cat /proc/sys/vm/* || true'"),
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
                            r"call \d{13} main\+0x0$",
                            command="stap -c 'SPILE --version' "
                            "graphcall.stp SPILE main"),
    "ioctl_handler.stp": Expect(r"^Per execname ioctl information$",
                                r"^python3? [1-9]\d*$",
                                r"^  pipe_ioctl\+0x0/0x[0-9a-f]+ \[kernel\] "
                                r"[1-9]\d*$"),
    "pf2.stp": Expect(r"^--- [1-9]\d* samples recorded:$",
                      r"^<user> +\t +[1-9]\d*$", seconds=6),
    "pf3.stp": Expect(r"^--- [1-9]\d* samples recorded:$",
                      r"^[ku]:[^:]+:\S+ *\t +\d+$", seconds=6),
    "fileline-profile.stp": Expect(
        r"^--- [1-9]\d* samples recorded:$", r"^u:\S.*\t +[1-9]\d*$",
        r"^k:\S.*\t +[1-9]\d*$", seconds=6),
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
    "syscallsrw.stp": Expect(
        r'^count\{syscall="ksys_read"\} [1-9]',
        in_guest="stap --bpf -m rw syscallsrw.stp -c "
                 "'cat /etc/hostname /run/spile/rw/__prometheus'"),
    # Those of functions of the kernel, in a guest.  There is a file system for
    # the workload in /tmp/mnt, with a file "watched" in it, and one of 2 MB in
    # /tmp/small.
    "callgraph.stp": Expect(
        r"^ *\d+ cat\(\d+\): *->proc_\w+$",
        r"^ *\d+ cat\(\d+\): *<-proc_\w+$",
        in_guest="stap callgraph.stp 'kernel.function(\"proc_reg_*@fs/proc/"
                 "inode.c\")' -c 'cat /proc/version'"),
    "para-callgraph.stp": Expect(
        r"^ *\d+ cat\(\d+\): *->\w+ \w+=0x",
        r"^ *\d+ cat\(\d+\): *<-\w+ return=0x",
        in_guest="stap para-callgraph.stp 'kernel.function(\"proc_reg_*@fs/"
                 "proc/inode.c\")' 'kernel.function(\"vfs_read\")' "
                 "-c 'cat /proc/version'"),
    "para-callgraph-verbose.stp": Expect(
        r"^ *\d+ cat\(\d+\): *->proc_reg_\w+ \w+=\{\.\w+=",
        r"^ *\d+ cat\(\d+\): *<-proc_reg_\w+ \S",
        in_guest="stap para-callgraph-verbose.stp 'kernel.function(\"proc_reg_"
                 "*@fs/proc/inode.c\")' 'kernel.function(\"vfs_read\")' "
                 "-c 'cat /proc/version'"),
    "cpu_throttle.stp": Expect(check=lambda said: not said),
    "sizeof.stp": Expect(r"\Atype task_struct byte-size: [1-9]\d{3,4}\n\Z",
                         command="stap sizeof.stp task_struct -T 1"),
    "varwatch.stp": Expect(r'^\S.*\[\d+\] kernel\.statement\("do_sys_open@.*'
                           r'fs/open\.c:\d+"\) \$\$vars:$',
                           r"^.*\bfilename=0x[0-9a-f]+"),
    "whythefail.stp": Expect(
        r"^cat\[\d+\] kernel function\(do_sys_open\w*\) \$return: -2$",
        r"^statistics:$", r"^entry count: [1-9]", r"^exit-hit count: [1-9]",
        in_guest="stap whythefail.stp kernel do_sys_openat2 '$return < 0' "
                 "-c 'cat /root/no-such-file || true'"),
    "scf.stp": Expect(r"\AStarting probe, type control-c to stop\.\n"),
    "enospc.stp": Expect(
        r"^\[\w{3} \w{3} .\d .* 20\d\d\]: ext4 \(\d+, \d+\) - no space left "
        r"on the file system \(uid: 0, dd:\d+\)$",
        in_guest="stap enospc.stp -c 'dd if=/dev/zero of=/tmp/small/full "
                 "bs=64k count=100 || true'"),
    "inodewatch.stp": Expect(
        r"^sh\(\d+\) vfs_write 0x[0-9a-f]+/\d+$",
        r"^cat\(\d+\) vfs_read 0x[0-9a-f]+/\d+$",
        in_guest="stap inodewatch.stp $(stat -c '%Hd %Ld %i' /tmp/mnt/watched) "
                 "-c \"sh -c 'echo x >> /tmp/mnt/watched; "
                 "cat /tmp/mnt/watched'\""),
    "inodewatch2.stp": Expect(
        r"^chmod\(\d+\) notify_change 0x[0-9a-f]+/\d+ 100640 0$",
        in_guest="stap inodewatch2.stp $(stat -c '%Hd %Ld %i' "
                 "/tmp/mnt/watched) -c 'chmod 640 /tmp/mnt/watched'"),
    "io_submit.stp": Expect(r"\AReady!\n"),
    "ttyspy.stp": Expect(
        r"\(maj,min, pgrp,  uid\)$", r"^\(136, *\d+, *\d+, *0\) .*typed here",
        in_guest="stap -g --skip-badvars ttyspy.stp " + LOAD + "typed'"),
    "mbrwatch.stp": Expect(
        r"\S", in_guest="stap mbrwatch.stp -c "
                        "'dd if=/dev/loop0 of=/dev/null count=1'"),
    "slowvfs.stp": Expect(r"^\S+\[\d+\] \d\d+ \S"),
    "traceio2.stp": Expect(
        r"^python3?\(\d+\) vfs_(read|write) 0x[0-9a-f]+$",
        in_guest="stap traceio2.stp 0x$(stat -c %D /tmp/mnt/watched) -T 5"),
    "fslatency-nd.stp": Expect(r"\ATracing FS sync reads and writes\.\.\. "),
    "fsslower-nd.stp": Expect(r"^TIME +PID +COMM +FUNC +SIZE +LAT\(ms\)$"),
    "hugepage_clear_delays.stp": Expect(
        HUGE, in_guest="stap hugepage_clear_delays.stp " + LOAD + "huge'"),
    "hugepage_cow_delays.stp": Expect(
        HUGE, in_guest="stap hugepage_cow_delays.stp " + LOAD + "huge'"),
    "cachestat.stp": Expect(r"^ +Hits +Misses +% Hits$",
                            r"^total hits: +\d+$"),  # inline on 5.10
    "mmwriteback.stp": Expect(
        r"\AStarting data collection\nmode - All Pids\n",
        r"^Terminating data collection$",
        r"^Command +Pid +count +sum +count +sum +count$"),
    "hugepage_collapse.stp": Expect(
        check=lambda said: not said or "collapse_huge_page" in said),
    "hugepage_split.stp": Expect(
        check=lambda said: not said or "split_huge_page" in said),
    "hw_watch_addr.stp": Expect(
        r"^0x[0-9a-f]{16} value is accessed$",
        r"^ 0x[0-9a-f]+ : proc_\w+\+0x",
        command="stap hw_watch_addr.stp 0x$(sed -n "
                 "'s/ . vm_dirty_ratio$//p' /proc/kallsyms) "
                 "-c 'cat /proc/sys/vm/dirty_ratio'"),
    "hw_watch_sym.stp": Expect(
        r"^vm_dirty_ratio value is accessed$",
        r"^ 0x[0-9a-f]+ : proc_\w+\+0x",
        command="stap hw_watch_sym.stp vm_dirty_ratio -c "
                 "'cat /proc/sys/vm/dirty_ratio'"),
    "overcommit.stp": Expect(
        r"^overcommit blocked malloc, process python3? \(\d+\), \d{9,} pages$",
        in_guest="stap overcommit.stp " + LOAD + "memory'"),
    "netfilter_drop.stp": Expect(r"\ADropping packets! Ctrl-C to exit\.\n",
                                 r"^1 TCP packets dropped, \d+ total bytes$",
                                 in_guest="stap -g netfilter_drop.stp TCP 1 "
                                          + LOAD + "connect-here'"),
    "sk_stream_wait_memory.stp": Expect(
        r"^\d{16}: python3?\(\d+\) blocked on full send buffer$",
        r"^\d{16}: python3?\(\d+\) recovered from full send buffer$",
        in_guest="stap sk_stream_wait_memory.stp " + LOAD + "send'"),
    "nfsd-recent.stp": Expect(
        r"^\w{3} \w{3} .\d \d\d:\d\d:\d\d 20\d\d 127\.0\.0\.1 \w+",
        in_guest=f"stap nfsd-recent.stp {NFS}"),
    # What version 3 of the protocol calls begins by looking whether it knows
    # the file; the path that the script asks for is not there before.
    "nfsd-trace.stp": Expect(
        r"^\w{3} \w{3} .* 127\.0\.0\.1 nfsd\.proc\d?\.\w+ \w+",
        in_guest=f"stap --suppress-handler-errors nfsd-trace.stp {NFS}"),
    "nfsd_unlink.stp": Expect(
        r"^address 127\.0\.0\.1 unlinks \w+",
        in_guest=f"stap nfsd_unlink.stp {NFS}"),
    "nfsdtop.stp": Expect(
        r"127\.0\.0\.1", in_guest=f"stap nfsdtop.stp {NFS}"),
    "stp_dump.stp": Expect(check=lambda said: not said),
    "tcp_trace.stp": Expect(
        r"^Start TCP Probing\.{5}$", r"^Source Address +Dest Address +State",
        r"^127\.0\.0\.1:\d+ +127\.0\.0\.1:\d+ +[A-Z]+",
        in_guest="stap tcp_trace.stp '127.0.0.1:*-127.0.0.1:*' timeout=20 "
                 + LOAD + "send'"),
    "tcp_retransmission.stp": Expect(
        r"\APrinting tcp retransmission\n",
        r"^10\.9\.9\.1:\d+ => 10\.9\.9\.2:80 STATE:\w+ RTO:\d+ \(ms\)$",
        in_guest="stap tcp_retransmission.stp " + LOAD + "connect'"),
    # The compiler may have put the begin of audit_log_end() into those who log
    # the message itself; the record of the call goes another way.
    "auditbt.stp": Expect(
        r"^python3?\[\d+\] audit\(\d+\.\d+:\d+\): .*"
        r"(audit_enabled=1|spile says so|arch=)",
        r"^ 0x[0-9a-f]+ : ",
        in_guest="stap auditbt.stp " + LOAD + "audit'"),
    "procmod_watcher.stp": Expect(
        r"^   0\.000000: Started procmod_watcher on \w{3} \w{3} ",
        r"^ +\d+\.\d{6}: LOAD: \( *\d+\) modprobe: module tun\b",
        r"^ +\d+\.\d{6}: EXEC: \( *\d+\) \S+: file \S",
        r"^ +\d+\.\d{6}: EXIT: \( *\d+\) modprobe: exit code 0$",
        in_guest="stap procmod_watcher.stp "
                 "-c \"sh -c 'modprobe -r tun; modprobe tun'\""),
    "threadstacks.stp": Expect(
        r"^\w+\[\d+\] overwrote __default_stacksize@0x[0-9a-f]+ "
        r"\(\d+->65536\)$",
        in_guest="stap -g threadstacks.stp -Gsize=65536 " + LOAD + "send'"),
    "ltrace.stp": Expect(r"^\w+ \((0x[0-9a-f]+|\d+), .*\)\t*="),
    "rlimit_nofile.stp": Expect(
        r"^\w{3} \w{3} .* 20\d\d python3?\(\d+\) open: \d+ - max: 20 Hit: "
        r"EMFILE$",
        in_guest="stap rlimit_nofile.stp " + LOAD + "files'"),
    "sleepingBeauties.stp": Expect(check=lambda said: all(
        re.match(r"thread \d+ \(.*\) (bored for|impatient after) \d+ ms$| 0x|$",
                 line) for line in said.splitlines())),
    "container_check.stp": Expect(  # names none where it sees none
        r"^ +executable: +prob capability$",
        check=lambda said: re.search(r"^ +chroot: +cap_sys_chroot$", said,
                                     re.M) or " cap_" not in said,
        command="stap container_check.stp -c 'chroot / true'"),
    "fntimes.stp": Expect(check=lambda said: all(
        re.match(r"function \w+ well over maximum time", line)
        for line in said.splitlines())),
    "functioncallcount.stp": Expect(
        r"^\w+ [1-9]\d*$",
        in_guest="stap functioncallcount.stp 'vm_*@mm/*.c' -T 3"),
    # Tasks that go to sleep do so in __schedule(), where kernels of today have
    # deactivate_task() inline, and allow no probe: it is marked notrace.  There
    # is a warning about that place, and no row.
    "latencytap.stp": Expect(
        r"Reason +Count +Average\(us\) +Maximum\(us\) +Percent%$", seconds=33,
        in_guest="stap latencytap.stp --all-modules -T 33 "
                 "-DMAXSKIPPED=100000"),
    "linetimes.stp": Expect(r"^kernel do_nanosleep call count: [1-9]\d*$",
                            r"^region +avg\(us\) +max\(us\)$",
                            r'^kernel\.\w+\("do_nanosleep@.*"\).* \d+ +\d+$'),
    "timeout.stp": Expect(r"  pid \| +poll +select", r"^ *\d+ \|( +\d+){7}\| \S"),
    "socket-trace.stp": Expect(r"^ *\d+ \w.*\(\d+\): *-> \w+$",
                               r"^ *\d+ \w.*\(\d+\): *<- \w+$"),
    # What they are against: of -131200 and more, as of -100, no memory is
    # to be had, and pkexec is not to run without a name.
    "cve-2018-6485.stp": Expect(
        r"^cve-2018-6485 bandaid python3?\[\d+\] -100>-131201 kill\?0 fix\?0$",
        in_guest="stap -g cve-2018-6485.stp " + LOAD + "too-much'"),
    "cve-2018-6485-templatized.stp": Expect(r"^\w+ has begun$",
                                            r"^\w+ has ended$"),
    "cve-2021-4034.stp": Expect(
        r"^ended: -9$",
        in_guest="stap -g cve-2021-4034.stp " + LOAD + "no-name'"),
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
