/* SPDX-License-Identifier: BSD-3-Clause */
/* Random operations on the table, and on a model that is too simple to be wrong. */
#include "vswitch/l2/test_fdb.h"

#include <string.h>

/* What the table should hold, the naive way. */
enum { ADDRESSES = 60, VLANS = 3, PORTS = 6 };
static struct model {
	bool there, is_static, pin_marked;
	uint16_t port;
	uint32_t seen;
} model[ADDRESSES];

static uint64_t model_key(uint32_t i)
{
	return key(i, 1 + i % VLANS);
}

static uint32_t model_on(int port)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ADDRESSES; i++)
		n += model[i].there && (port == ANY || model[i].port == port);
	return n;
}

static void step_learn(struct fdb *f, uint32_t i, uint32_t now)
{
	uint16_t port = below(PORTS), from = FDB_NO_PORT;
	uint32_t limit = below(3) ? 0 : 1 + below(8);
	enum fdb_learned got = fdb_learn(f, model_key(i), port, now, limit, &from);
	struct model *m = &model[i];
	bool over = limit && model_on(port) >= limit;

	if (m->there && m->is_static) {
		assert_int_equal(got, m->port == port ? FDB_KNOWN : FDB_PINNED);
	} else if (m->there && m->port == port) {
		assert_int_equal(got, FDB_KNOWN);
		m->seen = now;
	} else if (m->pin_marked) {
		assert_int_equal(got, FDB_KNOWN); /* comes back when it is buried */
	} else if (over) {
		assert_int_equal(got, FDB_LIMIT);
	} else {
		assert_int_equal(got, m->there ? FDB_MOVED : FDB_NEW);
		if (m->there)
			assert_int_equal(from, m->port);
		*m = (struct model){.there = true, .port = port, .seen = now};
	}
}

static void step_forget(struct fdb *f, uint32_t i, uint32_t now)
{
	struct fdb_match match = {
		.key = below(2) ? model_key(i) : 0,
		.port = below(2) ? (int)below(PORTS) : ANY,
		.vlan = below(2) ? 1 + (int)below(VLANS) : ANY,
		.unseen = below(2) ? now - below(60) : 0,
		.with_static = below(4) == 0,
	};
	uint32_t n = 0;

	for (uint32_t j = 0; j < ADDRESSES; j++) {
		struct model *m = &model[j];

		if (!m->there || (m->is_static && !match.with_static) ||
		    (match.key && match.key != model_key(j)) ||
		    (match.port >= 0 && match.port != m->port) ||
		    (match.vlan >= 0 && match.vlan != 1 + (int)(j % VLANS)) ||
		    (match.unseen && m->seen >= match.unseen))
			continue;
		*m = (struct model){.pin_marked = m->is_static};
		n++;
	}
	assert_int_equal(forget(f, match), n);
}

/* true: a reap is owed. */
static bool step_seal(struct fdb *f, bool owed)
{
	bool sealed = fdb_seal(f);

	if (owed)
		assert_false(sealed);
	else
		for (uint32_t i = 0; i < ADDRESSES; i++)
			model[i].pin_marked = false;
	return owed || sealed;
}

static void check_model(const struct fdb *f)
{
	uint32_t slot = 0, n = 0;
	struct fdb_entry e;

	for (uint32_t i = 0; i < ADDRESSES; i++)
		assert_int_equal(fdb_lookup(f, model_key(i)),
				 model[i].there ? model[i].port : FDB_NO_PORT);
	for (int port = 0; port < PORTS; port++)
		assert_int_equal(fdb_port_count(f, port), model_on(port));
	assert_int_equal(fdb_count(f), model_on(ANY));
	while (fdb_next(f, &slot, &e)) {
		uint8_t mac[6];
		uint16_t vlan;
		const struct model *m;

		fdb_key_split(e.key, mac, &vlan);
		assert_in_range(mac[5], 0, ADDRESSES - 1);
		m = &model[mac[5]];
		assert_int_equal(e.key, model_key(mac[5]));
		assert_int_equal(e.seen, m->seen);
		assert_int_equal(e.is_static, m->is_static);
		n++;
	}
	assert_int_equal(n, model_on(ANY));
}

static void agrees_with_a_model(void **state)
{
	struct fdb *f = table(1024);
	bool owed = false;

	memset(model, 0, sizeof(model));
	for (uint32_t round = 0; round < 40000; round++) {
		uint32_t i = below(ADDRESSES), what = below(32), now = 1000 + round / 8;

		if (what < 22) {
			step_learn(f, i, now);
		} else if (what < 24) {
			uint16_t port = below(PORTS);

			assert_int_equal(fdb_pin(f, model_key(i), port, now), 0);
			/* The same pin again says nothing new. */
			if (!model[i].there || !model[i].is_static || model[i].port != port)
				model[i] = (struct model){.there = true,
							  .is_static = true,
							  .port = port,
							  .seen = now};
		} else if (what < 27) {
			step_forget(f, i, now);
		} else if (what < 29) {
			owed = step_seal(f, owed);
		} else if (what < 31) {
			fdb_reap(f);
			owed = false;
		}
		if (round % 16 == 0)
			check_model(f);
	}
	fdb_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
