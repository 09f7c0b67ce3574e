#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The way of offloaded connections changes: neighbors, routes, MTUs, interfaces, addresses, ports. The
# streams go on, offloaded where the engine can follow and in the kernel where it cannot.
#
#	h1 eth0 --+-----+-- eth0 h2
#	          | br0 |
#	          +-----+-- eth0 r1 eth1 --+-----+
#	          +-----+-- eth0 r2 eth1 --| br1 |-- eth0 h3
#	                                   +-----+
# shellcheck disable=SC2086
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
back() { # how many came back because of their way
	chimney '.counts.upload_reasons.path // 0'
}
mtu() {
	chimney '[.flows[] | select(.where == "offloaded") | .mtu] | max'
}
moved() { # bytes acknowledged of what the offloaded ones sent
	chimney '[.flows[] | select(.where == "offloaded") | .bytes_acked] | add // 0'
}

# A stream from h1, which is offloaded, and that no time ends: it is over when it is let.
stream_on() { # NAMESPACE ADDRESS
	: >$T/listener.log
	start listener ip netns exec "$1" "$stream" listen "$2" 7001 bytes "$bytes" chunk 4000 pause-us 10000
	eventually 5 grep -q listening $T/listener.log
	start stream ip netns exec h1 "$BUILD/cli/flue" chimney run -- "$stream" connect "$2" 7001 \
		bytes "$bytes" chunk 4000 pause-us 10000
	eventually 5 equal 1 offloaded || {
		chimney .counts
		fail "it is not offloaded"
	}
	goes_on
}
goes_on() {
	local was
	was=$(moved)
	eventually 10 at_least $((was + 50000)) moved
	running stream || fail "the stream ended too early"
}
stream_over() {
	wait "${pids[stream]}" || fail "the connecting end: $(cat $T/stream.log)"
	wait "${pids[listener]}" || fail "the listening end: $(cat $T/listener.log)"
	unset 'pids[stream]' 'pids[listener]'
	eventually 5 equal 0 offloaded
}
bytes=8000000

flued_start --chimney-socket $FLUE_CHIMNEY_SOCKET
flue bridge add br0
flue bridge add br1
host_port h1 br0 10.0.0.1/24,fd00::1/64
host_port h2 br0 10.0.0.2/24,fd00::2/64
host_port h3 br1 10.1.0.3/24
ip -n h3 route add 10.0.0.0/24 via 10.1.0.254
for i in 1 2; do
	host_port r$i br0 10.0.0.25$((5 - i))/24
	flue port add r$i-far kind host bridge br1 netns r$i ifname eth1 address 10.1.0.25$((5 - i))/24
	ns r$i sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.eth0.send_redirects=0 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0
done
ip -n h1 route add 10.1.0.0/24 via 10.0.0.254
ping_ok h1 10.0.0.2
ping_ok h1 fd00::2
ping_ok h1 10.1.0.3
ping_ok h1 10.0.0.253

for address in 10.0.0.2 fd00::2; do
	say "the peer's address on the wire changes, $address"
	stream_on h2 $address
	at_least 1 chimney .tree.connections
	updates=$(chimney .tree.updates)
	was=$(mac_of h2)
	ip -n h2 link set eth0 address 02:00:00:00:77:01
	ip -n h1 neigh replace $address lladdr 02:00:00:00:77:01 dev eth0 nud reachable
	eventually 5 at_least $((updates + 1)) chimney .tree.updates
	goes_on
	ip -n h2 link set eth0 address $was
	ip -n h1 neigh replace $address lladdr $was dev eth0 nud reachable
	goes_on
	equal 0 back
	stream_over
done

say "the kernel forgets the neighbor, which is asked for anew"
stream_on h2 10.0.0.2
ip -n h1 neigh del 10.0.0.2 dev eth0
eventually 5 at_least 1 chimney .tree.invalidations
known() {
	ip -n h1 neigh show 10.0.0.2 | grep -q lladdr
}
eventually 5 known
goes_on
stream_over
equal 0 back

say "another gateway"
forwarded() { # ROUTER
	ns "$1" cat /proc/net/snmp | awk '$1 == "Ip:" && $2 ~ /^[0-9]/ { print $7 }'
}
stream_on h3 10.1.0.3
was=$(forwarded r2)
ip -n h1 route replace 10.1.0.0/24 via 10.0.0.253
goes_on
eventually 5 at_least $((was + 100)) forwarded r2
equal 0 back
stream_over
ip -n h1 route replace 10.1.0.0/24 via 10.0.0.254

say "the interface gets a smaller MTU, and its old one again"
stream_on h2 10.0.0.2
eventually 5 equal 1500 mtu
ip -n h1 link set eth0 mtu 1300
eventually 5 equal 1300 mtu
goes_on
ip -n h1 link set eth0 mtu 1500
eventually 5 equal 1500 mtu
goes_on
equal 0 back
stream_over

say "a router tells of a smaller MTU"
stream_on h3 10.1.0.3
eventually 5 equal 1500 mtu
ip -n r1 link set eth1 mtu 1300
eventually 5 equal 1300 mtu
at_least 1 chimney .tree.too_big
goes_on
say "its next connection begins with that"
stream_over
stream_on h3 10.1.0.3
eventually 5 equal 1300 mtu
stream_over

for address in 10.0.0.2 fd00::2; do
	say "the switch itself tells of a smaller MTU, $address"
	flue port set h2 mtu 1500
	stream_on h2 $address
	eventually 5 equal 1500 mtu
	told=$(chimney .tree.too_big)
	flue port set h2 mtu 1400
	eventually 5 equal 1400 mtu
	at_least $((told + 1)) chimney .tree.too_big
	goes_on
	stream_over
done
flue port set h2 mtu 1500

say "somebody who has not seen the connection cannot lower its MTU, nor end it"
forge() { # PORT: quotes what h1 never sent, and says that h2 is unreachable
	ns h2 python3 - "$1" <<-'END'
		import socket, struct, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
		def total(b):
		    n = sum(struct.unpack("!%dH" % (len(b) // 2), b))
		    n = (n & 0xffff) + (n >> 16)
		    return 0xffff ^ ((n & 0xffff) + (n >> 16))
		addresses = socket.inet_aton("10.0.0.1") + socket.inet_aton("10.0.0.2")
		for code in 4, 1:
		    for seq in range(0, 2**32, 2**31):
		        ip = struct.pack("!BBHHHBBH", 0x45, 0, 1500, 1, 0x4000, 64, 6, 0) + addresses
		        tcp = struct.pack("!HHI", int(sys.argv[1]), 7001, seq)
		        body = struct.pack("!HH", 0, 600) + ip + tcp
		        head = struct.pack("!BB", 3, code)
		        s.sendto(head + struct.pack("!H", total(head + b"\0\0" + body)) + body, ("10.0.0.1", 0))
	END
}
ip -n h1 route flush cache
stream_on h2 10.0.0.2
was=$(chimney '[.tree.too_big, .tree.unreachable, .tree.forged] | @tsv')
forge "$(chimney '.flows[] | select(.where == "offloaded") | .local | sub(".*:"; "")')"
refuted() {
	[ "$(chimney .tree.forged)" -gt "$(cut -f 3 <<<"$was")" ]
}
unheard() {
	[ "$(chimney .tree.unreachable)" -gt "$(cut -f 2 <<<"$was")" ]
}
eventually 5 refuted
eventually 5 unheard
goes_on
equal "$(cut -f 1 <<<"$was")" chimney .tree.too_big
[ "$(mtu)" -gt 600 ] || fail "an MTU that nobody told"
stream_over
equal 0 back

path_back=0
for address in 10.0.0.2 fd00::2; do
	say "the interface goes down and comes up, $address"
	stream_on h2 $address
	ip -n h1 link set eth0 down
	eventually 5 equal $((++path_back)) back
	equal 0 chimney .counts.lost
	ip -n h1 link set eth0 up
	ip -n h1 addr replace fd00::1/64 dev eth0
	ip -n h1 route replace 10.1.0.0/24 via 10.0.0.254
	stream_over

	say "its address goes and comes again, $address"
	[ $address = 10.0.0.2 ] && own=10.0.0.1/24 || own=fd00::1/64
	stream_on h2 $address
	ip -n h1 addr del $own dev eth0
	eventually 5 equal $((++path_back)) back
	ip -n h1 addr add $own dev eth0
	ip -n h1 route replace 10.1.0.0/24 via 10.0.0.254
	stream_over
done

say "the interface goes down amid many, of which some are closing"
before=$(chimney .counts.offloaded)
: >$T/listener.log
start listener ip netns exec h2 "$stream" listen 10.0.0.2 7001 count 40 bytes 400000 chunk 4000 pause-us 40000
eventually 5 grep -q listening $T/listener.log
start stream ip netns exec h1 "$BUILD/cli/flue" chimney run -- "$stream" connect 10.0.0.2 7001 \
	count 40 bytes 400000 chunk 4000 pause-us 40000
eventually 5 at_least $((before + 36)) chimney .counts.offloaded
ip -n h1 link set eth0 down
eventually 5 equal 0 offloaded
equal 0 chimney .counts.lost
ip -n h1 link set eth0 up
stream_over
path_back=$(back)

say "its own address on the wire changes"
stream_on h2 10.0.0.2
ip -n h1 link set eth0 address 02:00:00:00:77:02
eventually 5 equal $((++path_back)) back
ip -n h2 neigh replace 10.0.0.1 lladdr 02:00:00:00:77:02 dev eth0
stream_over

say "the port moves to another VLAN"
stream_on h2 10.0.0.2
flue port set h1 pvid 7
flue port set h2 pvid 7
equal $((++path_back)) back
stream_over
flue port set h1 pvid 1
flue port set h2 pvid 1

say "the port is removed"
stream_on h2 10.0.0.2
flue port del h1
equal $((++path_back)) back
equal 0 chimney .counts.lost
equal 0 chimney .connections
running stream || fail "the stream ended: $(cat $T/stream.log)"
stop stream KILL || true
stop listener || true
equal 0 chimney .tree.paths
flued_alive
flued_stop
