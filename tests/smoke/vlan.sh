#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Access, trunk and native VLANs keep apart what must not meet.
#
#	a10 access 10 --+-----+-- access 20 a20
#	b10 access 10 --| br0 |-- trunk 10,20 native 1 t
#	                |     |-- access 1 n1
#	                +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping python3

flued_start
flue bridge add br0
host_port a10 br0 10.0.10.1/24 pvid 10
host_port b10 br0 10.0.10.2/24 pvid 10
host_port a20 br0 10.0.10.3/24,10.0.20.3/24 pvid 20
host_port n1 br0 10.0.1.1/24
host_port t br0 10.0.1.9/24 vlan-mode trunk pvid 1 vlans 10,20
# Tagged end of t: a small responder, because not every kernel has VLAN interfaces.
start t ip netns exec t "$tools/frames" answer eth0 10=10.0.10.9 20=10.0.20.9 30=10.0.30.9
eventually 5 grep -q answering $T/t.log

say "the same VLAN reaches, another does not"
ping_ok a10 10.0.10.2
ping_fails a10 10.0.10.3

say "the trunk reaches each VLAN by its tag, and the native one without"
ping_ok a10 10.0.10.9
ping_ok b10 10.0.10.9
ping_ok a20 10.0.20.9
ping_ok t 10.0.1.1
ping_fails a20 10.0.10.9

say "a VLAN the trunk does not carry is dropped, by name"
before=$(drop t vlan_in)
ns t "$tools/frames" send eth0 "ffffffffffff$(mac_of t | tr -d :)8100001e88b5$(printf '00%.0s' {1..42})"
eventually 5 at_least $((before + 1)) drop t vlan_in

say "a VLAN is added to the trunk and taken off again"
flue port set b10 pvid 30
ip -n b10 address add 10.0.30.2/24 dev eth0
ping_fails b10 10.0.30.9
flue vlan add t vid 30
ping_ok b10 10.0.30.9
flue vlan del t vid 30
ping_fails b10 10.0.30.9

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
