#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Ports of kind ethdev on the devices that any machine has.
#
#	h1 -- br0 -- memif ==== memif ---------- br1 -- h2
#	h3 -- br2 -- virtio_user ==== vhost ---- br3 -- h4
#	h5 -- br4 -- af_xdp ==== veth -------------- h6 (no switch)
#	null ------- br5 ------- ring (what goes in comes out)
. "$(dirname "$0")/../lib.sh"
need ethtool jq ping iperf3

flued_start
for n in 0 1 2 3 4 5; do
	flue bridge add br$n
done

say "memif: two of them, back to back"
host_port h1 br0 10.0.1.1/24
host_port h2 br1 10.0.1.2/24
memif="socket=$T/memif.sock,socket-abstract=no"
flue port add m0 kind ethdev bridge br0 device "net_memif0,role=server,$memif"
flue port add m1 kind ethdev bridge br1 device "net_memif1,role=client,$memif"
eventually 10 ns h1 ping -c 1 -W 1 10.0.1.2
ping_ok h1 10.0.1.2 -s 1400
say "no device takes units: they are cut, and arrive"
tcp h1 h2 10.0.1.2 -n 20M
at_least 1 counter m0 split_units

say "virtio_user against a vhost port of the same switch"
host_port h3 br2 10.0.2.1/24
host_port h4 br3 10.0.2.2/24
flue port add v0 kind vhost bridge br3 socket $T/v0.sock
flue port add u0 kind ethdev bridge br2 device "net_virtio_user0,path=$T/v0.sock"
eventually 10 port_up v0
eventually 10 ns h3 ping -c 1 -W 1 10.0.2.2
ping_ok h3 10.0.2.2 -s 1400
tcp h3 h4 10.0.2.2 -n 20M

say "af_xdp on a veth"
host h6
ip link add xdp0 type veth peer name eth0 netns h6
ns h6 ethtool -K eth0 tx off >/dev/null 2>&1 || true
ip link set xdp0 up
ip -n h6 addr add 10.0.3.2/24 dev eth0
ip -n h6 link set eth0 up
host_port h5 br4 10.0.3.1/24
ethtool -K xdp0 gro on
gro() {
	ethtool -k xdp0 | sed -n 's/^generic-receive-offload: //p'
}
if flue port add x0 kind ethdev bridge br4 device "net_af_xdp0,iface=xdp0" 2>$T/xdp; then
	eventually 10 ns h5 ping -c 1 -W 1 10.0.3.2
	ping_ok h5 10.0.3.2
	equal off gro
	flue port del x0
	equal on gro
else
	cat $T/xdp
	fail "no port on AF_XDP"
fi

say "af_packet: the kernel must not coalesce beneath it"
flue port add p0 kind ethdev bridge br4 device "net_af_packet0,iface=xdp0"
eventually 10 ns h5 ping -c 1 -W 1 10.0.3.2
equal off gro
ns h6 ethtool -K eth0 tso off gso off
tcp h6 h5 10.0.3.1 -n 2M
equal 0 drop p0 mtu_in
flue port del p0
equal on gro

say "null sends what lies in its buffers, mostly no frames at all; ring hands back what it gets"
flue port add n0 kind ethdev bridge br5 device "net_null0,size=64"
eventually 5 at_least 1000 counter n0 rx_packets
flue port del n0
flue port add r0 kind ethdev bridge br5 device net_ring0
flue port add r1 kind ethdev bridge br0 device net_null1,size=60,no-rx=1
flue port show r0

say "a device that is not there, is taken, or is no device"
refused 'cannot open|not' flue port add bad kind ethdev bridge br0 device net_nonsense0
refused 'in use' flue port add bad kind ethdev bridge br0 device net_ring0
refused 'cannot open|not' flue port add bad kind ethdev bridge br0 device 0000:ff:1f.7
flued_alive
for port in m0 m1 u0 r0 r1; do
	flue port del $port
done
eventually 5 equal '"waiting"' sh -c "$BUILD/cli/flue port show v0 -j | jq '.[0].state'"
flued_alive
flued_stop
