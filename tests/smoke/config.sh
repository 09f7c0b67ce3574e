#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A declared configuration: difference, dry run, all or nothing, twice is once, and back again.
#
#	h1 --+-----+-- h2        br1, empty
#	     +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping

host h1
host h2
cat >$T/a.yaml <<'END'
version: 1
bridges:
  - name: br0
    mtu: 9000
  - name: br1
    ageing: 60
ports:
  - name: h1
    kind: host
    bridge: br0
    netns: h1
    ifname: eth0
    address: 10.0.0.1/24
  - name: h2
    kind: host
    bridge: br0
    netns: h2
    ifname: eth0
    address: 10.0.0.2/24
    vlan-mode: trunk
    vlans: 10,20-30
fdb:
  - bridge: br0
    mac: 02:00:00:00:00:aa
    vlan: 1
    port: h2
END
flued_start
state() {
	flue config show -j | jq -S .
}
empty=$(state)

say "a dry run says what would be, and changes nothing"
flue apply $T/a.yaml --dry-run >$T/diff
for name in br0 br1 h1 h2 02:00:00:00:00:aa; do
	grep -q "$name" $T/diff || fail "the difference does not mention $name: $(cat $T/diff)"
done
equal "$empty" state

say "applied"
flue apply $T/a.yaml
ping_ok h1 10.0.0.2 -M "do" -s 8972
equal h2 fdb_port br0 02:00:00:00:00:aa

say "twice is once"
changes() { # how many changes the file would make
	flue apply "$1" --dry-run -j | jq '.changes | length'
}
equal 0 changes $T/a.yaml
index=$(ns h1 cat /sys/class/net/eth0/ifindex)
flue apply $T/a.yaml
equal "$index" ns h1 cat /sys/class/net/eth0/ifindex

say "config show prints a file that leads to the same state"
first=$(state)
flue config show >$T/shown.yaml
equal 0 changes $T/shown.yaml
echo 'version: 1' >$T/none.yaml
flue apply $T/none.yaml
equal "$empty" state
flue apply $T/shown.yaml
equal "$first" state
ping_ok h1 10.0.0.2

say "a change in place does not make the port anew"
sed 's/^    vlans: .*/    vlans: 10,40/' $T/a.yaml >$T/b.yaml
index=$(ns h2 cat /sys/class/net/eth0/ifindex)
flue apply $T/b.yaml
equal "$index" ns h2 cat /sys/class/net/eth0/ifindex
equal '"10,40"' sh -c "$BUILD/cli/flue vlan show h2 -j | jq '.[0].vlans'"

say "all or nothing: the last step cannot succeed, so none is left"
second=$(state)
cat >>$T/b.yaml <<'END'
END
sed 's/ageing: 60/ageing: 90/' $T/b.yaml | sed '/^fdb:/,$d' >$T/c.yaml
cat >>$T/c.yaml <<'END'
  - name: h3
    kind: host
    bridge: br1
    netns: nowhere
END
refused 'nowhere' flue apply $T/c.yaml
equal "$second" state
ping_ok h1 10.0.0.2
refused "c.yaml.*[0-9]" flue apply $T/c.yaml

say "a mistake is named with file, line, key and cure, and changes nothing"
mistake() { # PATTERN SED-EXPRESSION
	sed "$2" $T/a.yaml >$T/wrong.yaml
	refused "wrong.yaml:[0-9]+.*($1)" flue apply $T/wrong.yaml
	equal "$second" state
}
mistake 'mtu' 's/mtu: 9000/mtu: 90000/'
mistake 'mtu' 's/mtu: 9000/mtu: large/'
mistake 'brigde' '0,/bridge: br0/s//brigde: br0/'
mistake 'bridge' '0,/bridge: br0/s//bridge: br7/'
mistake 'h1' 's/name: h2/name: h1/'
mistake 'kind' '0,/kind: host/s//kind: hose/'
mistake 'socket' 's/ifname: eth0/socket: \/x/'
printf 'version: 1\nports: [\n' >$T/wrong.yaml
refused 'wrong.yaml:[0-9]+' flue apply $T/wrong.yaml
refused 'no such file' flue apply $T/missing.yaml

say "flued does not start with a file that is wrong"
mv $T/flued.log $T/first.log
refused 'wrong.yaml' timeout 20 "$BUILD/vswitch/flued" --socket $T/other.sock --config $T/wrong.yaml
mv $T/first.log $T/flued.log
flued_stop
