# shellcheck shell=bash disable=SC2086,SC2154
# SPDX-License-Identifier: BSD-3-Clause
# qemu.sh: guests with a kernel of their own, in QEMU, for smoke tests. After lib.sh:
#	. "$(dirname "$0")/../qemu.sh"
# No KVM: instructions are translated (TCG), so it runs anywhere and nothing here is a real time.
# Of a guest NAME: its console is NAME-console.log, QEMU's own words NAME.log.

guest_kernel=/var/cache/flue/guest/6.12
# Less to do for a processor that is emulated; and init_on_alloc=0: pages stay as they were until
# somebody writes them, so that a page only the switch wrote is seen to be right (qemu-migrate).
guest_options="nokaslr mitigations=off tsc=reliable no_timer_check init_on_alloc=0"
need qemu-system-x86_64 busybox ethtool iperf3 jq python3
"$top/scripts/guest-kernel" --check 6.12 || skip "no kernel for guests; make setup fetches it"
dpkg --compare-versions "$(qemu-system-x86_64 --version | sed -n 's/.*version \([0-9.]*\).*/\1/p')" ge 9.2 ||
	skip "this QEMU is older than 9.2 (reconnect-ms); make setup installs one that is not"
"$tools/guest-image" $guest_kernel $T/initrd

# Starts a guest with one interface on a vhost-user socket.
# MODE is that of flued's port: `server`, then QEMU connects and does so again whenever the switch
# went; `client`, then QEMU makes the socket and waits for the switch before it starts.
qemu_start() { # NAME SOCKET MODE NETDEV-OPTIONS DEVICE-OPTIONS [QEMU ARGUMENT]...
	local name=$1 chardev=socket,id=net,path=$2 netdev=vhost-user,id=n0,chardev=net${4:+,$4}
	local device=virtio-net-pci,netdev=n0,romfile=${5:+,$5}
	case $3 in
	server) chardev+=,reconnect-ms=200 ;;
	client) chardev+=,server=on ;;
	esac
	shift 5
	: >"$T/$name.log"
	rm -f "$T/$name.cmd" "$T/$name.qmp"
	start "$name" qemu-system-x86_64 -accel tcg,thread=multi -cpu Nehalem -M q35,memory-backend=mem -m 256 \
		-object memory-backend-memfd,id=mem,size=256M,share=on \
		-nodefaults -no-user-config -display none \
		-chardev file,id=console,path="$T/$name-console.log" -device isa-serial,chardev=console \
		-chardev socket,id=cmd,path="$T/$name.cmd",server=on,wait=off -device isa-serial,chardev=cmd \
		-qmp unix:"$T/$name.qmp",server=on,wait=off \
		-kernel $guest_kernel/vmlinuz -initrd $T/initrd \
		-append "console=ttyS0 quiet panic=-1 $guest_options" \
		-chardev "$chardev" -netdev "$netdev" -device "$device" "$@"
}

qemu_run() { # NAME COMMAND [SECONDS]: in the guest's shell; prints and ends as the command does
	"$tools/guest-run" "$T/$1.cmd" "${3:-60}" "$2"
}

qemu_socket() { # NAME
	running "$1" || return 1
	[ -S "$T/$1.cmd" ]
}

qemu_booted() { # NAME: waits until the guest's shell answers
	eventually 20 qemu_socket "$1" || fail "QEMU of guest $1 does not start"
	"$tools/guest-run" "$T/$1.cmd" 180 true again || fail "guest $1 does not boot"
}

# The guest's eth0 with an address.
qemu_address() { # NAME ADDRESS
	qemu_run "$1" "ip addr add $2 dev eth0; ip link set eth0 up" || fail "guest $1 takes no address"
}

qmp() { # NAME COMMAND [JSON]
	"$tools/guest-qmp" "$T/$1.qmp" "${@:2}"
}

guest_ping() { # FROM-NAMESPACE ADDRESS: does one packet come back?
	ns "$1" ping -c 1 -W 1 -q "$2"
}

# TCP or UDP between a guest and a host's iperf3; the client's JSON goes to iperf.json.
guest_sends() { # GUEST NAMESPACE ADDRESS [IPERF3 ARGUMENT]...
	local name=$1 where=$2 address=$3
	shift 3
	start iperf-server ip netns exec "$where" iperf3 -s -1 --forceflush
	eventually 5 listening "$where" 5201
	qemu_run "$name" "iperf3 -c $address -J $*" 60 >$T/iperf.json || {
		cat $T/iperf.json
		fail "iperf3 of guest $name to $address"
	}
	stop iperf-server || true
}
