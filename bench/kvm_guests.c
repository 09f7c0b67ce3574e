/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/kvm_guests.h"

#include "base/json.h"
#include "bench/machine/proc.h"
#include "bench/system/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	MEMORY_MB = 64,
	UNITS_MEMORY_MB = 192, /* buffers of 64 KB */
	ONE_ROOM = 64,	       /* beyond the MTU: Ethernet, a tag */
	UNIT_ROOM = 65536,
	START_MS = 60000,
	STOP_MS = 3000,
	MEET_S = 20, /* until both ends have met */
};

#define KVM "/dev/kvm"

int kvm_guests_can(unsigned int frame_bytes, enum traffic_buffers buffers, enum traffic_rings rings,
		   struct err *e)
{
	if (frame_bytes == TRAFFIC_IMIX)
		return err_set(e, -EINVAL,
			       "micro-guests send frames of one size; give another size than imix");
	if (buffers == TRAFFIC_2K)
		return err_set(e, -EINVAL,
			       "micro-guests send each frame from one buffer; give buffers mixed "
			       "or one");
	if (rings == TRAFFIC_VECTOR)
		return err_set(e, -EINVAL,
			       "vector is a driver of DPDK; micro-guests have rings in-order or "
			       "packed");
	return 0;
}

int kvm_guests_ready(struct err *e)
{
	char path[512];
	int ret;

	if (access(KVM, R_OK | W_OK) != 0)
		return err_set(e, -errno, KVM ": %s; guests kvm needs a KVM, guests user does not",
			       strerror(errno));
	ret = proc_find(bench_program("flue-vm"), path, sizeof(path), e);
	if (ret == 0)
		ret = proc_find(bench_program("microguest"), path, sizeof(path), e);
	return ret;
}

static unsigned int count_bits(uint64_t mask)
{
	return (unsigned int)__builtin_popcountll(mask);
}

size_t kvm_guests_number(const struct kvm_guests *k)
{
	return count_bits(k->cpus) >= k->wiring->n_ports ? k->wiring->n_ports : 1;
}

static size_t cards(const struct kvm_guests *k)
{
	return k->wiring->n_ports / kvm_guests_number(k);
}

/* The first two bytes differ from port to port: the others change with the flow. */
static void put_mac(char *text, size_t size, size_t port)
{
	snprintf(text, size, "02:%02zx:00:00:00:01", port + 0x10);
}

void kvm_guests_words(const struct kvm_guests *k, const struct traffic_trial *trial, size_t number,
		      char *words, size_t size)
{
	const char *role[2] = {"both", "both"};
	struct {
		char role[64], mac[128], dst[128];
	} list = {{0}, {0}, {0}};
	size_t n = cards(k), used;

	if (!trial->both_ways) {
		role[0] = "generator";
		role[1] = "sink";
	}
	for (size_t i = 0; i < n; i++) {
		size_t port = number * n + i;
		char mac[24];

		if (i) {
			strcat(list.role, ",");
			strcat(list.mac, ",");
			strcat(list.dst, ",");
		}
		strcat(list.role, role[port % 2]);
		put_mac(mac, sizeof(mac), port);
		strcat(list.mac, mac);
		put_mac(mac, sizeof(mac), port ^ 1);
		strcat(list.dst, mac);
	}
	used = (size_t)snprintf(
		words, size,
		"role=%s mac=%s dst=%s flows=%u seconds=%.6f settle=%.6f wait=%d rings=%s "
		"check=%d mtu=%u",
		list.role, list.mac, list.dst, trial->flows, trial->seconds,
		trial->settle_seconds > 0.001 ? trial->settle_seconds : 0.001, MEET_S,
		k->packed ? "packed" : "split", trial->content ? 64 : 0, k->wiring->mtu);
	if (trial->frame_bytes == TRAFFIC_UNIT)
		used += (size_t)snprintf(words + used, size - used, " tso=64k");
	else
		used += (size_t)snprintf(words + used, size - used, " size=%u", trial->frame_bytes);
	if (k->buffers == TRAFFIC_ONE)
		used += (size_t)snprintf(words + used, size - used, " buffer=%u",
					 trial->frame_bytes == TRAFFIC_UNIT
						 ? UNIT_ROOM
						 : (trial->frame_bytes > 2048 - ONE_ROOM
							    ? trial->frame_bytes + ONE_ROOM
							    : 2048));
	if (trial->pps > 0)
		snprintf(words + used, size - used, " rate=%.0f",
			 trial->pps / (double)k->wiring->n_ports * (trial->both_ways ? 1 : 2));
}

static int start(const struct kvm_guests *k, const struct traffic_trial *trial, size_t number,
		 struct proc **p, struct err *e)
{
	const struct wiring *w = k->wiring;
	size_t n = cards(k);
	struct rig_args args = {0};
	char name[64], words[1024], mac[24];

	kvm_guests_words(k, trial, number, words, sizeof(words));
	snprintf(name, sizeof(name), "%s.vm%zu", k->name, number);
	rig_arg(&args, "%s", bench_program("flue-vm"));
	rig_arg(&args, "--native");
	rig_arg(&args, "%s", bench_program("microguest"));
	rig_arg(&args, "--append");
	rig_arg(&args, "%s", words);
	rig_arg(&args, "--memory");
	rig_arg(&args, "%d", trial->frame_bytes == TRAFFIC_UNIT ? UNITS_MEMORY_MB : MEMORY_MB);
	rig_arg(&args, "--page-size");
	rig_arg(&args, w->huge_pages ? "2M" : "4k");
	for (size_t i = number * n; i < (number + 1) * n; i++) {
		put_mac(mac, sizeof(mac), i);
		rig_arg(&args, "--nic");
		rig_arg(&args, "synthetic,socket=%s,mode=%s,mac=%s,packed=on,mtu=%u",
			w->ports[i].socket, w->ports[i].guest_serves ? "serve" : "connect", mac,
			w->mtu);
	}
	return proc_start(&(struct proc_spec){.name = name, .argv = args.of, .cpus = k->cpus}, p,
			  e);
}

static uint64_t number_of(const json_t *card, const char *key)
{
	return (uint64_t)json_get_int(card, key, 0);
}

static void larger(uint64_t *to, uint64_t n)
{
	if (n > *to)
		*to = n;
}

int kvm_guests_add(const char *console, struct traffic_result *r, struct err *e)
{
	const char *line = strstr(console, "{\"microguest\"");
	json_t *said = line ? json_loads(line, JSON_DISABLE_EOF_CHECK, NULL) : NULL;
	const json_t *list = json_object_get(said, "cards"), *card;
	double seconds = (double)json_get_int(said, "sending_ns", 0) / 1e9;
	double busy = (double)json_get_int(said, "busy_permille", 0) / 1000;
	size_t i;
	int ret = 0;

	if (!said)
		ret = err_set(e, -EIO, "a micro-guest ended without a result: %.120s", console);
	else if (!json_is_array(list) || json_array_size(list) == 0)
		ret = err_set(e, -EIO, "a micro-guest says: %s",
			      json_get_str(said, "error", "nothing of its cards"));
	json_array_foreach (list, i, card) {
		r->offered += number_of(card, "offered");
		r->sent += number_of(card, "sent");
		r->refused += number_of(card, "refused");
		r->received += number_of(card, "received");
		r->stray += number_of(card, "stray");
		r->duplicated += number_of(card, "duplicated");
		r->reordered += number_of(card, "reordered");
		r->corrupt += number_of(card, "corrupt");
		larger(&r->late_ns, number_of(card, "late_ns"));
		larger(&r->gap_ns, number_of(card, "gap_ns"));
	}
	r->seconds = seconds > r->seconds ? seconds : r->seconds;
	r->busy = busy > r->busy ? busy : r->busy;
	json_decref(said);
	return ret;
}

int kvm_guests_run(const struct kvm_guests *k, const struct traffic_trial *trial,
		   struct traffic_result *r, struct err *e)
{
	size_t n = kvm_guests_number(k), started = 0;
	struct proc *p[WIRE_PORTS];
	unsigned int ms = START_MS + (unsigned int)(trial->seconds * 1000);
	int ret = 0;

	if (trial->pattern != TRAFFIC_PAIRS)
		return err_set(e, -EINVAL, "micro-guests send in pairs only");
	*r = (struct traffic_result){0};
	/* The last one first: where it only receives, it is there when the first one begins. */
	for (; ret == 0 && started < n; started += ret == 0)
		ret = start(k, trial, n - 1 - started, &p[started], e);
	for (size_t i = 0; ret == 0 && i < started; i++) {
		char *said = NULL;

		ret = proc_wait_log(p[i], 0, "}\n", 1, ms, &said, e);
		if (ret == 0)
			ret = kvm_guests_add(said, r, e);
		free(said);
	}
	for (size_t i = 0; i < started; i++)
		proc_stop(p[i], STOP_MS);
	return ret;
}
