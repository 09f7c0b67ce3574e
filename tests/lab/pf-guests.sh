#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two VFs in a guest with Debian's kernel, handed over by flue-pf (in the lab): to another guest behind the
# switch and to the world outside; taken out and given to the other guest; and each process killed.
#
#	guest a: igbvf x 2 -- VFs of PF 0 --+-- wire -- PF 1 (10.0.0.9), outside
#	guest s: virtio -- br0 -- uplink PF 0
#
#	lab/run --session --time 900 lab/each --time 880 tests/lab/pf-guests.sh
# shellcheck disable=SC2015,SC2086
set -euo pipefail
. "$(dirname "$0")/pf-lib.sh"

ip addr add 10.0.0.9/24 dev "$far"
iperf3 -s -D >/dev/null
"$tools/guest-image" "$kernels/6.12" $T/initrd virtio_pci virtio_net igbvf button evdev
cat >$T/c.yaml <<END
pfs:
  - {name: wan, address: "${pfs[0]}", numvfs: 4}
  - {name: lan, address: "${pfs[1]}", numvfs: 3}
vfs:
  - {pf: wan, index: 0, mac: "02:00:00:00:01:00", driver: vfio-pci}
  - {pf: wan, index: 1, mac: "02:00:00:00:01:01", driver: vfio-pci}
END
pf_start
flue apply $T/c.yaml
flued_start --no-huge
flue bridge add br0
flue port add s kind vhost bridge br0 socket $T/s.sock
flue port add up kind ethdev bridge br0 device "net_af_packet0,iface=$near"
vm_create a "$kernels/6.12/vmlinux"
vm_create s "$kernels/6.12/vmlinux"
flue vm nic add s net0 port s mac 02:00:00:00:05:02
# The card in QEMU hands the uplink's own broadcasts back to it, which hardware does not (DTXSWC.LLE is off): seen
# there, the guest's address would seem to be outside.
flue fdb add br0 02:00:00:00:05:02 port s
flue vf assign wan 0 a
flue vf assign wan 1 a

say "two VFs in a stock guest, with MSI-X"
flue vm start a
flue vm start s
vm_booted a
vm_booted s
vf_is wan 0 held && vf_is wan 1 held || fail "the guest has not taken them"
one=$(vm_interface a 02:00:00:00:01:00)
two=$(vm_interface a 02:00:00:00:01:01)
[ -n "$one" ] && [ -n "$two" ] || fail "the guest has not both: '$one' '$two'"
vm_run a "ethtool -i $one" | grep 'driver: igbvf' || fail "not igbvf"
vm_vf a 10.0.0.1/24 $one
vm_run a "ip link set $two up"
vm_address s 10.0.0.2/24
vm_run a "grep -E '$one|$two' /proc/interrupts" | tee $T/interrupts
[ "$(grep -c MSIX $T/interrupts)" -ge 2 ] || fail "no MSI-X"
dmesg | grep 'Enabled IRQ remapping'

say "iperf3: VF to outside, VF to the synthetic guest and back, synthetic guest to outside"
eventually 60 vm_ping a 10.0.0.9 || fail "no ping to outside"
vm_run a 'iperf3 -c 10.0.0.9 -n 500K -w 64K -J' 600 >$T/iperf.json || fail "no TCP to outside"
at_least 100000 received
eventually 60 vm_ping a 10.0.0.2 || fail "no ping from the VF to the synthetic guest"
vm_tcp a s 10.0.0.2 -n 500K -w 64K
at_least 100000 received
vm_tcp s a 10.0.0.1 -n 500K -w 64K
at_least 100000 received
vm_run s 'iperf3 -c 10.0.0.9 -n 500K -w 64K -J' 600 >$T/iperf.json || fail "no TCP from the synthetic guest to outside"
at_least 100000 received

say "one VF moves to the other guest, and keeps nothing"
flue vf set wan 1 vlan 77 max-rate 300
[ "$(linux $near 1 'vlan_list[0].vlan')" = 77 ] || fail "no VLAN"
flue vf set wan 1 vlan 0 max-rate 0
flue vf release wan 1 timeout 60
vf_is wan 1 free || fail "it is not free"
vm_has a 02:00:00:00:01:01 && fail "the guest still has it"
vm_has a 02:00:00:00:01:00 || fail "the guest lost the other one"
flue vf release wan 0 timeout 60
sed -i '/index: 1/d' $T/c.yaml
flue apply $T/c.yaml
ip -d link show $near | tee $T/link
[ "$(linux $near 1 address)" = 00:00:00:00:00:00 ] || fail "the former address is still there"
[ "$(linux $near 1 'vlan_list[0].vlan')" = 0 ] || [ "$(linux $near 1 'vlan_list[0].vlan')" = null ] ||
	fail "the former VLAN is still there"
[ "$(linux $near 1 rate.max_tx)" = 0 ] || fail "the former rate is still there"
flue vf assign wan 0 s
eventually 60 vm_has s 02:00:00:00:01:00 || fail "the other guest does not find it"

say "a guest's process dies: the VF comes back by itself"
pid=$(flue vf show wan 0 -j | jq '.[0].holder.pid')
kill -9 "$pid"
eventually 60 vf_is wan 0 free || fail "the VF does not come back"

say "flue-pf and flued die: the guest keeps its VF"
flue vf assign wan 0 a
eventually 60 vm_has a 02:00:00:00:01:00 || fail "the guest does not find it"
vm_vf a 10.0.0.1/24 "$(vm_interface a 02:00:00:00:01:00)"
stop pf KILL || true
stop flued KILL || true
eventually 60 vm_ping a 10.0.0.9 || fail "the guest's VF stands still"
pf_start
vf_is wan 0 held || fail "flue-pf forgot who has it"
flue vf release wan 0 timeout 60
vf_is wan 0 free || fail "it is not free"
flue vm kill a
