#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# `flue mtu probe` finds the true path MTU both ways, and where it shrinks: told by a router, in
# silence behind one, at a port of flued, on the way back only; IPv4 and IPv6.
#
#	a eth0 9000 --- 9000 r1 9000 --- MTU r2 9000 --- 9000 b eth0      (veth; r1 and r2 route)
#
#	h1 eth0 9000 --+--------------+-- mtu 9000 eth0 h2
#	               | br0 mtu 9000 |-- mtu 1500 eth0 h3, whose interface says 9000
#	               +--------------+
. "$(dirname "$0")/../lib.sh"
need jq ip

probe() { # STATUS ARGUMENT...: the JSON goes to probe.json; the status must be that
	local want=$1 status=0
	shift
	timeout 60 "$BUILD/cli/flue" -j mtu probe "$@" >$T/probe.json 2>$T/probe.err || status=$?
	[ $status -eq "$want" ] ||
		fail "mtu probe $*: status $status, not $want: $(cat $T/probe.json $T/probe.err)"
}

# What the last probe found must be so.
found() { # JQ-EXPRESSION...
	local e
	for e in "$@"; do
		jq -e "$e" $T/probe.json >/dev/null || fail "not so: $e: $(cat $T/probe.json)"
	done
}

# In words; the status does not matter here.
in_words() { # ARGUMENT...
	timeout 60 "$BUILD/cli/flue" mtu probe "$@" >$T/words 2>&1 || true
}

says() { # PATTERN...: does the last text?
	local pattern
	for pattern in "$@"; do
		grep -qE "$pattern" $T/words || fail "does not say '$pattern': $(cat $T/words)"
	done
}

link() { # NAMESPACE INTERFACE NAMESPACE INTERFACE MTU
	ip link add "$2" netns "$1" mtu "$5" type veth peer name "$4" netns "$3" mtu "$5"
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

for name in a r1 r2 b; do
	host $name
	ns $name sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
done
link a eth0 r1 left 9000
link r1 right r2 left 9000
link r2 right b eth0 9000
for family in 10.0.%d.%d/24 fd00:%d::%d/64; do
	# shellcheck disable=SC2059 # the format is the address
	address() { # NAMESPACE INTERFACE NET HOST
		ip -n "$1" addr add "$(printf "$family" "$3" "$4")" dev "$2"
	}
	address a eth0 1 1
	address r1 left 1 2
	address r1 right 2 1
	address r2 left 2 2
	address r2 right 3 1
	address b eth0 3 2
done
ip -n a route add default via 10.0.1.2
ip -n a route add default via fd00:1::2
ip -n r1 route add 10.0.3.0/24 via 10.0.2.2
ip -n r1 route add fd00:3::/64 via fd00:2::2
ip -n r2 route add 10.0.1.0/24 via 10.0.2.1
ip -n r2 route add fd00:1::/64 via fd00:2::1
ip -n b route add default via 10.0.3.1
ip -n b route add default via fd00:3::1
eventually 10 ns a ping -c 1 -W 1 10.0.3.2
eventually 10 ns a ping -c 1 -W 1 fd00:3::2

say "a path that carries all"
for target in 10.0.3.2 fd00:3::2; do
	probe 0 $target netns a
	found '.state == "clear"' '.interface_mtu == 9000' \
		'.forward == {"mtu": 9000, "exact": true}' '.backward.mtu == 9000' \
		'.black_hole == false' '.answers <= .probes_sent' 'has("shrinks_at") | not'
done
found '.family == "ipv6"' '.target == "fd00:3::2"' '.netns == "a"'
in_words 10.0.3.2 netns a
says 'forward +9000 bytes'
probe 0 10.0.3.2 netns a max 4000
found '.asked == 4000' '.forward.mtu == 4000' '.backward == {"mtu": 4000, "at_least": true, "cut": false}'

say "a router tells: which one, and how much fits"
ip -n r1 link set right mtu 4000
ip -n r2 link set left mtu 4000
for target in 10.0.3.2/10.0.1.2 fd00:3::2/fd00:1::2; do
	probe 7 ${target%/*} netns a
	found '.state == "told"' '.forward == {"mtu": 4000, "exact": true}' '.black_hole == false' \
		'.backward.mtu == 4000' '.backward.at_least' \
		".shrinks_at.told.address == \"${target#*/}\"" '.shrinks_at.told.mtu == 4000'
done
in_words 10.0.3.2 netns a
says 'told +by 10.0.1.2: 4000 bytes fit'
# What fits is enough for who asks for less.
probe 0 10.0.3.2 netns a max 4000

say "the kernel's own belief does not hide the truth"
ip -n r1 link set right mtu 9000
ip -n r2 link set left mtu 9000
probe 0 10.0.3.2 netns a
probe 0 fd00:3::2 netns a

say "silence: a link takes less than both its ends believe"
# A bridge between two routers drops what is too large for its port, and has nobody to say so.
ip -n r1 link del right
host mid
link r1 right mid p1 9000
link r2 left mid p2 9000
for interface in "r1 right 1" "r2 left 2"; do
	read -r name dev number <<<"$interface"
	ip -n "$name" addr add "10.0.2.$number/24" dev "$dev"
	ip -n "$name" addr add "fd00:2::$number/64" dev "$dev"
done
ip -n r1 route replace 10.0.3.0/24 via 10.0.2.2
ip -n r1 route replace fd00:3::/64 via fd00:2::2
ip -n r2 route replace 10.0.1.0/24 via 10.0.2.1
ip -n r2 route replace fd00:1::/64 via fd00:2::1
ip -n mid link add name between type bridge
for dev in p1 p2 between; do
	[ $dev = between ] || ip -n mid link set $dev master between
	ip -n mid link set $dev up
done
ip -n mid link set p2 mtu 1493
eventually 10 ns a ping -c 1 -W 1 10.0.3.2
eventually 10 ns a ping -c 1 -W 1 fd00:3::2
for target in "10.0.3.2 10.0.1.2 10.0.2.2" "fd00:3::2 fd00:1::2 fd00:2::2"; do
	read -r to after before <<<"$target"
	probe 7 "$to" netns a
	found '.state == "black-hole"' '.black_hole' '.forward == {"mtu": 1493, "exact": true}' \
		'.fails == 1494' ".shrinks_at.after == {\"hop\": 1, \"address\": \"$after\"}" \
		".shrinks_at.before == {\"hop\": 2, \"address\": \"$before\"}" \
		'.shrinks_at.maybe_back == false' '.shrinks_at | has("told") | not'
done
in_words 10.0.3.2 netns a
says 'BLACK HOLE: packets of 1494 bytes vanish' 'between 10.0.1.2 \(hop 1\) and 10.0.2.2 \(hop 2\)'
ip -n mid link set p2 mtu 9000

say "only the way back is smaller"
ip -n b route change default via 10.0.3.1 mtu lock 1403
ip -n b route change default via fd00:3::1 mtu 1403
for target in 10.0.3.2 fd00:3::2; do
	probe 7 $target netns a
	found '.state == "smaller-back"' '.forward == {"mtu": 9000, "exact": true}' \
		'.backward == {"mtu": 1403, "at_least": false, "cut": false}' '.black_hole == false'
done
in_words 10.0.3.2 netns a
says 'backward +1403 bytes'

say "both ways are smaller, each by another amount"
ip -n r1 route change 10.0.3.0/24 via 10.0.2.2 mtu lock 5000
probe 7 10.0.3.2 netns a
found '.state == "told"' '.forward.mtu == 5000' '.backward.mtu == 1403' '.backward.at_least == false' \
	'.shrinks_at.told.address == "10.0.1.2"'

say "loss by chance is not taken for a small MTU"
if ns r1 tc qdisc add dev right root netem loss 20% 2>/dev/null; then
	probe 7 10.0.3.2 netns a
	found '.forward.mtu == 5000' '.backward.mtu == 1403' '.answers < .probes_sent'
	ns r1 tc qdisc del dev right root
else
	say "(not here: this kernel has no netem; the unit test probe_search has it)"
fi

say "nobody there, and no way there"
probe 8 10.0.3.99 netns a timeout 200
found '.state == "unreachable"' 'has("forward") | not'
probe 8 198.51.100.1 netns mid
found '.state == "unreachable"' '.reason | test("no route")'
in_words 198.51.100.1 netns mid
says 'unreachable: no route'

say "routes that discard, and the largest packets there are"
ip -n mid route add blackhole 198.51.100.0/24
probe 8 198.51.100.1 netns mid
found '.reason | test("discards")'
probe 0 127.0.0.1 netns mid
found '.forward.mtu == 65535'
probe 0 ::1 netns mid max 9000
found '.forward == {"mtu": 9000, "exact": true}' '.probes_sent < 30'

say "wrong words"
refused 'no network namespace' flue mtu probe 10.0.3.2 netns nowhere
refused 'no IPv4 or IPv6 address' flue mtu probe example netns a
refused 'address: missing' flue mtu probe

say "without root: by ping's sockets, or one clear error"
if command -v setpriv >/dev/null && setpriv --reuid 65534 --regid 65534 --clear-groups \
	"$BUILD/cli/flue" version >/dev/null 2>&1; then
	as_nobody() { # COMMAND...
		ns a setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/cli/flue" "$@"
	}
	ns a sysctl -qw net.ipv4.ping_group_range="65534 65534"
	as_nobody -j mtu probe fd00:3::2 >$T/probe.json || true
	found '.forward.mtu == 9000' '.backward.mtu == 1403'
	as_nobody -j mtu probe 10.0.3.2 >$T/probe.json || true
	found '.forward.mtu == 5000' '.backward.mtu == 1403' '.shrinks_at.told.address == "10.0.1.2"'
	ns a sysctl -qw net.ipv4.ping_group_range="1 0"
	refused 'CAP_NET_RAW.*ping_group_range' as_nobody mtu probe 10.0.3.2
else
	say "(not here: another user cannot run the build)"
fi

say "from a port of flued"
flued_start
flue bridge add br0 mtu 9000
host_port h1 br0 10.1.0.1/24,fd01::1/64
host_port h2 br0 10.1.0.2/24,fd01::2/64
host_port h3 br0 10.1.0.3/24,fd01::3/64
probe 0 10.1.0.2 from h1
found '.interface == "eth0"' '.netns == "h1"' '.forward.mtu == 9000' '.backward.mtu == 9000'
refused 'inside the guest' sh -c "'$BUILD/cli/flue' port add g0 kind vhost bridge br0 socket $T/g0.sock &&
	'$BUILD/cli/flue' mtu probe 10.1.0.2 from g0"
refused 'no.*port|port.*nobody' flue mtu probe 10.1.0.2 from nobody
refused 'give one' flue mtu probe 10.1.0.2 from h1 netns h1

say "a port of flued that takes less: its name, its limit and the cure"
# Where flued answers that packets are too big, it is told not to.
flue port set h3 ptb off 2>/dev/null || true
flue port set h3 mtu 1500
ns h3 ip link set eth0 mtu 9000
for target in 10.1.0.3 fd01::3; do
	probe 7 $target from h1
	found '.forward == {"mtu": 1500, "exact": true}' \
		'.shrinks_at.flue | length == 1' '.shrinks_at.flue[0].port == "h3"' \
		'.shrinks_at.flue[0].limit == 1500' '.shrinks_at.flue[0].direction == "out"' \
		'.shrinks_at.flue[0].cure == "flue port set h3 mtu 9000"'
done
in_words 10.1.0.3 from h1
says 'drops what leaves by port h3 .* above 1500 bytes'
cure=$(jq -r '.shrinks_at.flue[0].cure' $T/probe.json)
eval "$cure"
probe 0 10.1.0.3 from h1

say "and on the way in"
flue port set h1 ptb off 2>/dev/null || true
flue port set h1 mtu 1500
ns h1 ip link set eth0 mtu 9000
probe 7 10.1.0.2 from h1
found '.forward.mtu == 1500' '.shrinks_at.flue[0].port == "h1"' '.shrinks_at.flue[0].direction == "in"'
flued_stop
