/* SPDX-License-Identifier: BSD-3-Clause */
/* v2v: frames between two guests (RFC 2544 throughput, RFC 8204 VM-to-VM). docs/bench-traffic.md */
#include "bench/guests.h"

#include <stdlib.h>
#include <string.h>

static const struct scenario_param params[] = {
	{"size", "64", "64..9018|imix|64k", "bytes of a frame with its FCS; 64k: a TSO unit"},
	{"flows", "1", "1..1000000", "pairs of addresses and UDP ports, each way"},
	{"buffers", "mixed", "mixed|one|2k",
	 "a frame lies in one buffer or in some of 2 KB; mixed: sent from one, received in 2 KB"},
	{"rings", "in-order", "in-order|vector|packed",
	 "of the guests; vector: split, not mergeable, received with vectors"},
	{"guests", "user", "user|kvm",
	 "user: DPDK's virtio-user in a process; kvm: micro-guests in flue-vm"},
	{"both", "on", "on|off", "both ways at once"},
	{"goal", "max+0.1%", "max|0|0.1%|0.5%|1%|max+0|max+0.1%|max+0.5%|0+0.5%|max+0+0.5%",
	 "what may be lost; max: the most that comes through, whatever is lost"},
	{NULL, NULL, NULL, NULL},
};

/* A goal's word, and the metric it gives. RFC 2544 calls the load without loss the throughput;
 * ETSI TST009 calls it NDR, and PDR where some loss is allowed. */
static const struct goal {
	const char *word, *metric;
	double loss_ratio;
} goals[] = {
	{"0", "throughput_ndr", 0},
	{"0.1%", "throughput_0.1%", 0.001},
	{"0.5%", "throughput_pdr", 0.005},
	{"1%", "throughput_1%", 0.01},
};

struct v2v {
	struct guests g;
	bool max;
	size_t n;
	const char *metrics[SEARCH_GOALS];
	double loss_ratios[SEARCH_GOALS];
};

static void read_goals(struct v2v *v, const char *text)
{
	char *copy = strdup(text), *rest = NULL;

	for (char *word = copy ? strtok_r(copy, "+", &rest) : NULL; word;
	     word = strtok_r(NULL, "+", &rest)) {
		v->max |= !strcmp(word, "max");
		for (size_t i = 0; i < sizeof(goals) / sizeof(goals[0]); i++)
			if (!strcmp(word, goals[i].word) && v->n < SEARCH_GOALS) {
				v->metrics[v->n] = goals[i].metric;
				v->loss_ratios[v->n++] = goals[i].loss_ratio;
			}
	}
	free(copy);
}

static int v2v_wire(const struct cell *cell, struct wiring *w, struct err *e)
{
	return guests_wire(cell, 2, false, w, e);
}

static int v2v_open(struct subject *s, struct err *e)
{
	struct v2v *v = calloc(1, sizeof(*v));
	int ret;

	if (!v)
		return err_set(e, -ENOMEM, "out of memory");
	read_goals(v, cell_text(s->cell, "goal"));
	v->g.base = guests_pairs(s);
	ret = guests_open(s, &v->g, e);
	if (ret == 0)
		ret = guests_teach(&v->g, e);
	if (ret != 0) {
		guests_close(&v->g);
		free(v);
		return ret;
	}
	s->state = v;
	return 0;
}

static void v2v_close(struct subject *s)
{
	struct v2v *v = s->state;

	guests_close(&v->g);
	free(v);
	s->state = NULL;
}

static int v2v_sample(struct subject *s, struct sample *sample, struct err *e)
{
	double seconds = s->limits->seconds > 0 ? s->limits->seconds : 0.5, pps = 0;
	double bytes = guests_mean_bytes(guests_frame_bytes(s->cell), s->rig->wiring.mtu);
	struct search_found found[SEARCH_GOALS] = {{0}};
	struct v2v *v = s->state;
	int ret = guests_teach(&v->g, e);

	if (ret == 0 && v->max)
		ret = guests_overload(&v->g, seconds, &pps, e);
	if (ret == 0 && v->max)
		sample_add(sample, "throughput_max", "pps", false, pps);
	/* Of a worker that always finds full bursts. */
	if (ret == 0 && v->max && v->g.frame_cycles > 0)
		sample_add(sample, "busy_cycles", "cycles", true, v->g.frame_cycles);
	if (ret == 0 && v->n)
		ret = guests_search(&v->g, v->loss_ratios, v->n, found, e);
	for (size_t i = 0; ret == 0 && i < v->n; i++) {
		if (found[i].lower_known) {
			pps = found[i].throughput;
			sample_add(sample, v->metrics[i], "pps", false, pps);
		} else {
			sample_spoil(sample, "no load was found that loses at most %g %%",
				     100 * v->loss_ratios[i]);
		}
	}
	if (ret == 0)
		sample_inform(sample, "gbps", "Gb/s", pps * bytes * 8 / 1e9);
	else if (ret == GUESTS_TRIAL_INVALID)
		sample_spoil(sample, "%s", v->g.why);
	sample->raw = guests_data(&v->g, v->loss_ratios, ret == 0 ? v->n : 0, found);
	return ret < 0 ? ret : 0;
}

const struct scenario scenario_v2v = {
	.name = "v2v",
	.what = "frames between two guests through a switch",
	.params = params,
	.systems = "flue testpmd testpmd-mac ovs-dpdk",
	.ceiling = "mirror",
	.watches = true,
	.wire = v2v_wire,
	.open = v2v_open,
	.sample = v2v_sample,
	.close = v2v_close,
};
