#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A TCP connection between two guests with Debian's kernel outlives the process of the one that sends: a snapshot
# carries it into another (in the lab).
#
#	a --+-----+-- b
#	    + br0 +
# shellcheck disable=SC2086
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vm.sh"

"$tools/guest-image" "$kernels/6.12" $T/initrd virtio_pci virtio_net button evdev
flued_start --no-huge
flue bridge add br0
for name in a b; do
	flue port add $name kind vhost bridge br0 socket $T/$name.sock
	vm_create $name "$kernels/6.12/vmlinux"
	flue vm nic add $name net0 port $name
	flue vm start $name
done
vm_booted a
vm_booted b
vm_address a 10.0.0.1/24
vm_address b 10.0.0.2/24
eventually 60 vm_ping a 10.0.0.2 || fail "no ping"

say "a connection is in its midst"
vm_run b 'iperf3 -s -1 -D -I /tmp/iperf.pid'
eventually 20 vm_run b 'netstat -ltn | grep -q :5201'
vm_run a 'iperf3 -c 10.0.0.2 -t 15 -J >/tmp/iperf.json 2>&1 & exit 0'
eventually 30 at_least 100 counter a rx_units || fail "nothing is sent"

say "its sender's process is another"
flue vm pause a
flue vm snapshot a file $T/a.snap
flue vm kill a
eventually 30 equal stopped vm_state a
flue vm restore a file $T/a.snap
eventually 120 vm_run a 'grep -q sum_received /tmp/iperf.json' || fail "the connection did not go on"
vm_run a 'cat /tmp/iperf.json' >$T/iperf.json
jq -c '.end.sum_sent.bytes, .end.sum_received.bytes, [.intervals[].sum.bytes]' $T/iperf.json
# What is under way when the time is over is sent and not received.
jq -e '.error == null and .end.sum_received.bytes > 0.9 * .end.sum_sent.bytes and ([.intervals[-3:][].sum.bytes] | add) > 1000000' \
	$T/iperf.json >/dev/null || fail "the connection broke: $(jq -c .error $T/iperf.json)"
flue vm kill a
flue vm kill b
flued_stop
