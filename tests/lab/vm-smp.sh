#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A guest with Debian's kernel and two processors in flue-vm (in the lab): both run tasks, send each other
# interrupts, and use a disk. Little of it: here both share one processor that is emulated.
# shellcheck disable=SC2086
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../vm.sh"

calls() { # to one processor from the other, so far
	vm_run k "grep CAL: /proc/interrupts" | awk '{print ($2 < $3 ? $2 : $3)}'
}

"$tools/guest-image" "$kernels/6.12" $T/initrd virtio_pci virtio_blk button evdev
flued_start --no-huge
truncate -s 16M $T/disk
vm_create k "$kernels/6.12/vmlinux" cpus 2
flue vm disk add k d0 path $T/disk
flue vm start k
vm_booted k
equal 2 vm_run k nproc || fail "a processor is missing"
vm_run k 'taskset 1 true && taskset 2 true' || fail "a processor runs no task"
at_least 1 calls || fail "the processors do not interrupt each other"
vm_run k 'taskset 1 head -c 500000 /dev/urandom >/dev/vda && taskset 2 sync' 150
kept=$(vm_run k 'echo 3 >/proc/sys/vm/drop_caches; taskset 2 head -c 500000 /dev/vda | md5sum' 100)
[ "$kept" = "$(head -c 500000 $T/disk | md5sum)" ] || fail "the file is not what the guest wrote"
equal 2 eval "flue vm show k -s -j | jq '[.[0].vcpus[] | select(.cpu_ns > 1000000000)] | length'" ||
	fail "a processor was not used"
flue vm kill k
flued_stop
