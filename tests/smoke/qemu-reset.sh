#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Guests with Debian's kernel, while they send each other 64 KB units as fast as they can: a guest
# reboots, its device is reset, its driver goes; flued is killed, QEMU is killed. Each time what is
# left goes on, and what comes back is served, without help.
#
#	a (QEMU connects) --+-----+-- h1 10.0.0.1
#	b (QEMU serves)   --+ br0 |
#	                    +-----+
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../qemu.sh"
need ping

cat >$T/flue.yaml <<END
version: 1
bridges:
  - name: br0
ports:
  - {name: h1, kind: host, bridge: br0, netns: h1, ifname: eth0, address: 10.0.0.1/24, persist: on}
  - {name: a, kind: vhost, bridge: br0, socket: $T/a.sock, mode: server}
  - {name: b, kind: vhost, bridge: br0, socket: $T/b.sock, mode: client}
END
declare -A address=([a]=10.0.0.11 [b]=10.0.0.12) mode=([a]=server [b]=client) peer=([a]=b [b]=a)

qemu() { # GUEST
	qemu_start "$1" "$T/$1.sock" "${mode[$1]}" "" "mac=02:00:00:00:04:0$1"
}
# The guest takes what its peer sends, and sends it zeros. A connection to one that died is given up
# soon: TCP by itself would wait longer and longer.
load() { # GUEST
	qemu_booted "$1"
	qemu_address "$1" "${address[$1]}/24"
	qemu_run "$1" "nc -ll -p 9 -e sh -c 'cat >/dev/null' >/dev/null 2>&1 &"
	qemu_run "$1" "while true; do timeout 4 nc ${address[${peer[$1]}]} 9; sleep 1; done </dev/zero >/dev/null 2>&1 &"
}
waiting() { # PORT
	flue port show "$1" -j | jq -e '.[0].state == "waiting"'
}
more_units() { # GUEST RECEIVED SENT: has the switch had more than that from and for it?
	local rx tx
	rx=$(counter "$1" rx_units) tx=$(counter "$1" tx_units)
	echo "guest $1: units $rx of $2, $tx of $3"
	[ "$rx" -gt "$2" ] && [ "$tx" -gt "$3" ]
}
loaded() { # units go to and come from each
	local guest rx tx
	for guest in a b; do
		rx=$(counter $guest rx_units) tx=$(counter $guest tx_units)
		eventually 60 more_units $guest $((rx + 50)) $((tx + 50)) || fail "no more units of guest $guest"
	done
}
answers() { # GUEST
	eventually 60 guest_ping h1 "${address[$1]}" || fail "guest $1 does not answer"
}

host h1
flued_start --config $T/flue.yaml
qemu a
qemu b
load a
load b
loaded

say "a guest reboots"
qmp a system_reset >/dev/null
load a
answers a
loaded

say "a guest's driver goes and comes: the device is reset"
for guest in a b; do
	qemu_run $guest "echo virtio0 >/sys/bus/virtio/drivers/virtio_net/unbind"
	eventually 10 waiting $guest
	answers "${peer[$guest]}"
	qemu_run $guest "echo virtio0 >/sys/bus/virtio/drivers/virtio_net/bind"
	qemu_address $guest "${address[$guest]}/24"
	answers $guest
	loaded
	qemu_run $guest "cd /sys/bus/pci/drivers/virtio-pci && set -- 0000:* &&
		echo \$1 >unbind && echo \$1 >bind" || fail "guest $guest cannot bind its device again"
	qemu_address $guest "${address[$guest]}/24"
	answers $guest
	loaded
done

say "flued is killed and comes back: both guests go on by themselves"
for round in 1 2 3; do
	stop flued KILL || true
	flued_start --config $T/flue.yaml
	answers a
	answers b
	loaded
done
for guest in a b; do
	running $guest || fail "guest $guest is gone"
done

say "QEMU is killed, on either side of the socket: the others go on, and the next one is served"
for guest in a b; do
	stop $guest KILL || true
	eventually 10 waiting $guest
	answers "${peer[$guest]}"
	qemu $guest
	load $guest
	answers $guest
	loaded
done
flued_stop
