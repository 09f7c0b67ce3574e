/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one description of what can be configured and asked: which objects there are, which keys
 * each has, which methods take which keys. The JSON-RPC server checks requests against it, the
 * command line reads its arguments, help and completion from it, the YAML loader checks files
 * with it, and the reference page is printed from it, so none of them can say something else.
 *
 * A key is spelled the same everywhere: `flue port add p0 kind host mtu 9000`,
 * {"name": "p0", "kind": "host", "mtu": 9000} and `mtu: 9000` in a file.
 */
#ifndef API_SCHEMA_H
#define API_SCHEMA_H

#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Raised when a method or key changes its meaning; adding one does not raise it. */
#define API_VERSION 1

enum api_type {
	API_STR,    /* string; min..max is its length in bytes */
	API_NAME,   /* string of letters, digits, . _ - that starts with a letter or digit */
	API_UINT,   /* integer in min..max; or the string "auto" where that is the default */
	API_BOOL,   /* true or false; on/off, yes/no, true/false in text */
	API_ENUM,   /* string, one of `values` */
	API_RANGES, /* string, "10,20-30", numbers in min..max (base/ranges.h) */
	API_MAC,    /* string, six hex octets with colons */
	API_PREFIX, /* string, comma-separated list of ADDRESS/LENGTH, IPv4 or IPv6 */
	API_CONFIG, /* object, a whole configuration */
};

enum api_key_flag {
	API_REQUIRED = 1 << 0, /* an object cannot be added without it */
	API_ID = 1 << 1,       /* names the object; the first one needs no keyword in text */
	API_SET = 1 << 2,      /* can be changed while the object lives */
	API_HOST = 1 << 3,     /* ports of kind host only */
	API_VHOST = 1 << 4,    /* ports of kind vhost only */
	API_ETHDEV = 1 << 5,   /* ports of kind ethdev only */
};
#define API_KINDS (API_HOST | API_VHOST | API_ETHDEV)

struct api_key {
	const char *name;
	enum api_type type;
	int64_t min, max;   /* see enum api_type */
	const char *values; /* API_ENUM: "a|b|c" */
	const char *def;    /* what absence means, as text; NULL: nothing, or see api_key_def() */
	unsigned int flags; /* enum api_key_flag */
	const char *ref; /* the object this key names ("bridge", "port"), for completion; or NULL */
	const char *help; /* one line */
};

/* An object of the configuration: a list (or, for `switch`, a mapping) of that name in a file. */
struct api_object {
	const char *name;   /* "bridge", as on the command line */
	const char *member; /* "bridges", as in a configuration; NULL: not part of one */
	const char *help;
	const struct api_key *keys; /* ends with a NULL name */
};

/* A method's parameters are its own `keys`, and those of its object that `of_object` selects:
 * a key is taken when it has any of these flags (0: none; ~0u: all). Of the taken keys, those with
 * API_ID or API_REQUIRED are required when `needs` has that flag. */
struct api_method {
	const char *name;   /* "port.add" */
	const char *object; /* "port" */
	unsigned int of_object;
	unsigned int needs;
	const struct api_key *keys; /* or NULL */
	const char *help;
};

extern const struct api_object api_objects[]; /* both end with a NULL name */
extern const struct api_method api_methods[];

/* Keys of guests, for who takes them without a method. */
extern const struct api_key api_vm_keys[], api_disk_keys[], api_nic_keys[];
extern const struct api_key api_vm_show_keys[], api_vm_stop_keys[], api_vm_snapshot_keys[];

/* Keys of physical and virtual functions. */
extern const struct api_key api_pf_keys[], api_vf_keys[];
extern const struct api_key api_pf_show_keys[], api_pf_apply_keys[];
extern const struct api_key api_vf_show_keys[], api_vf_assign_keys[], api_vf_release_keys[],
	api_vf_prepare_keys[];

/* How many of each a guest may have. */
#define API_GUEST_DISKS_MAX 16
#define API_GUEST_NICS_MAX  16

const struct api_object *api_object_find(const char *name);
const struct api_method *api_method_find(const char *name);

/* The flag of the keys that only ports of that kind know; 0: there is no such kind. */
unsigned int api_kind_flag(const char *kind);

/* The method's parameter of that name, or NULL. */
const struct api_key *api_method_key(const struct api_method *m, const char *name);

/* May the key's value be "auto", which says what absence says? */
int api_takes_auto(const struct api_key *k);

/* Is that parameter required by the method? */
int api_method_needs(const struct api_method *m, const struct api_key *key);

/* Calls visit for each parameter the method takes, the object's keys first. */
void api_method_each_key(const struct api_method *m,
			 void (*visit)(void *arg, const struct api_key *key), void *arg);

/* Is the value of the key's type and within its bounds? `path` is the JSON pointer of what is
 * checked, for the error. 0 or -EINVAL. Any thread. */
int api_check_value(const struct api_key *key, const json_t *value, const char *path,
		    struct err *e);

/* What absence of the key means for that object, as text: k->def, or what depends on obj's other
 * keys (a port's `ptb`: on its kind). NULL: nothing. Any thread. */
const char *api_key_def(const struct api_key *k, const json_t *obj);

/* Does the port answer "packet too big": as configured, or as its kind does. Any thread. */
bool api_port_ptb(const json_t *port);

/* Turns text ("9000", "on") into a value of the key's type and checks it. NULL on error. */
json_t *api_value_from_text(const struct api_key *key, const char *text, struct err *e);

/* Are these parameters what the method takes? Unknown keys, missing ones, wrong types, and keys
 * of another kind of port are errors. params may be NULL (none). 0 or -EINVAL. Any thread. */
int api_check_params(const struct api_method *m, const json_t *params, struct err *e);

/* What depends on a new port's kind, and on several of its keys at once. `path`: the JSON pointer
 * of the port, for the error. 0 or -EINVAL. Any thread. */
int api_check_port(const json_t *port, const char *path, struct err *e);

/* The guests of a configuration whose shape is checked already: what each needs, what excludes each
 * other, that names and sockets are unique, that a disk's guest and a card's port exist. 0, or as
 * api_check_config(). Any thread. */
int api_check_guests(const json_t *config, struct err *e);

/* One card by itself: its keys against each other. 0 or -EINVAL. Any thread. */
int api_check_nic(const json_t *nic, const char *path, struct err *e);

/* Puts the socket and mode of the port a card names in place of the port's name. ports: a list as
 * a configuration or port.show has it. No port named: nothing. 0, -ENOENT: there is no such port,
 * or -EINVAL: it is no guest's. Any thread. */
int api_resolve_nic(json_t *nic, const json_t *ports, const char *path, struct err *e);

/* Is this a whole configuration? Shape, types, unique names, references (a port's bridge exists,
 * a static entry's port is on its bridge). 0, or -EINVAL, -EEXIST (twice), -ENOENT (a reference
 * to nothing) with e->path set. Any thread. */
int api_check_config(const json_t *config, struct err *e);

/* Removes members that say only what absence means. In place. Any thread. */
void api_strip_defaults(json_t *config);

#endif
