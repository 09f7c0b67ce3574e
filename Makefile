# SPDX-License-Identifier: BSD-3-Clause
# The front door. What happens behind it is in meson.build and scripts/.
.PHONY: help setup build demo test lab bench bench-chimney lint format asan fuzz clean
.NOTPARALLEL:

help:
	@echo 'make setup    install the Debian packages that are missing'
	@echo 'make build    build the switch and its command line into build/'
	@echo 'make demo     TCP and iSCSI through flue and through the Linux bridge, side by side (90 s)'
	@echo 'make test     set-up, build, lint, every test; plain and with sanitizers'
	@echo 'make lab      a shell on a virtual host with SR-IOV cards, an IOMMU and nested KVM'
	@echo 'make bench    the standard set of measurements, beside OVS-DPDK, testpmd and the Linux bridge (25 min)'
	@echo 'make bench-chimney  TCP connections that the switch runs, beside the kernel'\''s (25 min)'
	@echo 'make lint     layout, static analysis, include directions'
	@echo 'make format   lay out the C code'
	@echo 'make asan     build with address and undefined-behaviour sanitizers into build-asan/'
	@echo 'make fuzz     run each fuzz target for SECONDS=30'
	@echo 'make clean    remove what was built'

setup:
	@scripts/setup build test demo

build:
	@scripts/setup build
	@scripts/build build

asan:
	@scripts/setup build
	@scripts/build build-asan

demo:
	@scripts/setup build demo
	@scripts/build build
	@scripts/demo

test:
	@scripts/test

lab:
	@scripts/setup build test
	@scripts/build build
	@lab/shell

bench:
	@scripts/setup build bench
	@scripts/build build
	@bench/standard

bench-chimney:
	@scripts/setup build bench
	@scripts/build build
	@bench/chimney-standard

lint:
	@scripts/setup build test
	@scripts/lint

format:
	@git ls-files -z '*.c' '*.h' | xargs -0 clang-format -i

fuzz:
	@scripts/setup build fuzz
	@scripts/fuzz $(or $(SECONDS),30)

clean:
	@rm -rf build build-asan build-fuzz
