# SPDX-License-Identifier: BSD-3-Clause
"""mangle.py FAR NEAR FILE: passes frames between two interfaces, some not as they came.

FILE says what becomes of TCP segments with payload on their way from FAR to NEAR, and may be written anew at
any time:

    none        nothing
    fragments   one in 20 comes in two IP fragments
    tiny        the same, and of its TCP header only the first 8 bytes are in the first
    options     one in 20 has IP options (IPv6: destination options)
    forged      before one in 20 comes the first fragment, and one with options, of a segment that is far
                outside of the window
    reorder     one in 20 comes behind the three that follow it

It says how many it changed when FILE changes, and of each reset that comes from NEAR.
"""
import os
import selectors
import socket
import struct
import sys
import time

ETHER = 14
EVERY = 20
LATE_S = 0.005
PAD6 = b"\x06\x00\x01\x04\x00\x00\x00\x00"


def open_on(name):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((name, 0))
    s.setsockopt(263, 23, 1)  # PACKET_IGNORE_OUTGOING
    index = socket.if_nametoindex(name)
    s.setsockopt(263, 1, struct.pack("iHH8s", index, 1, 0, b""))  # PACKET_ADD_MEMBERSHIP, promiscuous
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    return s


def sum16(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip4(frame, flags, l4, options=b""):
    """The frame with another payload, flags and offset, and options."""
    ip = bytearray(frame[ETHER:ETHER + 20]) + options
    ip[0] = 0x40 | len(ip) // 4
    struct.pack_into("!H", ip, 2, len(ip) + len(l4))
    struct.pack_into("!H", ip, 6, flags)
    struct.pack_into("!H", ip, 10, 0)
    struct.pack_into("!H", ip, 10, sum16(bytes(ip)))
    return frame[:ETHER] + bytes(ip) + l4


def ip6(frame, kind, l4):
    """The frame with another payload, which begins with a header of that kind."""
    ip = bytearray(frame[ETHER:ETHER + 40])
    struct.pack_into("!H", ip, 4, len(l4))
    ip[6] = kind
    return frame[:ETHER] + bytes(ip) + l4


class Mangler:
    def __init__(self, path):
        self.path, self.said, self.mode = path, None, "none"
        self.segments = self.changed = self.ident = 0
        self.late = []  # [frame, how many may overtake it, when it goes at last]

    def look(self):
        now = os.stat(self.path).st_mtime_ns
        if now == self.said:
            return
        self.said = now
        print(f"{self.mode}: {self.changed} changed", flush=True)
        with open(self.path, encoding="utf-8") as file:
            self.mode = file.read().strip() or "none"
        self.changed = 0

    def fragments(self, frame, v6, l4, first):
        self.ident = self.ident + 1 & 0xffff
        if not v6:
            return [ip4(frame, 0x2000, l4[:first]), ip4(frame, first // 8, l4[first:])]
        head = struct.pack("!BBHI", 6, 0, 1, self.ident)
        tail = struct.pack("!BBHI", 6, 0, first, self.ident)
        return [ip6(frame, 44, head + l4[:first]), ip6(frame, 44, tail + l4[first:])]

    def options(self, frame, v6, l4):
        return ip6(frame, 60, PAD6 + l4) if v6 else ip4(frame, 0x4000, l4, b"\1\1\1\0")

    def segment(self, frame, v6, l4):
        """What becomes of it: frames."""
        half = len(l4) // 16 * 8
        if self.mode == "fragments":
            return self.fragments(frame, v6, l4, half)
        if self.mode == "tiny":
            return self.fragments(frame, v6, l4, 8)
        if self.mode == "options":
            return [self.options(frame, v6, l4)]
        if self.mode == "forged":
            seq = struct.unpack_from("!I", l4, 4)[0] + 0x80000000 & 0xffffffff
            other = l4[:4] + struct.pack("!I", seq) + l4[8:]
            return [self.fragments(frame, v6, other, half)[0], self.options(frame, v6, other), frame]
        if self.mode == "reorder":
            self.late.append([frame, 3, time.monotonic() + LATE_S])
            return []
        return [frame]

    def overtaken(self, by):
        """Those that have been late for long enough."""
        now, out = time.monotonic(), []
        for late in self.late:
            late[1] -= by
            if late[1] <= 0 or late[2] < now:
                out.append(late[0])
        self.late = [late for late in self.late if late[1] > 0 and late[2] >= now]
        return out

    def inward(self, frame):
        found = tcp_of(frame)
        if not found or self.mode == "none":
            return [frame]
        v6, l4 = found
        if len(l4) - (l4[12] >> 4) * 4 < 64:
            return [frame]
        self.segments += 1
        if self.segments % EVERY:
            return [frame] + self.overtaken(1)
        self.changed += 1
        return self.segment(frame, v6, l4)


def tcp_of(frame):
    """Whether it is IPv6, and all from the TCP header on; None: it is no plain TCP segment."""
    kind = frame[12:14]
    if kind == b"\x08\x00" and frame[14] == 0x45 and frame[23] == 6:
        return False, frame[34:14 + struct.unpack_from("!H", frame, 16)[0]]
    if kind == b"\x86\xdd" and frame[20] == 6:
        return True, frame[54:54 + struct.unpack_from("!H", frame, 18)[0]]
    return None


def main():
    far, near = open_on(sys.argv[1]), open_on(sys.argv[2])
    mangler = Mangler(sys.argv[3])
    waits = selectors.DefaultSelector()
    waits.register(far, selectors.EVENT_READ)
    waits.register(near, selectors.EVENT_READ)
    print("passing", flush=True)
    while True:
        mangler.look()
        for frame in mangler.overtaken(0):
            near.send(frame)
        for key, _ in waits.select(0.005):
            frame = key.fileobj.recv(65536)
            if key.fileobj is near:
                found = tcp_of(frame)
                if found and found[1][13] & 4:
                    print("reset", flush=True)
                far.send(frame)
                continue
            for out in mangler.inward(frame):
                near.send(out)


main()
