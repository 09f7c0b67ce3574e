#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A guest with two queue pairs, and jumbo frames between guests.
#
#	g1 virtio-user, 2 queues --+------------+-- virtio-user, 2 queues g2
#	                           | br0 mtu 9k |
#	                           +------------+
. "$(dirname "$0")/../lib.sh"
need jq dpdk-testpmd

flued_start
flue bridge add br0 mtu 9000
m1=02:00:00:00:01:01 m2=02:00:00:00:01:02
for g in g1 g2; do
	flue port add $g kind vhost bridge br0 socket $T/$g.sock queues 2
done
options=(--rxq=2 --txq=2 --max-pkt-len=9018 --mbuf-size=9600)
guest_start g1 "path=$T/g1.sock,mac=$m1,queues=2" "${options[@]}" --eth-peer=0,$m2 \
	--txpkts=1500,1500,1500,1500,1500,1500 --forward-mode=txonly
guest_start g2 "path=$T/g2.sock,mac=$m2,queues=2" "${options[@]}" --forward-mode=rxonly
eventually 20 port_up g1
eventually 20 port_up g2

say "both queue pairs are in use"
eventually 10 equal 2 sh -c "$BUILD/cli/flue port show g2 -j | jq '.[0].queues_enabled'"

say "9000-byte frames in chains of buffers"
guest_say g2 start
guest_say g1 start
eventually 15 at_least 1000 guest_stat g2 RX-packets
guest_say g1 stop
# Some are still on their way: the frames are read before their bytes.
packets=$(guest_stat g2 RX-packets) received=$(guest_stat g2 RX-bytes)
[ "$received" -ge $((packets * 8900)) ] || fail "$received bytes in $packets packets"
flued_alive
flued_stop
