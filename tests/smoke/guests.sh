#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two guests on vhost-user ports (dpdk-testpmd with virtio-user) and a host exchange packets.
#
#	g1 virtio-user --socket--+-----+--socket-- virtio-user g2
#	                         | br0 |-- eth0 10.0.0.1 h1
#	                         +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping dpdk-testpmd

flued_start
flue bridge add br0
host_port h1 br0 10.0.0.1/24
flue port add g1 kind vhost bridge br0 socket $T/g1.sock
flue port add g2 kind vhost bridge br0 socket $T/g2.sock

say "a port without its guest waits"
equal waiting sh -c "$BUILD/cli/flue port show g1 -j | jq -r '.[0].state'"

m1=02:00:00:00:01:01 m2=02:00:00:00:01:02
guest_start g1 "path=$T/g1.sock,mac=$m1" --forward-mode=icmpecho --auto-start
guest_start g2 "path=$T/g2.sock,mac=$m2" --forward-mode=icmpecho --auto-start
eventually 20 port_up g1
eventually 20 port_up g2

# testpmd answers ARP and echo requests for any address, on behalf of its port.
say "the host reaches each guest"
# Both have to be known by their answers to ARP before more is asked: testpmd also answers what is flooded to
# it for another's address, with that address as the source.
both_are_known() {
	ns h1 ip neighbour flush dev eth0
	ns h1 ping -c 1 -W 1 10.0.0.50 && equal g1 fdb_port br0 $m1 && equal g2 fdb_port br0 $m2
}
eventually 10 both_are_known
ns h1 ip neighbour flush dev eth0
ns h1 ip neighbour replace 10.0.0.51 lladdr $m1 dev eth0
ns h1 ip neighbour replace 10.0.0.52 lladdr $m2 dev eth0
ping_ok h1 10.0.0.51
ping_ok h1 10.0.0.52 -s 1400
equal g1 fdb_port br0 $m1
equal g2 fdb_port br0 $m2

say "guest to guest, thousands of packets"
guest_say g2 stop
guest_say g2 "set fwd rxonly"
guest_say g2 start
guest_say g1 stop
guest_say g1 "set eth-peer 0 $m2"
guest_say g1 "set fwd txonly"
guest_say g1 start
eventually 10 at_least 10000 guest_stat g2 RX-packets
guest_say g1 stop
at_least 10000 guest_stat g1 TX-packets
at_least 10000 counter g1 rx_packets
at_least 10000 counter g2 tx_packets
at_least 1000 sh -c "$BUILD/cli/flue pipeline show -j |
	jq '[.workers[].stages[] | select(.name == \"parse\").packets] | add'"

say "a guest that leaves is noticed, and the others go on"
stop g1 || true
eventually 10 sh -c "$BUILD/cli/flue port show g1 -j | jq -e '.[0].state == \"waiting\"'"
guest_say g2 stop
guest_say g2 "set fwd icmpecho"
guest_say g2 start
eventually 10 ns h1 ping -c 1 -W 1 10.0.0.52
flued_alive
flued_stop
