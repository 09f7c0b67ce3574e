#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# As hv-vhost, with Open vSwitch over DPDK as the switch, which is killed and comes back.
#
#	hv_vu_frames card 0 --+-----+-- card 1 hv_vu_frames
#	                      + br0 +
. "$(dirname "$0")/../lib.sh"
frames=$BUILD/hv-core/vhost/hv_vu_frames
vswitchd=/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk
[ -x $vswitchd ] || skip "no ovs-vswitchd with DPDK; scripts/setup bench installs it"
[ "$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)" -ge 3000 ] ||
	skip "3 GB of memory should be available"
need ovsdb-tool ovsdb-server ovs-vsctl

mkdir $T/ovs
export OVS_RUNDIR=$T/ovs OVS_DBDIR=$T/ovs OVS_LOGDIR=$T/ovs
db=unix:$T/ovs/db.sock
vsctl() {
	ovs-vsctl --db=$db --timeout=60 "$@"
}
ovs_start() {
	start ovs $vswitchd $db --unixctl=$T/ovs/vswitchd.ctl
	# Answers once it has done what the database says.
	vsctl set Open_vSwitch . "external_ids:pid=${pids[ovs]}"
}
received() { # what the card that got less of them has
	tail -n 1 $T/frames.log | awk '/^received/ { print $2 < $3 ? $2 : $3 }'
}
more() { # than that many frames, at each card
	local now
	running frames || fail "hv_vu_frames ended: $(tail -n 3 $T/frames.log)"
	now=$(received)
	[ "${now:-0}" -gt "$1" ]
}
lost() { # how often a connection was lost
	tail -n 1 $T/frames.log | awk '/^received/ { print $5 }'
}

ovsdb-tool create $T/ovs/conf.db /usr/share/openvswitch/vswitch.ovsschema
start db ovsdb-server $T/ovs/conf.db --remote=punix:$T/ovs/db.sock --unixctl=$T/ovs/db.ctl
eventually 10 test -S $T/ovs/db.sock
vsctl --no-wait init
vsctl --no-wait set Open_vSwitch . other_config:dpdk-init=true "other_config:dpdk-extra=--no-huge --legacy-mem" \
	other_config:dpdk-alloc-mem=1500 other_config:pmd-cpu-mask=$((1 << ($(nproc) - 1)))
ovs_start || { grep -E "EAL (ARGS|args)|EAL:" $T/ovs.log | head; fail "ovs-vswitchd did not start"; }
vsctl add-br br0 -- set bridge br0 datapath_type=netdev
for card in a b; do
	vsctl add-port br0 $card -- set interface $card type=dpdkvhostuserclient \
		"options:vhost-server-path=$T/$card.sock"
done

run() { # HOW HV_VU_FRAMES IS STARTED...
	local before
	: >$T/frames.log
	start frames "$frames" "$@" $T/a.sock $T/b.sock
	eventually 30 more 1000
	for i in 1 2; do
		stop ovs KILL || true
		eventually 20 at_least $((2 * i)) lost
		before=$(received)
		ovs_start
		eventually 30 more $((before + 1000))
	done
	stop frames || fail "hv_vu_frames: $(tail -n 3 $T/frames.log)"
	grep -q '^ended' $T/frames.log || fail "hv_vu_frames did not end as it should"
}

say "split rings"
run -l
say "packed rings"
run -l -p
