#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A guest migrates from one flued to another, back, and there again, while its connections carry
# data. Every byte is compared; what was received but not yet read too. The guest is announced where
# it came to, so that who speaks to it finds it at once.
#
#	          flued 1: br0, br1 --+---------------------+
#	eth0 eth1 --+ then +          | bridge of the kernel +-- 10.0.0.1 (lan0), 10.0.1.1 (lan1)
#	          flued 2: br0, br1 --+---------------------+
#	eth0: split ring; the switch must announce it (VHOST_USER_SEND_RARP)
#	eth1: packed ring; the guest announces itself (VIRTIO_NET_F_GUEST_ANNOUNCE)
#
# What would go unnoticed is a page of the guest that the switch wrote and did not mark in the dirty
# log: the guest would wake with the page's older content. So the interfaces rest until migration has
# copied all of memory once; then a reader in the guest that is stopped is sent data, which fills
# receive buffers that were posted and copied before, and which nobody but the switch writes; and only
# then traffic goes on, until the guest has moved. That this fails without the log was seen with a flued
# whose mmap() gave it the log's memfd ("vhost-log") MAP_PRIVATE, so that QEMU saw no mark.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../qemu.sh"
need ping socat tcpdump ss sha256sum

macs=(02:00:00:00:05:00 02:00:00:00:05:01)
mode=([1]=server [2]=client) # of flued's ports

flue_at() { # SWITCH ARGUMENT...
	FLUE_SOCKET=$T/switch$1.sock flue "${@:2}"
}
ready_at() { # SWITCH
	flue_at "$1" switch show -j
}
switch_start() { # SWITCH
	local i
	cat >$T/switch"$1".yaml <<-END
		version: 1
		bridges:
		  - name: br0
		  - name: br1
		ports:
		  - {name: up0, kind: host, bridge: br0, netns: lan0, ifname: s$1}
		  - {name: up1, kind: host, bridge: br1, netns: lan1, ifname: s$1}
		  - {name: vm0, kind: vhost, bridge: br0, socket: $T/vm$1.0, mode: ${mode[$1]}}
		  - {name: vm1, kind: vhost, bridge: br1, socket: $T/vm$1.1, mode: ${mode[$1]}}
	END
	start switch"$1" "$BUILD/vswitch/flued" --socket $T/switch"$1".sock --cores $(($(nproc) - 1)) \
		--config $T/switch"$1".yaml
	eventually 30 ready_at "$1" || fail "flued $1 is not ready"
	for i in 0 1; do
		ns lan$i ip link set s"$1" master lan up
	done
}
qemu() { # SWITCH [QEMU ARGUMENT]...: the guest, with its interfaces on that switch
	local switch=$1 second=socket,id=net1,path=$T/vm$1.1
	[ "${mode[switch]}" = server ] || second+=,server=on
	shift
	qemu_start vm"$switch" $T/vm"$switch".0 "${mode[switch]}" "" mac="${macs[0]}",guest_announce=off \
		-chardev "$second" -netdev vhost-user,id=n1,chardev=net1 \
		-device virtio-net-pci,netdev=n1,romfile=,mac="${macs[1]}",packed=on "$@"
}
migration() { # SWITCH MEMBER: of where the guest leaves
	qmp vm"$1" query-migrate | jq -r "$2"
}
copied_once() { # SWITCH: has every page been sent, and some again?
	at_least 2 migration "$1" '.ram."dirty-sync-count"'
}
held() { # SWITCH INTERFACE: bytes that wait for the reader that is stopped
	qemu_run vm"$1" "netstat -tn" | awk -v port=":700$2\$" '$4 ~ port { n = $2 } END { print n + 0 }'
}
read_all() { # SWITCH INTERFACE: has the reader ended?
	! qemu_run vm"$1" "kill -0 \$(cat /tmp/reader$2)" 2>/dev/null
}
is_now() { # INTERFACE STATE: of its connection
	[[ $(tail -n 1 "$T/echo$1.log") == "$2 "* ]]
}
watch() { # SWITCH INTERFACE FILTER
	: >"$T/announced$2.log"
	start announced"$2" ip netns exec lan"$2" tcpdump -i s"$1" -n -l --immediate-mode -c 1 "$3"
	eventually 5 grep -q 'listening on' "$T/announced$2.log"
}
announced() { # INTERFACE
	grep -q '^1 packet captured' "$T/announced$1.log"
}

# From one switch to the other, with a reader that is stopped on each interface.
migrate() { # FROM TO
	local i from=$1 to=$2
	say "switch $from to switch $to"
	for i in 0 1; do
		kill -USR1 "${pids[echo$i]}"
	done
	for i in 0 1; do
		eventually 60 is_now $i resting
	done
	qemu "$to" -incoming unix:$T/incoming
	eventually 20 qmp vm"$to" query-status
	for i in 0 1; do
		qemu_run vm"$from" "nc -l -p 700$i >/tmp/held$i & echo \$! >/tmp/reader$i;
			while ! netstat -ltn | grep -q ':700$i '; do sleep 0.1; done; kill -STOP \$!"
	done
	# It must not end by itself: the guest writes 16 MB again and again, faster than they can be sent.
	qmp vm"$from" migrate-set-parameters '{"max-bandwidth": 20000000, "downtime-limit": 1}' >/dev/null
	qmp vm"$from" migrate "{\"uri\": \"unix:$T/incoming\"}" >/dev/null
	eventually 90 copied_once "$from" || fail "the guest's memory is not copied: $(migration "$from" .)"
	qmp vm"$from" migrate-set-parameters '{"max-bandwidth": 2000000}' >/dev/null
	for i in 0 1; do
		start sender$i ip netns exec lan$i socat -u FILE:$T/data TCP4:10.0.$i.2:700$i
	done
	for i in 0 1; do
		eventually 30 at_least 1000000 held "$from" $i || fail "interface $i gets nothing during migration: $(migration "$from" .)"
	done
	for i in 0 1; do
		kill -USR2 "${pids[echo$i]}"
	done
	for i in 0 1; do
		eventually 60 is_now $i "going on"
	done
	equal active migration "$from" .status
	watch "$to" 0 "rarp and ether src ${macs[0]}"
	watch "$to" 1 "arp and ether src ${macs[1]}"
	qmp vm"$from" migrate-set-parameters '{"max-bandwidth": 0, "downtime-limit": 300}' >/dev/null
	eventually 60 equal completed migration "$from" .status || fail "migration: $(migration "$from" .)"
	qmp vm"$from" quit >/dev/null
	qemu_booted vm"$to"
	wait "${pids[vm$from]}" || fail "QEMU ended badly"
	unset "pids[vm$from]"
	for i in 0 1; do
		eventually 20 announced $i || fail "interface $i is not announced at switch $to"
		wait "${pids[announced$i]}" || true
		unset "pids[announced$i]"
		eventually 20 guest_ping lan$i 10.0.$i.2 || fail "interface $i does not answer at switch $to"
		qemu_run vm"$to" "kill -CONT \$(cat /tmp/reader$i)"
		wait "${pids[sender$i]}" || fail "sender $i"
		unset "pids[sender$i]"
		eventually 20 read_all "$to" $i
		equal "$sum" qemu_run vm"$to" "sha256sum </tmp/held$i"
		running echo$i || fail "the connection of interface $i: $(cat $T/echo$i.log)"
	done
}

for i in 0 1; do
	host lan$i
	ns lan$i ip link add lan type bridge forward_delay 0
	ns lan$i ip addr add 10.0.$i.1/24 dev lan
	ns lan$i ip link set lan up
done
switch_start 1
switch_start 2
head -c 3000000 /dev/urandom >$T/data
sum=$(sha256sum <$T/data)

qemu 1
qemu_booted vm1
qemu_run vm1 "echo 4096 16777216 33554432 >/proc/sys/net/ipv4/tcp_rmem"
# Pages of zeros would not count: they are sent as one byte.
qemu_run vm1 "head -c 16777216 /dev/urandom >/tmp/random
	(while true; do dd if=/tmp/random of=/tmp/dirty bs=1M conv=notrunc; sleep 0.2; done) >/dev/null 2>&1 &"
qemu_run vm1 "nc -ll -p 7 -e cat & while ! netstat -ltn | grep -q ':7 '; do sleep 0.1; done"
for i in 0 1; do
	qemu_run vm1 "ip addr add 10.0.$i.2/24 dev eth$i; ip link set eth$i up"
	eventually 20 guest_ping lan$i 10.0.$i.2
	start echo$i ip netns exec lan$i "$tools/echo-load" 10.0.$i.2 7 500000
	eventually 60 is_now $i "going on"
done

migrate 1 2
migrate 2 1
migrate 1 2

say "the connections that were there all the time end well, with every byte back"
for i in 0 1; do
	stop echo$i || fail "connection $i: $(cat $T/echo$i.log)"
	cat $T/echo$i.log
done
for i in 1 2; do
	stop switch$i || fail "flued $i ended with a status of $?"
done
