#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""urgent.py listen|connect ADDRESS PORT: the connecting end says something urgent before it is accepted. The other one
reads that, and 50 rounds are echoed."""
import select
import socket
import sys
import time

role, address, port = sys.argv[1:]
if role == "listen":
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, int(port)))
        listener.listen()
        print("listening", flush=True)
        time.sleep(0.5)
        connection, _ = listener.accept()
    select.select([], [], [connection], 10)
    assert connection.recv(3, socket.MSG_WAITALL) == b"abc"
    assert connection.recv(1, socket.MSG_OOB) == b"!"
    while data := connection.recv(1000):
        connection.sendall(data)
else:
    connection = socket.create_connection((address, int(port)))
    connection.sendall(b"abc")
    connection.send(b"!", socket.MSG_OOB)
    for i in range(50):
        connection.sendall(b"%d" % i)
        assert connection.recv(100) == b"%d" % i
        time.sleep(0.02)
connection.close()
