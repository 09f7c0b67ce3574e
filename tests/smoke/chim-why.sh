#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Why connections go back by themselves: what comes out of order, what is small, what comes in fragments or
# with IP options. Their streams go on in the kernel, whole, and the peer never sees a reset.
#
#	h1 eth0 --+-----+-- near mid far --+-----+-- eth0 h2
#	          | br0 |   (mangle.py)    | br1 |
#	          +-----+                  +-----+
. "$(dirname "$0")/../lib.sh"
need jq python3

export FLUE_CHIMNEY_SOCKET=$T/chimney.sock
stream=$BUILD/tests/chim/chim_stream

chimney() { # FILTER: of what chimney show says
	flue chimney show -j | jq -r "$1"
}
offloaded() {
	chimney '[.flows[] | select(.where == "offloaded")] | length'
}
back() { # REASON: how many came back for that
	chimney ".counts.upload_reasons.$1 // 0"
}
counted() { # NAME: in the engine
	chimney ".engine.$1"
}
resets() {
	grep -c reset $T/mangle.log || true
}
mangle() { # WHAT
	echo "$1" >$T/mode
}

# A stream between h1, which is offloaded, and h2. Who has ended its direction cannot go back: none does early.
stream_on() { # ADDRESS-OF-H2
	local address=$1
	: >$T/listener.log
	start listener ip netns exec h2 "$stream" listen "$address" 7001 bytes $bytes chunk 20000 half off
	eventually 5 grep -q listening $T/listener.log
	start stream ip netns exec h1 "$BUILD/cli/flue" chimney run -- "$stream" connect "$address" 7001 \
		bytes $bytes chunk 20000 half off
	eventually 5 at_least $((taken + 1)) chimney .counts.offloaded || {
		chimney .counts
		fail "it is not offloaded"
	}
	taken=$((taken + 1))
}
stream_over() {
	wait "${pids[stream]}" || fail "the connecting end: $(cat $T/stream.log)"
	wait "${pids[listener]}" || fail "the listening end: $(cat $T/listener.log)"
	unset 'pids[stream]' 'pids[listener]'
	eventually 5 equal 0 offloaded
}
taken=0 bytes=3000000

# Rounds of SIZE bytes there and back, from h1, which is offloaded.
pingpong() { # SIZE SECONDS
	: >$T/pingpong.log
	start pingpong ip netns exec h1 "$BUILD/cli/flue" chimney run -- \
		python3 "$top/tests/chim/pingpong.py" 10.0.0.2 7002 "$1" "$2"
	eventually 5 at_least $((taken + 1)) chimney .counts.offloaded
	taken=$((taken + 1))
}
pingpong_over() {
	wait "${pids[pingpong]}" || fail "the rounds: $(cat $T/pingpong.log)"
	unset 'pids[pingpong]'
	cat $T/pingpong.log
	eventually 5 equal 0 offloaded
}

flued_start --chimney-socket $FLUE_CHIMNEY_SOCKET
flue bridge add br0
flue bridge add br1
host_port h1 br0 10.0.0.1/24,fd00::1/64
host_port h2 br1 10.0.0.2/24,fd00::2/64
host mid
ns mid sysctl -qw net.ipv6.conf.default.disable_ipv6=1
flue port add near kind host bridge br0 netns mid ifname near csum off tso off gro off
flue port add far kind host bridge br1 netns mid ifname far csum off tso off gro off
# Room for options.
ip -n h2 link set eth0 mtu 1400
echo none >$T/mode
start mangle ip netns exec mid python3 "$top/tests/chim/mangle.py" far near $T/mode
eventually 5 grep -q passing $T/mangle.log
ping_ok h1 10.0.0.2
ping_ok h1 fd00::2

for address in 10.0.0.2 fd00::2; do
	for how in fragments tiny options; do
		reason=fragmentation
		[ $how != options ] || reason=ip_options
		say "$how, $address"
		before=$(back $reason)
		mangle $how
		stream_on $address
		stream_over
		mangle none
		equal $((before + 1)) back $reason
		equal 0 resets
	done
done

say "what is forged moves nothing"
before=$(chimney .counts.uploaded)
mangle forged
stream_on 10.0.0.2
stream_over
mangle none
at_least 20 counted odd_forged
equal "$before" chimney .counts.uploaded
equal 0 resets

# The policy looks once a second: a stream takes two and more.
bytes=20000000
for key in 0 3; do
	flue bridge set br0 chimney-max-reordering $key
	for way in in out; do
		say "what $([ $way = in ] && echo arrives || echo leaves) is reordered, chimney-max-reordering $key"
		before=$(back reordering)
		was=$(counted reordered_$way)
		if [ $way = in ]; then
			mangle reorder
			flue port set far impair 'rate 60mbit'
			# Nothing that is sent again comes before that.
			flue port set near impair 'delay 20ms'
		else
			flue port set near impair 'rate 60mbit delay 2ms reorder 3%'
		fi
		stream_on 10.0.0.2
		stream_over
		flue port set near impair none
		flue port set far impair none
		mangle none
		[ $key != 0 ] || at_least $((was + 100)) counted reordered_$way
		equal $((before + (key > 0))) back reordering
	done
done
flue bridge set br0 chimney-max-reordering 0

start echo ip netns exec h2 python3 "$top/tests/chim/echo.py" 10.0.0.2 7002
eventually 5 listening h2 7002
for size in 200 3000; do
	for key in 0 1000; do
		say "$size bytes at a time, chimney-min-io $key"
		flue bridge set br0 chimney-min-io $key
		before=$(back small_io)
		pingpong $size 3
		pingpong_over
		equal $((before + (size < key))) back small_io
	done
done
equal 0 resets

say "what is urgent is refused, until it was read"
start urgent ip netns exec h2 "$BUILD/cli/flue" chimney run -- python3 "$top/tests/chim/urgent.py" listen 10.0.0.2 7003
eventually 5 grep -q listening $T/urgent.log
ns h1 timeout 20 python3 "$top/tests/chim/urgent.py" connect 10.0.0.2 7003
wait "${pids[urgent]}" || fail "the listening end: $(cat $T/urgent.log)"
unset 'pids[urgent]'
at_least 1 chimney .counts.refused.urgent
equal $((taken + 1)) chimney .counts.offloaded
flued_stop
