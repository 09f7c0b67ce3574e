#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The answers "packet too big" themselves: who gets one, who does not, what is in it, and how many there
# are.
#
#	h1 eth0 mtu 9000 --+-----------+-- port mtu 1500, eth0 mtu 9000 -- h2
#	                   | br0 9000  |
#	                   +-----------+
. "$(dirname "$0")/../lib.sh"
. "$top/tests/pmtu.sh"
need jq ping socat tcpdump tshark python3

flued_start
flue bridge add br0 mtu 9000
host_port h1 br0 10.0.0.1/24,fd00::1/64
host_port h2 br0 10.0.0.2/24,fd00::2/64 mtu 1500
untold h2
pmtu_plain h1 h2
make_data 5
ping_ok h1 10.0.0.2
ping_ok h1 fd00::2

capture cap h1 -s 0 'icmp[0] == 3 or (icmp6 and ip6[40] == 2)'
say "TCP is told, also of its units"
for address in 10.0.0.2 fd00::2; do
	arrives h1 h2 $address
	equal 1500 pmtu h1 $address
done

say "ping and UDP are told"
for address in 10.0.0.2 fd00::2; do
	forget_pmtu h1
	ns h1 ping -c 1 -W 5 -M "do" -s 8000 $address >$T/ping 2>&1 || true
	grep -qiE '(frag needed|packet too big).*mtu ?= ?1500' $T/ping || fail "ping says: $(cat $T/ping)"
	forget_pmtu h1
	eventually 10 ns h1 python3 - $address <<-'END'
		import socket, sys
		v6 = ":" in sys.argv[1]
		level, discover, do, mtu = (41, 23, 2, 24) if v6 else (0, 10, 2, 14)
		s = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_DGRAM)
		s.setsockopt(level, discover, do)
		s.connect((sys.argv[1], 9))
		try:
		    s.send(bytes(8000))
		    sys.exit("sent")
		except OSError as error:
		    print(error)
		sys.exit(s.getsockopt(level, mtu) != 1500)
	END
done
told() { # how many answers tcpdump saw and understood
	captured cap -vv | grep -cE 'unreachable - need to frag \(mtu 1500\)|packet too big, mtu 1500'
}
eventually 10 equal "$(counter h1 ptb_sent)" told
stop cap || true

say "what was sent dissects, with right sums, and bears the destination's address"
captured cap -vv >$T/text
if grep -E 'bad cksum|wrong|incorrect' $T/text; then
	fail "tcpdump finds a wrong checksum"
fi
tshark -r $T/cap.pcap -T fields -E separator=, -e ip.src -e ipv6.src -e icmp.mtu -e icmpv6.mtu \
	-e icmp.checksum.status -e icmpv6.checksum.status -e ip.ttl -e _ws.malformed -o ip.check_checksum:TRUE \
	>$T/fields 2>/dev/null
cat $T/fields | sort | uniq -c
if grep -vE '^10\.0\.0\.2,10\.0\.0\.1,|^10\.0\.0\.2,' $T/fields | grep -vE '^,fd00::2,'; then
	fail "an answer in another name"
fi
tshark -r $T/cap.pcap -V -o ip.check_checksum:TRUE 2>/dev/null >$T/dissected
if grep -iE 'malformed|bad checksum|\[incorrect|exception' $T/dissected; then
	fail "tshark complains"
fi

say "nobody is told of a group's size"
sent=$(counter h1 ptb_sent)
before=$(counter h1 ptb_not_due)
ns h1 ping -b -c 3 -i 0.2 -W 1 -M "do" -s 8000 10.0.0.255 >/dev/null 2>&1 || true
ns h1 ping -c 3 -i 0.2 -W 1 -M "do" -s 8000 ff02::1%eth0 >/dev/null 2>&1 || true
eventually 5 at_least $((before + 6)) counter h1 ptb_not_due
equal "$sent" counter h1 ptb_sent

say "a flood gets a bounded number of answers"
flood() {
	ns h1 python3 - "$(mac_of h1)" "$(mac_of h2)" <<-'END'
		import socket, struct, sys
		mac = [bytes.fromhex(a.replace(":", "")) for a in sys.argv[1:]]
		head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 8020, 1, 0x4000, 64, 17, 0, b"\n\0\0\1", b"\n\0\0\2")
		total = sum(struct.unpack("!10H", head))
		total = (total & 0xffff) + (total >> 16)
		head = head[:10] + struct.pack("!H", 0xffff ^ total) + head[12:]
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind(("eth0", 0))
		for _ in range(4000):
		    s.send(mac[1] + mac[0] + b"\x08\0" + head + bytes(8000))
	END
	counter h1 ptb_limited | grep -qv '^0$'
}
sent=$(counter h1 ptb_sent)
began=$EPOCHREALTIME
eventually 30 flood
# Those counted were sent before the clock is read.
answers=$(($(counter h1 ptb_sent) - sent))
ended_at=$EPOCHREALTIME
allowed=$((64 + (${ended_at/./} - ${began/./}) / 1000 + 1))
at_least 1 counter h1 ptb_limited
say "$answers answers; $allowed were allowed"
[ "$answers" -ge 64 ] || fail "fewer answers than a burst may have"
[ "$answers" -le "$allowed" ] || fail "too many answers"

say "and everything still works"
ping_ok h1 10.0.0.2
flued_alive
flued_stop
