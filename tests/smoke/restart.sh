#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# kill -9 leaves nothing that keeps the next flued from starting, and traffic resumes.
#
#	h1 eth0 --+-----+-- eth0 h2
#	          +-----+-- vhost socket
. "$(dirname "$0")/../lib.sh"
need jq ping

cat >$T/flue.yaml <<END
version: 1
bridges:
  - name: br0
ports:
  - {name: h1, kind: host, bridge: br0, netns: h1, ifname: eth0, address: 10.0.0.1/24}
  - {name: h2, kind: host, bridge: br0, netns: h2, ifname: eth0, address: 10.0.0.2/24}
  - {name: g1, kind: vhost, bridge: br0, socket: $T/g1.sock}
END
host h1
host h2
huge() { # files in hugepage file systems
	{ find /dev/hugepages -type f 2>/dev/null || true; } | wc -l
}
before=$(huge)
for round in 1 2 3; do
	say "start, traffic, kill -9: round $round"
	flued_start --config $T/flue.yaml
	eventually 10 ns h1 ping -c 1 -W 1 10.0.0.2
	ping_ok h2 10.0.0.1
	flue config show >$T/config.$round
	stop flued KILL || true
done
cmp $T/config.1 $T/config.3 || fail "the configuration changed over a restart"
equal "$before" huge

say "two of them do not share a socket"
flued_start --config $T/flue.yaml
refused 'already|another' timeout 20 "$BUILD/vswitch/flued" --socket $FLUE_SOCKET
flued_alive
ping_ok h1 10.0.0.2

say "an ordinary end clears everything away"
flued_stop
[ ! -e $FLUE_SOCKET ] || fail "the control socket is still there"
[ ! -e $T/g1.sock ] || fail "the vhost socket is still there"
if ns h1 test -e /sys/class/net/eth0; then
	fail "an interface is still there"
fi
