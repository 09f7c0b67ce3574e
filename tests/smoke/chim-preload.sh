#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Programs that know nothing of the chimney, on its sockets, at both ends: with the stand-in in
# flued's place, at rest and while it gives every connection back and takes it again.
. "$(dirname "$0")/../lib.sh"
need curl iperf3 socat python3

preload=$BUILD/offload/chimney/shim/libflue-chimney-preload.so
export FLUE_CHIMNEY_SOCKET=$T/chimney.sock FLUE_CHIMNEY_LOG=$T/chimney.log
ip link set lo up
# Not a wrapper, which would be what is loaded into.
python=$(python3 -c 'import sys; print(sys.executable)')

with() {
	LD_PRELOAD=$preload "$@"
}

listens() { # PORT
	local _
	for _ in {1..100}; do
		[ -z "$(ss -Hltn "sport = :$1")" ] || return 0
		sleep 0.1
	done
	fail "nobody listens on port $1"
}

ends() { # NAME: by itself, and well
	wait "${pids[$1]}" || fail "$1 failed"
	unset "pids[$1]"
}

offered() { # at least so many connections were taken
	local n
	n=$(grep -c ' accepted' "$FLUE_CHIMNEY_LOG" || true)
	[ "$n" -ge "$1" ] || fail "only $n connections were offloaded"
}

head -c 20000000 /dev/urandom >$T/blob
cat >$T/echo.py <<'PY'
import asyncio, sys

async def serve(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()

async def client(port, n):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for i in range(n):
        data = bytes([i % 251]) * (1 + i * 977 % 50000)
        writer.write(data)
        assert await reader.readexactly(len(data)) == data
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 8124)
    await asyncio.gather(*(client(8124, 100) for _ in range(20)))
    server.close()

asyncio.run(main())
print("echoed")
PY

standin() { # its options
	rm -f "$FLUE_CHIMNEY_SOCKET"
	start standin "$BUILD/tests/chim/chim-standin" "$@" "$FLUE_CHIMNEY_SOCKET"
	local _
	for _ in {1..100}; do
		[ ! -S "$FLUE_CHIMNEY_SOCKET" ] || break
		sleep 0.1
	done
}

try() { # the stand-in's options
	rm -f "$FLUE_CHIMNEY_LOG"
	standin "$@"

	say "curl from python's http.server ($*)"
	start http env LD_PRELOAD="$preload" "$python" -m http.server 8123 --bind 127.0.0.1 --directory $T
	listens 8123
	for _ in 1 2 3; do
		with timeout 60 curl -sS -o $T/got http://127.0.0.1:8123/blob
		cmp $T/got $T/blob || fail "curl got another file"
	done
	offered 6
	stop http || true

	say "asyncio ($*)"
	equal echoed with timeout 60 "$python" $T/echo.py
	offered 46

	say "iperf3 ($*)"
	start iperf env LD_PRELOAD="$preload" iperf3 -s -1 -p 5301
	listens 5301
	with timeout 60 iperf3 -c 127.0.0.1 -p 5301 -n 200M -P 2 >$T/iperf || fail "$(cat $T/iperf)"
	ends iperf

	say "socat ($*)"
	start socat env LD_PRELOAD="$preload" socat -u TCP-LISTEN:8125,reuseaddr CREATE:$T/got
	listens 8125
	with timeout 60 socat -u OPEN:$T/blob TCP:127.0.0.1:8125
	ends socat
	cmp $T/got $T/blob || fail "socat got another file"
	stop standin || true
}

try
try -u 20
grep -q 'uploaded requested' "$FLUE_CHIMNEY_LOG" || fail "nothing was given back"

say "flued is killed: its connections end, new ones are the kernel's, until it is there again"
cat >$T/server.py <<'PY'
import socket, threading

def serve(c):
    try:
        while data := c.recv(65536):
            c.sendall(data)
        print("end", flush=True)
    except OSError as e:
        print(type(e).__name__, flush=True)
    c.close()

s = socket.create_server(("127.0.0.1", 8126))
while True:
    threading.Thread(target=serve, args=(s.accept()[0],)).start()
PY
cat >$T/client.py <<'PY'
import socket, sys, time

def ask(c):
    c.sendall(b"hello")
    assert c.recv(5, socket.MSG_WAITALL) == b"hello"

c = socket.create_connection(("127.0.0.1", 8126))
ask(c)
if len(sys.argv) > 1:
    print("ready", flush=True)
    assert c.recv(1) == b""
print("asked")
PY
accepted() {
	grep -c ' accepted' "$FLUE_CHIMNEY_LOG"
}

standin
start server env LD_PRELOAD="$preload" "$python" $T/server.py
listens 8126
rm -f "$FLUE_CHIMNEY_LOG"
start waiting "$python" $T/client.py wait
for _ in {1..100}; do
	! grep -qs ready $T/waiting.log || break
	sleep 0.1
done
equal 1 accepted
stop standin KILL || true
ends waiting
grep -q ConnectionResetError $T/server.log || fail "the server was not told: $(cat $T/server.log)"
equal asked "$python" $T/client.py
equal 1 accepted
standin
sleep 1.1 # it is not looked for more often
equal asked "$python" $T/client.py
equal 2 accepted
