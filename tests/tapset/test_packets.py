#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#! needs: root bpf
"""netfilter.arp.*: a packet that was sent, and what is said of it."""
import os
import signal
import socket
import subprocess
import sys
import time

SPILE = os.environ["SPILE"]
SLOW = float(os.environ.get("LIVE_SLOW", "1"))
SCRIPT = """
probe netfilter.arp.in, netfilter.arp.out {
    if (ar_sha == "02:03:04:05:06:07") {
    printf("%s [%s] [%s] %d %d %x %d %d\\n", name, indev_name, outdev_name,
           ar_op, ar_hrd, ar_pro, ar_hln, ar_pln)
    printf("%s %s %s %s %s %d\\n", pf, ar_sip, ar_tha, ar_tip, data_hex,
           length)
    printf("%s\\n", data_str) } }
probe begin { println("ready") }
"""
ARP = bytes.fromhex("0001080006040001 020304050607 0a000001 000000000000"
                    "0a000002")
TEXT = (r"\000\001\b\000\006\004\000\001\002\003\004\005\006\a\n\000\000\001"
        r"\000\000\000\000\000\000\n\000\000\002")


def main():
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind(("lo", 0))
    p = subprocess.Popen([SPILE, "-w", "-e", SCRIPT], stdout=subprocess.PIPE,
                         text=True)
    p.stdout.readline()
    s.send(bytes(6) + ARP[8:14] + b"\x08\x06" + ARP)
    time.sleep(0.3 * SLOW)
    p.send_signal(signal.SIGINT)
    said = p.communicate(timeout=30 * SLOW)[0]
    expected = "".join(
        f"netfilter.arp.{way} 1 1 800 6 4\narp 10.0.0.1 00:00:00:00:00:00 "
        f"10.0.0.2 {ARP.hex()} 28\n{TEXT}\n"
        for way in ("out [] [lo]", "in [lo] []"))
    if said != expected:
        print(f"{said}\nnot\n{expected}")
        sys.exit(1)


main()
