#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Guests with Debian's kernel in flue-vm, joined by flued (in the lab, which has a KVM for such kernels):
# the synthetic card with units of 64 KB, the power button, the emulated card.
#
#	a (synthetic) --+-----+-- b (synthetic; then e, emulated)
#	                + br0 +
# shellcheck disable=SC2086
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vm.sh"

"$tools/guest-image" "$kernels/6.12" $T/initrd virtio_pci virtio_net e1000 button evdev
flued_start --no-huge
flue bridge add br0
for name in a b e; do
	flue port add $name kind vhost bridge br0 socket $T/$name.sock
done
vm_create a "$kernels/6.12/vmlinux"
vm_create b "$kernels/6.12/vmlinux"
vm_create e "$kernels/6.12/vmlinux"
flue vm nic add a net0 port a
flue vm nic add b net0 port b
flue vm nic add e net0 port e model emulated

say "two guests boot to a prompt"
flue vm start a
flue vm start b
vm_booted a
vm_booted b
vm_run a 'uname -r' | tee $T/release
grep -q "^$(cat "$kernels/6.12/version")" $T/release || fail "another kernel runs"

say "the synthetic card, and what it can do"
vm_run a 'ethtool -i eth0' | tee $T/driver
grep -q 'driver: virtio_net' $T/driver || fail "not virtio_net"
vm_run a 'ethtool -k eth0' >$T/features
for feature in tcp-segmentation-offload tx-checksumming rx-checksumming; do
	grep "^$feature: on" $T/features || fail "$feature is off"
done
vm_address a 10.0.0.1/24
vm_address b 10.0.0.2/24
eventually 60 vm_ping a 10.0.0.2 || fail "no ping"

say "TCP goes in units"
vm_tcp a b 10.0.0.2 -n 500K -w 64K
jq -c .end.sum_received $T/iperf.json
at_least 100000 received || fail "next to nothing was received"
at_least 1 counter a rx_units
at_least 1 counter b tx_units
equal 0 counter b split_units || fail "units are cut for a guest that takes them"

say "a file arrives as it was, by the emulated card too"
flue vm stop b
eventually 60 equal stopped vm_state b || fail "the power button does not end the guest"
flue vm start e
vm_booted e
vm_run e 'ethtool -i eth0' | grep 'driver: e1000' || fail "not e1000"
vm_address e 10.0.0.3/24
eventually 60 vm_ping e 10.0.0.1 || fail "no ping to the emulated card"
vm_tcp e a 10.0.0.1 -n 500K -w 64K
at_least 10000 received
vm_tcp a e 10.0.0.3 -n 500K -w 64K
at_least 10000 received
vm_run e 'head -c 1000000 /dev/urandom >/tmp/file; md5sum </tmp/file' | grep -o '^[0-9a-f]*' >$T/sent
# Busybox's nc ends as soon as the other side has nothing more to say: that one says nothing for a while.
vm_run a 'sleep 300 | nc -l -p 9 >/tmp/file 2>/tmp/nc & exit 0'
eventually 20 vm_run a 'netstat -ltn | grep -q ":9 "'
vm_run e 'nc 10.0.0.1 9 </tmp/file >/dev/null 2>&1 & exit 0'
eventually 120 equal 1000000 vm_run a 'stat -c %s /tmp/file' || fail "the file does not arrive"
vm_run a 'md5sum </tmp/file' | grep -o '^[0-9a-f]*' >$T/came
cmp $T/sent $T/came || fail "the file is another"
vm_run e 'ethtool -S eth0' >$T/statistics
grep -E ' (rx|tx)_packets:' $T/statistics
grep -E ' (rx|tx)(_[a-z]*)?_errors: [1-9]' $T/statistics && fail "the card counts errors"
flue vm kill e
flue vm kill a
flued_stop
