#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# One plan of MTUs: it reaches everybody, what cannot hold is refused whole, and who does not keep
# to it is named with what mends it.
#
#	h1 --+-----+-- h2        vm0, vm1: guests     up0: af_packet on one end of a veth
#	     | br0 |-- vm0
#	     +-----+-- up0       br1: empty
. "$(dirname "$0")/../lib.sh"
need jq ping ip

mtu_of() { # NAMESPACE
	ns "$1" cat /sys/class/net/eth0/mtu
}
link_mtu() { # INTERFACE of flued's own namespace
	ip -j link show dev "$1" | jq '.[0].mtu'
}
element() { # NAME KIND MEMBER: what mtu show says
	flue mtu show -j | jq -r --arg name "$1" --arg kind "$2" \
		'.[] | select(.element == $name and .kind == $kind) | .'"$3"
}
disagreements() {
	flue mtu check -j | jq length || true
}
cure() { # ELEMENT
	{ flue mtu check -j || true; } | jq -r --arg name "$1" '.[] | select(.element == $name) | .cure'
}
agrees() {
	[ "$(flue mtu check)" = "no disagreement" ] || fail "mtu check: $(flue mtu check)"
}
# One that disagrees: the status says so, the sentence has the pattern, and the cure, typed as it
# is printed, mends it.
disagrees() { # ELEMENT PATTERN
	local status=0 text
	text=$(flue mtu check) || status=$?
	equal 1 echo $status
	grep -qE "$2" <<<"$text" || fail "mtu check says: $text; not: $2"
	equal 1 disagreements
	text=$(cure "$1")
	say "  cured by: $text"
	eval "$text"
	agrees
}
state() {
	flue config show -j | jq -S .
	flue mtu show -j
}

flued_start
agrees

say "the site's MTU reaches bridges and interfaces, and goes back"
flue bridge add br0
host_port h1 br0 10.0.0.1/24
host_port h2 br0 10.0.0.2/24
equal default element h1 host source
flue switch set mtu 9000
equal 9000 mtu_of h1
equal 9000 mtu_of h2
equal 9000 element br0 bridge planned
equal site element h1 host source
ping_ok h1 10.0.0.2 -M "do" -s 8972
flue switch set mtu auto
equal 1500 mtu_of h1
flue switch set mtu 9000
equal 9000 sh -c "$BUILD/cli/flue switch show -j | jq .mtu"
agrees

say "a bridge and a port of their own, and following again"
flue bridge set br0 mtu 4000
equal 4000 mtu_of h1
flue port set h2 mtu 2000
equal 2000 mtu_of h2
equal "port h2" element h2 host source
flue port set h2 mtu auto
equal 4000 mtu_of h2
flue bridge set br0 mtu auto
equal 9000 mtu_of h1
equal site element br0 bridge source
equal '{"mtu":9000}' sh -c "$BUILD/cli/flue config show -j | jq -c .switch"

say "what cannot hold is refused, and nothing is half done"
before=$(state)
refused 'port h1 declares 9600.*br0.*has 9000' flue port set h1 mtu 9600
refused 'bridge br0 declares 9600.*site.*has 9000' flue bridge set br0 mtu 9600
refused 'bridge br1 declares 9600.*site' flue bridge add br1 mtu 9600
refused 'port h3 declares 9600.*br0' flue port add h3 kind host bridge br0 mtu 9600
equal "$before" state
flue port set h2 mtu 9000
refused 'port h2 declares 9000.*br0.*has 4000 \(from: bridge br0\)' flue bridge set br0 mtu 4000
refused 'port h2 declares 9000.*br0.*has 4000 \(from: site\)' flue switch set mtu 4000
equal 9000 mtu_of h1
flue port set h2 mtu auto
equal "$before" state

say "a configuration that cannot hold names its line, and changes nothing"
flue config show >$T/good.yaml
sed 's/^  mtu: 9000/  mtu: 4000/' $T/good.yaml >$T/other.yaml
cat >$T/wrong.yaml <<'END'
version: 1
switch:
  mtu: 9000
bridges:
  - name: br0
    mtu: 4000
  - name: br9
ports:
  - name: h1
    kind: host
    bridge: br0
    netns: h1
    ifname: eth0
    mtu: 4001
END
refused 'wrong.yaml:14: mtu: port h1 declares 4001.*bridge br0.*4000' flue apply $T/wrong.yaml
equal "$before" state
sed -i 's/    mtu: 4000/    mtu: 9001/; s/mtu: 4001/mtu: 4000/' $T/wrong.yaml
refused 'wrong.yaml:6: mtu: bridge br0 declares 9001.*site' flue apply $T/wrong.yaml --dry-run
equal "$before" state
equal 9000 mtu_of h1

say "a configuration goes there and back without making ports anew"
index=$(ns h1 cat /sys/class/net/eth0/ifindex)
flue apply $T/other.yaml
equal 4000 mtu_of h1
flue apply $T/good.yaml
equal "$before" state
equal "$index" ns h1 cat /sys/class/net/eth0/ifindex
flue config show | diff $T/good.yaml -
ping_ok h1 10.0.0.2 -M "do" -s 8972

say "from one valid configuration to another, by way of what would not be one"
cat >$T/high.yaml <<'END'
version: 1
switch: {mtu: 9000}
bridges:
  - {name: br0, mtu: 9000}
ports:
  - {name: h1, kind: host, bridge: br0, netns: h1, ifname: eth0, address: 10.0.0.1/24, mtu: 9000}
  - {name: h2, kind: host, bridge: br0, netns: h2, ifname: eth0, address: 10.0.0.2/24}
END
sed 's/9000/1400/' $T/high.yaml >$T/low.yaml
for file in high low high; do
	flue apply $T/$file.yaml
	equal 0 sh -c "$BUILD/cli/flue apply $T/$file.yaml --dry-run -j | jq '.changes | length'"
	agrees
done
equal 9000 mtu_of h1
flue apply $T/good.yaml
equal "$before" state

say "changed behind flue's back: named, with the cure, and cured by it"
ip -n h1 link set dev eth0 mtu 1500
equal 1500 element h1 host actual
equal false element h1 host ok
equal 1500 sh -c "$BUILD/cli/flue port show h1 -j | jq '.[0].mtu_actual'"
disagrees h1 'interface eth0 \(namespace h1\) of port h1 has 1500, the plan says 9000 \(from: site\)'
ip -n h2 link set dev eth0 mtu 9600
disagrees h2 'port h2 has 9600'
ip -n h1 link set dev eth0 down
ip -n h1 link set dev eth0 name lan0
ip -n h1 link set dev lan0 mtu 1400 up
disagrees h1 'interface lan0 .*has 1400'
# Whatever it is called: who rules the namespace chooses, and the cure is copied.
ip -n h1 link set dev lan0 down
ip -n h1 link set dev lan0 name "x;false"
ip -n h1 link set dev "x;false" mtu 1400
disagrees h1 "interface x;false .*has 1400"
ip -n h1 link set dev "x;false" name lan0
ip -n h1 link set dev lan0 up

say "a device that would get more than it takes: refused with the numbers, and nobody is changed"
host h4
ip link add up0 type veth peer name eth0 netns h4
ip link set up0 up
flue bridge add br1 mtu 1500
host_port h3 br1 10.0.1.3/24
flue port add up0 kind ethdev bridge br1 device "net_af_packet0,iface=up0"
equal 1500 link_mtu up0
agrees
flue port set up0 mtu 1400
equal 1400 link_mtu up0
flue port set up0 mtu auto
before=$(state)
refused 'port up0 can take 1500 at most.*9000 \(from: bridge br1\)' flue bridge set br1 mtu 9000
refused 'it takes [0-9]+ to 1500' flue port add up1 kind ethdev bridge br0 device "net_af_packet1,iface=up0"
equal 1500 link_mtu up0
equal "$before" state
equal 1500 mtu_of h3

say "one that refuses: those before it go back, by a command and by a file"
host_port h5 br0 10.0.0.5/24
ip -n h5 link del eth0
before=$(state)
refused 'eth0.*No such device' flue switch set mtu 9600
equal 9000 ns h1 cat /sys/class/net/lan0/mtu
equal 9000 mtu_of h2
flue config show | sed 's/^  mtu: 9000/  mtu: 9600/' >$T/higher.yaml
refused 'higher.yaml:[0-9]+: .*eth0.*No such device' flue apply $T/higher.yaml
equal 9000 mtu_of h2
equal "$before" state
flue port del h5

say "the interface beneath a device"
equal up0 element up0 interface element
equal 1500 element up0 ethdev actual
ip link set dev up0 mtu 1400
disagrees up0 'interface up0 beneath port up0 has 1400, the plan says 1500 \(from: bridge br1\)'
equal 1500 link_mtu up0

say "a guest that was told less than the plan says"
m=02:00:00:00:01:01
flue port add vm0 kind vhost bridge br0 socket $T/vm0.sock
flue port add vm1 kind vhost bridge br0 socket $T/vm1.sock
start vm1 "$tools/vhost-guest" $T/vm1.sock
start vm0 "$tools/vhost-guest" $T/vm0.sock 1500
eventually 10 port_up vm0
eventually 10 port_up vm1
equal 1500 element vm0 guest actual
equal 9000 element vm0 guest planned
equal 1500 element vm0 guest in_force
equal 1500 element vm0 vhost in_force
equal 1500 sh -c "$BUILD/cli/flue port show vm0 -j | jq '.[0].mtu'"
equal 9000 element vm1 vhost in_force
equal "" element vm1 guest actual
ns h1 ip neighbour replace 10.0.0.50 lladdr $m dev lan0
flue fdb add br0 $m port vm0
ns h1 ping -c 1 -W 1 -M "do" -s 1472 10.0.0.50 >/dev/null || true
eventually 5 grep -q '^frame 1514$' $T/vm0.log
ns h1 ping -c 3 -i 0.2 -W 1 -M "do" -s 1473 10.0.0.50 >/dev/null || true
eventually 5 at_least 1 drop vm0 mtu_out
equal '[1501,1500]' sh -c "$BUILD/cli/flue port show vm0 -s -j |
	jq -c '.[0].stats.drops.mtu_out | [.last_size, .last_limit]'"
! grep -q '^frame 1515$' $T/vm0.log || fail "the guest got more than it was told"
disagrees vm0 'guest of port vm0 uses 1500, the plan says 9000'
equal 9000 element vm1 vhost in_force

say "and one that was told more"
flue port set vm0 mtu 1400
disagrees vm0 'guest of port vm0 may use 1500, the plan says 1400 \(from: port vm0\)'

say "a guest that went has no MTU any more"
stop vm0 || true
eventually 10 equal "" element vm0 guest actual
flue port set vm0 mtu auto
equal 9000 element vm0 vhost in_force
agrees
flued_stop

say "flued does not start with a plan that cannot hold"
refused 'wrong.yaml:6: mtu: bridge br0 declares 9001' timeout 20 "$BUILD/vswitch/flued" \
	--socket $T/other.sock --config $T/wrong.yaml
