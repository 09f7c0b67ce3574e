#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The packets of one direction of a live TCP connection are held for a while, and released or
# dropped: its bytes arrive as they were sent, and nothing else is disturbed.
#
#	h1 eth0 10.0.0.1 fd00::1 --+-----+-- eth0 10.0.0.2 fd00::2 h2
#	                           | br0 |
#	                           +-----+
. "$(dirname "$0")/../lib.sh"
need jq ping socat seq sha256sum

# With two workers, one finds the packets that the other one releases.
cores=$(($(nproc) - 1))
[ $cores -eq 0 ] || cores=0,$cores
flued_start --cores $cores
flue bridge add br0
host_port h1 br0 10.0.0.1/24,fd00::1/64
host_port h2 br0 10.0.0.2/24,fd00::2/64
ping_ok h1 10.0.0.2
h1_mac=$(mac_of h1) h2_mac=$(mac_of h2)
numbers=12000000
sum=$(seq 1 $numbers | sha256sum) bytes=$(seq 1 $numbers | wc -c)

# Numbers from h1, port 40000, to h2, port 5001; what comes goes to the file out.
transfer() { # FAMILY FROM TO
	rm -f $T/out
	: >$T/out
	start receiver ip netns exec h2 socat -u "TCP$1-LISTEN:5001,reuseaddr" "OPEN:$T/out"
	eventually 5 listening h2 5001
	seq 1 $numbers | start_sender "$1" "$2" "$3" &
	pids[sender]=$!
	eventually 5 has_come 100000
}

start_sender() { # FAMILY FROM TO
	ns h1 socat -u - "TCP$1:$3:5001,bind=$2,sourceport=40000,reuseaddr"
}

has_come() { # BYTES
	[ "$(stat -c %s $T/out)" -ge "$1" ]
}

arrives() {
	wait "${pids[sender]}" || fail "the sender failed"
	wait "${pids[receiver]}" || fail "the receiver failed"
	unset "pids[sender]" "pids[receiver]"
	equal "$sum" sha256sum <$T/out
	rm -f $T/out
}

flow() { # FIELD: of the first flow; none: there is no flow
	flue flow show -j | jq -r ".flows[0].\"$1\" // \"none\""
}

no_flow() {
	[ "$(flow mode)" = none ]
}

settled() {
	local size
	size=$(stat -c %s $T/out)
	sleep 0.1
	[ "$size" = "$(stat -c %s $T/out)" ]
}

# Nothing arrives while the flow is held, and everything else goes on.
stands_still() {
	local before after
	eventually 5 settled # what had been handed to the receiver before is written
	before=$(stat -c %s $T/out)
	ping_ok h1 10.0.0.2
	ping_ok h2 fd00::1
	after=$(stat -c %s $T/out)
	[ "$before" = "$after" ] || fail "$((after - before)) bytes came while the flow was held"
	[ "$before" -lt "$bytes" ] || fail "the transfer was over before"
}

say "data is held, and goes on"
transfer 4 10.0.0.1 10.0.0.2
flue flow hold h2 10.0.0.1:40000 10.0.0.2:5001 dmac "$h2_mac"
stands_still
equal holding flow mode
equal h2 flow port
equal 10.0.0.1:40000 flow src
equal 10.0.0.2:5001 flow dst
at_least 1 flow held
flue flow show
refused "already" flue flow hold h2 10.0.0.1:40000 10.0.0.2:5001 dmac "$h2_mac"
flue flow release h2 10.0.0.1:40000 10.0.0.2:5001 dmac "$h2_mac"
arrives
eventually 5 no_flow

say "acknowledgements are held, over IPv6"
transfer 6 '[fd00::1]' '[fd00::2]'
flue flow hold h1 '[fd00::2]:5001' '[fd00::1]:40000' dmac "$h1_mac"
stands_still
at_least 1 flow held
flue flow show detail on
flue flow release h1 '[fd00::2]:5001' '[fd00::1]:40000' dmac "$h1_mac"
arrives
eventually 5 no_flow

say "what is held is bounded, and may be dropped: TCP sends it again"
transfer 4 10.0.0.1 10.0.0.2
flue flow hold h2 10.0.0.1:40000 10.0.0.2:5001 dmac "$h2_mac" packets 4
eventually 5 at_least 1 drop h1 held
stands_still
equal 4 flow held
flue flow release h2 10.0.0.1:40000 10.0.0.2:5001 dmac "$h2_mac" drop on
arrives
eventually 5 no_flow
at_least 5 drop h1 held

say "what is not there, and what is no flow"
refused "no such flow" flue flow release h2 10.0.0.1:40000 10.0.0.2:5001 dmac "$h2_mac"
refused "no port" flue flow hold h9 10.0.0.1:40000 10.0.0.2:5001 dmac "$h2_mac"
refused "address and a port" flue flow hold h2 10.0.0.1 10.0.0.2:5001 dmac "$h2_mac"
refused "both" flue flow hold h2 10.0.0.1:40000 '[fd00::2]:5001' dmac "$h2_mac"

say "a port goes with what is held on its way there"
flue flow hold h2 10.0.0.1:40000 10.0.0.2:5001 dmac "$h2_mac"
flue port del h2
eventually 5 no_flow
flued_stop
