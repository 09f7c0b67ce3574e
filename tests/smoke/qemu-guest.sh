#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Guests with Debian's kernel in QEMU: MTU, offloads and queues are what was negotiated; TCP and UDP
# both ways, in 64 KB units where both sides take them; every byte arrives as it was sent.
#
#	a: packed ring, two queues, MTU 9000            --+-----+-- h1: 10.0.0.1, fd00::1
#	b: split ring, whole buffers (mrg_rxbuf off)    --+ br0 |
#	c: legacy (virtio 0.9), no TSO, MTU 1500        --+-----+
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../qemu.sh"
need ping socat

flued_start
flue switch set mtu 9000
flue bridge add br0
host_port h1 br0 10.0.0.1/24,fd00::1/64
flue port add a kind vhost bridge br0 socket $T/a.sock queues 2
flue port add b kind vhost bridge br0 socket $T/b.sock mode client
flue port add c kind vhost bridge br0 socket $T/c.sock mtu 1500 tso off

qemu_start a $T/a.sock server queues=2 mq=on,vectors=6,packed=on,host_mtu=9000,mac=02:00:00:00:03:0a -smp 2
qemu_start b $T/b.sock client "" mrg_rxbuf=off,host_mtu=9000,mac=02:00:00:00:03:0b
qemu_start c $T/c.sock server "" \
	disable-modern=on,disable-legacy=off,host_mtu=1500,mac=02:00:00:00:03:0c
qemu_booted a
qemu_booted b
qemu_booted c

feature() { # GUEST BIT: did guest and switch agree on it? (virtio 1.2, 5.1.3 and 6)
	qemu_run "$1" "cut -c $(($2 + 1)) /sys/bus/virtio/devices/virtio0/features"
}
offload() { # GUEST NAME
	sed -n "s/^[[:space:]]*$2: \([a-z]*\).*/\1/p" "$T/$1.offloads"
}
takes() { # PORT JSON-LIST: offloads that the guest takes, among others
	flue port show "$1" -j | jq ".[0].offloads | contains($2)"
}
mtu_element() { # PORT KIND MEMBER
	flue mtu show -j | jq -r ".[] | select(.element == \"$1\" and .kind == \"$2\") | .$3"
}
kicks() { # GUEST QUEUE: of sent packets
	qemu_run "$1" "ethtool -S eth0" | sed -n "s/^ *tx$2_kicks: //p"
}
queues_enabled() { # PORT
	flue port show "$1" -j | jq '.[0].queues_enabled'
}
bulk() { # the TCP of iperf.json: did bytes arrive?
	jq '.end.sum_received.bytes > 100000' $T/iperf.json
}

say "rings are of the kind that was asked for"
equal 1 feature a 34 # RING_PACKED
equal 0 feature b 34
equal 1 feature b 32 # VERSION_1
equal 0 feature c 32
equal 1 feature a 15 # MRG_RXBUF
equal 0 feature b 15
equal 1 feature c 15

say "the MTU comes from the device, and the plan knows it"
for guest in a b c; do
	want=9000
	[ $guest != c ] || want=1500
	equal $want qemu_run $guest "cat /sys/class/net/eth0/mtu"
	equal $want mtu_element $guest guest actual
	equal true mtu_element $guest guest ok
done
[ "$(flue mtu check)" = "no disagreement" ] || fail "mtu check: $(flue mtu check)"

say "offloads are those that were offered"
for guest in a b c; do
	qemu_run $guest "ethtool -k eth0" >$T/$guest.offloads
done
for guest in a b; do
	for name in rx-checksumming tx-checksumming scatter-gather tcp-segmentation-offload \
		tx-tcp-ecn-segmentation tx-tcp6-segmentation generic-segmentation-offload rx-gro-hw; do
		equal on offload $guest $name
	done
	equal true takes $guest '["csum", "tso4", "tso6"]'
done
equal true takes c '["csum"]'
equal on offload c tx-checksumming
equal off offload c tcp-segmentation-offload
equal off offload c tx-tcp6-segmentation
for guest in a b c; do
	equal 0 feature $guest 10 # GUEST_UFO
	equal 0 feature $guest 14 # HOST_UFO
done

number=10
for guest in a b c; do
	number=$((number + 1))
	qemu_address $guest 10.0.0.$number/24
	qemu_run $guest "ip addr add fd00::$number/64 dev eth0"
	ping_ok h1 10.0.0.$number
	ping_ok h1 fd00::$number
done
ping_ok h1 10.0.0.11 -M "do" -s 8972
ping_ok h1 10.0.0.12 -M "do" -s 8972
ping_ok h1 10.0.0.13 -M "do" -s 1472

say "TCP from and to each guest, in units of up to 64 KB where the guest takes them"
for guest in a b c; do
	guest_sends $guest h1 10.0.0.1 -t 1
	equal true bulk
	guest_sends $guest h1 10.0.0.1 -t 1 -R
	equal true bulk
done
guest_sends a h1 fd00::1 -t 1
equal true bulk
guest_sends b h1 fd00::1 -t 1 -R
equal true bulk
for guest in a b; do
	at_least 10 counter $guest rx_units
	at_least 10 counter $guest tx_units
	equal 0 counter $guest split_units
done
equal 0 counter c rx_units
equal 0 counter c tx_units
at_least 10 counter c split_units

say "from guest to guest"
qemu_run b "iperf3 -s -1 -D >/tmp/iperf.log 2>&1"
eventually 10 qemu_run b "grep -qi ':1451 .* 0A ' /proc/net/tcp6 /proc/net/tcp"
qemu_run a "iperf3 -c 10.0.0.12 -t 1 -J" 60 >$T/iperf.json || fail "no TCP from a to b"
equal true bulk

say "UDP both ways"
for guest in a b c; do
	guest_sends $guest h1 10.0.0.1 -u -b 4M -l 1200 -n 200K
	at_least 100 jq '.end.sum.packets - .end.sum.lost_packets' $T/iperf.json
	guest_sends $guest h1 10.0.0.1 -u -b 4M -l 1200 -n 200K -R
	at_least 100 jq '.end.sum.packets - .end.sum.lost_packets' $T/iperf.json
done

say "every byte, there and back"
head -c 4M /dev/urandom >$T/data
for guest in a b c; do
	start give ip netns exec h1 socat -u FILE:$T/data TCP4-LISTEN:5002,reuseaddr
	start take ip netns exec h1 socat -u TCP4-LISTEN:5003,reuseaddr CREATE:$T/back
	eventually 5 listening h1 5002
	eventually 5 listening h1 5003
	qemu_run $guest "nc 10.0.0.1 5002 >/tmp/data && nc 10.0.0.1 5003 </tmp/data" 60 ||
		fail "guest $guest does not take or give"
	wait "${pids[take]}" || fail "what guest $guest gives is not taken"
	cmp $T/data $T/back || fail "guest $guest gives back something else"
	unset "pids[give]" "pids[take]"
	rm $T/back
done

say "both queues of a send, and can be had one at a time"
equal 2 queues_enabled a
qemu_run a "ethtool -L eth0 combined 1"
eventually 5 equal 1 queues_enabled a
ping_ok h1 10.0.0.11
qemu_run a "ethtool -L eth0 combined 2"
eventually 5 equal 2 queues_enabled a
guest_sends a h1 10.0.0.1 -t 1 -P 8
equal true bulk
at_least 1 kicks a 0
at_least 1 kicks a 1

for guest in a b c; do
	running $guest || fail "guest $guest is gone"
done
flued_stop
