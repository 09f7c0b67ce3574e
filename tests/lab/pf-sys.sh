#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pf-sys: flue-pf's backend on a real kernel: igb's PFs and VFs, and 500 VFs of netdevsim, read, set, refused
# and compared with what ip(8) and devlink(8) say. Runs in the lab:
#	lab/run --session --time 300 tests/lab/pf-sys.sh
# netdevsim comes from scripts/netdevsim; without it that part is skipped.
set -u
try=${BUILD:-build}/sriov-pf/sys/sys_try
sims=${FLUE_NETDEVSIM-/var/cache/flue/netdevsim}/$(uname -r)
pci=/sys/bus/pci/devices

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@"; then echo "ok $name"; else echo "not ok $name"; fi
}
state() { # JQ-FILTER: of the PF's state
	"$try" read "$pf" | jq -cS "$1"
}
is() { # JQ-FILTER VALUE
	local now
	now=$(state "$1")
	[ "$now" = "$2" ] || { echo "# $1 is $now, not $2"; return 1; }
}
done_() { # STEP
	local said
	said=$("$try" step "$pf" "$1")
	[ "$said" = "done" ] || { echo "# $said"; return 1; }
}
refused() { # STEP ERRNO WORDS
	local said
	said=$("$try" step "$pf" "$1")
	echo "# $said"
	[[ $said == "$2: "*"$3"* ]]
}
set_vf() { # VF ATTRIBUTE VALUE: as a step
	echo "{\"kind\":\"vf-set\",\"vf\":$1,\"attr\":\"$2\",\"value\":{\"address\":\"\",$3}}"
}
number() { # KIND NUMBER: as a step
	echo "{\"kind\":\"$1\",\"number\":$2}"
}
bind() { # KIND VF OVERRIDE
	echo "{\"kind\":\"$1\",\"vf\":$2,\"override\":\"$3\"}"
}
for_vf() { # KIND VF
	echo "{\"kind\":\"$1\",\"vf\":$2}"
}
# All attributes of all VFs, as ip says them and as the backend does.
as_ip() {
	local theirs ours
	theirs=$(ip -j link show dev "$ifname" | jq -cS '.[0].vfinfo_list // [] | map({mac: .address,
		vlan: (.vlan_list[0].vlan // 0), qos: (.vlan_list[0].qos // 0), max: (.rate.max_tx // 0),
		min: (.rate.min_tx // 0), spoofchk, trust, link: .link_state})')
	ours=$(state '.vfs | map({mac, vlan, qos, max: ."max-rate", min: ."min-rate", spoofchk, trust,
		link: ."link-state"})')
	[ "$ours" = "$theirs" ] || { printf '# ip:   %s\n# ours: %s\n' "$theirs" "$ours"; return 1; }
}
set_and_read() { # VF ATTRIBUTE VALUE
	check "vf $1: $2 is set" done_ "$(set_vf "$@")"
	check "vf $1: $2 reads back" is ".vfs[$1] | contains({$3})" true
	check "vf $1: $2: ip says the same" as_ip
}
refused_and_kept() { # VF ATTRIBUTE VALUE ERRNO WORDS
	local before
	before=$(state .vfs)
	check "$2 $3 is refused" refused "$(set_vf "$1" "$2" "$3")" "$4" "$5"
	check "and nothing changed" is .vfs "$before"
}

if [ -r "$sims/netdevsim.ko" ]; then echo 1..82; else echo 1..66; fi

echo "# igb"
pfs=()
for device in "$pci"/*; do
	[ "$(cat "$device/device")" != 0x10c9 ] || pfs+=("${device##*/}")
done
pf=${pfs[0]}
ifname=$(ls "$pci/$pf/net")
ip link set "$ifname" up
check "all PFs are listed" [ "$("$try" list)" = "$(printf '%s\n' "${pfs[@]}" | jq -cRn '[inputs]')" ]
check "a PF without VFs" is '[.driver,.vendor,.device,.totalvfs,.numvfs,.eswitch,.ifname]' \
	"[\"igb\",32902,4297,7,0,\"none\",\"$ifname\"]"
check "its MTU and state" is '[.mtu,.up]' \
	"$(ip -j link show dev "$ifname" | jq -c '[.[0].mtu,(.[0].flags|index("UP")!=null)]')"
check "autoprobe off" done_ "$(number autoprobe 0)"
check "autoprobe reads back" is .autoprobe false
check "3 VFs" done_ "$(number numvfs 3)"
check "they are read" is '.vfs | map(.address)' \
	"$(for i in 0 1 2; do basename "$(readlink "$pci/$pf/virtfn$i")"; done | jq -cRn '[inputs]')"
check "ip says the same" as_ip
check "4 VFs instead are refused" refused "$(number numvfs 4)" EBUSY "only through 0"
check "MTU 9000" done_ "$(number mtu 9000)"
check "MTU reads back" is .mtu 9000
check "MTU 70000 is refused" refused "$(number mtu 70000)" EINVAL "maxmtu"
done_ "$(number mtu 1500)"
check "an eswitch mode is refused" refused "$(number eswitch 2)" EOPNOTSUPP "leave eswitch out"
check "a fourth VF is refused" refused "$(set_vf 3 trust '"trust":true')" EINVAL "has 3 VFs"

# The rate needs a link, which takes a moment.
for ((i = 0; i < 100; i++)); do
	[ "$(cat "/sys/class/net/$ifname/carrier")" = 0 ] || break
	sleep 0.1
done
set_and_read 1 mac '"mac":"52:54:00:00:00:01"'
set_and_read 1 vlan '"vlan":10,"qos":3,"vlan-proto":"802.1Q"'
set_and_read 1 rate '"min-rate":0,"max-rate":100'
set_and_read 1 spoofchk '"spoofchk":false'
set_and_read 1 trust '"trust":true'
set_and_read 1 mac '"mac":"00:00:00:00:00:00"'
set_and_read 1 vlan '"vlan":0,"qos":0,"vlan-proto":"802.1Q"'
refused_and_kept 0 link-state '"link-state":"enable"' EOPNOTSUPP "leave link-state out"
refused_and_kept 0 rss-query '"rss-query":true' EOPNOTSUPP "leave rss-query out"
refused_and_kept 0 vlan '"vlan":10,"qos":0,"vlan-proto":"802.1ad"' EPROTONOSUPPORT "use vlan-proto 802.1Q"
refused_and_kept 0 rate '"min-rate":10,"max-rate":100' EINVAL "leave min-rate out"
refused_and_kept 0 mac '"mac":"01:00:00:00:00:01"' EINVAL "first octet is even"

# Drivers. The lab has vfio-pci loaded: here the backend has to load it.
modprobe -r vfio-pci
check "vfio-pci is loaded and bound" done_ "$(bind vf-bind 0 vfio-pci)"
check "the driver is read" is '.vfs[0] | [.driver,.override]' '["vfio-pci","vfio-pci"]'
check "another driver must wait" refused "$(bind vf-bind 0 igbvf)" EBUSY "unbound first"
check "a driver that is not there" refused "$(bind vf-bind 1 nosuch)" ENODEV "no driver nosuch"
check "unbound" done_ "$(for_vf vf-unbind 0)"
check "a reset" done_ "$(for_vf vf-reset 0)"
check "the override stays" is '.vfs[0] | [.driver,.override]' '["","vfio-pci"]'
check "the override goes" done_ "$(bind vf-override 0 '')"
check "it is gone" is '.vfs[0] | [.driver,.override]' '["",""]'
check "without autoprobe the kernel chooses none" refused "$(bind vf-bind 0 '')" ENODEV autoprobe
modprobe igbvf
done_ "$(number autoprobe 1)"
check "with it, its own" done_ "$(bind vf-bind 0 '')"
check "which is igbvf" is '.vfs[0].driver' '"igbvf"'
done_ "$(for_vf vf-unbind 0)"

# What others do is seen.
"$try" watch 6 >/tmp/watched &
watcher=$!
until grep -q watching /tmp/watched; do sleep 0.1; done
ip link set "$ifname" vf 2 trust on
echo 0 >"$pci/$pf/sriov_numvfs"
wait $watcher
sed 's/^/# /' /tmp/watched
check "a VF that somebody set is told" grep -q "^link .* $ifname" /tmp/watched
check "a VF that went is told" grep -q "^remove 0000:.* driver=" /tmp/watched

# Out of reach.
ip netns add away
ip link set "$ifname" netns away
check "in another namespace: it is read" is '[.ifname,.driver,.numvfs]' '["","igb",0]'
check "and not set" refused "$(number mtu 1400)" ENODEV "in this network namespace"
ip -n away link set "$ifname" netns 1
echo "$pf" >"$pci/$pf/driver/unbind"
check "without a driver: it is read" is '[.ifname,.driver]' '["",""]'
check "and not set" refused "$(number mtu 1400)" ENODEV "has no driver"
check "and makes no VFs" refused "$(number numvfs 1)" ENOENT "it has no driver"
echo "$pf" >/sys/bus/pci/drivers_probe

# A card told to fetch a descriptor from where it may not: the registers are those of the 82576's first
# transmit queue (datasheet 8.12), the address is mapped to nothing.
stray() { # ADDRESS
	bind_vfio "$1"
	python3 - "$(basename "$(realpath "$pci/$1/iommu_group")")" "$1" <<-'END'
		import fcntl, os, struct, sys
		# <linux/vfio.h>; a region is at its index << 40, and 7 is the configuration space.
		GROUP_SET_CONTAINER, SET_IOMMU, GET_DEVICE_FD = 0x3B68, 0x3B66, 0x3B6A
		container = os.open("/dev/vfio/vfio", os.O_RDWR)
		group = os.open("/dev/vfio/" + sys.argv[1], os.O_RDWR)
		fcntl.ioctl(group, GROUP_SET_CONTAINER, struct.pack("i", container))
		fcntl.ioctl(container, SET_IOMMU, 1)
		device = fcntl.ioctl(group, GET_DEVICE_FD, bytearray(sys.argv[2].encode() + b"\0"))
		os.pwrite(device, struct.pack("<H", 6), (7 << 40) + 4)
		registers = ((0x400, 2), (0xe000, 0xbad000), (0xe004, 0), (0xe008, 4096), (0xe028, 1 << 25), (0xe018, 1))
		for register, value in registers:
		    os.pwrite(device, struct.pack("<I", value), register)
	END
	"$try" faults </dev/kmsg | tee /dev/stderr | grep -q "^$1 read 0xbad000 "
}
bind_vfio() { # ADDRESS
	[ ! -e "$pci/$1/driver" ] || echo "$1" >"$pci/$1/driver/unbind"
	echo vfio-pci >"$pci/$1/driver_override"
	echo "$1" >/sys/bus/pci/drivers_probe
}
check "what the IOMMU stops is read of the kernel's log" stray "${pfs[1]}"

[ -r "$sims/netdevsim.ko" ] || exit 0
echo "# netdevsim"
insmod "$sims/psample.ko"
insmod "$sims/netdevsim.ko"
echo "0 1" >/sys/bus/netdevsim/new_device
pf=netdevsim0
ifname=$(ls /sys/bus/netdevsim/devices/$pf/net)
mountpoint -q /sys/kernel/debug || mount -t debugfs debugfs /sys/kernel/debug
echo 500 >/sys/kernel/debug/netdevsim/$pf/max_vfs
check "it is listed" grep -q '"netdevsim0"' <("$try" list)
check "500 VFs" done_ "$(number numvfs 500)"
check "all are told" is '[.numvfs, .totalvfs, (.vfs | map(select(has("mac"))) | length)]' '[500,500,500]'
echo "# ip shows $(ip -j link show dev "$ifname" 2>/dev/null | jq '.[0].vfinfo_list | length') of them"
check "the last one's address" done_ "$(set_vf 499 mac '"mac":"52:54:00:00:01:f3"')"
check "reads back" is '[.vfs[499].mac,.vfs[498].mac]' '["52:54:00:00:01:f3","00:00:00:00:00:00"]'
check "the last one's VLAN" done_ "$(set_vf 499 vlan '"vlan":9,"qos":1,"vlan-proto":"802.1ad"')"
check "reads back" is '.vfs[499] | [.vlan,.qos,."vlan-proto"]' '[9,1,"802.1ad"]'
check "a link state" done_ "$(set_vf 333 link-state '"link-state":"disable"')"
check "reads back" is '.vfs | map(select(."link-state" == "disable")) | length' 1
done_ "$(number numvfs 0)"
done_ "$(number numvfs 8)"
check "with 8, ip says the same" as_ip
check "legacy mode" is .eswitch '"legacy"'
done_ "$(number numvfs 0)"
check "switchdev mode" done_ "$(number eswitch 2)"
done_ "$(number numvfs 4)"
check "reads back, with the PF's own interface" is '[.eswitch,.ifname]' "[\"switchdev\",\"$ifname\"]"
check "a rate by devlink" done_ "$(set_vf 3 rate '"min-rate":10,"max-rate":200')"
check "reads back" is '.vfs[3] | [."min-rate",."max-rate"]' '[10,200]'
devlink port function rate show | sed 's/^/# /'
check "a rate above the link's is refused" refused "$(set_vf 3 rate '"min-rate":9999,"max-rate":300')" EINVAL "link maximum speed"
check "and nothing of it is left" is '.vfs[3] | [."min-rate",."max-rate"]' '[10,200]'
