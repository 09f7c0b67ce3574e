#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Access, trunk and native VLANs keep apart what must not meet.
#
#	a10 access 10 --+-----+-- access 20 a20
#	b10 access 10 --| br0 |-- trunk 10,20 native 1 t (eth0 10.0.1.9, eth0.10, eth0.20)
#	                |     |-- access 1 n1
#	                +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping

flued_start
flue bridge add br0
host_port a10 br0 10.0.10.1/24 pvid 10
host_port b10 br0 10.0.10.2/24 pvid 10
host_port a20 br0 10.0.10.3/24,10.0.20.3/24 pvid 20
host_port n1 br0 10.0.1.1/24
host_port t br0 10.0.1.9/24 vlan-mode trunk pvid 1 vlans 10,20
for vid in 10 20 30; do
	ip -n t link add link eth0 name eth0.$vid type vlan id $vid
	ip -n t address add 10.0.$vid.9/24 dev eth0.$vid
	ip -n t link set eth0.$vid up
done

say "the same VLAN reaches, another does not"
ping_ok a10 10.0.10.2
ping_fails a10 10.0.10.3

say "the trunk reaches each VLAN by its tag, and the native one without"
ping_ok t 10.0.10.1
ping_ok t 10.0.20.3
ping_ok t 10.0.1.1
ping_ok a10 10.0.10.9

say "a VLAN the trunk does not carry is dropped, by name"
before=$(drop t vlan_in)
ping_fails t 10.0.30.1
eventually 5 at_least $((before + 1)) drop t vlan_in

say "a VLAN is added to the trunk and taken off again"
flue port set b10 pvid 30
ip -n b10 address add 10.0.30.2/24 dev eth0
ping_fails t 10.0.30.2
flue vlan add t vid 30
ping_ok t 10.0.30.2
flue vlan del t vid 30
ping_fails t 10.0.30.2

say "without a native VLAN the trunk takes no untagged frame"
ping_ok t 10.0.1.1
flue port set t pvid 0
before=$(drop t vlan_untagged)
ping_fails t 10.0.1.1
eventually 5 at_least $((before + 1)) drop t vlan_untagged

say "an address is known per VLAN"
equal a10 fdb_port br0 "$(mac_of a10)"
flue fdb show br0 vlan 10 -j | jq -e '(if type == "array" then . else .entries end)
	| length > 0 and all(.vlan == 10)' >/dev/null || fail "fdb show vlan 10 shows others"
flued_stop
