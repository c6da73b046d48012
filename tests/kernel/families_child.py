# SPDX-License-Identifier: GPL-2.0-or-later
"""What test_families.py looks at: does what the families of aliases are about,
one family for each argument, and says what it knows of it in lines "KNOW WORD
what it is"."""
import ctypes
import fcntl
import glob
import mmap
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + \
    [ctypes.c_long]
FIXED = 0x700000000000


def know(word, what):
    print(f"KNOW {word} {what}", flush=True)


def lacks(what):
    print(f"LACKS {what}", flush=True)
    sys.exit(0)


def command(text, check=True):
    r = subprocess.run(text.split(), capture_output=True, text=True,
                       check=False)
    if check and r.returncode:
        lacks(f"{text}: {r.stderr}")
    return r.stdout


def own_network():
    if libc.unshare(0x40000000):
        lacks("a network of its own")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH22x", b"lo", 1))


# ---- sockets ----

def disconnect(s):
    libc.connect(s.fileno(), struct.pack("=H14x", socket.AF_UNSPEC), 16)


def sockets():
    own_network()
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(1)
    client = socket.socket()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.connect(server.getsockname())
    peer, _ = server.accept()
    a, b = client.getsockname()[1], server.getsockname()[1]
    know("SENT", rf"tcp\.sendmsg2 127\.0\.0\.1 127\.0\.0\.1 {a} {b}")
    know("RECEIVED", rf"tcp\.recvmsg2 127\.0\.0\.1 127\.0\.0\.1 {b} {a}")
    know("DISCONNECTED", rf"2 127\.0\.0\.1 127\.0\.0\.1 {a} {b}")
    os.write(client.fileno(), b"x" * 77)
    os.read(peer.fileno(), 99)
    os.writev(client.fileno(), [b"x" * 70, b"y" * 7])
    os.readv(peer.fileno(), [bytearray(90), bytearray(9)])
    disconnect(client)
    for s in (client, peer, server):
        s.close()
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    u.bind(("127.0.0.1", 0))
    u.sendto(b"datagram", u.getsockname())
    u.recv(100)
    u.connect(("127.0.0.1", 7777))
    know("UDP", rf"2 127\.0\.0\.1 127\.0\.0\.1 {u.getsockname()[1]} 7777")
    disconnect(u)
    u.close()


# ---- network devices ----

def mac_of(name):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        found = fcntl.ioctl(s, 0x8927, struct.pack("16s24x", name.encode()))
    return ":".join(f"{b:02x}" for b in found[18:24])


def devices():
    command("ip link add spile0 type dummy")
    command("ip link set spile0 mtu 1400")
    know("MAC", f"{mac_of('spile0')} 02:00:00:00:00:07 6")
    command("ip link set spile0 address 02:00:00:00:00:07")
    command("ip link set spile0 up")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.setsockopt(263, 1, struct.pack("=iHH8x",
                                         socket.if_nametoindex("spile0"), 1, 0))
    command("ip -s link show spile0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8913, struct.pack("16s24x", b"spile0"))
    command("ip link add spile1 type dummy")
    command("ip link del spile1")
    child = os.fork()
    if not child:
        libc.unshare(0x40000000)
        time.sleep(60)
        os._exit(0)
    time.sleep(0.5)
    command(f"ip link set spile0 netns {child}")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


# ---- processes, signals, memory, terminals ----

def set_name():
    libc.prctl(15, b"spilechild", 0, 0, 0)


def move():
    os.sched_setaffinity(0, {0})
    os.sched_setaffinity(0, {1})
    os.sched_setaffinity(0, {0, 1})


def child_that_ends():
    child = os.fork()
    if not child:
        set_name()
        os._exit(7)
    os.waitpid(child, 0)
    return child


def child_that_is_traced():
    child = os.fork()
    if not child:
        time.sleep(60)
        os._exit(0)
    libc.ptrace(16, child, None, None)
    os.waitpid(child, 0)
    libc.ptrace(3, child, None, None)
    know("TRACED", f"{child} 120")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def child_that_cannot_be_signalled():
    """Its handlers have a stack that is not there."""
    child = os.fork()
    if not child:
        set_name()
        handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda _: None)
        address = ctypes.cast(handler, ctypes.c_void_p).value
        libc.sigaltstack(struct.pack("=QI4xQ", 0x10000, 0, 65536), None)
        libc.sigaction(12, struct.pack("=Q128xI4xQ", address, 0x08000000, 0),
                       None)
        os.kill(os.getpid(), 12)
        time.sleep(1)
        os._exit(0)
    know("FORCED", f"SIGUSR2 {child} spilechild")
    os.waitpid(child, 0)
    return child


def signals():
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.signal(signal.SIGUSR2, lambda *_: None)
    os.kill(os.getpid(), signal.SIGUSR1)
    timer = ctypes.c_int()
    event = struct.pack("=Qii48x", 0, 12, 0)
    libc.syscall(222, 1, event, ctypes.byref(timer))
    libc.syscall(223, timer, 0, struct.pack("=4q", 0, 0, 0, 1000000), None)
    time.sleep(0.3)


def memory():
    at = libc.mmap(FIXED, 16 * 4096, 3, 0x100022, -1, 0)
    ctypes.memset(at + 0x1234, 1, 1)
    ctypes.memset(at + 0x2000, 1, 4096)
    child = os.fork()
    if not child:
        time.sleep(60)
        os._exit(0)
    ctypes.memset(at + 0x2000, 2, 16)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def eat():
    group = "/sys/fs/cgroup/spile"
    try:
        with open("/sys/fs/cgroup/cgroup.subtree_control", "w",
                  encoding="ascii") as f:
            f.write("+memory")
        os.makedirs(group, exist_ok=True)
        with open(f"{group}/memory.max", "w", encoding="ascii") as f:
            f.write("20000000")
    except OSError as e:
        lacks(f"memory cgroups: {e}")
    child = os.fork()
    if not child:
        with open(f"{group}/cgroup.procs", "w", encoding="ascii") as f:
            f.write("0")
        m = mmap.mmap(-1, 100000000)
        for at in range(0, 100000000, 4096):
            m[at] = 1
        os._exit(0)
    os.waitpid(child, 0)
    know("VICTIM", f"oom_kill ({child}|0)")
    os.rmdir(group)


def terminals():
    master, slave = pty.openpty()
    os.write(master, b"hello\n")
    time.sleep(0.2)
    os.read(slave, 100)
    p = select.poll()
    p.register(master, select.POLLIN)
    p.poll(0)
    os.close(slave)
    os.close(master)
    serial = os.open("/dev/ttyS0", os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(serial, termios.TIOCSWINSZ, struct.pack("4H", 11, 22, 33, 44))
    os.close(serial)
    for way in ("unbind", "bind"):
        with open(f"/sys/bus/platform/drivers/serial8250/{way}", "w",
                  encoding="ascii") as f:
            f.write("serial8250")


def interrupts():
    with open("/proc/interrupts", encoding="ascii") as f:
        rows = re.findall(r"^ *(\d+):.*?  (\S+)$", f.read(), re.M)
    know("INTERRUPTS", "|".join(rf"{n} {re.escape(name)} (11|1\d*)"
                                for n, name in rows))


def processes():
    move()
    freed = child_that_ends()
    child_that_is_traced()
    forced = child_that_cannot_be_signalled()
    know("FREED", f"({freed}|{forced}) 120")
    know("RELEASED", f"({freed}|{forced}) 0")
    signals()
    memory()
    eat()
    terminals()
    interrupts()
    time.sleep(0.5)


# ---- disks ----

def disks():
    command("modprobe scsi_debug dev_size_mb=8 opts=0x8002 delay=1 "
            "every_nth=7")
    for _ in range(50):
        if os.path.exists("/dev/sda"):
            break
        time.sleep(0.1)
    with open("/sys/block/sda/queue/scheduler", "w", encoding="ascii") as f:
        f.write("mq-deadline")
    host = os.path.basename(glob.glob("/sys/bus/pseudo/drivers/scsi_debug/"
                                      "adapter*/host*")[0])[4:]
    know("DISPATCHED", f"{host} 000 RUNNING 1TO_DEVICE11")
    know("DONE", f"{host} 000 RUNNING TO_DEVICE1")
    know("COMPLETED", f"{host} 0 TO_DEVICE")
    know("EXECUTED", f"{host} 00 FROM_DEVICE 1")
    know("CANCELLED", f"{host} 32RUNNING")
    fd = os.open("/dev/sda", os.O_RDWR | os.O_DIRECT)
    buffer = mmap.mmap(-1, 8192)
    os.pwritev(fd, [buffer], 64 * 512)
    os.preadv(fd, [buffer], 64 * 512)
    try:
        os.preadv(fd, [buffer], 0x1230 * 512)
    except OSError:
        pass
    os.close(fd)
    with open("/dev/sda", "r+b", buffering=0) as f:
        for i in range(64):
            f.seek(65536 * i + 8192)
            f.write(b"x" * 4096)
        os.fsync(f.fileno())
    with open("/dev/ram0", "r+b", buffering=0) as f:
        f.write(b"x" * 4096)
        os.fsync(f.fileno())
    command("modprobe pktgen")
    command("rmmod pktgen")
    command("rmmod scsi_debug", check=False)
    time.sleep(0.5)


# ---- a network of three: A, a router, B ----

def machine():
    """Another, with a network of its own; it is a process that waits."""
    child = os.fork()
    if not child:
        own_network()
        time.sleep(120)
        os._exit(0)
    while os.readlink(f"/proc/{child}/ns/net") == \
            os.readlink("/proc/self/ns/net"):
        time.sleep(0.05)
    time.sleep(0.1)
    return child


def at(pid, f, *args):
    """f(*args) there."""
    with open("/proc/thread-self/ns/net", encoding="ascii") as here, \
            open(f"/proc/{pid}/ns/net", encoding="ascii") as there:
        libc.setns(there.fileno(), 0x40000000)
        try:
            return f(*args)
        finally:
            libc.setns(here.fileno(), 0x40000000)


def sysctl(name, value):
    with open(f"/proc/sys/net/ipv4/{name}", "r+", encoding="ascii") as f:
        old = f.read()
        f.seek(0)
        f.write(value)
    return old


def cable(pid, mine, its, number, mtu):
    command(f"ip link add {mine} mtu {mtu} type veth peer name {its} mtu {mtu}")
    command(f"ip link set {its} netns {pid}")
    command(f"ip addr add 10.{number}.0.1/24 dev {mine}")
    command(f"ip link set {mine} up")
    at(pid, command, f"ip addr add 10.{number}.0.2/24 dev {its}")
    at(pid, command, f"ip link set {its} up")
    at(pid, command, f"ip route add default via 10.{number}.0.1")


def counters():
    found = {}
    for file in ("snmp", "netstat"):
        with open(f"/proc/thread-self/net/{file}", encoding="ascii") as f:
            lines = [line.split() for line in f]
        for names, values in zip(lines[::2], lines[1::2]):
            for name, value in list(zip(names, values))[1:]:
                found[names[0][:-1] + "_" + name] = int(value)
    return found


def ip_header(protocol, flags, size, to, checksum=None):
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + size, 77, flags, 64,
                         protocol, 0, socket.inet_aton("10.1.0.2"),
                         socket.inet_aton(to))
    total = sum(struct.unpack("!10H", header))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    if checksum is None:
        checksum = ~total & 0xffff
    return header[:10] + struct.pack("!H", checksum) + header[12:] + bytes(size)


def datagrams(router_mac):
    """By A: one that is cut on its way, one that may not be, a piece of one, a
    protocol that nobody knows, two that have no way, and a broken one."""
    for how in (0, 2):                  # IP_MTU_DISCOVER: not, always
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(0, 10, how)
            s.sendto(bytes(1440), ("10.2.0.2", 9))
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, 255) as s:
        for packet, to in ((ip_header(17, 0x2000, 64, "10.2.0.2"), "10.2.0.2"),
                           (ip_header(253, 0, 20, "10.2.0.2"), "10.2.0.2"),
                           (ip_header(17, 0, 20, "99.9.9.9"), "99.9.9.9"),
                           (ip_header(17, 0, 20, "10.77.0.1"), "10.77.0.1")):
            s.sendto(packet, (to, 0))
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("left1", 0))
        s.send(bytes.fromhex(router_mac.replace(":", "")) + bytes(6) +
               b"\x08\0" + ip_header(17, 0, 20, "10.1.0.1", 1))


def connections(a, b):
    server = at(b, socket.create_server, ("10.2.0.2", 0))
    client = at(a, socket.create_connection, server.getsockname())
    peer, _ = server.accept()
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
    client.sendall(b"x" * 100)
    time.sleep(0.5)
    full = at(b, socket.create_server, ("10.2.0.2", 0))
    full.listen(1)
    kept = []
    for _ in range(4):
        kept.append(at(a, socket.socket))
        kept[-1].setblocking(False)
        kept[-1].connect_ex(full.getsockname())
        time.sleep(0.1)
    nobody = at(a, socket.socket)
    nobody.setblocking(False)
    nobody.connect_ex(("10.88.0.1", 1))
    time.sleep(1.5)
    # Each processor has 1 MB before it asks.
    client.setsockopt(socket.SOL_SOCKET, 32, 8 << 20)
    peer.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
    client.setblocking(False)
    old = at(1, sysctl, "tcp_mem", "1 2 1000000")
    try:
        for _ in range(60):
            client.send(b"x" * 100000)
    except BlockingIOError:
        pass
    finally:
        at(1, sysctl, "tcp_mem", old)
    # Nothing is sent once more, or late, when the counters are read.
    for s in (*kept, nobody, client, peer, server, full):
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     struct.pack("ii", 1, 0))
        s.close()


def network():
    own_network()
    a, b = machine(), machine()
    cable(a, "left0", "left1", 1, 1500)
    cable(b, "right0", "right1", 2, 1400)
    sysctl("ip_forward", "1")
    at(b, sysctl, "ip_forward", "0")
    at(b, sysctl, "ipfrag_time", "1")
    command("ip route add blackhole 10.88.0.0/16")
    command("ip route add 10.77.0.0/16 via 10.2.0.2")
    time.sleep(1)
    before = [counters(), at(a, counters), at(b, counters)]
    at(a, datagrams, mac_of("left0"))
    connections(a, b)
    time.sleep(0.5)
    after = [counters(), at(a, counters), at(b, counters)]
    for name in after[0]:
        know(name, sum(y.get(name, 0) - x.get(name, 0)
                       for x, y in zip(before, after)))
    for child in (a, b):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


# ---- a bridge between two ----

BPDU = bytes.fromhex("424203 0000 00 00 01 8001 020000000001 00000005 8002 "
                     "020000000002 8003 0004 0006 0007 0008")
ARP = bytes.fromhex("0001080006040001 020304050607 0a000001 000000000000 "
                    "0a000002")


def frames(name):
    """A word of the spanning tree protocol, which a bridge that does not take
    part passes on, and a question for an address."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind((name, 0))
        s.send(bytes.fromhex("0180c2000000 020000000002") +
               struct.pack("!H", len(BPDU)) + BPDU)
        s.send(b"\xff" * 6 + ARP[8:14] + b"\x08\x06" + ARP)


def bridges():
    own_network()
    ends = [machine(), machine()]
    command("ip link add spilebr type bridge")
    command("ip link set spilebr up")
    for i, pid in enumerate(ends):
        command(f"ip link add port{i} type veth peer name end{i}")
        command(f"ip link set end{i} netns {pid}")
        command(f"ip link set port{i} master spilebr")
        command(f"ip link set port{i} up")
        at(pid, command, f"ip link set end{i} up")
    time.sleep(1)
    at(ends[0], frames, "end0")
    frames("spilebr")
    time.sleep(0.5)
    for child in ends:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


PARTS = {"bridges": bridges, "sockets": sockets, "devices": devices, "processes": processes,
         "disks": disks, "network": network}

for part in sys.argv[1:]:
    PARTS[part]()
