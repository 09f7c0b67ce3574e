#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Two emulated cards and flued between them: units, single frames, checksums, each byte compared;
# the cards are saved and loaded under load; flued is killed and comes back.
#
#	hv_e1000_cards card 0 --+-----+-- card 1 hv_e1000_cards
#	                        + br0 +
. "$(dirname "$0")/../lib.sh"

cat >$T/flue.yaml <<-END
	version: 1
	bridges:
	  - name: br0
	ports:
	  - {name: a, kind: vhost, bridge: br0, socket: $T/a.sock, mode: server}
	  - {name: b, kind: vhost, bridge: br0, socket: $T/b.sock, mode: server}
END
field() { # N: of the last line about traffic
	awk -v n="$1" '/^received/ { v = $n } END { print v + 0 }' $T/cards.log
}
received() { # what the card that got less of it has
	awk '/^received/ { v = $2 < $3 ? $2 : $3 } END { printf "%d", v }' $T/cards.log
}
more() { # than that many bytes, at each card
	running cards || fail "hv_e1000_cards ended: $(tail -n 3 $T/cards.log)"
	[ "$(received)" -gt "$1" ]
}
saved() { # how often
	running cards || fail "hv_e1000_cards ended: $(tail -n 3 $T/cards.log)"
	[ "$(grep -c '^saved' $T/cards.log)" -ge "$1" ]
}

flued_start --config $T/flue.yaml
start cards "$BUILD/hv-core/e1000/hv_e1000_cards" $T/a.sock $T/b.sock
eventually 30 more 1000000
# Units go to flued whole, and come from it cut: an 82540 can take no others.
[ "$(field 11)" -gt $((2 * $(field 9))) ] || fail "units were cut before flued"
say "saved and loaded while frames are on their way"
for i in 1 2 3; do
	before=$(received)
	kill -USR1 "${pids[cards]}"
	eventually 20 saved $i
	eventually 30 more $((before + 1000000))
done
[ "$(field 7)" -eq 0 ] || fail "the cable came off meanwhile"
say "flued is killed and comes back"
for i in 1 2 3; do
	stop flued KILL || true
	eventually 20 at_least $((2 * i)) field 7
	before=$(received)
	flued_start --config $T/flue.yaml
	eventually 30 more $((before + 1000000))
done
[ "$(field 5)" -gt 100 ] || fail "no interrupts"
stop cards || fail "hv_e1000_cards: $(tail -n 3 $T/cards.log)"
grep -q '^ended' $T/cards.log || fail "hv_e1000_cards did not end as it should"
flued_stop
