#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! timeout: 120
"""Aliases of the library beside a process whose doings are known
(aliases_child.py): that they are hit, and what their variables say; the
counters of TCP and IP are those of /proc/net/snmp."""
import ctypes
import fcntl
import json
import os
import re
import socket
import struct
import sys

import alias_rows

HERE = os.path.dirname(os.path.abspath(__file__))
CHILD = f"{sys.executable} -S {os.path.join(HERE, 'aliases_child.py')}"
MINE = "pid() == target()"
LOOPBACK = f'{MINE} && dev_name == "lo"'
# Whatever sends it: an acknowledgement that was put off, or what is sent once
# more, is sent by an interrupt.
OUR_PACKET = "@cast(skb, \"sk_buff\")->sk->__sk_common->skc_net->net->ns->inum" \
    " == OUR_NET"
# alias: (when, what is printed, what that must be)
TRACEPOINTS = {
    "scheduler.process_fork": ("parent_pid == target()", "child_pid", "CHILD"),
    "scheduler.wakeup_new": (MINE, "task_pid", "CHILD"),
    "scheduler.process_exit": ("ppid() == target()", "pid", "CHILD"),
    "scheduler.process_wait": (MINE, "name", "process_wait"),
    "scheduler.signal_send": (f"{MINE} && signal_number == 10", "pid", "SELF"),
    "kprocess.start": (MINE, "pn()", r"kprocess\.start"),
    "signal.handle": (f"{MINE} && sig == 10", 'sig_name', "SIGUSR1"),
    "vm.mmap": (f"{MINE} && length == 503808", "name", r"vm\.mmap|mmap"),
    "vm.munmap": (f"{MINE} && length == 503808", "address > 0", "1"),
    "vm.brk": (MINE, "length >= 0", "1"),
    "vm.kmem_cache_free": (MINE, "ptr != 0 && call_site != 0", "1"),
    "softirq.entry": ("1", "vec_nr >= 0 && vec_nr < 10", "1"),
    "softirq.exit": ("1", "vec_nr >= 0 && vec_nr < 10", "1"),
    "workqueue.insert": ("1", "symname(work_func)", r"\S+"),
    "workqueue.execute": ("1", "symname(work_func)", r"\S+"),
    "syscall_any.return": (f'{MINE} && name == "getpid"', "retval", "SELF"),
    "netdev.transmit": (f"{LOOPBACK} && length > 5000",
                        'protocol', "2048"),
    "netdev.hard_transmit": (LOOPBACK, "protocol", "2048"),
    "netdev.receive": (f"{LOOPBACK}", "length >= 40", "1"),
    "socket.sendmsg.return": (f"{MINE} && size == 8",
                              'sock_fam_num2str(family), " ", success',
                              "INET 1"),
    "tcpmib.ActiveOpens": (MINE, "op", "1"),
    "tcpmib.PassiveOpens": (MINE, "op", "1"),
}
FUNCTIONS = {
    "socket.create": (f"{MINE} && type == 1", 'sock_fam_num2str(family), " ", '
                      'protocol', "INET 0"),
    "socket.sendmsg": (f"{MINE} && size == 5000", "sock_fam_num2str(family)",
                       "INET"),
    "socket.send": (f"{MINE} && size == 8", "success", "1"),
    "socket.recvmsg": (f"{MINE} && type == 2", "size", r"\d+"),
    "socket.receive": (f"{MINE} && size == 8", "success", "1"),
    "socket.close": (f"{MINE} && type == 1", "name", r".*close"),
    "tcp.sendmsg": (f"{MINE} && size == 5000", 'family, " ", saddr, " ", '
                    "daddr, sport > 0, dport > 0", r"2 127\.0\.0\.1 "
                    r"127\.0\.0\.111"),
    "tcp.recvmsg": (MINE, 'family, " ", saddr', r"2 127\.0\.0\.1"),
    "tcp.receive": (f"{MINE} && syn && !ack", 'saddr, " ", daddr, fin, rst',
                    r"127\.0\.0\.1 127\.0\.0\.100"),
    "udp.sendmsg": (f"{MINE} && size == 8", "daddr", r"127\.0\.0\.1|0\.0\.0\.0"),
    "udp.recvmsg": (MINE, "family", "2"),
    "ipmib.OutRequests": (OUR_PACKET, "op", "1"),
    "tcpmib.OutSegs": (MINE, "op > 0", "1"),
    "tcpmib.InSegs": (MINE, "op > 0", "1"),
    "signal.wakeup": (f"{MINE} && sig_pid == target()", "pn()",
                      r"signal\.wakeup"),
    "signal.checkperm": (f"{MINE} && sig == 10", "sig_name", "SIGUSR1"),
    "signal.check_ignored": (f"{MINE} && sig == 10", "sig_name", "SIGUSR1"),
    "tty.write": (f"{MINE} && nr == 5", "driver_name", "pty_slave"),
    "tty.ioctl": (f"{MINE} && cmd == 0x5413", "name", r"\d+"),
    "tty.open": (MINE, "file_name", r"ptmx|\d+"),
    "tty.release": (MINE, "file_name", r"ptmx|\d+"),
}
EXACT = {"tcpmib.ActiveOpens": "Tcp:ActiveOpens",
         "tcpmib.PassiveOpens": "Tcp:PassiveOpens",
         "ipmib.OutRequests": "Ip:OutRequests"}
# What some kernels have no function for, or what is not seen each time.
MAY_LACK = {"socket.sendmsg.return",  # Linux 6.3, or hooks on functions
            "signal.check_ignored", "socket.close", "tty.open", "signal.wakeup",
            "tcpmib.OutSegs", "ipmib.OutRequests",
            # In a softirq, which a slow processor does in a task of its own.
            "tcpmib.PassiveOpens", "tcpmib.InSegs", "tcp.receive"}


def own_network():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000):
        raise OSError("no network of its own")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH22x", b"lo", 1))
    return str(os.stat("/proc/self/ns/net").st_ino)


def run(rows):
    return alias_rows.run(rows, CHILD, MAY_LACK)


def look(rows, said):
    """How many rows are not as they should be, or are not so often as
    /proc/net/snmp says."""
    counted = re.search(r"^COUNTED (\{.*\}) (\d+)$", said, re.M)
    if not counted:
        print(said)
        return 1
    snmp = json.loads(counted[1])
    bad = alias_rows.look(rows, said, MAY_LACK, {"CHILD": counted[2]})
    for alias in set(EXACT) & set(rows):
        hits = alias_rows.hits(alias, said)
        if hits and hits != snmp[EXACT[alias]]:
            print(f"{alias}: {hits}, and {EXACT[alias]} "
                  f"{snmp[EXACT[alias]]}")
            bad += 1
    return bad


def main():
    net = own_network()
    functions = {alias: (when.replace("OUR_NET", net), *row)
                 for alias, (when, *row) in FUNCTIONS.items()}
    bad = look(TRACEPOINTS, run(TRACEPOINTS))
    if alias_rows.has_functions():
        bad += look(functions, run(functions))
    else:
        print("no hooks on functions here")
    sys.exit(1 if bad else 0)


main()
