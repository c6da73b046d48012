# SPDX-License-Identifier: GPL-2.0-or-later
"""Two hundred and more different system calls, between two marks: for
test_strace.py and test_arguments.py.  None of them changes the machine."""
import ctypes
import json
import os
import re
import signal
import socket
import struct
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
keep = []       # what the calls point to


def numbers():
    path = os.path.join(TOP, "src", "dbg",
                        f"syscall_{'x86_64' if x86() else 'arm64'}.def")
    with open(path, encoding="ascii") as f:
        return {n: int(nr) for nr, n in
                re.findall(r"SYSCALL\((\d+),\s*(\w+)\)", f.read())}


def x86():
    return os.uname().machine == "x86_64"


def at(data, size=0):
    """Where a copy of data is."""
    if isinstance(data, str):
        data = data.encode()
    b = ctypes.create_string_buffer(data, max(size, len(data) + 1))
    keep.append(b)
    return ctypes.addressof(b)


def longs(*v):
    return at(struct.pack(f"{len(v)}q", *v))


def ints(*v):
    return at(struct.pack(f"{len(v)}i", *v))


def room(size=4096):
    return at(b"", size)


def inet(port=5353):
    return at(struct.pack("=H", socket.AF_INET) +
              struct.pack("!H4s8x", port, bytes([127, 0, 0, 1])))


def iovec(*texts):
    return longs(*[v for t in texts for v in (at(t), len(t))])


def table(d):
    """The calls: a name and its arguments."""
    fd = os.open(d + "/file", os.O_RDWR | os.O_CREAT, 0o644)
    os.write(fd, b"some text\n" * 100)
    dirfd = os.open(d, os.O_RDONLY)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    pair = socket.socketpair()
    keep.extend((udp, pair))
    s, s0, s1 = udp.fileno(), pair[0].fileno(), pair[1].fileno()
    no = at(d + "/nothing")
    name = at(d + "/file")
    me = os.getpid()
    back = -1                       # a descriptor that is none
    return [
        ("read", fd, room(), 10), ("write", fd, at("hello\n"), 6),
        ("open", name, os.O_RDONLY), ("close", 77),
        ("stat", name, room()), ("fstat", fd, room()),
        ("lstat", no, room()), ("poll", ints(fd, 1), 1, 0),
        ("lseek", fd, 100, 1), ("mmap", 0, 8192, 3, 0x22, -1, 0),
        ("mprotect", 0x10000, 4096, 1), ("munmap", 0x10000, 4096),
        ("brk", 0), ("rt_sigaction", 10, 0, room(), 8),
        ("rt_sigprocmask", 0, longs(0x200), room(), 8),
        ("ioctl", fd, 0x5413, room()), ("pread64", fd, room(), 10, 20),
        ("pwrite64", fd, at("xyz"), 3, 5),
        ("readv", fd, iovec("abcd", "ef"), 2),
        ("writev", fd, iovec("first", "second"), 2),
        ("access", name, 4), ("pipe", room()),
        ("select", 0, 0, 0, 0, longs(0, 1000)), ("sched_yield",),
        ("mremap", 0x10000, 4096, 8192, 1), ("msync", 0x10000, 4096, 4),
        ("mincore", 0x10000, 4096, room()), ("madvise", 0x10000, 4096, 4),
        ("shmget", 0x1234567, 4096, 0o600), ("shmat", 0x7ffffff, 0, 0),
        ("shmctl", 0x7ffffff, 2, room()), ("dup", fd), ("dup2", fd, 60),
        ("nanosleep", longs(0, 1000), 0), ("getitimer", 0, room()),
        ("alarm", 0), ("setitimer", 0, longs(0, 0, 0, 0), 0), ("getpid",),
        ("sendfile", back, fd, 0, 10), ("socket", 2, 1, 6),
        ("connect", s, inet(), 16), ("accept", s, 0, 0),
        ("sendto", s0, at("data"), 4, 0x40, 0, 0),
        ("recvfrom", s1, room(), 100, 0x40, 0, 0),
        ("sendmsg", s0, longs(0, 0, iovec("part"), 1, 0, 0, 0), 0x40),
        ("recvmsg", s1, longs(0, 0, iovec("part"), 1, 0, 0, 0), 0x40),
        ("shutdown", back, 1), ("bind", back, inet(), 16),
        ("listen", back, 5), ("getsockname", s, room(), ints(16)),
        ("getpeername", s, room(), ints(16)),
        ("socketpair", 1, 1, 0, room()),
        ("setsockopt", s, 1, 2, ints(1), 4),
        ("getsockopt", s, 1, 3, room(), ints(4)),
        ("execve", no, longs(at("one"), at("two"), 0), longs(0)),
        ("wait4", me, 0, 1, 0), ("kill", me, 0), ("uname", room()),
        ("semget", 0x1234567, 1, 0o600), ("semop", 0x7ffffff, room(), 1),
        ("semctl", 0x7ffffff, 0, 12, 0), ("shmdt", 0x10000),
        ("msgget", 0x1234567, 0o600), ("msgsnd", 0x7ffffff, room(), 4, 0x800),
        ("msgrcv", 0x7ffffff, room(), 4, 0, 0x800),
        ("msgctl", 0x7ffffff, 2, room()), ("fcntl", fd, 3, 0),
        ("flock", fd, 6), ("fsync", fd), ("fdatasync", fd),
        ("truncate", no, 10), ("ftruncate", fd, 500),
        ("getdents", dirfd, room(), 4096), ("getcwd", room(), 4096),
        ("chdir", no), ("fchdir", back), ("rename", no, no),
        ("mkdir", name, 0o755), ("rmdir", no), ("creat", dirfd and no, 0o600),
        ("link", no, no), ("unlink", no), ("symlink", name, name),
        ("readlink", no, room(), 100), ("chmod", no, 0o640),
        ("fchmod", fd, 0o600), ("chown", no, 1, 2), ("fchown", back, 1, 2),
        ("lchown", no, 3, 4), ("umask", 0o22), ("gettimeofday", room(), 0),
        ("getrlimit", 7, room()), ("getrusage", 0, room()),
        ("sysinfo", room()), ("times", room()),
        ("ptrace", 3, 0x7fffffff, 0, 0), ("getuid",), ("syslog", 10, 0, 0),
        ("getgid",), ("setuid", os.getuid()), ("setgid", os.getgid()),
        ("geteuid",), ("getegid",), ("setpgid", 0x7ffffff, 0), ("getppid",),
        ("getpgrp",), ("setreuid", -1, -1), ("setregid", -1, -1),
        ("getgroups", 0, 0), ("setgroups", 1 << 20, 0),
        ("setresuid", -1, -1, -1), ("getresuid", room(), room(), room()),
        ("setresgid", -1, -1, -1), ("getresgid", room(), room(), room()),
        ("getpgid", 0), ("setfsuid", -1), ("setfsgid", -1), ("getsid", 0),
        ("capget", ints(0x20080522, 0), room()),
        ("capset", ints(0x11111111, 0), room()),
        ("rt_sigpending", room(), 8),
        ("rt_sigtimedwait", longs(0), 0, longs(0, 1), 8),
        ("rt_sigqueueinfo", 0x7ffffff, 10, room()),
        ("sigaltstack", 0, room()), ("utime", no, longs(1, 2)),
        ("mknod", name, 0o100644, 0), ("personality", 0xffffffff),
        ("ustat", 0, room()), ("statfs", name, room()),
        ("fstatfs", fd, room()), ("sysfs", 3), ("getpriority", 0, 0),
        ("setpriority", 7, 0, 0), ("sched_setparam", 0x7ffffff, ints(0)),
        ("sched_getparam", 0, room()),
        ("sched_setscheduler", 0x7ffffff, 0, ints(0)),
        ("sched_getscheduler", 0), ("sched_get_priority_max", 1),
        ("sched_get_priority_min", 2), ("sched_rr_get_interval", 0, room()),
        ("mlock", 0x10000, 4096), ("munlock", 0x10000, 4096),
        ("mlockall", 0x40), ("pivot_root", no, no), ("prctl", 3, 0, 0, 0, 0),
        ("arch_prctl", 0x1004, room()), ("adjtimex", room()),
        ("setrlimit", 99, longs(1, 2)), ("chroot", no), ("acct", no),
        ("mount", at("none"), no, at("tmpfs"), 1, 0), ("umount2", no, 2),
        ("swapon", no, 0), ("swapoff", no), ("reboot", 1, 2, 3, 0),
        ("sethostname", at("x"), -1), ("setdomainname", at("x"), -1),
        ("iopl", 99), ("ioperm", 1 << 20, 1, 1),
        ("init_module", 1, 10, at("")), ("delete_module", at("nosuch"), 0x800),
        ("quotactl", 0x800002, no, 0, 0), ("gettid",),
        ("readahead", fd, 0, 100),
        ("setxattr", no, at("user.x"), at("val"), 3, 1),
        ("lsetxattr", no, at("user.x"), at("val"), 3, 2),
        ("fsetxattr", back, at("user.x"), at("val"), 3, 0),
        ("getxattr", no, at("user.x"), room(), 10),
        ("lgetxattr", no, at("user.x"), room(), 10),
        ("fgetxattr", back, at("user.x"), room(), 10),
        ("listxattr", no, room(), 10), ("llistxattr", no, room(), 10),
        ("flistxattr", back, room(), 10), ("removexattr", no, at("user.x")),
        ("lremovexattr", no, at("user.x")),
        ("fremovexattr", back, at("user.x")), ("tkill", me, 0),
        ("time", 0), ("futex", ints(1), 0x81, 1, 0, 0, 0),
        ("sched_setaffinity", 0x7ffffff, 8, longs(1)),
        ("sched_getaffinity", 0, 128, room()), ("io_setup", 0, room()),
        ("io_destroy", 1), ("io_getevents", 1, 0, 0, 0, 0),
        ("io_submit", 1, 0, 0), ("io_cancel", 1, 0, 0),
        ("epoll_create", 1), ("remap_file_pages", 0x10000, 4096, 0, 0, 0),
        ("getdents64", dirfd, room(), 4096), ("fadvise64", fd, 0, 10, 1),
        ("timer_create", 99, 0, room()), ("timer_gettime", 77, room()),
        ("timer_settime", 77, 1, longs(0, 1, 2, 3), 0),
        ("timer_getoverrun", 77), ("timer_delete", 77),
        ("clock_settime", 99, longs(1, 2)), ("clock_gettime", 1, room()),
        ("clock_getres", 0, room()),
        ("clock_nanosleep", 1, 0, longs(0, 1000), 0),
        ("epoll_wait", back, room(), 1, 0),
        ("epoll_ctl", back, 1, fd, at(struct.pack("=IQ", 1, 5))),
        ("tgkill", me, me, 0), ("utimes", no, longs(1, 2, 3, 4)),
        ("mbind", 0x10000, 4096, 99, 0, 0, 0),
        ("set_mempolicy", 99, 0, 0), ("get_mempolicy", 0, 0, 0, 0, 0),
        ("mq_open", at("nosuch"), 0, 0, 0), ("mq_unlink", at("nosuch")),
        ("mq_timedsend", back, at("x"), 1, 0, 0),
        ("mq_timedreceive", back, room(), 1, 0, 0), ("mq_notify", back, 0),
        ("mq_getsetattr", back, 0, 0), ("kexec_load", 1, 99, 0, 0),
        ("waitid", 1, me, 0, 5, 0),
        ("add_key", at("nosuch"), at("d"), 0, 0, -3),
        ("request_key", at("nosuch"), at("d"), 0, 0),
        ("keyctl", 99, 0, 0, 0, 0), ("ioprio_set", 9, 0, 0),
        ("ioprio_get", 1, 0), ("inotify_init",),
        ("inotify_add_watch", back, no, 2), ("inotify_rm_watch", back, 1),
        ("migrate_pages", 0x7ffffff, 0, 0, 0),
        ("openat", -100, no, os.O_WRONLY | os.O_APPEND, 0),
        ("mkdirat", -100, name, 0o700), ("mknodat", -100, name, 0o100600, 0),
        ("fchownat", -100, no, 1, 2, 0x100),
        ("futimesat", -100, no, longs(1, 2, 3, 4)),
        ("newfstatat", dirfd, at("file"), room(), 0x100),
        ("unlinkat", dirfd, at("nothing"), 0),
        ("renameat", dirfd, at("nothing"), dirfd, at("b")),
        ("linkat", dirfd, at("nothing"), dirfd, at("b"), 0x400),
        ("symlinkat", at("file"), dirfd, at("file")),
        ("readlinkat", dirfd, at("nothing"), room(), 100),
        ("fchmodat", dirfd, at("nothing"), 0o600),
        ("faccessat", dirfd, at("nothing"), 4),
        ("pselect6", 0, 0, 0, 0, longs(0, 1000), 0),
        ("ppoll", 0, 0, longs(0, 1000), 0, 8), ("unshare", 0),
        ("set_robust_list", 0, 1), ("get_robust_list", 0, room(), room()),
        ("splice", back, 0, back, 0, 10, 1), ("tee", back, back, 10, 2),
        ("sync_file_range", fd, 0, 10, 2), ("vmsplice", back, 0, 0, 0),
        ("move_pages", 0x7ffffff, 0, 0, 0, 0, 0),
        ("utimensat", dirfd, at("nothing"), longs(1, 2, 3, 4), 0x100),
        ("epoll_pwait", back, room(), 1, 0, 0, 8),
        ("signalfd", back, longs(0), 8), ("timerfd_create", 1, 0x80000),
        ("eventfd", 3), ("fallocate", back, 1, 0, 10),
        ("timerfd_settime", back, 1, longs(0, 0, 0, 0), 0),
        ("timerfd_gettime", back, room()), ("accept4", back, 0, 0, 0x80000),
        ("signalfd4", back, longs(0), 8, 0x80000), ("eventfd2", 2, 0x80000),
        ("epoll_create1", 0x80000), ("dup3", fd, 61, 0x80000),
        ("pipe2", room(), 0x80000), ("inotify_init1", 0x80000),
        ("preadv", fd, iovec("abc"), 1, 0, 0),
        ("pwritev", fd, iovec("abc", "defg"), 2, 10, 0),
        ("rt_tgsigqueueinfo", 0x7ffffff, 1, 10, room()),
        ("perf_event_open", 0, 0, -1, -1, 8),
        ("recvmmsg", back, 0, 0, 0x40, 0), ("fanotify_init", 99999, 0),
        ("fanotify_mark", back, 1, 2, -100, no),
        ("prlimit64", 0, 7, 0, room()),
        ("name_to_handle_at", dirfd, at("nothing"), room(), room(), 0),
        ("open_by_handle_at", back, room(), 0),
        ("clock_adjtime", 99, room()), ("syncfs", fd),
        ("sendmmsg", back, 0, 0, 0x40), ("setns", back, 0x20000000),
        ("getcpu", room(), room(), 0),
        ("process_vm_readv", 0x7ffffff, 0, 0, 0, 0, 0),
        ("process_vm_writev", 0x7ffffff, 0, 0, 0, 0, 0),
        ("kcmp", me, 0x7ffffff, 0, 0, 0), ("finit_module", back, at(""), 0),
        ("sched_setattr", 0x7ffffff, room(), 0),
        ("sched_getattr", 0, room(), 48, 0),
        ("renameat2", dirfd, at("nothing"), dirfd, at("b"), 1),
        ("seccomp", 99, 0, 0), ("getrandom", room(), 8, 1),
        ("memfd_create", at("mem"), 1), ("bpf", 99, 0, 0),
        ("execveat", dirfd, at("nothing"), longs(at("a"), 0), longs(0), 0),
        ("userfaultfd", 99), ("membarrier", 0, 0),
        ("mlock2", 0x10000, 4096, 1),
        ("copy_file_range", back, 0, back, 0, 10, 0),
        ("preadv2", fd, iovec("abc"), 1, 0, 0, 8),
        ("pwritev2", fd, iovec("abc"), 1, 0, 0, 2),
        ("pkey_mprotect", 0x10000, 4096, 1, -1), ("pkey_alloc", 1, 0),
        ("pkey_free", 99), ("statx", dirfd, at("file"), 0x100, 0x7ff, room()),
        ("pidfd_send_signal", back, 10, 0, 0),
        ("io_uring_setup", 0, room()), ("io_uring_enter", back, 1, 1, 1, 0, 8),
        ("open_tree", dirfd, at("nothing"), 1),
        ("fsopen", at("nosuch"), 1), ("pidfd_open", 0x7ffffff, 0),
        ("close_range", 900, 901, 0),
        ("openat2", dirfd, at("nothing"), longs(0, 0, 0), 24),
        ("pidfd_getfd", back, 3, 0),
        ("faccessat2", dirfd, at("nothing"), 4, 0x100),
        ("epoll_pwait2", back, room(), 1, longs(0, 1), 0, 8),
        ("munlockall",), ("memfd_secret", 0x80000),
        ("modify_ldt", 99, 0, 16), ("semtimedop", 0x7ffffff, room(), 1,
                                    longs(0, 1000)),
        ("set_thread_area", 0), ("get_thread_area", 0),
        ("set_tid_address", 0), ("setsid",), ("settimeofday", 0, 0),
        ("kexec_file_load", back, back, 1, at("x"), 99),
        ("lookup_dcookie", 5, 0, 10), ("_sysctl", 0), ("uselib", no),
        ("vhangup",), ("alarm", 1), ("pause",), ("alarm", 1),
        ("rt_sigsuspend", longs(0x200), 8), ("sync",),
    ]


def main():
    os.chdir(sys.argv[1])
    signal.signal(signal.SIGALRM, lambda *_: None)
    nr = numbers()
    calls = [c for c in table(sys.argv[1]) if c[0] in nr]
    arguments = [[ctypes.c_long(a) for a in c[1:]] for c in calls]
    if len(sys.argv) > 2:           # who wants to know, test_arguments.py
        with open(sys.argv[2], "w", encoding="ascii") as f:
            json.dump(calls, f)
    os.access("/mark-begin", os.F_OK)
    for c, a in zip(calls, arguments):
        # A call takes all its registers, those that are not said as 0.
        a += [ctypes.c_long(0)] * (6 - len(a))
        libc.syscall(ctypes.c_long(nr[c[0]]), *a)
    os.access("/mark-end", os.F_OK)


main()
