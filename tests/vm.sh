# shellcheck shell=bash disable=SC2086,SC2154
# SPDX-License-Identifier: BSD-3-Clause
# vm.sh: guests of flue-vm with a stock kernel, for tests in the lab. After lib.sh:
#	. "$(dirname "$0")/../vm.sh"
# The guests' shells are reached over their only serial port (tests/tools/guest-init). The lab is emulated:
# limits are generous, and nothing here is a real time.

export kernels=${FLUE_GUEST_KERNEL-/var/cache/flue/guest}
[ -n "${FLUE_LAB_RESULTS-}" ] || skip "this is not the lab; lab/run --session --memory 2048 $0"
need busybox ethtool iperf3 jq python3
export FLUE_VM_DIR=$T/vm FLUE_VM_PROGRAM=$BUILD/hv-core/flue-vm
# Less to do for a processor that is emulated.
vm_words="console=ttyS0 quiet panic=-1 nokaslr mitigations=off no_timer_check"
[ -x "$FLUE_VM_PROGRAM" ] || fail "there is no $FLUE_VM_PROGRAM; make build"

vm_create() { # NAME KERNEL [KEY VALUE]...
	local name=$1 kernel=$2
	shift 2
	flue vm create "$name" kernel "$kernel" initrd $T/initrd cmdline "$vm_words" memory 192 \
		log $T/$name-console.log "$@"
	# Shown with the others when the test fails.
	ln -sf "$FLUE_VM_DIR/run/$name.log" $T/$name-vm.log
}

vm_run() { # NAME COMMAND [SECONDS]: in the guest's shell; prints and ends as the command does
	"$tools/guest-run" "$FLUE_VM_DIR/run/$1.sock.console" "${3:-240}" "$2"
}

vm_ready() { # NAME: has its process 1 come up? Nothing is typed before: a console that is not raw echoes
	flue vm show "$1" >/dev/null || return 1
	tr -d '\r' <"$T/$1-console.log" | grep -q '^guest ready'
}

vm_booted() { # NAME: waits until the guest's shell answers
	eventually 240 vm_ready "$1" || fail "guest $1 does not boot"
	"$tools/guest-run" "$FLUE_VM_DIR/run/$1.sock.console" 180 true again || {
		tail -n 20 "$FLUE_VM_DIR/run/$1.log" "$T/$1-console.log"
		fail "guest $1 does not boot"
	}
}

vm_state() { # NAME
	flue vm show "$1" -j | jq -r '.[0].state'
}

vm_address() { # NAME ADDRESS [INTERFACE]
	vm_run "$1" "ip addr add $2 dev ${3:-eth0} && ip link set ${3:-eth0} up" ||
		fail "guest $1 takes no address"
}

# The lab's card drops a frame, each time anew, of which one descriptor's bytes do not lie side by side in the
# outer guest's memory. Data in one piece never crosses a page.
vm_vf() { # NAME ADDRESS INTERFACE: of a VF
	vm_run "$1" "ethtool -K $3 sg off" || fail "guest $1 does not switch off scatter-gather"
	vm_address "$@"
}

vm_ping() { # NAME ADDRESS: does one packet come back?
	vm_run "$1" "ping -c 1 -W 1 -q $2"
}

# iperf3 from one guest to another; the client's JSON goes to iperf.json.
vm_tcp() { # FROM TO ADDRESS [IPERF3 ARGUMENT]...
	local from=$1 to=$2 address=$3
	shift 3
	vm_run "$to" "iperf3 -s -1 -D -I /tmp/iperf.pid"
	eventually 20 vm_run "$to" "netstat -ltn | grep -q :5201"
	vm_run "$from" "iperf3 -c $address -J $*" 600 >$T/iperf.json || {
		cat $T/iperf.json
		fail "no TCP from guest $from to $address"
	}
}

received() { # bytes of the last iperf3
	jq .end.sum_received.bytes $T/iperf.json
}
