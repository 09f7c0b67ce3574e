#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Debian's other kernels in flue-vm (in the lab): each boots, as bzImage and as ELF, and writes to a disk that keeps
# it for the next; a reboot begins anew.
# shellcheck disable=SC2086
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vm.sh"

image() { # KERNEL: the initial RAM disk of guests that are created from now on
	"$tools/guest-image" "$kernels/$1" $T/initrd virtio_pci virtio_net virtio_blk button evdev
}
said_ready() { # GUEST TIMES
	[ "$(grep -c 'guest ready' "$T/$1-console.log")" -ge "$2" ]
}

flued_start --no-huge
truncate -s 64M $T/disk
kept=
for try in 6.1/vmlinuz 6.1-cloud/vmlinux 6.12-cloud/vmlinuz; do
	say "$try boots, with a disk"
	image "${try%/*}"
	vm_create k "$kernels/$try"
	flue vm disk add k d0 path $T/disk
	flue vm start k
	vm_booted k
	equal "$(cat "$kernels/${try%/*}/version")" vm_run k 'uname -r' || fail "another kernel runs"
	[ -z "$kept" ] || equal "$kept" vm_run k 'head -c 1000000 /dev/vda | md5sum' ||
		fail "the disk lost what it was given"
	vm_run k 'head -c 1000000 /dev/urandom >/dev/vda && sync'
	kept=$(vm_run k 'echo 3 >/proc/sys/vm/drop_caches; head -c 1000000 /dev/vda | md5sum')
	[ "$kept" = "$(head -c 1000000 $T/disk | md5sum)" ] || fail "the file is not what the guest wrote"
	if [ $try = 6.12-cloud/vmlinuz ]; then
		say "a reboot begins anew"
		times=$(grep -c 'guest ready' $T/k-console.log)
		vm_run k 'reboot -f & exit 0'
		eventually 120 said_ready k $((times + 2)) || fail "it does not boot again"
		eventually 60 vm_run k true
		equal "$kept" vm_run k 'head -c 1000000 /dev/vda | md5sum' || fail "the disk lost what it was given"
	fi
	flue vm stop k
	eventually 60 equal stopped vm_state k || fail "the power button does not end it"
	flue vm delete k
done

flued_stop
