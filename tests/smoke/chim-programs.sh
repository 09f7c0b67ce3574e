#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# Programs that know nothing of the chimney, both ends' connections run by flued: once at rest, and once while
# all connections go back to the kernel every 50 ms and are offered again.
#
#	h1 eth0 --+-----+-- eth0 h2
#	          | br0 |
#	          +-----+
# shellcheck disable=SC2086
. "$(dirname "$0")/../lib.sh"
need jq python3
only=("$@") # default: all

export FLUE_CHIMNEY_SOCKET=$T/chimney.sock
chim=$(realpath "$(dirname "$0")/../chim")
address=10.0.0.2

chimney() { # FILTER: of what chimney show says
	flue chimney show -j | jq -r "$1"
}
living() {
	chimney '[.flows[] | select(.state != "TIME-WAIT")] | length'
}
client() { # COMMAND...: in h1, its connections offered
	timeout 90 ip netns exec h1 "$BUILD/cli/flue" chimney run -- "$@"
}
server() { # NAME PORT COMMAND...: in h2
	local name=$1 port=$2
	shift 2
	start "$name" ip netns exec h2 "$BUILD/cli/flue" chimney run -- "$@"
	eventually 10 listening h2 "$port"
}
has() {
	local command
	for command in "$@"; do
		command -v "$command" >/dev/null || {
			echo "   skipped: no $command"
			return 1
		}
	done
}

program_curl() {
	has nginx curl || return 0
	server nginx 8081 nginx -p $T -c $T/nginx.conf -e $T/nginx.log
	client curl -sS --limit-rate 15M -o $T/got http://$address:8081/file
	cmp $T/got $T/www/file
	say "   100 at the same time, each connection kept for more"
	local i urls=()
	for i in {1..300}; do
		urls+=(-o "$T/got-$i" "http://$address:8081/small")
	done
	client curl -sS --no-progress-meter -Z --parallel-max 100 --fail "${urls[@]}"
	for i in {1..300}; do
		cmp "$T/got-$i" $T/www/small
	done
	client curl -sS "${urls[@]}"
	cmp $T/got-300 $T/www/small
	rm -f $T/got-*
	stop nginx || true
}

program_wget() {
	has nginx wget || return 0
	server nginx 8081 nginx -p $T -c $T/nginx.conf -e $T/nginx.log
	client wget -q --limit-rate=15m -O $T/got http://$address:8081/file
	cmp $T/got $T/www/file
	stop nginx || true
}

program_python() {
	server www 8080 python3 -m http.server 8080 --bind $address --directory $T/www
	client python3 "$chim/fetch.py" http://$address:8080/small 200 20 $T/www/small
	client python3 "$chim/fetch.py" http://$address:8080/file 4 2 $T/www/file
	stop www || true
	server echo 7100 python3 "$chim/echo.py" $address 7100
	client python3 "$chim/inherit.py" $address 7100 >/dev/null
	stop echo || true
}

program_scp() {
	has sshd ssh scp ssh-keygen || return 0
	local options=(-q -i "$T/key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes)
	mkdir -p /run/sshd
	server sshd 2222 "$(command -v sshd)" -D -e -f $T/sshd_config
	client scp "${options[@]}" -P 2222 $T/www/file root@$address:$T/copy
	cmp $T/copy $T/www/file
	client scp "${options[@]}" -P 2222 root@$address:$T/www/file $T/got
	cmp $T/got $T/www/file
	[ "$(client ssh "${options[@]}" -p 2222 root@$address 'cat | tr a-z A-Z' <<<"said")" = SAID ] || fail "ssh"
	rm $T/copy
	stop sshd || true
}

program_redis() {
	has redis-server redis-cli redis-benchmark || return 0
	server redis 6379 redis-server --bind $address --port 6379 --save '' --appendonly no --dir $T --protected-mode no
	[ "$(client redis-cli -h $address -x set file <$T/www/small)" = OK ] || fail "redis-cli"
	client redis-cli -h $address --raw get file | head -c "$(stat -c %s $T/www/small)" | cmp - $T/www/small
	client redis-benchmark -h $address -t set,get,lpush,lrange_100 -n 5000 -P 8 -c 30 -d 500 -q >$T/redis.out
	! grep -i error $T/redis.out || fail "redis-benchmark"
	stop redis || true
}

program_socat() {
	has socat nc || return 0
	server sink 7200 socat -u TCP-LISTEN:7200,bind=$address,reuseaddr OPEN:$T/copy,creat,trunc
	client socat -u OPEN:$T/www/file TCP:$address:7200
	wait "${pids[sink]}" || fail "socat"
	unset 'pids[sink]'
	cmp $T/copy $T/www/file
	say "   nc"
	server source 7201 sh -c "nc -N -l $address 7201 <$T/www/file"
	client nc -d $address 7201 >$T/got </dev/null
	stop source || true
	cmp $T/got $T/www/file
}

program_iperf3() {
	has iperf3 || return 0
	local way
	server iperf-server 5201 iperf3 -s
	for way in "" -R; do
		client iperf3 -c $address -P 8 -n 200M -J $way >$T/iperf.json || fail "$(jq -r .error $T/iperf.json)"
	done
	stop iperf-server || true
}

flued_start --chimney-socket $FLUE_CHIMNEY_SOCKET --cores $(($(nproc) - 1))
flue bridge add br0
host_port h1 br0 10.0.0.1/24
host_port h2 br0 10.0.0.2/24
ping_ok h1 $address

mkdir -p $T/www
head -c 20000000 /dev/urandom >$T/www/file
head -c 30000 /dev/urandom >$T/www/small
chmod -R a+rX $T
cat >$T/nginx.conf <<END
daemon off;
user root;
pid $T/nginx.pid;
worker_processes 2;
events { worker_connections 500; }
http {
	access_log off;
	client_body_temp_path $T/body;
	proxy_temp_path $T/proxy;
	fastcgi_temp_path $T/fastcgi;
	uwsgi_temp_path $T/uwsgi;
	scgi_temp_path $T/scgi;
	sendfile on;
	server { listen $address:8081; root $T/www; }
}
END
! command -v ssh-keygen >/dev/null || {
	ssh-keygen -q -t ed25519 -N '' -f $T/key
	ssh-keygen -q -t ed25519 -N '' -f $T/host_key
	cp $T/key.pub $T/authorized
	chmod 600 $T/authorized
}
cat >$T/sshd_config <<END
Port 2222
ListenAddress $address
HostKey $T/host_key
AuthorizedKeysFile $T/authorized
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile $T/sshd.pid
Subsystem sftp internal-sftp
END

[ ${#only[@]} -gt 0 ] || only=(curl wget python scp redis socat iperf3)
for how in "at rest" "uploaded all the time"; do
	if [ "$how" != "at rest" ]; then
		(
			while sleep 0.05; do flue chimney upload all on >/dev/null || true; done
		) &
		pids[uploads]=$!
	fi
	for name in "${only[@]}"; do
		say "$name, $how"
		before=$(chimney .counts.offloaded)
		"program_$name"
		say "   $(($(chimney .counts.offloaded) - before)) times offloaded"
		flued_alive
	done
done
stop uploads || true
at_least 5 chimney .counts.uploaded
chimney .counts
equal 0 chimney .counts.lost
eventually 10 equal 0 living
flued_stop
