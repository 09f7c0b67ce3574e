#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# flue-bench from its command line to its page: what it prints, the file it leaves, its exit
# statuses, Ctrl-C. No figure is looked at: only that each is there, or why it is not.
. "$(dirname "$0")/../lib.sh"
need jq ip

bench() {
	timeout 80 "$BUILD/bench/flue-bench" "$@" 2>"$T/bench.err"
}

status() { # EXPECTED PATTERN WORD...
	local expected=$1 pattern=$2 got=0
	shift 2
	bench "$@" >"$T/bench.out" || got=$?
	[ $got -eq "$expected" ] || {
		cat "$T/bench.err"
		fail "flue-bench $*: status $got, not $expected"
	}
	cat "$T/bench.out" "$T/bench.err" >"$T/both"
	grep -qE "$pattern" "$T/both" || {
		cat "$T/both"
		fail "flue-bench $* says nothing like: $pattern"
	}
}

# A machine that runs tests is no place to measure: nothing counts as disturbed.
calm="--max-steal 100% --max-foreign 100%"

say "words"
status 0 '^v2v: ' list
bench list -j | jq -e '(.scenarios | map(.name)) == ["v2v", "host", "iscsi", "rr", "handoff", "latency", "restart", "idle",
	"rfc2889", "engine"] and (.systems | map(.name) | contains(["flue", "testpmd", "ovs-dpdk", "linux-bridge"]))' \
	>/dev/null || fail "list -j"
status 0 'Usage' help
status 0 'Usage' run --help
status 2 'no scenario .nothing.; there are: v2v, host' run nothing
status 2 'mtu 99: must be 576..9600' run host mtu 99
status 2 "host cannot be measured with 'testpmd'" run host --vs testpmd
status 4 "no/where: No such file" run host --out "$T/no/where"
status 2 'no command' measure
{ bench check -j || [ $? -eq 5 ]; } | jq -e 'length > 5 and all(has("name") and has("ok"))' >/dev/null || fail "check -j"

say "a run, its answer and its file"
# shellcheck disable=SC2086
bench run host mtu 1500,9000 --vs linux-bridge --rounds 5 --seconds 0.1 $calm -j --out "$T/out" >"$T/run.json" || {
	cat "$T/bench.err"
	fail "run host"
}
jq -e '.schema == "flue-bench/1" and .scenario == "host" and .partial == false and (has("raw") | not)
	and (.machine | has("cpu") and has("kernel") and (.cores | type) == "number" and has("core_map") and has("steal"))
	and ([.systems[].name] == ["flue", "linux-bridge", "veth"])
	and ([.results[] | select(.metric == "throughput") | {system, mtu: .params.mtu, n: (.trials | length)}] |
		(map(select(.system != "veth" and .n == 5)) | length) == 4)
	and ([.comparisons[] | select(.metric == "throughput")] | length == 2 and
		all(.a == "flue" and .b == "linux-bridge" and (.ratio > 0) and (.ci95 | length == 2) and
		(.verdict | IN("faster", "slower", "cannot tell"))))' "$T/run.json" >/dev/null ||
	fail "not what -j promises: $(jq -c 'del(.machine)' "$T/run.json")"
file=$(echo "$T"/out/host-*.json*)
[ -s "$file" ] || fail "no file in $T/out"
status 0 'same|cannot tell|faster|slower' compare "$file" "$file"
bench report "$file" -o "$T/page.html" || fail "report"
grep -q '<svg' "$T/page.html" || fail "a page without pictures"
if grep -qE '(src|href)="?http' "$T/page.html"; then
	fail "the page asks the network"
fi
echo '{"schema":"flue-bench/9"}' >"$T/new.json"
status 4 'schema' report "$T/new.json" -o "$T/page2.html"
[ ! -e "$T/page2.html" ] || fail "a page of a file that is wrong"

say "what is disturbed is told, and does not count"
# Somebody who is not the benchmark's keeps a processor busy.
start busy sh -c 'while :; do :; done'
bench run host --system linux-bridge --rounds 1 --seconds 0.1 --retries 0 --max-foreign 0 --max-steal 0 \
	-j --out "$T/out" >"$T/run.json" || fail "run with invalid samples"
stop busy || true
jq -e '[.results[] | select(.system == "linux-bridge")] | all(.invalid == 1 and (has("median") | not) and
	(.invalid_why | length == 1))' "$T/run.json" >/dev/null ||
	fail "a busy neighbour goes unnoticed: $(jq -c .results "$T/run.json")"

say "a load between guests, balanced to the frame"
# shellcheck disable=SC2086
bench run v2v size 64 goal max --rounds 1 --seconds 0.2 $calm -j --out "$T/out" >"$T/run.json" || {
	cat "$T/bench.err"
	fail "run v2v"
}
# One file has the trials: each valid one has sent = received + dropped.
newest=$(find "$T/out" -name 'v2v-*' | head -n 1)
case $newest in *.zst) fail "a small file is not compressed" ;; esac
jq -e '[.raw[].data.trials[] | select(.valid)] | all(.sent == .received + (.dropped // 0))' "$newest" >/dev/null ||
	fail "frames are missing: $(jq -c '[.raw[].data.trials[]]' "$newest")"

say "latencies, and an engine by itself: their files can be read"
# shellcheck disable=SC2086
bench run latency --rounds 1 --seconds 0.2 $calm --out "$T/out" >/dev/null || {
	cat "$T/bench.err"
	fail "run latency"
}
bench run engine --vs librte --rounds 1 --seconds 0.1 --out "$T/out" >/dev/null || fail "run engine"
bench report "$T"/out/latency-* "$T"/out/engine-* -o "$T/page.html" || fail "report of latencies"

say "Ctrl-C: what there is, marked, and nothing left"
cat >"$T/interrupt.py" <<'PY'
import signal, subprocess, sys, time
p = subprocess.Popen(sys.argv[2:], stdout=open(sys.argv[1], "wb"), stderr=subprocess.PIPE,
                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
for line in p.stderr:
    if b"round 3" in line:
        p.send_signal(signal.SIGINT)
        break
p.stderr.read()
sys.exit(p.wait(60))
PY
got=0
# shellcheck disable=SC2086
python3 "$T/interrupt.py" "$T/run.json" "$BUILD/bench/flue-bench" run host --system linux-bridge --rounds 40..40 \
	--seconds 0.2 $calm -j --out "$T/partial" || got=$?
[ $got -eq 130 ] || fail "Ctrl-C: status $got"
jq -e '.partial == true and ([.results[] | select(.system == "linux-bridge" and .metric == "throughput")][0].trials |
	length >= 2 and length < 40)' "$T/run.json" >/dev/null || fail "not a partial result: $(jq -c .results "$T/run.json")"
[ -n "$(find "$T/partial" -name 'host-*')" ] || fail "a partial run leaves no file"
nothing_left() {
	! pgrep -f "$BUILD/bench/flue-bench" && [ -z "$(ip netns list)" ]
}
eventually 5 nothing_left || fail "something is left"
