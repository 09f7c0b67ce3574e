#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Answers "packet too big" on their way back through a trunk: in the packet's VLAN, with its tag.
#
#	h1 -- access 5 br1 trunk -- virtio_user ==== vhost (a guest) -- trunk br0 access 5 -- mtu 1500, h2
#	h3 -- trunk br0
. "$(dirname "$0")/../lib.sh"
. "$top/tests/pmtu.sh"
need jq ping socat tcpdump ethtool

flued_start
flue bridge add br0 mtu 9000
flue bridge add br1 mtu 9000
host_port h1 br1 10.0.0.1/24,fd00::1/64 pvid 5
host_port h2 br0 10.0.0.2/24,fd00::2/64 pvid 5 mtu 1500
host_port h3 br0 "" vlan-mode trunk pvid 0 vlans 5-6
flue port add v0 kind vhost bridge br0 vlan-mode trunk pvid 0 vlans 5 socket $T/v0.sock
flue port add u0 kind ethdev bridge br1 vlan-mode trunk pvid 0 vlans 5 device "net_virtio_user0,path=$T/v0.sock"
untold h2
pmtu_plain h1 h2
eventually 10 port_up v0
eventually 10 ns h1 ping -c 1 -W 1 10.0.0.2
ping_ok h1 fd00::2
make_data 20

say "defaults: on for a guest, off for a device"
flue port show -j | jq -e 'map({(.name): .ptb}) | add | .v0 and (.u0 | not)' >/dev/null ||
	fail "$(flue port show -j | jq -c 'map({(.name): .ptb}) | add')"

for address in 10.0.0.2 fd00::2; do
	say "through the trunk: $address"
	forget_pmtu h1
	flue port set v0 ptb off
	hangs h1 h2 $address
	equal none pmtu h1 $address
	flue port set v0 ptb on
	arrives h1 h2 $address
	equal 1500 pmtu h1 $address
done
at_least 2 counter v0 ptb_sent
equal 0 counter h1 ptb_sent

say "byte for byte: the tags and the priority come back, the inner tag costs 4 bytes"
# Wire order, from h3: tag of VLAN 5, priority 3, then an inner tag, then IPv4 with DF, 8000 bytes.
ns h2 ping -c 1 -W 1 10.0.0.9 >/dev/null 2>&1 || true # h2 is known in VLAN 5
capture cap h3 -s 0 -v
mac=$(mac_of h3 | tr -d :)
ns h3 "$tools/frames" send eth0 \
	"$(mac_of h2 | tr -d :)${mac}8100600581000007080045001f4000014000401107a80a0000030a000002$(printf '00%.0s' {1..7980})"
eventually 5 at_least 1 counter h3 ptb_sent
eventually 5 sh -c "tcpdump -n -e -v -r $T/cap.pcap 'vlan' 2>/dev/null | grep 'mtu 1496'"
stop cap || true
captured cap -v vlan >$T/text
grep 'mtu 1496' -B 1 $T/text
grep -B 1 'mtu 1496' $T/text | grep -q 'vlan 5, p 3.*vlan 7' || fail "the answer's tags are others"
if grep -i 'bad cksum' $T/text; then
	fail "tcpdump finds a wrong checksum"
fi
flued_alive
flued_stop
