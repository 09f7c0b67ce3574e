#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The control socket under ill treatment: a proper error each time, and the next request works.
. "$(dirname "$0")/../lib.sh"
need jq socat

flued_start
equal 660 stat -c %a $FLUE_SOCKET

raw() { # the bytes of stdin; prints what comes back
	timeout 10 socat -t 3 - "UNIX-CONNECT:$FLUE_SOCKET"
}
good='{"jsonrpc":"2.0","id":7,"method":"switch.show"}'
code() { # EXPECTED: the first answer on stdin has that error code
	local answer
	answer=$(head -n 1)
	jq -e --argjson code "$1" '.jsonrpc == "2.0" and .error.code == $code and
		(.error.message | length > 0)' <<<"$answer" >/dev/null ||
		fail "expected an error $1, got: ${answer:0:300}"
}
# The same connection must serve a good request after the bad one.
bad() { # CODE LINE
	printf '%s\n%s\n' "$2" "$good" | raw >$T/answers
	code "$1" <$T/answers
	tail -n 1 $T/answers | jq -e '.id == 7 and .result.api == 1' >/dev/null ||
		fail "the connection did not live on after: ${2:0:100}"
}

say "not JSON, not a request, no such method, wrong parameters"
bad -32700 'hello'
bad -32700 '{"jsonrpc":"2.0","id":1,"method":'
bad -32700 '{"jsonrpc":"2.0","id":1,"method":"switch.show"'
bad -32700 $'\x01\x02\xff\xfe'
bad -32600 '[]'
bad -32600 '42'
bad -32600 '{"id":1,"method":"switch.show"}'
bad -32600 '{"jsonrpc":"1.0","id":1,"method":"switch.show"}'
bad -32600 '{"jsonrpc":"2.0","id":1}'
bad -32600 '{"jsonrpc":"2.0","id":1,"method":5}'
bad -32601 '{"jsonrpc":"2.0","id":1,"method":"switch.explode"}'
bad -32602 '{"jsonrpc":"2.0","id":1,"method":"bridge.add"}'
bad -32602 '{"jsonrpc":"2.0","id":1,"method":"bridge.add","params":["br0"]}'
bad -32602 '{"jsonrpc":"2.0","id":1,"method":"bridge.add","params":{"name":5}}'
bad -32602 '{"jsonrpc":"2.0","id":1,"method":"bridge.add","params":{"name":"br0","mtu":"x"}}'
bad -32602 '{"jsonrpc":"2.0","id":1,"method":"bridge.add","params":{"name":"br0","mtu":1e9}}'
bad -32602 '{"jsonrpc":"2.0","id":1,"method":"bridge.add","params":{"name":"br0","x":1}}'
bad -32602 '{"jsonrpc":"2.0","id":1,"method":"bridge.add","params":{"name":"../br0"}}'
bad -32000 '{"jsonrpc":"2.0","id":1,"method":"bridge.del","params":{"name":"br9"}}'

say "deeply nested, and a line over 1 MiB"
bad -32700 "$(printf '[%.0s' {1..20000})"
{
	head -c 3000000 /dev/zero | tr '\0' a
	printf '\n%s\n' "$good"
} | raw >$T/answers
code -32600 <$T/answers
tail -n 1 $T/answers | jq -e '.id == 7' >/dev/null || fail "the connection did not outlive a long line"

say "cut off in the middle: answered, then the connection ends"
printf '{"jsonrpc":"2.0","id":1,"meth' | raw >$T/answers
code -32700 <$T/answers

say "many requests at once are answered in order"
for id in $(seq 1 200); do
	echo '{"jsonrpc":"2.0","id":'"$id"',"method":"switch.show"}'
done | raw | jq .id >$T/ids
cmp $T/ids <(seq 1 200) || fail "answers out of order or missing"

say "peers that leave, or never say anything, do not disturb others"
for _ in $(seq 1 50); do
	printf '%s' '{"jsonrpc"' | timeout 1 socat -u - "UNIX-CONNECT:$FLUE_SOCKET" || true
done
start idle socat -u "UNIX-CONNECT:$FLUE_SOCKET" OPEN:/dev/null
printf '%s\n' "$good" | raw | jq -e '.result.api == 1' >/dev/null || fail "flued does not answer"

say "noise"
head -c 200000 /dev/urandom | raw >$T/answers || true
flued_alive
flue bridge add br0
flued_stop
