#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# flue-pf against a host in files (sriov-pf/ctrl/fake_main.c): what is declared is applied once and whole; VFs go
# to guests and come back, whoever dies when; a driver that hangs holds up nobody else.
#
#	flue -- flue-pf-fake --+-- agent -- wan (igb), 0000:01:00.0
#	                       +-- agent -- lan (ice), 0000:02:00.0
. "$(dirname "$0")/../lib.sh"
need jq python3 curl
ip link set lo up
fake=$BUILD/sriov-pf/ctrl/flue-pf-fake
[ -x "$fake" ] || fail "there is no $fake; make build"
export FLUE_PF_SOCKET=$T/pf.sock FLUE_PF_HAND=$T/hand.sock FLUE_VM_DIR=$T/vm
wan=0000:01:00.0 lan=0000:02:00.0
H=$T/host
mkdir $H $FLUE_VM_DIR
mkfifo $H/fifo
"$fake" $H add $wan igb
"$fake" $H add $lan ice

pf_ready() {
	flue pf show >/dev/null 2>&1
}
pf_launch() { # [NAME=VALUE]...
	start pf env "$@" "$fake" $H run --socket $FLUE_PF_SOCKET --hand-socket $FLUE_PF_HAND --state-dir $T/state \
		--run-dir $T/run --vm-run-dir $T/vm/run --deadline "${DEADLINE-2}" --metrics 127.0.0.1:9188
}
pf_start() {
	pf_launch
	eventually 30 pf_ready || fail "flue-pf is not ready"
}
pf_stop() {
	local status=0
	stop pf TERM || status=$?
	if grep -E 'ERROR: (Address|Leak)Sanitizer|runtime error:' $T/pf.log; then
		fail "a sanitizer found something"
	fi
	[ $status -eq 0 ] || fail "flue-pf ended with status $status"
}

config() { # FURTHER LINES: of functions
	cat >$T/c.yaml <<-END
		version: 1
		pfs:
		  - {name: wan, address: "$wan", numvfs: 4, mtu: 9000}
		  - {name: lan, address: "$lan", numvfs: 3}
		vfs:
		  - {pf: wan, index: 0, mac: "02:00:00:00:01:00", vlan: 10, qos: 3, driver: vfio-pci}
		  - {pf: wan, index: 1, mac: "02:00:00:00:01:01", max-rate: 500, spoofchk: off, driver: vfio-pci}
		  - {pf: lan, index: 0, mac: "02:00:00:00:02:00", driver: vfio-pci}
		$1
	END
}
steps() {
	wc -l <$H/steps
}
real() { # ADDRESS VF KEY: what the host has, past flue-pf
	jq -r ".pfs[0].state.vfs[$2].\"$3\"" "$H/$1.json"
}
vf() { # PF INDEX EXPRESSION
	flue vf show "$1" "$2" -j | jq -r ".[0]$3"
}
pf() { # PF EXPRESSION
	flue pf show "$1" -j | jq -r ".[0]$2"
}
as_declared() {
	local is want
	is="$(real $wan 0 mac) $(real $wan 0 vlan) $(real $wan 0 qos) $(real $wan 0 driver), $(
		real $wan 1 mac) $(real $wan 1 max-rate) $(real $wan 1 spoofchk), $(
		real $wan 2 mac) $(real $wan 2 driver)"
	want="02:00:00:00:01:00 10 3 vfio-pci, 02:00:00:00:01:01 500 false, 00:00:00:00:00:00 "
	[ "$is" = "$want" ] || {
		echo "is: $is"
		echo "to be: $want"
		return 1
	}
}

# As a guest's monitor: takes a VF, holds it, gives it back on SIGTERM.
cat >$T/hold <<'END'
import array, json, os, signal, socket, sys
def ask(message):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(os.environ["FLUE_PF_HAND"])
        s.send(json.dumps(message).encode())
        text, ancillary, _, _ = s.recvmsg(4096, socket.CMSG_SPACE(64))
    fds = array.array("i")
    for _, _, data in ancillary:
        fds.frombytes(data)
    if not text:
        sys.exit("hung up")
    answer = json.loads(text)
    if "error" in answer:
        sys.exit(answer["error"]["errno"] + " " + answer["error"]["text"])
    return answer, fds
vf, guest = sys.argv[1:3]
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGUSR1])
while True:
    answer, fds = ask({"take": {"vf": vf, "guest": guest, "nic": "n0", "memory": [[0, 4095]]}})
    assert len(fds) == 2
    print("held", answer["address"], answer["epoch"], flush=True)
    how = signal.sigwait([signal.SIGTERM, signal.SIGUSR1])
    for fd in fds:
        os.close(fd)
    ask({"give": {"vf": vf, "epoch": answer["epoch"]}})
    print("given", flush=True)
    if how == signal.SIGTERM:
        break
    while True:  # like a guest that is reset
        try:
            ask({"take": {"vf": vf, "guest": "nobody"}})
        except SystemExit as e:
            if not str(e).startswith("EAGAIN"):
                break
END
hold() { # VF GUEST
	: >$T/holder.log
	start holder python3 $T/hold "$1" "$2"
	eventually 20 grep -q held $T/holder.log || fail "not held: $(cat $T/holder.log)"
}
refused_hold() { # PATTERN VF GUEST
	refused "$1" timeout 20 python3 $T/hold "$2" "$3"
}
for guest in red blue; do
	flue vm create $guest kernel /vmlinux
done
pf_start

say "a dry run changes nothing; applied, it is there; applied twice, nothing is sent"
config ""
flue apply $T/c.yaml dry-run on | tee $T/plan
grep -q '^+ pf wan numvfs 4 mtu 9000' $T/plan || fail "the plan does not say it"
grep -q '^~ vf wan/0 .*vlan 10 qos 3' $T/plan || fail "the plan does not say it"
[ ! -e $H/steps ] || fail "a dry run sent steps"
flue apply $T/c.yaml
as_declared || fail "not as declared"
before=$(steps)
flue apply $T/c.yaml | grep -q 'nothing to change' || fail "applying twice changes something"
equal "$before" steps
equal ready pf wan .state

say "what a driver does not take is refused by name, and nothing is done"
cp $H/$wan.json $T/before.json
config '  - {pf: wan, index: 2, link-state: disable}'
refused 'link-state' flue apply $T/c.yaml
cmp $H/$wan.json $T/before.json
equal "$before" steps

say "one card fails: the other is brought back"
config '  - {pf: wan, index: 2, max-rate: 100}
  - {pf: lan, index: 1, max-rate: 100}'
"$fake" $H fail $lan 1
refused 'undone' flue apply $T/c.yaml
equal 0 real $wan 2 max-rate
equal 0 real $lan 1 max-rate

say "what is no longer declared becomes neutral"
flue vf set wan 2 max-rate 100
equal 100 real $wan 2 max-rate
config ""
flue apply $T/c.yaml
equal 0 real $wan 2 max-rate

say "a lease's life"
refused_hold EACCES wan/0 red
flue vf assign wan 0 red
equal reserved vf wan 0 .state
refused 'reserved' flue vf assign wan 0 blue
refused_hold EBUSY wan/0 blue
hold wan/0 red
equal held vf wan 0 .state
equal "${pids[holder]}" vf wan 0 .holder.pid
old=$(vf wan 0 .epoch)
refused_hold EBUSY wan/0 red
stop holder TERM || fail "it could not give it back: $(cat $T/holder.log)"
eventually 20 equal free vf wan 0 .state
as_declared || fail "not as declared"

say "a guest that is reset takes its VF again; somebody else does not"
flue vf assign wan 0 red
hold wan/0 red
kill -USR1 "${pids[holder]}"
again() {
	[ "$(grep -c held $T/holder.log)" = 2 ]
}
eventually 20 again || fail "not taken again: $(cat $T/holder.log)"
stop holder TERM || true
eventually 20 equal free vf wan 0 .state
refused_hold EACCES wan/0 red

say "a late release changes nothing"
flue vf assign wan 0 blue
hold wan/0 blue
refused 'epoch' flue vf release wan 0 epoch "$old"
equal held vf wan 0 .state

say "a holder that is killed, and one that does not let go"
stop holder KILL || true
eventually 20 equal free vf wan 0 .state
as_declared || fail "not as declared"
flue vf assign wan 0 red
hold wan/0 red
refused 'did not let go|cannot be asked|nobody serves' flue vf release wan 0 timeout 1
equal held vf wan 0 .state
flue vf release wan 0 timeout 1 force on
equal free vf wan 0 .state
as_declared || fail "not as declared"
stop holder KILL || true

say "who is in the way is named; evicted, it is done"
flue vf assign wan 3 red
hold wan/3 red
sed -i 's/numvfs: 4/numvfs: 5/' $T/c.yaml
refused 'red.*wan/3|lose' flue apply $T/c.yaml
equal held vf wan 3 .state
flue apply $T/c.yaml evict on
equal 5 pf wan .numvfs
equal free vf wan 3 .state
stop holder KILL || true
config ""
flue apply $T/c.yaml
as_declared || fail "not as declared"

say "somebody else's change is seen, and repaired where that is declared"
"$fake" $H meddle $wan 1 02:00:00:00:66:66
eventually 20 equal 'vf 1 mac' pf wan '.drift[0].what'
flue apply $T/c.yaml
eventually 20 equal 0 pf wan '.drift | length'
sed -i 's/mtu: 9000/mtu: 9000, drift: repair/' $T/c.yaml
flue apply $T/c.yaml
"$fake" $H meddle $wan 1 02:00:00:00:66:66
eventually 30 as_declared || fail "it is not repaired"
generation=$(pf wan .generation)
"$fake" $H reload $wan
eventually 30 as_declared || fail "a driver that was reloaded is not made as declared"
[ "$(pf wan .generation)" -gt "$generation" ] || fail "the generation is the old one"

say "a stray DMA is named"
flue vf assign wan 1 blue
echo "$(vf wan 1 .address) DMA write to 0x40000000" >$H/fault
eventually 20 equal 1 vf wan 1 .faults.count
grep "guest 'blue': DMA write to 0x40000000 by wan/1" $T/pf.log || fail "the guest is not named"
curl -sS http://127.0.0.1:9188/metrics >$T/metrics
for line in 'flue_vf_faults_total{pf="wan",vf="1"} 1' 'flue_pf_state{pf="lan",state="ready"} 1' \
	'flue_vf_info{pf="wan",vf="1",state="reserved",guest="blue"} 1' 'flue_pf_vfs{pf="wan"} 4'; do
	grep -qF "$line" $T/metrics || fail "no '$line' in $(cat $T/metrics)"
done
flue vf release wan 1

say "prepared for others"
flue vf prepare wan 2 for dpdk | tee $T/prepared
equal prepared vf wan 2 .state
equal vfio-pci real $wan 2 driver
flue vf release wan 2
equal free vf wan 2 .state
as_declared || fail "not as declared"

say "a running QEMU gets one, and lets go of it"
cat >$T/qmp <<'END'
import json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
print("listens", flush=True)
def serve(f):
    def say(message):
        f.write(json.dumps(message) + "\n")
        f.flush()
    say({"QMP": {"version": {}, "capabilities": []}})
    for line in f:
        m = json.loads(line)
        print(line.strip(), flush=True)
        say({"return": {}})
        if m["execute"] == "device_del":
            say({"event": "OTHER", "data": {}})
            say({"event": "DEVICE_DELETED", "data": {"device": m["arguments"]["id"]}})
while True:
    c, _ = s.accept()
    try:
        serve(c.makefile("rw"))
    except OSError:
        pass  # it hung up
END
start qemu python3 $T/qmp $T/qmp.sock
eventually 20 grep -q listens $T/qemu.log
flue vf assign wan 2 to qemu:$T/qmp.sock
equal held vf wan 2 .state
equal "${pids[qemu]}" vf wan 2 .holder.pid
grep "device_add.*\"host\":\"$(vf wan 2 .address)\"" $T/qemu.log || fail "it was not plugged"
flue vf release wan 2
grep device_del $T/qemu.log || fail "it was not unplugged"
equal free vf wan 2 .state
flue vf assign wan 2 to qemu:$T/qmp.sock
stop qemu KILL || true
eventually 20 equal free vf wan 2 .state
refused 'nobody serves' flue vf assign wan 2 to qemu:$T/qmp.sock
equal free vf wan 2 .state
as_declared || fail "not as declared"

say "a step that hangs holds up nobody"
echo "$wan vf 1: min-rate" >$H/block
flue vf set wan 1 max-rate 300 >$T/hangs 2>&1 &
pids[hangs]=$!
eventually 20 equal wedged pf wan .state
python3 "$tools/rpc-time" $FLUE_PF_SOCKET pf.show 20
flue vf set lan 0 max-rate 50
equal 50 real $lan 0 max-rate
refused 'wedged' flue vf set wan 0 max-rate 20
wait "${pids[hangs]}" && fail "what hangs was said to be done"
grep 'wedged' $T/hangs || fail "it is not said what hangs"
unset 'pids[hangs]'
rm $H/block
eventually 20 equal ready pf wan .state
eventually 20 as_declared || fail "what was before did not come back"
flue vf set lan 0 max-rate 0
pf_stop

say "while a plan is carried out its card's functions are given to nobody, and the other card's are"
DEADLINE=60 pf_start
echo "$wan vf 1: min-rate" >$H/block
flue vf set wan 1 max-rate 300 >$T/waits 2>&1 &
pids[waits]=$!
eventually 20 equal busy pf wan .state
refused 'being applied to wan' flue vf assign wan 3 red
equal free vf wan 3 .state
flue vf assign lan 1 red
flue vf release lan 1
rm $H/block
echo go on >$H/fifo
wait "${pids[waits]}" || fail "it was not carried out: $(cat $T/waits)"
unset 'pids[waits]'
flue vf assign wan 3 red
flue vf release wan 3
flue apply $T/c.yaml
pf_stop

say "the manager dies; holders live on, or not"
pf_start
flue vf assign wan 0 red
hold wan/0 red
stop pf KILL || true
pf_start
equal held vf wan 0 .state
stop pf KILL || true
stop holder KILL || true
pf_start
eventually 20 equal free vf wan 0 .state
as_declared || fail "not as declared"
pf_stop

# Everything once, until something dies; then what is left is brought in order, whatever it is.
all_once() {
	config '  - {pf: wan, index: 2, mac: "02:00:00:00:01:02", driver: vfio-pci}
  - {pf: lan, index: 1, vlan: 5}'
	flue apply $T/c.yaml && flue vf assign wan 0 red || return 0
	: >$T/holder.log
	start holder python3 $T/hold wan/0 red
	eventually 10 held_or_dead && [ ! -e $H/died ] || return 0
	stop holder TERM || true
	eventually 10 free_or_dead && [ ! -e $H/died ] || return 0
	config "" && flue apply $T/c.yaml
}
held_or_dead() {
	grep -q held $T/holder.log || [ -e $H/died ]
}
free_or_dead() {
	equal free vf wan 0 .state || [ -e $H/died ]
}
ready_or_dead() {
	pf_ready || { [ "$who" = daemon ] && [ -e $H/died ]; }
}
in_order() {
	local state
	[ -z "${pids[holder]-}" ] || stop holder KILL || true
	if [ "$who" = daemon ]; then
		stop pf KILL || true
		pf_start
	fi
	for index in 0 2; do
		state=$(vf wan $index .state)
		[ "$state" = free ] || flue vf release wan $index force on || eventually 20 equal free vf wan $index .state
	done
	config ""
	flue apply $T/c.yaml
	flue apply $T/c.yaml | grep -q 'nothing to change' || fail "it does not settle"
	as_declared || fail "not as declared"
	[ "$(real $lan 1 vlan)" = 0 ] || fail "lan is not as declared"
	[ -z "$(find $T/state -name '*.journal' -o -name intent.json)" ] || fail "left over: $(ls $T/state)"
}
# Each point takes a second: every few of them, unless all are asked for.
for who in daemon agent; do
	say "$who dies at one point after the other"
	[ "$who" = daemon ] && stride=9 || stride=14
	for ((n = 1; ; n += ${FLUE_PF_STRIDE:-$stride})); do
		rm -f $H/died
		pf_launch FLUE_PF_FAKE_DIE=$who:$n
		eventually 30 ready_or_dead
		all_once >$T/once 2>&1 || true
		[ -e $H/died ] || break
		echo "$n: $(cat $H/died)"
		in_order
		pf_stop
	done
	[ $n -gt 10 ] || fail "only $n points"
	in_order
	pf_stop
done
