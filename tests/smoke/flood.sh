#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Broadcast and multicast reach everybody but isolated peers; link-local frames stay on their link.
#
#	h1 ----------+-----+-- h3 (isolated)
#	h2 ----------| br0 |-- h4 (isolated)
#	             +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping tcpdump python3

flued_start
flue bridge add br0
host_port h1 br0 10.0.0.1/24
host_port h2 br0 10.0.0.2/24
host_port h3 br0 10.0.0.3/24 isolated on
host_port h4 br0 10.0.0.4/24 isolated on

body=88b5$(printf '5a%.0s' {1..46})
send() { # NAMESPACE DESTINATION: a frame of a type nobody else uses
	ns "$1" "$tools/frames" send eth0 "${2//:/}$(mac_of "$1" | tr -d :)$body"
}
got() { # CAPTURE DESTINATION: how many
	# One line a frame has an arrow; others show its bytes.
	captured "$1" "ether dst $2" | grep -c " > " || true
}
listen() {
	local name
	for name in h1 h2 h3 h4; do
		capture cap-$name $name -Q in ether proto 0x88b5 or ether proto 0x88b6
	done
}

listen
for to in ff:ff:ff:ff:ff:ff 01:00:5e:01:02:03 33:33:00:00:00:05 02:00:00:00:99:99; do
	say "$to from h1 reaches all others once"
	send h1 $to
	for name in h2 h3 h4; do
		eventually 5 equal 1 got cap-$name $to
	done
	equal 0 got cap-h1 $to
done

say "an isolated port reaches only ports that are not"
send h3 01:00:5e:00:00:77
eventually 5 equal 1 got cap-h1 01:00:5e:00:00:77
eventually 5 equal 1 got cap-h2 01:00:5e:00:00:77
equal 0 got cap-h4 01:00:5e:00:00:77
ping_ok h3 10.0.0.1
ping_fails h3 10.0.0.4
flue port set h4 isolated off
ping_ok h3 10.0.0.4

say "a unicast frame to an isolated peer is dropped by name"
flue port set h4 isolated on
send h3 "$(mac_of h4)"
eventually 5 at_least 1 drops isolated

say "link-local control frames are not forwarded unless told"
for last in 0 2 3 e; do
	send h1 01:80:c2:00:00:0$last
done
eventually 5 at_least 4 drop h1 link_local
equal 0 got cap-h2 01:80:c2:00:00:0e
flue bridge set br0 link-local on
send h1 01:80:c2:00:00:0e
eventually 5 equal 1 got cap-h2 01:80:c2:00:00:0e
flue bridge set br0 link-local off
send h1 01:80:c2:00:00:10
eventually 5 equal 1 got cap-h2 01:80:c2:00:00:10
flued_stop
