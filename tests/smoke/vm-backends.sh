#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# flue-vm's synthetic cards with the back ends of others: dpdk-testpmd and Open vSwitch over DPDK. A
# micro-guest with two cards sends itself frames through them and looks at every byte.
#
#	micro-guest card 0 --+----------+-- card 1
#	                     + back end +
. "$(dirname "$0")/../lib.sh"
if ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
	skip "no /dev/kvm"
fi
need dpdk-testpmd
[ "$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)" -ge 3000 ] ||
	skip "3 GB of memory should be available"
image=$BUILD/hv-core/microguest/microguest
vswitchd=/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk

guest_start() { # MODE WORDS
	: >$T/guest.log
	start guest "$BUILD/hv-core/flue-vm" --native "$image" --memory 160 \
		--append "role=both check=1 size=1000 seconds=300 wait=60 settle=20 $2" \
		--nic "synthetic,socket=$T/a.sock,mode=$1,mac=02:0a:00:00:00:01,packed=on" \
		--nic "synthetic,socket=$T/b.sock,mode=$1,mac=02:0b:00:00:00:01,packed=on"
}
ended_well() {
	! running guest && wait "${pids[guest]}" && unset "pids[guest]"
}
all_came() {
	eventually 120 ended_well || fail "the guest did not switch itself off: $(tail -n 3 $T/guest.log)"
	grep -h '^{"microguest"' $T/guest.log >$T/guest.json || fail "the guest said nothing: $(tail -n 3 $T/guest.log)"
	jq -e '.cards | length == 2 and all(.sent == 20000 and .lost == 0 and .missing == 0 and .corrupt == 0
		and .duplicated == 0 and .reordered == 0)' $T/guest.json >/dev/null || fail "not all came: $(cat $T/guest.json)"
}

testpmd_start() { # client=0 or 1
	[ "$1" = 1 ] || rm -f $T/[ab].sock
	start backend dpdk-testpmd --no-pci --no-huge -m 256 --file-prefix "vm-$$" \
		--lcores "0@$(($(nproc) - 1)),1@0" \
		--vdev "net_vhost0,iface=$T/a.sock,client=$1" --vdev "net_vhost1,iface=$T/b.sock,client=$1" \
		-- --forward-mode=io --auto-start --total-num-mbufs=8192 --stats-period 3600
}

for rings in split packed; do
	say "testpmd listens, $rings rings"
	testpmd_start 0
	eventually 30 test -S $T/b.sock
	guest_start connect "count=20000 window=32 rings=$rings"
	all_came
	stop backend KILL || true
	say "testpmd connects, $rings rings"
	rm -f $T/[ab].sock
	guest_start serve "count=20000 window=32 rings=$rings"
	testpmd_start 1
	all_came
	stop backend KILL || true
done

if ! [ -x $vswitchd ] || ! command -v ovs-vsctl >/dev/null; then
	say "no Open vSwitch with DPDK here: scripts/setup bench installs it"
	exit
fi
rm -f $T/[ab].sock
mkdir $T/ovs
export OVS_RUNDIR=$T/ovs OVS_DBDIR=$T/ovs OVS_LOGDIR=$T/ovs
db=unix:$T/ovs/db.sock
vsctl() {
	ovs-vsctl --db=$db --timeout=60 "$@"
}
ovsdb-tool create $T/ovs/conf.db /usr/share/openvswitch/vswitch.ovsschema
start db ovsdb-server $T/ovs/conf.db --remote=punix:$T/ovs/db.sock --unixctl=$T/ovs/db.ctl
eventually 10 test -S $T/ovs/db.sock
vsctl --no-wait init
vsctl --no-wait set Open_vSwitch . other_config:dpdk-init=true "other_config:dpdk-extra=--no-huge --legacy-mem" \
	other_config:dpdk-alloc-mem=1500 other_config:pmd-cpu-mask=$((1 << ($(nproc) - 1)))
start ovs $vswitchd $db --unixctl=$T/ovs/vswitchd.ctl
vsctl add-br br0 -- set bridge br0 datapath_type=netdev || fail "ovs-vswitchd did not start: $(tail -n 3 $T/ovs.log)"
for card in a b; do
	vsctl add-port br0 $card -- set interface $card type=dpdkvhostuserclient "options:vhost-server-path=$T/$card.sock"
done
for rings in split packed; do
	say "Open vSwitch, $rings rings"
	guest_start serve "count=20000 window=32 rings=$rings"
	all_came
done
