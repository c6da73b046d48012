#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf FENTRY
#! timeout: 200
"""What the aliases of whole families say, beside a process that does what they
are about (families_child.py): sockets, network devices, processes, signals,
memory, terminals, interrupts, disks, SCSI, bridges, and the counters of IP and TCP in a
network of three machines, which are those of /proc/net."""
import os
import re
import subprocess
import sys

import alias_rows

HERE = os.path.dirname(os.path.abspath(__file__))
CHILD = f"{sys.executable} -S {os.path.join(HERE, 'families_child.py')}"
MINE = "pid() == target()"
PEER = 'family, " ", saddr, " ", daddr, " ", sport, " ", dport'
SOCKET = 'sock_fam_num2str(family), " ", type, " ", protocol, " ", state'
DEVICE = 'dev_name == "spile0"'
NAMED = 'execname() == "spilechild"'
DISK = 'devname == "sda" && size == 8192'
REQUEST = 'disk_major, ":", disk_minor'
SDA = "8:0"

SOCKETS = {
    "socket.create.return": (
        f"{MINE} && type == 1", 'sock_fam_num2str(family), " ", protocol, " ", '
        'requester, " ", success, " ", err', "INET 0 0 1 0"),
    "socket.close.return": (MINE, "name", r"socket\.close\.return"),
    "socket.write_iter": (f"{MINE} && size == 77", SOCKET, "INET 1 6 3"),
    "socket.write_iter.return": (f"{MINE} && size == 77", f'{SOCKET}, success',
                                 "INET 1 6 31"),
    "socket.writev": (f"{MINE} && size == 77", f'{SOCKET}, flags & 0xff00',
                      "INET 1 6 30"),
    "socket.writev.return": (f"{MINE} && size == 77", f'{SOCKET}, success',
                             "INET 1 6 31"),
    "socket.aio_write": (f"{MINE} && size == 77", SOCKET, "INET 1 6 3"),
    "socket.aio_write.return": (f"{MINE} && size == 77", f'{SOCKET}, success',
                                "INET 1 6 31"),
    "socket.read_iter": (f"{MINE} && size == 99", SOCKET, "INET 1 6 3"),
    "socket.read_iter.return": (f"{MINE} && size == 77", f'{SOCKET}, success',
                                "INET 1 6 31"),
    "socket.readv": (f"{MINE} && size == 99", SOCKET, "INET 1 6 3"),
    "socket.readv.return": (f"{MINE} && size == 77", f'{SOCKET}, success',
                            "INET 1 6 31"),
    "socket.aio_read": (f"{MINE} && size == 99", SOCKET, "INET 1 6 3"),
    "socket.aio_read.return": (f"{MINE} && size == 77", f'{SOCKET}, success',
                               "INET 1 6 31"),
    "socket.recvmsg.return": (f"{MINE} && type == 2", f'{SOCKET}, " ", size, '
                              'success', "INET 2 17 1 81"),
    "tcp.sendmsg.return": (f"{MINE} && size == 77", f"name, {PEER}", "SENT"),
    "tcp.recvmsg.return": (f"{MINE} && size == 77", f"name, {PEER}",
                           "RECEIVED"),
    "tcp.disconnect": (f"{MINE} && dport", f"{PEER}", "DISCONNECTED"),
    "tcp.disconnect.return": (MINE, 'name, " ", ret', r"tcp\.disconnect 0"),
    "tcp.setsockopt": (MINE, 'level, " ", optname, " ", optstr, " ", optlen, '
                       '" ", family', "6 1 TCP_NODELAY 4 2"),
    "tcp.setsockopt.return": (MINE, 'name, " ", ret', r"tcp\.setsockopt 0"),
    "udp.disconnect": (f"{MINE} && dport", PEER, "UDP"),
    "udp.disconnect.return": (MINE, 'name, " ", ret, " ", family, daddr, '
                              "dport", r"udp\.disconnect 0 20\.0\.0\.00"),
    "udp.sendmsg.return": (MINE, 'name, " ", size', r"udp\.sendmsg 8"),
    "udp.recvmsg.return": (MINE, 'name, " ", size, " ", family, saddr',
                           r"udp\.recvmsg 8 2127\.0\.0\.1"),
    "netdev.rx": (MINE, 'dev_name, " ", protocol', "lo 2048"),
}
DEVICES = {
    "netdev.register": (DEVICE, "name", r"netdev\.register"),
    "netdev.change_mtu": (DEVICE, 'old_mtu, " ", new_mtu', "1500 1400"),
    "netdev.change_mac": (DEVICE, 'old_mac, " ", new_mac, " ", mac_len', "MAC"),
    "netdev.open": (DEVICE, "name", r"netdev\.open"),
    "netdev.change_rx_flag": (f"{DEVICE} && flags & 1", "flags & 0x100", "0"),
    "netdev.set_promiscuity": (f"{DEVICE} && inc > 0", 'inc, enable, disable',
                               "110"),
    "netdev.get_stats": (DEVICE, "name", r"netdev\.get_stats"),
    "netdev.ioctl": ("cmd == 0x8913", "arg", "spile0"),
    "netdev.close": (DEVICE, "name", r"netdev\.close"),
    "netdev.unregister": ('dev_name == "spile1"', "name",
                          r"netdev\.unregister"),
}
PROCESSES = {
    "scheduler.migrate": (
        "pid == target() && cpu_to != cpu_from", 'priority, " ", cpu_from + '
        'cpu_to', "120 1"),
    "scheduler.process_free": ('task_execname(task) == "spilechild"',
                               'pid, " ", priority', "FREED"),
    "kprocess.release": ('task_execname(task) == "spilechild"',
                         'released_pid, " ", released_tid - pid', "RELEASED"),
    "scheduler.wait_task": (f"{MINE} && task_pid != target()",
                            'task_pid, " ", task_priority', "TRACED"),
    "scheduler.tick": ("1", "name, idle - (tid() == 0)", "tick0"),
    "scheduler.balance": ("1", "name", "balance"),
    "irq_handler.entry": (
        "1", 'irq, " ", kernel_string(dev_name), " ", handler != 0, '
        "flags_str == irqflags_str(flags)", "INTERRUPTS"),
    "irq_handler.exit": (
        "ret", 'irq, " ", kernel_string(dev_name), " ", ret, handler != 0',
        "INTERRUPTS"),
    "signal.check_ignored.return": (f"{MINE}", 'name, " ", retstr',
                                    "(sig_ignored|prepare_signal) [01]"),
    "signal.checkperm.return": (MINE, 'name, " ", retstr',
                                "check_kill_permission 0"),
    "signal.handle.return": (MINE, 'name, " ", retstr', "handle_signal 0"),
    "signal.send_sig_queue": ("sig == 12 && sig_pid == target()",
                              'sig_name, " ", pid_name, sigqueue_addr != 0',
                              "SIGUSR2 python.*1"),
    "signal.send_sig_queue.return": ("1", 'name, " ", retstr',
                                     "send_sigqueue [01]"),
    "signal.force_segv": (NAMED, 'sig_name, " ", sig_pid, " ", pid_name',
                          "FORCED"),
    "signal.force_segv.return": (NAMED, "name", "force_sigsegv"),
    "vm.pagefault": (f"{MINE} && address == 0x700000001234", "name, "
                     "write_access", "pagefault1"),
    "vm.pagefault.return": (MINE, 'name, " ", fault_type', "pagefault [23]"),
    "vm.write_shared": (f"{MINE} && address >> 12 == 0x700000002", "name",
                        "write_shared"),
    "vm.write_shared_copy": (f"{MINE} && address >> 12 == 0x700000002",
                             "name, zero", "write_shared_copy0"),
    "vm.oom_kill": ("1", 'name, " ", task ? task_pid(task) : 0', "VICTIM"),
    "tty.init": (f'{MINE} && driver_name == "pty_master"', "name, module",
                 "ptm"),
    "tty.poll": (MINE, 'file_name, " ", wait_key > 0', "ptmx 1"),
    "tty.read": (f"{MINE} && nr == 100", 'driver_name, " ", file_name, '
                 "buffer != 0", r"pty_slave \d+"),
    "tty.receive": ("count == 6", 'driver_name, " ", name, " ", id, cp != 0, '
                    "index", r"pty_slave pts\d+ [34]1\d+"),
    "tty.resize": (MINE, 'name, " ", old_row, old_col, old_xpixel, old_ypixel,'
                   ' " ", new_row, " ", new_col, " ", new_xpixel, " ", '
                   "new_ypixel", "ttyS0 0000 11 22 33 44"),
    "tty.unregister": ("1", 'name, " ", driver_name, " ", index',
                       r"ttyS serial\S* \d"),
    "tty.register": ("1", 'name, " ", driver_name, " ", index',
                     r"ttyS serial\S* \d"),
}
DISKS = {
    "ioblock.request": (DISK, 'name, " ", rw, bio_rw_str(rw), " ", sector, " ",'
                        "vcnt, phys_segments, hw_segments, idx, opf & 0xff",
                        r"ioblock\.request 1W 64 \d\d\d01"),
    "ioblock.end": ('devname == "sda" && sector >= 64 && sector <= 80', 'name, '
                    '" ", rw, error', r"ioblock\.end [01]0"),
    "ioblock_trace.request": (f"{DISK} && rw", 'sector, " ", p_start_sect, " ",'
                              'q != 0, bdev != 0, bdev_contains == bdev',
                              "64 0 111"),
    "ioblock_trace.end": ('devname == "ram0" && rw', 'name, bdev != 0, q != 0',
                          r"ioblock_trace\.end11"),
    "ioscheduler.elv_add_request": (
        "disk_major == 8", f'name, " ", {REQUEST}, " ", elevator_name, q != 0',
        f"elv_add_request {SDA} mq-deadline1"),
    "ioscheduler.elv_add_request.tp": (
        "disk_major == 8", f'name, " ", {REQUEST}, " ", elevator_name, rq != 0',
        f"elv_add_request {SDA} mq-deadline1"),
    "ioscheduler.elv_add_request.kp": (
        "disk_major == 8", f'name, " ", {REQUEST}, " ", elevator_name',
        f"elv_add_request {SDA} mq-deadline"),
    "ioscheduler.elv_next_request.return": (
        "disk_major == 8 && rq_flags & 1", f'name, " ", {REQUEST}',
        f"elv_next_request {SDA}"),
    "ioscheduler.elv_completed_request": (
        "disk_major == 8 && rq_flags & 1", f'name, " ", {REQUEST}, " ", '
        "elevator_name", f"elv_completed_request {SDA} mq-deadline"),
    "ioscheduler_trace.elv_issue_request": (
        "disk_major == 8 && rq_flags & 1", f'name, " ", {REQUEST}',
        f"elv_issue_request {SDA}"),
    "ioscheduler_trace.elv_abort_request": (
        "disk_major == 8", f'name, " ", {REQUEST}', f"elv_abort_request {SDA}"),
    "ioscheduler_trace.elv_requeue_request": (
        "disk_major == 8", f'name, " ", {REQUEST}',
        f"elv_requeue_request {SDA}"),
    "ioscheduler_trace.plug": ("1", "name, rq_queue != 0", "plug1"),
    "ioscheduler_trace.unplug_io": ("1", "name, rq_queue != 0", "unplug_io1"),
    "ioscheduler_trace.unplug_timer": ("1", "name, rq_queue != 0",
                                       "unplug_timer1"),
    "scsi.ioentry": ("disk_major == 8", 'disk_minor, " ", device_state, " ", '
                     "device_state_str, req_addr != 0", "0 2 RUNNING1"),
    "scsi.iodispatching": (
        "request_bufflen == 8192", 'host_no, " ", channel, dev_id, lun, " ", '
        'device_state_str, " ", data_direction, data_direction_str, '
        'request_buffer != 0, req_addr != 0', "DISPATCHED"),
    "scsi.iodone": ("data_direction == 1", 'host_no, " ", channel, dev_id, '
                    'lun, " ", device_state_str, " ", data_direction_str, '
                    "scsi_timer_pending", "DONE"),
    "scsi.iocompleted": ("goodbytes == 8192", 'host_no, " ", lun, " ", '
                         'data_direction_str', "COMPLETED"),
    "scsi.ioexecute": ("request_bufflen", 'host_no, " ", dev_id, lun, " ", '
                       'data_direction_str, " ", request_buffer != 0',
                       "EXECUTED"),
    "scsi.set_state": ('state_str == "CANCEL"', 'host_no, " ", state, '
                       'old_state, old_state_str', "CANCELLED"),
    "scheduler.kthread_stop": ("thread_pid > 0", "thread_priority", r"\d+"),
    "scheduler.kthread_stop.return": ("1", "name, return_value",
                                      "kthread_stop0"),
    "workqueue.create": ("1", "task_execname(wq_thread), cpu >= -1",
                         r"kworker.*1|kthreadd1"),
}
NETWORK = {
    "ipmib.InReceives": ("1", "op", "1"),
    "ipmib.ForwDatagrams": ("1", "op", "1"),
    "ipmib.FragOKs": ("1", "op", "1"),
    "ipmib.FragFails": ("1", "op", "1"),
    "ipmib.ReasmReqds": ("1", "op", "1"),
    "ipmib.ReasmTimeout": ("1", "op", "1"),
    "ipmib.InNoRoutes": ("1", "op", "1"),
    "ipmib.InAddrErrors": ("1", "op", "1"),
    "ipmib.InUnknownProtos": ("1", "op", "1"),
    "ipmib.InDiscards": ("1", "op", "1"),
    "tcpmib.RetransSegs": ("1", "op", "1"),
    "linuxmib.DelayedACKs": ("1", "op", "1"),
    "linuxmib.ListenOverflows": ("1", "op", "1"),
    "linuxmib.ListenDrops": ("1", "op", "1"),
    "linuxmib.TCPMemoryPressures": ("1", "op", "1"),
}
# Forwarded packets are left out: newer kernels count those that prove too big.
TREE = ("llcproto_stp == 0x42 && br_cost == 5", 'indev_name, "-", outdev_name, '
        '" ", pf, " ", protocol, length, " ", br_prid, br_vid, br_type, '
        'br_flags, " ", br_rid, " ", br_rmac, " ", br_bid, " ", br_mac, " ", '
        'br_poid, " ", br_msg, br_max, br_htime, br_fd, brhdr + 14 == llcpdu, '
        '" ", nf_drop, nf_accept, nf_stolen, nf_queue, nf_repeat, nf_stop, '
        'substr(data_hex, 0, 6), substr(data_str, 0, 2)')
TREE_SAID = (r" bridge \d+38 0001 32769 02:00:00:00:00:01 32770 "
             "02:00:00:00:00:02 32771 46781 012345424203BB")
BRIDGES = {
    "netfilter.bridge.pre_routing": (*TREE, "port0-" + TREE_SAID),
    "netfilter.bridge.local_in": (*TREE, "port0-" + TREE_SAID),
    "netfilter.bridge.forward": (*TREE, "-port1" + TREE_SAID),
    "netfilter.bridge.post_routing": (*TREE, "-port1" + TREE_SAID),
    "netfilter.bridge.local_out": (*TREE, "-spilebr" + TREE_SAID),
    "netfilter.arp.forward": (
        'ar_sha == "02:03:04:05:06:07"', 'pf, outdev_name, " ", ar_hrd, " ", '
        'ar_pro, " ", ar_hln, ar_pln, ar_op, " ", ar_sip, " ", ar_tip, " ", '
        'ar_tha, " ", length, substr(data_hex, 0, 8)',
        "arpport1 1 2048 641 10.0.0.1 10.0.0.2 00:00:00:00:00:00 2800010800"),
}
# As much as these counters of the three machines say, together.
COUNTERS = {
    "ipmib.FragOKs": "Ip:FragOKs",
    "ipmib.FragFails": "Ip:FragFails", "ipmib.ReasmReqds": "Ip:ReasmReqds",
    "ipmib.ReasmTimeout": "Ip:ReasmTimeout",
    "ipmib.InNoRoutes": "IpExt:InNoRoutes",
    "ipmib.InAddrErrors": "Ip:InAddrErrors",
    "ipmib.InUnknownProtos": "Ip:InUnknownProtos",
    "tcpmib.RetransSegs": "Tcp:RetransSegs",
    "linuxmib.DelayedACKs": "TcpExt:DelayedACKs",
    "linuxmib.ListenOverflows": "TcpExt:ListenOverflows",
    "linuxmib.ListenDrops": "TcpExt:ListenDrops",
}
FAMILIES = {"sockets": SOCKETS, "devices": DEVICES, "processes": PROCESSES,
            "disks": DISKS, "network": NETWORK, "bridges": BRIDGES}
# What is a module, and has to be there before.
MODULES = {"disks": ("sd_mod", "mq-deadline", "brd", "scsi_mod"),
           "network": ("veth",), "bridges": ("veth", "bridge"), "devices": ("dummy",)}
# Parts of their callers on some kernels, a tracepoint that old ones do not have,
# and workers that are not always made.
MAY_LACK = {"scheduler.balance", "vm.write_shared_copy", "workqueue.create",
            "netdev.close", "ioscheduler_trace.elv_abort_request"}


def check(family):
    rows = FAMILIES[family]
    for module in MODULES.get(family, ()):
        subprocess.run(["modprobe", module], check=False, capture_output=True)
    if family in ("bridges", "disks") and \
            not os.path.exists(f"/sys/kernel/btf/{MODULES[family][-1]}"):
        print(f"{family}: no types of modules")
        return 0
    said = alias_rows.run(rows, f"{CHILD} {family}", MAY_LACK,
                          each="op" if family == "network" else "1")
    if re.search("^LACKS (.*)$", said, re.M):
        print(family, re.search("^LACKS (.*)$", said, re.M)[0])
        return 0
    bad = alias_rows.look(rows, said, MAY_LACK)
    for alias, counter in COUNTERS.items():
        m = re.search(rf"^KNOW {re.sub(':', '_', counter)} (.*)$", said, re.M)
        if m and int(m[1]) != alias_rows.hits(alias, said):
            print(f"{alias}: {alias_rows.hits(alias, said)} times, and "
                  f"{counter} {m[1]}")
            bad += 1
    return bad


def main():
    families = sys.argv[1:] or list(FAMILIES)
    sys.exit(1 if sum(check(f) for f in families) else 0)


main()
