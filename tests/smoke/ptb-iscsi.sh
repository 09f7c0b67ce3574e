#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The classic loss of a storage network: login and small reads pass, large reads hang. With answers
# "packet too big" they do not.
#
#	h1 tgtd, eth0 mtu 9000 --+-----------+-- port mtu 1500, eth0 mtu 9000 -- h2 initiator
#	                         | br0 9000  |
#	                         +-----------+
. "$(dirname "$0")/../lib.sh"
. "$top/tests/pmtu.sh"
need jq tgtd tgtadm iscsi-test-cu iscsi-inq

flued_start
flue bridge add br0 mtu 9000
host_port h1 br0 10.0.0.1/24
host_port h2 br0 10.0.0.2/24 mtu 1500
untold h2
pmtu_plain h1 h2

target=iqn.2000-01.test:disk
lun=iscsi://10.0.0.1/$target/1
admin() {
	tgtadm -C 1 --lld iscsi "$@"
}

head -c 64M /dev/urandom >$T/disk
mkdir -p /run/tgtd
start tgtd ip netns exec h1 tgtd -f -C 1 --iscsi portal=10.0.0.1:3260
eventually 20 admin --mode target --op show
admin --mode target --op new --tid 1 -T $target
admin --mode logicalunit --op new --tid 1 --lun 1 -b $T/disk
admin --mode target --op bind --tid 1 -I ALL
eventually 20 listening h1 3260

# Reads of 1 to 256 blocks of 512 bytes, at the start of the disk and at its end: 33 MB.
reads() { # SECONDS
	ns h2 timeout "$1" iscsi-test-cu -V -t ALL.Read10.Simple "$lun" >$T/reads 2>&1
}

say "off: the target is found and small reads pass"
flue port set h1 ptb off
ns h2 timeout 20 iscsi-inq "$lun" | grep -q 'IET\|VIRTUAL-DISK' || fail "no login"
say "and large ones hang"
if reads 5; then
	fail "the reads end, and nothing told h1 of the smaller MTU"
fi
equal none pmtu h1 10.0.0.2
at_least 1 drop h2 mtu_out

say "on: they end"
flue port set h1 ptb on
reads 60 || {
	cat $T/reads
	fail "the reads do not end"
}
grep -qE 'asserts +[0-9]+ +[0-9]+ +[0-9]+ +0' $T/reads || {
	cat $T/reads
	fail "not all reads went well"
}
equal 1500 pmtu h1 10.0.0.2
at_least 33000000 counter h2 tx_bytes
at_least 1 counter h1 ptb_sent
flued_stop
