#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Frames from a device reach a host in units: TCP between two hosts, cut for a device's sake on one
# side and merged again on the other.
#
#	h1 -- br1 -- memif ==== memif -- br2 -- h2
. "$(dirname "$0")/../lib.sh"
need jq ping iperf3 curl

flued_start --metrics 127.0.0.1:9188
ip link set lo up
for n in 1 2; do
	flue bridge add br$n
	host_port h$n br$n 10.0.1.$n/24
	ip -n h$n addr add fd00::$n/64 dev eth0 nodad
done
memif="socket=$T/memif.sock,socket-abstract=no"
flue port add m1 kind ethdev bridge br1 device "net_memif1,role=server,$memif"
flue port add m2 kind ethdev bridge br2 device "net_memif2,role=client,$memif"
eventually 10 ns h1 ping -c 1 -W 1 10.0.1.2
eventually 10 ns h1 ping -c 1 -W 1 fd00::2

say "units are cut for the device, and made again for the host"
for address in 10.0.1.2 fd00::2; do
	before=$(counter h2 merged_frames)
	tcp h1 h2 $address -n 50M
	at_least 1000 expr "$(counter h2 merged_frames)" - "$before" ||
		fail "too few frames to $address were merged"
done
at_least 100 counter m1 split_units
at_least 100 counter h2 merged_units
at_least 100 counter h2 tx_units
[ "$(counter m2 merged_units)" = 0 ] || fail "frames for a device were merged"

say "sizes and reasons are told"
flue port show h2 -s | tee $T/show | sed -n '/^  merge/,$p'
grep -q 'ended: ' $T/show || fail "no reasons in port show"
flue port show h2 -s -j >$T/show.json
jq -e '.[0].stats | .merged_frames == ([.merge.frames[]] | add) and .merge.looked > 0' $T/show.json >/dev/null ||
	fail "the frames by size are not all"
curl -s http://127.0.0.1:9188/metrics >$T/metrics
grep -q '^flue_port_merge_frames_total{port="h2",size="' $T/metrics || fail "no sizes in the metrics"
grep -q '^flue_port_merge_ends_total{port="h2",reason="' $T/metrics || fail "no reasons in the metrics"

say "rsc merges no less"
flue port set h2 gro rsc
before=$(counter h2 merged_frames)
tcp h1 h2 10.0.1.2 -n 50M
at_least 1000 expr "$(counter h2 merged_frames)" - "$before"

say "off: frames"
flue port set h2 gro off
before=$(counter h2 merged_frames)
tcp h1 h2 10.0.1.2 -n 20M
[ "$(counter h2 merged_frames)" = "$before" ] || fail "merged with gro off"

say "a port that takes no units gets frames"
flue port set h2 gro on
flue port del h2
host_port h3 br2 10.0.1.3/24 csum off tso off
eventually 10 ns h1 ping -c 1 -W 1 10.0.1.3
tcp h1 h3 10.0.1.3 -n 20M
[ "$(counter h3 merged_units)" = 0 ] || fail "merged for a port without units"

say "a device has no such key"
refused "gro: a port of kind ethdev has no such key" flue port set m1 gro off
flued_stop
