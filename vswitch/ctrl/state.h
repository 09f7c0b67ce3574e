/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A configuration in the form that is compared and changed: each list as a JSON object from an
 * object's identity to the object, in the list's order. The values stay as they were written; what
 * they mean (defaults filled in, one spelling for each value) is worked out on comparison.
 */
#ifndef VSWITCH_CTRL_STATE_H
#define VSWITCH_CTRL_STATE_H

#include "api/schema.h"

/* In the order in which objects need each other. */
enum state_list { STATE_BRIDGES, STATE_PORTS, STATE_FDB, STATE_LISTS };

struct state {
	json_t *sw;		   /* the switch's settings, an object */
	json_t *list[STATE_LISTS]; /* identity -> object */
};

const struct api_object *state_object(enum state_list l);

/* Reads a configuration that api_check_config() accepts; its objects are shared, not copied.
 * 0 or -ENOMEM. Any thread. state_free() in either case. */
int state_load(struct state *s, const json_t *config);
void state_free(struct state *s);

/* The object's name among its like: "h1", or "br0 52:54:00:00:00:01 vlan 1" of an fdb entry.
 * Written to text, which is returned. Any thread. */
const char *state_id(enum state_list l, const json_t *obj, char *text, size_t size);

/* What obj says of the key: its value or the default, MAC, ranges and prefixes in one spelling.
 * A new reference; NULL: nothing is said and absence has no value. Any thread. */
json_t *state_value(const struct api_object *o, const struct api_key *k, const json_t *obj);

/* Carries out one change of a plan (apply.h) on the state, as the method of that name would.
 * A key that is set to its default is removed, since absence says the same. 0 or -ENOMEM. */
int state_change(struct state *s, const json_t *change);

#endif
