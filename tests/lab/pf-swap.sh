#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pf-swap.sh [TIMES]: two guests with Debian's kernel exchange their VFs, again and again (in the lab); then
# nothing is left over: no lease, no descriptor, no attribute.
#	lab/run --session --time 0 lab/each --time 7000 tests/lab/pf-swap.sh
# shellcheck disable=SC2015,SC2086
set -euo pipefail
. "$(dirname "$0")/pf-lib.sh"
times=${1-${FLUE_SWAPS-100}}

"$tools/guest-image" "$kernels/6.12" $T/initrd igbvf button evdev
cat >$T/c.yaml <<END
pfs: [{name: wan, address: "${pfs[0]}", numvfs: 2}]
vfs:
  - {pf: wan, index: 0, mac: "02:00:00:00:01:00", driver: vfio-pci}
  - {pf: wan, index: 1, mac: "02:00:00:00:01:01", driver: vfio-pci}
END
pf_start
flue apply $T/c.yaml
vm_create a "$kernels/6.12/vmlinux"
vm_create b "$kernels/6.12/vmlinux"
flue vf assign wan 0 a
flue vf assign wan 1 b
flue vm start a
flue vm start b
vm_booted a
vm_booted b
vm_has a 02:00:00:00:01:00 && vm_has b 02:00:00:00:01:01 || fail "not what was assigned"

descriptors() {
	find /proc/${pids[pf]}/fd | wc -l
}
before=$(descriptors)
for ((i = 1; i <= times; i++)); do
	if [ $((i % 2)) = 1 ]; then first=b second=a; else first=a second=b; fi
	flue vf release wan 0 timeout 60
	flue vf release wan 1 timeout 60
	flue vf assign wan 0 $first
	flue vf assign wan 1 $second
	eventually 60 vm_has $first 02:00:00:00:01:00 || fail "exchange $i: no VF 0 in $first"
	eventually 60 vm_has $second 02:00:00:00:01:01 || fail "exchange $i: no VF 1 in $second"
	echo "$i exchanges, $SECONDS s"
done
flue vf release wan 0 timeout 60
flue vf release wan 1 timeout 60
vf_is wan 0 free && vf_is wan 1 free || fail "not both are free"
after=$(descriptors)
echo "flue-pf's descriptors: $before before, $after after"
[ "$after" -le "$before" ] || fail "descriptors are leaked"
sed -i '/^vfs/,$d' $T/c.yaml
flue apply $T/c.yaml
left=$(ip -j -d link show $near |
	jq -c '.[0].vfinfo_list[] | [.address, .vlan_list[0].vlan // 0, .rate.max_tx // 0]' | sort -u)
[ "$left" = '["00:00:00:00:00:00",0,0]' ] || fail "an address, a VLAN or a rate is left: $left"
flue vm kill a
flue vm kill b
