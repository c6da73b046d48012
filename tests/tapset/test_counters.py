#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
#! timeout: 120
#! serial:
"""The probes tcpmib.* count what /proc/net/snmp counts; the memory, block and
interrupt probes say what /proc/kallsyms, /sys and /proc say."""
import bisect
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
bad = []
PROBES = ("tcpmib.ActiveOpens", "tcpmib.PassiveOpens", "tcpmib.AttemptFails",
          "tcpmib.EstabResets", "tcpmib.OutRsts", "tcpmib.CurrEstab")
COUNTERS = [p.split(".")[1] for p in PROBES]


def start(script):
    p = subprocess.Popen([SPILE, "-w", "-e",
                          script + '\nprobe begin { println("ready") }'],
                         stdout=subprocess.PIPE, text=True)
    p.stdout.readline()
    return p


def stop(p):
    time.sleep(0.2)
    p.send_signal(signal.SIGINT)
    return p.communicate(timeout=30 * SLOW)[0].splitlines()


def snmp():
    with open("/proc/net/snmp", encoding="ascii") as f:
        rows = [line.split()[1:] for line in f if line.startswith("Tcp:")]
    return dict(zip(rows[0], map(int, rows[1])))


def connections():
    server = socket.create_server(("127.0.0.1", 0))
    for reset in (True, False, False):
        client = socket.create_connection(server.getsockname())
        other, _ = server.accept()
        if reset:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack("ii", 1, 0))
        client.close()
        other.close()
    server.close()
    for _ in range(2):
        try:
            socket.create_connection(("127.0.0.1", 1))
        except ConnectionRefusedError:
            pass


def unseen_resets():
    """Kernels whose tracepoint tells no reason do not tell of the two resets
    that belong to no connection either."""
    listed = subprocess.run([SPILE, "-L", 'kernel.trace("tcp:tcp_send_reset")'],
                            capture_output=True, text=True, check=True).stdout
    return 0 if "$reason:" in listed else 2


def check_tcp():
    probes = "".join(f"probe {p} {{ calls[\"{c}\"] += op }}\n"
                     for p, c in zip(PROBES, COUNTERS))
    prints = "".join(f'println("{c} ", {c}[1], " ", calls["{c}"])\n'
                     for c in COUNTERS)
    tracer = start(f"global calls\n{probes} probe end {{ {prints} }}")
    before = snmp()
    connections()
    after = snmp()
    said = {}
    for line in stop(tracer):
        name, total, calls = line.split()
        said[name] = int(total)
        if total != calls:
            bad.append(f"{name}: the global is {total}, not {calls}")
    after["OutRsts"] -= unseen_resets()
    for c in COUNTERS:
        # Others may use the network, too, but not much.
        if not 0 <= said.get(c, -99) - (after[c] - before[c]) <= 2:
            bad.append(f"{c}: {said.get(c)}, not {after[c] - before[c]}")
    if said["ActiveOpens"] < 5 or said["EstabResets"] < 2:
        bad.append(f"too few: {said}")


def check_memory():
    with open("/proc/kallsyms", encoding="ascii") as f:
        rows = sorted((int(a, 16), n) for a, t, n, *m in map(str.split, f)
                      if t in "tTwW" and not m)
    addresses = [a for a, _ in rows]
    tracer = start("""probe vm.kmalloc, vm.kmem_cache_alloc,
        vm.kmalloc_node, vm.kmem_cache_alloc_node { if (pid() == %d) printf("%%x %%s %%x %%s %%d %%d\\n",
        call_site, caller_function, gfp_flags, gfp_flag_name, bytes_req,
        bytes_alloc) } probe vm.kfree { if (pid() == %d)
        printf("%%x %%s\\n", call_site, caller_function) }""" %
                   (os.getpid(), os.getpid()))
    for _ in range(20):
        os.close(os.open("/etc/passwd", os.O_RDONLY))
        subprocess.run(["true"], check=False)
    lines = stop(tracer)
    if len(lines) < 40:
        bad.append(f"vm.kmalloc: only {len(lines)} lines")
    for line in lines:
        site, name, *rest = line.split()
        at = bisect.bisect(addresses, int(site, 16)) - 1
        names = {n for a, n in rows[max(0, at - 5):at + 1]
                 if a == addresses[at]}
        # Addresses of modules are not in rows.
        if name not in names and int(site, 16) < addresses[-1]:
            bad.append(f"{line}: not {names}")
        if rest and (int(rest[0], 16) & 0xce0 == 0xcc0) != \
                ("GFP_KERNEL" in rest[1].split("|")):
            bad.append(f"{line}: gfp_flag_name")
        if rest and int(rest[2]) > int(rest[3]):
            bad.append(f"{line}: bytes")


def check_block():
    """A file that is written to a disk, where there is one."""
    device = os.stat("/var/tmp").st_dev
    if not os.path.exists(
            f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"):
        return
    tracer = start("""probe ioblock.request, ioscheduler.elv_next_request,
        ioscheduler_trace.elv_completed_request { printf("%s ", pn()) }
        probe ioblock.request { printf("%s %d %d\\n", devname, size / 512,
            phys_segments) }
        probe ioscheduler.elv_next_request,
        ioscheduler_trace.elv_completed_request {
            printf("%d:%d %s\\n", disk_major, disk_minor, elevator_name) }""")
    with tempfile.NamedTemporaryFile(dir="/var/tmp") as f:
        f.write(os.urandom(1 << 20))
        f.flush()
        os.fsync(f.fileno())
    lines = stop(tracer)
    disks = {}
    for name in os.listdir("/sys/block"):
        with open(f"/sys/block/{name}/dev", encoding="ascii") as f:
            dev = f.read().strip()
        try:
            with open(f"/sys/block/{name}/queue/scheduler",
                      encoding="ascii") as f:
                how = re.search(r"\[(\S+)\]", f.read())
        except OSError:
            how = None
        disks[dev] = how[1] if how else "none"
    for line in lines:
        m = re.search(r"(\d+:\d+) (\S+)$", line)
        if m and disks.get(m[1]) != m[2]:
            bad.append(f"{line}: not {disks}")
        m = re.search(r"ioblock.request (\S+) ", line)
        if m and m[1] not in os.listdir("/sys/block"):
            bad.append(f"{line}: no such disk")
    if not any("ioblock.request" in line for line in lines):
        bad.append(f"nothing was written: {lines}")


check_tcp()
check_memory()
check_block()
print("\n".join(bad))
sys.exit(1 if bad else 0)
