#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""talk.py listen|connect ADDRESS PORT SEND RECEIVED GO END: one end of a connection. As soon as there is a file GO
it sends the file SEND while it writes what it gets to RECEIVED; when it has all, and there is a file END, it closes."""
import os
import socket
import sys
import threading
import time


def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.02)


def send(conn, path):
    with open(path, "rb") as file:
        while chunk := file.read(40000):
            conn.sendall(chunk)
    conn.shutdown(socket.SHUT_WR)


role, address, port, to_send, received, go, end = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
if role == "listen":
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, int(port)))
        listener.listen()
        connection, _ = listener.accept()
else:
    connection = socket.create_connection((address, int(port)))
wait_for(go)
sender = threading.Thread(target=send, args=(connection, to_send))
sender.start()
with open(received, "wb") as out:
    while data := connection.recv(100000):
        out.write(data)
sender.join()
wait_for(end)
connection.close()
