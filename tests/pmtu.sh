# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# pmtu.sh: what the tests of path MTU discovery share; read after lib.sh.

# The kernel must learn of the path from ICMP alone: neither by its own probing nor from earlier.
pmtu_plain() { # NAMESPACE...
	local name
	for name in "$@"; do
		ns "$name" sysctl -qw net.ipv4.tcp_mtu_probing=0 net.ipv4.ip_no_pmtu_disc=0
		forget_pmtu "$name"
	done
}

forget_pmtu() { # NAMESPACE
	ip -n "$1" route flush cache
	ip -n "$1" -6 route flush cache
	ip -n "$1" tcp_metrics flush >/dev/null 2>&1 || true
}

pmtu() { # NAMESPACE ADDRESS: the MTU it learned for that destination; none
	ip -n "$1" route get "$2" | sed -n 's/.* mtu \([0-9]*\).*/\1/p' | grep . || echo none
}

# The host's interface says more than the switch allows, as one that nobody told.
untold() { # NAMESPACE
	ip -n "$1" link set eth0 mtu 9000
}

make_data() { # MIB: what is transferred
	head -c "$1M" /dev/urandom >"$T/data"
}

# A file over TCP; the sender has so many seconds. Its status is the sender's.
transfer() { # FROM TO ADDRESS SECONDS
	local from=$1 to=$2 address=$3 seconds=$4 version=4
	[[ $address != *:* ]] || version=6 address="[$address]"
	rm -f "$T/got"
	[ -z "${pids[sink]-}" ] || stop sink || true
	start sink ip netns exec "$to" socat -u -b 262144 "TCP$version-LISTEN:5000,reuseaddr" "CREATE:$T/got"
	eventually 5 listening "$to" 5000
	ns "$from" timeout "$seconds" socat -u -b 262144 "OPEN:$T/data" "TCP:$address:5000"
}

arrives() { # FROM TO ADDRESS
	transfer "$1" "$2" "$3" 60 || fail "the transfer from $1 to $3 does not end"
	eventually 20 gone sink
	unset 'pids[sink]'
	cmp "$T/data" "$T/got" || fail "what arrived is not what was sent"
}

# Nothing but the connection itself gets through.
hangs() { # FROM TO ADDRESS
	if transfer "$1" "$2" "$3" 3; then
		fail "the transfer from $1 to $3 ends, and nothing told $1 of the smaller MTU"
	fi
	stop sink || true
	[ "$(stat -c %s "$T/got" 2>/dev/null || echo 0)" -lt 100000 ] || fail "$(stat -c %s "$T/got") bytes arrived"
}

gone() { # NAME
	! running "$1"
}
