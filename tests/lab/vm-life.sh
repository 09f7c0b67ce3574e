#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The life of guests with Debian's kernels in flue-vm (in the lab): each kernel boots, as bzImage and as ELF, with
# two processors and a disk that keeps what it was given; a reboot begins anew; a TCP connection outlives the
# process of the guest that sends, by a snapshot.
#
#	a --+-----+-- b
#	    + br0 +
# shellcheck disable=SC2086
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vm.sh"

image() { # KERNEL: the initial RAM disk of guests that are created from now on
	"$tools/guest-image" "$kernels/$1" $T/initrd virtio_pci virtio_net virtio_blk button evdev
}
stopped() { # GUEST
	[ "$(vm_state "$1")" = stopped ]
}
said_ready() { # GUEST TIMES
	[ "$(grep -c 'guest ready' "$T/$1-console.log")" -ge "$2" ]
}

flued_start --no-huge
truncate -s 64M $T/disk
kept=
for try in 6.1/vmlinuz 6.1-cloud/vmlinux 6.12-cloud/vmlinuz; do
	say "$try boots, with two processors and a disk"
	image "${try%/*}"
	vm_create k "$kernels/$try" cpus 2
	flue vm disk add k d0 path $T/disk
	flue vm start k
	vm_booted k
	equal "$(cat "$kernels/${try%/*}/version")" vm_run k 'uname -r' || fail "another kernel runs"
	equal 2 vm_run k nproc || fail "a processor is missing"
	[ -z "$kept" ] || equal "$kept" vm_run k 'head -c 8000000 /dev/vda | md5sum' ||
		fail "the disk lost what it was given"
	vm_run k 'head -c 8000000 /dev/urandom >/dev/vda && sync'
	kept=$(vm_run k 'echo 3 >/proc/sys/vm/drop_caches; head -c 8000000 /dev/vda | md5sum')
	[ "$kept" = "$(head -c 8000000 $T/disk | md5sum)" ] || fail "the file is not what the guest wrote"
	if [ $try = 6.12-cloud/vmlinuz ]; then
		say "a reboot begins anew"
		times=$(grep -c 'guest ready' $T/k-console.log)
		vm_run k 'reboot -f & exit 0'
		eventually 120 said_ready k $((times + 2)) || fail "it does not boot again"
		eventually 60 vm_run k true
		equal "$kept" vm_run k 'head -c 8000000 /dev/vda | md5sum' || fail "the disk lost what it was given"
	fi
	flue vm stop k
	eventually 60 stopped k || fail "the power button does not end it"
	flue vm delete k
done

say "a TCP connection outlives its sender's process"
image 6.12
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
vm_run b 'iperf3 -s -1 -D -I /tmp/iperf.pid'
eventually 20 vm_run b 'netstat -ltn | grep -q :5201'
vm_run a 'iperf3 -c 10.0.0.2 -t 15 -J >/tmp/iperf.json 2>&1 & exit 0'
eventually 30 at_least 100 counter a rx_units || fail "nothing is sent"
flue vm pause a
flue vm snapshot a file $T/a.snap
flue vm kill a
eventually 30 stopped a
flue vm restore a file $T/a.snap
eventually 120 vm_run a 'grep -q sum_received /tmp/iperf.json' || fail "the connection did not go on"
before=$(counter a rx_units)
vm_run a 'cat /tmp/iperf.json' >$T/iperf.json
jq -c .end.sum_received $T/iperf.json
jq -e '.error == null and (.intervals | length) >= 14 and .intervals[-2].sum.bytes > 0' $T/iperf.json >/dev/null ||
	fail "the connection broke: $(jq -c '.error, [.intervals[].sum.bytes]' $T/iperf.json)"
at_least 200 echo $before
flue vm kill a
flue vm kill b
flued_stop
