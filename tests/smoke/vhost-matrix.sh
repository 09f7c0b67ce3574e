#!/bin/bash
. "$(dirname "$0")/../lib.sh"
flued_start --no-huge
flue bridge add br0 mtu 9600
flue port add a kind vhost bridge br0 socket $T/a
flue port add b kind vhost bridge br0 socket $T/b
o=$1; shift
time timeout 100 $BUILD/tests/pair/vhost-pair path=$T/a,$o path=$T/b,$o "$@" || echo FAILED $?
flue port show -s
flued_stop
