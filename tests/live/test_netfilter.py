#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! serial: yes
"""Packets at the hooks of netfilter: as many as were sent."""
import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import sys

from live import SKIP, check, need_root, run, Session

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
PACKETS = 7


def own_network():
    """Nobody else's packets, and a loopback that is up."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        print("no network namespaces")
        sys.exit(SKIP)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", 1))


def send(family, address):
    with socket.socket(family, socket.SOCK_DGRAM) as to, \
            socket.socket(family, socket.SOCK_DGRAM) as s:
        to.bind((address, 0))
        s.bind((address, 0))
        for _ in range(PACKETS):
            s.sendto(b"hello", to.getsockname()[:2])
        return s.getsockname()[1], to.getsockname()[1]


def counts():
    hooks = {"NF_INET_LOCAL_OUT": '', "NF_INET_POST_ROUTING": '',
             "NF_IP_PRE_ROUTING": '.priority("-5")',
             "NF_INET_LOCAL_IN": '.priority("NF_IP_PRI_FIRST")'}
    script = "global n " + "".join(
        'probe netfilter.hook("%s").pf("NFPROTO_IPV4")%s '
        '{ if ($hooknum >= 0 && $skb->len == 33) n["%s"]++ } ' %
        (hook, more, hook) for hook, more in hooks.items())
    session = Session(script + "probe end { foreach (h+ in n) "
                      "println(h, ' ', n[h]) }".replace("'", '"'))
    send(socket.AF_INET, "127.0.0.1")
    got = session.stop()
    check(got[1] == "".join("%s %d\n" % (hook, PACKETS)
                            for hook in sorted(hooks)), "%r" % (got,))


def values():
    script = ('global n probe netfilter.%s.local_out { if (n++ == 0) '
              'printf("%%s %%s [%%s] %%s %%d %%s %%s %%d %%d %%d %%d\\n", '
              'name, pf, indev_name, outdev_name, protocol == ipproto_udp, '
              'saddr, daddr, sport, dport, length, syn) '
              'printf("%%s %%d %%d\\n", execname(), pid(), uid()) }')
    me = "%s %d 0" % (open("/proc/self/comm").read().strip(), os.getpid())
    for family, address, name, size in (
            (socket.AF_INET, "127.0.0.1", "ipv4", 33),
            (socket.AF_INET6, "::1", "ipv6", 53)):
        session = Session(script % "ip")
        try:
            sport, dport = send(family, address)
        except OSError:
            session.stop()
            continue
        got = session.stop()
        text = address if name == "ipv4" else \
            "0000:0000:0000:0000:0000:0000:0000:0001"
        check(got[1].splitlines() == [
            "netfilter.%s.local_out %s [] lo 1 %s %s %d %d %d 0" %
            (name, name, text, text, sport, dport, size)] + [me] * PACKETS,
            "%s: %r" % (name, got))


IP = ('probe %s { if (protocol == ipproto_udp && dport == 4242) '
      'printf("%%s [%%s] [%%s] %%s %%d %%d %%s %%d%%d%%d%%d%%d%%d %%d%%d%%d%%d%%d%%d'
      ' %%s\\n", name, indev_name, outdev_name, pf, family, length, saddr, '
      'fin, syn, rst, psh, ack, urg, nf_drop, nf_accept, nf_stolen, nf_queue, '
      'nf_repeat, nf_stop, substr(data_hex, (length - 5) * 2, 10)) }')


def both_versions():
    """netfilter.ip.*: a packet of IPv4 and one of IPv6, at each hook."""
    hooks = ("netfilter.ip.local_out", "netfilter.ip.post_routing",
             "netfilter.ip.pre_routing", "netfilter.ip.local_in")
    session = Session(IP % ", ".join(hooks))
    expected = []
    for family, kind, address, size in (
            (socket.AF_INET, "ipv4", "127.0.0.1", 33),
            (socket.AF_INET6, "ipv6", "0000:0000:0000:0000:0000:0000:0000:0001",
             53)):
        with socket.socket(family, socket.SOCK_DGRAM) as s:
            try:
                s.bind(("127.0.0.1" if size == 33 else "::1", 4242))
            except OSError:
                continue
            s.sendto(b"hello", s.getsockname()[:2])
        expected += ["%s %s %s %d %d %s 000000 012345 %s" % (
            h.replace(".ip.", "." + kind + "."), "[] [lo]" if h in hooks[:2] else "[lo] []", kind, family,
            size, address, b"hello".hex()) for h in hooks]
    got = session.stop()
    check(got[1].splitlines() == expected, "%r, not %r" % (got, expected))


def ip(text):
    return subprocess.run(("ip " + text).split(), check=False,
                          capture_output=True).returncode == 0


def forwarded():
    """netfilter.ip.forward: from one cable to another."""
    subprocess.run(["modprobe", "veth"], check=False, capture_output=True)
    if not ip("link add in0 type veth peer name in1") or \
            not ip("link add out0 type veth peer name out1"):
        print("no veth")
        return
    for name, address in (("in1", "10.5.0.1/24"), ("out0", "10.6.0.1/24")):
        ip(f"addr add {address} dev {name}")
    for name in ("in0", "in1", "out0", "out1"):
        ip(f"link set {name} up")
    ip("neigh add 10.6.0.2 lladdr 02:00:00:00:00:02 dev out0")
    with open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as f:
        f.write("1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        mac = fcntl.ioctl(s, 0x8927, struct.pack("16s24x", b"in1"))[18:24]
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 33, 1, 0, 64, 17, 0,
                         socket.inet_aton("10.5.0.2"),
                         socket.inet_aton("10.6.0.2"))
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xffff) + (total >> 16)
    session = Session(IP % "netfilter.ip.forward")
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
        s.bind(("in0", 0))
        s.send(mac + bytes(6) + b"\x08\0" + header[:10] +
               struct.pack("!H", ~total & 0xffff) + header[12:] +
               struct.pack("!4H", 4242, 4242, 13, 0) + b"hello")
    got = session.stop()
    check(got[1] == "netfilter.ipv4.forward [in1] [out0] ipv4 2 33 10.5.0.2 "
          "000000 012345 68656c6c6f\n", "%r" % (got,))


def together():
    """Sessions at the same hook do not get in each other's way."""
    script = ('global n probe netfilter.ipv4.local_out { if (length == 33) '
              'n++ } probe end { println(n) }')
    sessions = [Session(script) for _ in range(3)]
    send(socket.AF_INET, "127.0.0.1")
    for s in sessions:
        got = s.stop()
        check(got[1] == "%d\n" % PACKETS, "%r" % (got,))


def goes_on():
    """A handler that fails or is skipped drops nothing."""
    session = Session('global z probe netfilter.ipv4.local_out { '
                      'println(1 / z) }', "-DMAXERRORS=100")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(5)
        s.sendto(b"hello", s.getsockname())
        check(s.recv(9) == b"hello", "the packet")
    check("division by 0" in session.stop()[2], "the error")


def verdicts():
    """$verdict = nf_drop: only what it is said of is not received."""
    script = ('probe netfilter.ipv4.local_in { if (length == 31) '
              '{ $verdict = nf_drop n++ if ($verdict == nf_drop) m++ } } '
              'global n, m probe end { println(n, " ", m) }')
    session = Session(script, "-g")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        s.settimeout(5)
        for text in (b"hello", b"you", b"there"):
            s.sendto(text, s.getsockname())
        check([s.recv(9), s.recv(9)] == [b"hello", b"there"], "the packets")
    got = session.stop()
    check(got[1] == "1 1\n", "%r" % (got,))
    got = run(script)
    check(got[0] == 1 and "-g" in got[2], "%r" % (got,))


def main():
    need_root()
    own_network()
    got = run('probe netfilter.hook("NF_INET_LOCAL_OUT").pf("NFPROTO_IPV4") '
              '{ exit() }', "-T", "1")
    if "has no BPF programs at the hooks of netfilter" in got[2]:
        check(got[0] == 1, "it says so")
        print("no netfilter programs")
        sys.exit(SKIP)
    counts()
    values()
    both_versions()
    forwarded()
    together()
    goes_on()
    verdicts()


main()
