#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What an offloaded connection's engine sends and receives, captured and read by tshark: the very bytes, both ways,
# where the kernel's tcpdump sees nothing; and how a capture ends.
#
#	h1 eth0 --+-----+-- eth0 h2
#	          | br0 |
#	          +-----+
. "$(dirname "$0")/../lib.sh"
need jq tshark tcpdump python3

export FLUE_CHIMNEY_SOCKET=$T/chimney.sock
talk=$(realpath "$(dirname "$0")/../chim/talk.py")

chimney() { # FILTER: of what chimney show says
	flue chimney show -j | jq -r "$1"
}
local_end() { # NAMESPACE: of its connection that is offloaded
	chimney "[.flows[] | select(.where == \"offloaded\" and .port == \"$1\")][0].local // empty"
}
has_end() {
	[ -n "$(local_end "$1")" ]
}

# A connection from h1 to h2, where the ends named are offloaded. It waits for $T/go, and then for $T/end.
connect() { # ADDRESS END...
	local address=$1 where side
	shift
	rm -f $T/go $T/end
	for where in h2 h1; do
		side=()
		[[ " $* " != *" $where "* ]] || side=("$BUILD/cli/flue" chimney run --)
		: >$T/talk-$where.log
		start talk-$where ip netns exec $where "${side[@]}" python3 "$talk" \
			"$([ $where = h2 ] && echo listen || echo connect)" "$address" 7001 $T/send-$where $T/got-$where $T/go $T/end
		[ $where != h2 ] || eventually 10 listening h2 7001
	done
	for where in "$@"; do
		eventually 10 has_end "$where"
	done
	end=$(local_end h1)
}
connection_ends() {
	touch $T/go $T/end
	wait "${pids[talk-h1]}" || fail "the connecting end"
	wait "${pids[talk-h2]}" || fail "the listening end"
	unset 'pids[talk-h1]' 'pids[talk-h2]'
	cmp $T/got-h2 $T/send-h1
	cmp $T/got-h1 $T/send-h2
}
tap() { # [KEY VALUE]...: of the connection's end
	: >$T/tap.log
	rm -f $T/tap.pcap
	start tap "$BUILD/cli/flue" chimney tap "$end" "$@"
	eventually 10 grep -q '^looking at' $T/tap.log
}
tap_to_file() { # [KEY VALUE]...
	tap write $T/tap.pcap "$@"
}
tap_ended() { # WORDS
	local pid=${pids[tap]} status=0
	unset 'pids[tap]'
	wait "$pid" || status=$?
	cat $T/tap.log
	[ $status = 0 ] || fail "the tap ended with status $status"
	grep -qE "$1" $T/tap.log || fail "it does not say: $1"
}
captured_fields() { # FILTER FIELD...
	local filter=$1 fields=()
	shift
	for field in "$@"; do fields+=(-e "$field"); done
	tshark -n -r $T/tap.pcap -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y "$filter" -T fields "${fields[@]}" 2>$T/tshark.log
}
how_many() { # FILTER
	captured_fields "$1" frame.number | wc -l
}
# The stream as tshark puts it together; the answering side's lines begin with a tab.
followed() {
	tshark -n -r $T/tap.pcap -q -z follow,tcp,raw,0 2>$T/tshark.log | grep -E '^[[:space:]]?[0-9a-f]+$' >$T/follow
}
# A capture of all there is of it holds what each end sent, without a gap, with right checksums.
is_whole() {
	followed
	grep -v $'^\t' $T/follow | tr -d '\n' | xxd -r -p >$T/one
	grep $'^\t' $T/follow | tr -d '\t\n' | xxd -r -p >$T/two
	# Which side tshark takes for the client is up to who spoke first.
	cmp -s $T/one $T/send-h1 || mv $T/one $T/other
	[ ! -e $T/other ] || { mv $T/two $T/one && mv $T/other $T/two; }
	cmp $T/one $T/send-h1 || fail "what it sent is not what was captured"
	cmp $T/two $T/send-h2 || fail "what it received is not what was captured"
	equal 0 how_many 'tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment'
	equal 0 how_many 'tcp.checksum.status == 0 || ip.checksum.status == 0'
	equal 0 how_many '_ws.malformed || !tcp'
	at_least 1 how_many 'tcp.flags.fin == 1'
}

flued_start --chimney-socket $FLUE_CHIMNEY_SOCKET
flue bridge add br0
host_port h1 br0 10.0.0.1/24,fd00::1/64
host_port h2 br0 10.0.0.2/24,fd00::2/64
ping_ok h1 10.0.0.2
ping_ok h1 fd00::2
# A tap's ring holds both, so that nothing is lost however slow its reader is.
head -c 1500000 /dev/urandom >$T/send-h1
head -c 1000000 /dev/urandom >$T/send-h2

for address in 10.0.0.2 fd00::2; do
	for which in "h1 h2" h1; do
		say "all of a connection to $address, offloaded at $which"
		# shellcheck disable=SC2086
		connect $address $which
		capture kernel h1 tcp port 7001
		tap_to_file snaplen 262144
		connection_ends
		tap_ended '^[0-9]+ packets captured, 0 lost; the connection ended$'
		is_whole
		stop kernel || true
		equal 0 eval 'captured kernel | wc -l'
	done
done

say "headers only"
connect 10.0.0.2 h1 h2
tap_to_file
connection_ends
tap_ended '0 lost'
equal 0 how_many 'frame.cap_len > 128'
at_least 1 how_many 'frame.len > 1514'
sent=$(captured_fields 'ip.src == 10.0.0.1' tcp.len | awk '{ n += $1 } END { print n }')
[ "$sent" -ge 1500000 ] || fail "segments of $sent bytes were captured"

say "so many, in words and as JSON"
connect fd00::2 h1 h2
start json "$BUILD/cli/flue" -j chimney tap "$(local_end h2)" "$end" snaplen 100 count 3
eventually 10 grep -q '^looking at' $T/json.log
tap count 4
touch $T/go
tap_ended '^4 packets captured, 0 lost'
equal 4 grep -cE '^[0-9:]{8}\.[0-9]{9} (in |out) \[fd00::.\]:[0-9]+ > \[fd00::.\]:[0-9]+ .*ACK, seq [0-9:]+, ack [0-9]+, win [0-9]+, [0-9]+ bytes' $T/tap.log
wait "${pids[json]}" || fail "the tap as JSON"
unset 'pids[json]'
grep -q '^3 packets captured, 0 lost' $T/json.log || fail "it does not say how many: $(cat $T/json.log)"
tail -n 1 $T/json.log | jq -e '.captured == 3 and .lost == 0 and (.frames | length == 3) and
	all(.frames[]; .time_ns > 1e18 and (.way | test("^(in|out)$")) and .len >= 74 and
	(.data | length > 96) and (.text | test("fd00::")))' >/dev/null || fail "$(cat $T/json.log)"
connection_ends

say "a connection that goes back to the kernel ends it; so do Ctrl-C and time, and another may look"
connect 10.0.0.2 h1 h2
tap_to_file
refused 'somebody looks' flue chimney tap "$end"
stop tap INT || fail "the tap did not end in order"
grep -q '0 packets captured, 0 lost$' $T/tap.log || fail "it does not say how it ended: $(cat $T/tap.log)"
tap for 1
tap_ended '^0 packets captured, 0 lost$'
tap_to_file
stop tap KILL || true
eventually 5 flue chimney tap "$end" for 1 # when flued has noticed
tap_to_file
flue chimney upload "$end" >/dev/null
tap_ended 'the connection went back to the kernel: requested$'
connection_ends

say "through a pipe"
connect 10.0.0.2 h1 h2
"$BUILD/cli/flue" chimney tap "$end" write - count 20 2>$T/pipe.log | tshark -n -r - -T fields -e tcp.len >$T/piped 2>$T/tshark.log &
pids[pipe]=$!
eventually 10 grep -q '^looking at' $T/pipe.log
connection_ends
wait "${pids[pipe]}" || fail "the pipe"
unset 'pids[pipe]'
equal 20 grep -c '' $T/piped

say "a reader that does not read makes nobody wait"
connect 10.0.0.2 h1 h2
tap_to_file snaplen 262144
cp $T/send-h1 $T/keep
for _ in {1..8}; do cat $T/keep; done >$T/send-h1
kill -STOP "${pids[tap]}"
connection_ends
kill -CONT "${pids[tap]}"
tap_ended '[1-9][0-9]* packets captured, [1-9][0-9]* lost; the connection ended$'
mv $T/keep $T/send-h1

say "what is refused"
refused 'no such connection' flue chimney tap 10.0.0.9:1
refused 'not an address' flue chimney tap nonsense
refused 'not an address' flue chimney tap 10.0.0.9:1 10.0.0.9
refused 'both want' flue -j chimney tap 10.0.0.9:1 write -
flued_stop
