#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Every form a guest's rings can have, every size and cut of a frame: each byte arrives, in order, or
# its loss is a counted drop. Guests that look away, that are killed, whose switch is killed.
#
#	guest a, virtio-user --socket--+---------------+--socket-- virtio-user, guest b
#	                               | br0, mtu 9600 |
#	                               +---------------+
# Both guests are DPDK's virtio-user in one process, tests/pair: it knows what it sent.
. "$(dirname "$0")/../lib.sh"
need jq

pair=$BUILD/tests/pair/vhost-pair
frames=(sizes chains long stall flood)

up() { # MODE QUEUES: the switch with both ports
	flued_start --no-huge
	flue bridge add br0 mtu 9600
	flue port add a kind vhost bridge br0 socket $T/a mode "$1" queues "$2"
	flue port add b kind vhost bridge br0 socket $T/b mode "$1" queues "$2"
}

state() { # PORT STATE
	flue port show "$1" -j | jq -e --arg state "$2" '.[0].state == $state'
}

all_drops() {
	flue port show -s -j | jq '[.[].stats.drops[]?.count] | add // 0'
}

# Runs cases between two guests; what did not come must be in the switch's drops. The results, a
# line each, are in $T/results, the driver's words in $T/pair.log.
try() { # OPTIONS-A OPTIONS-B CASE...
	local a=$1 b=$2 before missing
	shift 2
	before=$(all_drops)
	timeout 120 "$pair" "path=$T/a${a:+,$a}" "path=$T/b${b:+,$b}" "$@" >$T/results 2>$T/pair.log ||
		fail "'$a' with '$b': $(tail -n 1 $T/pair.log)"
	missing=$(jq -s '[.[].missing] | add' $T/results)
	equal $((before + missing)) all_drops >/dev/null ||
		fail "'$a' with '$b': $missing frames are missing, and $(($(all_drops) - before)) drops counted"
	jq -es 'all(.again == 0)' $T/results >/dev/null || fail "frames came twice: $(cat $T/results)"
	eventually 20 state a waiting
	eventually 20 state b waiting
}

holds() { # CASE CONDITION
	jq -es "map(select(.case == \"$1\")) | length == 1 and all($2)" $T/results >/dev/null ||
		fail "$1: not '$2': $(grep "\"$1\"" $T/results)"
}

# Which of its ways the driver must have chosen for such rings, to receive and to send.
expected_paths() { # PACKED MERGEABLE IN-ORDER VECTORIZED
	case $1$2$3$4 in
	1011) echo "packed ring vectorized Rx,packed ring vectorized Tx" ;;
	1111) echo "packed ring mergeable buffer Rx,packed ring vectorized Tx" ;;
	11??) echo "packed ring mergeable buffer Rx,packed ring standard Tx" ;;
	10??) echo "packed ring standard Rx,packed ring standard Tx" ;;
	0?1?) echo "inorder Rx,inorder Tx" ;;
	01??) echo "mergeable buffer Rx,standard Tx" ;;
	00?1) echo "vectorized Rx,standard Tx" ;;
	*) echo "standard Rx,standard Tx" ;;
	esac
}

up server 1
say "rings: split or packed, mergeable buffers or not, in order or not, vectorized or not"
for packed in 0 1; do
	for mergeable in 0 1; do
		for in_order in 0 1; do
			for vectorized in 0 1; do
				if [ $packed$vectorized = 11 ] && ! grep -qw avx512f /proc/cpuinfo; then
					say "no AVX-512: packed rings are not tried with vectors"
					continue
				fi
				options=packed_vq=$packed,mrg_rxbuf=$mergeable
				options+=,in_order=$in_order,vectorized=$vectorized
				if [ $packed$in_order = 10 ]; then
					# Its driver cannot have both in one ring; see long_chained().
					try "$options" "$options" long
					try "$options" "$options" sizes chains stall flood
				else
					try "$options" "$options" "${frames[@]}"
				fi
				holds stall ".missing > 0"
				while IFS= read -r -d, path; do
					grep -q "using $path path" $T/pair.log ||
						fail "$options: the driver does not use its '$path' path: $(grep using $T/pair.log)"
				done <<<"$(expected_paths $packed $mergeable $in_order $vectorized),"
				echo "$options: $(expected_paths $packed $mergeable $in_order $vectorized)"
			done
		done
	done
done

say "rings of different forms, short and long ones, small buffers"
try packed_vq=1,in_order=1 mrg_rxbuf=0 "${frames[@]}"
try in_order=1,queue_size=1024 packed_vq=1,queue_size=512 "${frames[@]}"
try queue_size=32 queue_size=32 "${frames[@]}"
try packed_vq=1,queue_size=32 packed_vq=1,queue_size=32 "${frames[@]}"
# A frame in up to 19 buffers; frames that fill one, with virtio's header, to the last byte.
try room=512 room=512 "${frames[@]}"
try room=1500 packed_vq=1,room=9602 "${frames[@]}"

say "units of 64 KB and open checksums, to guests that take them"
for options in "" in_order=1 packed_vq=1 mrg_rxbuf=0 packed_vq=1,in_order=1,mrg_rxbuf=0; do
	options+=${options:+,}offload=2
	try "$options" "$options" checksums units
	holds checksums ".received == .sent and .sums_open == .sent"
	holds units ".received == .sent and .units_whole == .sent and .units_cut == 0 and .sums_short == 0"
done
say "the same to guests that do not"
for options in "" packed_vq=1 mrg_rxbuf=0 offload=1; do
	try offload=2 "$options" checksums units
	holds units ".received > 5 * .sent and .units_whole == 0 and .units_cut == .received"
done

say "a guest is killed while frames fly, and the next one connects"
for options in "" packed_vq=1 in_order=1; do
	start endless "$pair" "path=$T/a${options:+,$options}" "path=$T/b${options:+,$options}" endless
	eventually 20 state b up
	before=$(counter b tx_packets)
	eventually 30 at_least $((before + 5000)) counter b tx_packets
	stop endless KILL || true
	eventually 20 state a waiting
	eventually 20 state b waiting
	try "$options" "$options" chains
done
flued_stop

say "several queue pairs"
up server 2
for options in queues=2 queues=2,packed_vq=1 queues=4,in_order=1; do
	try "$options" "$options" "${frames[@]}"
done
try queues=2,offload=2 queues=2,offload=2 checksums units
flued_stop

# They cannot count what a killed switch dropped. What comes is right, and begins again.
say "guests that serve: the switch is killed under them and comes back"
for options in "" packed_vq=1 in_order=1 mrg_rxbuf=0; do
	rm -f $T/a $T/b
	: >$T/endless.log
	start endless "$pair" "path=$T/a,server=1${options:+,$options}" \
		"path=$T/b,server=1${options:+,$options}" endless
	for life in first second; do
		up client 1
		eventually 40 at_least 5000 counter b tx_packets
		eventually 40 at_least 5000 counter a tx_packets
		[ $life = second ] || stop flued KILL || true
	done
	stop endless || fail "a guest with '$options' under a killed switch: $(tail -n 1 $T/endless.log)"
	grep '"case"' $T/endless.log >$T/results
	holds endless ".streak > 1000"
	flued_stop
done
