# SPDX-License-Identifier: BSD-3-Clause
"""pingpong.py ADDRESS PORT SIZE SECONDS: says SIZE bytes, hears them again (echo.py), and so on."""
import os
import socket
import sys
import time


def main():
    s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    end = time.monotonic() + float(sys.argv[4])
    rounds = 0
    while time.monotonic() < end:
        said = os.urandom(int(sys.argv[3]))
        s.sendall(said)
        heard = b""
        while len(heard) < len(said):
            part = s.recv(len(said) - len(heard))
            if not part:
                sys.exit(f"it ended in round {rounds}")
            heard += part
        if heard != said:
            sys.exit(f"it said something else in round {rounds}")
        rounds += 1
    print(f"{rounds} rounds", flush=True)


main()
