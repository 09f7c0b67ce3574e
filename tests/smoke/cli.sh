#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The command line: prefixes, help at each level, JSON, and exit codes a script can tell apart.
. "$(dirname "$0")/../lib.sh"
need jq

flued_start
status_of() { # COMMAND...: its exit status
	local status=0
	"$@" >$T/out 2>$T/err || status=$?
	echo $status
}
# The kinds of failure differ in their status, each the same for every command.
usage=$(status_of flue port frobnicate)
refusal=$(status_of flue bridge del nothing)
absent=$(status_of flue --socket $T/nobody.sock bridge show)
echo "usage $usage, refused $refusal, no switch $absent"
[ "$((usage * refusal * absent))" -ne 0 ] || fail "a failure with status 0"
equal 3 sh -c "printf '%s\n' $usage $refusal $absent | sort -u | wc -l"
equal 0 status_of flue bridge add br0 mtu 9000
equal 0 status_of flue bridge show
equal "$usage" status_of flue bridge add br1 mtu
equal "$usage" status_of flue bridge add br1 mtu large
equal "$usage" status_of flue bridge add br1 colour red
equal "$usage" status_of flue nonsense
equal "$refusal" status_of flue bridge add br0
equal "$refusal" status_of flue port add p0 kind vhost bridge nowhere socket $T/p0.sock

say "errors go to stderr and say what helps"
status_of flue bridge add br1 mtu 100000 >/dev/null
grep -q 9600 $T/err || fail "the message does not tell the bound: $(cat $T/err)"
[ ! -s $T/out ] || fail "an error on stdout"
status_of flue --socket $T/nobody.sock bridge show >/dev/null
grep -qi flued $T/err || fail "the message does not say what is missing: $(cat $T/err)"

say "prefixes as long as they are unambiguous"
equal 0 status_of flue br sh
equal 0 status_of flue bridge sh br0
equal "$usage" status_of flue p show

say "help at each level"
flue help | grep -q bridge || fail "help does not name the objects"
flue bridge help | grep -q add || fail "bridge help does not name the verbs"
flue port add help | grep -q socket || fail "port add help does not name the keys"

say "JSON is JSON, and text says the same"
flue bridge show -j | jq -e '.[0].name == "br0" and .[0].mtu == 9000' >/dev/null || fail "bridge show -j"
flue bridge show -j -p | jq -e '.[0].mtu == 9000' >/dev/null || fail "bridge show -j -p"
flue bridge show | grep -q 9000 || fail "bridge show"
for command in "switch show" "port show" "fdb show" "vlan show" "pipeline show" "config show" \
	"host check"; do
	# shellcheck disable=SC2086 # two words
	flue $command -j >$T/out || true
	jq -e . $T/out >/dev/null || fail "$command -j is not JSON: $(head -c 200 $T/out)"
done

say "host check names each thing, without a switch too"
flue --socket $T/nobody.sock host check >$T/out || true
for word in huge kvm tun vhost iommu core remapping ACS SR-IOV; do
	grep -qi $word $T/out || fail "host check does not mention $word"
done

say "poll is set while the switch runs"
flue switch set poll always
equal always sh -c "$BUILD/cli/flue switch show -j | jq -r .poll"
flue switch set poll adaptive
flue bridge del br0
flued_stop
