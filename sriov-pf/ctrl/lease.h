/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who has which VF. A VF without a lease is free. Pure: reads and sets nothing, so that each way
 * through it is tested; ctrl/holders.c writes the table down and carries out what it says.
 *
 *	free -> reserved -> held -> releasing -> quarantine -> free
 *	     `> prepared ------------------------^    |
 *	                                 unusable <---'
 *
 * A lease's epoch is never used again. Who releases one names its epoch, so that a late release
 * cannot take the VF from whoever has it by then.
 */
#ifndef SRIOV_PF_CTRL_LEASE_H
#define SRIOV_PF_CTRL_LEASE_H

#include "sriov-pf/model/plan.h"
#include "sriov-pf/model/state.h"

#include <sys/types.h>

#define LEASE_WHY  200
#define LEASE_PATH 108 /* of a UNIX socket */

enum lease_state {
	LEASE_RESERVED, /* for a guest that has not taken it */
	LEASE_HELD,
	LEASE_RELEASING,  /* the guest was asked to let go of it */
	LEASE_QUARANTINE, /* until it is neutral */
	LEASE_PREPARED,	  /* for libvirt or DPDK, whose processes are not known here */
	LEASE_UNUSABLE,	  /* quarantine failed */
	LEASE_STATES,
};

struct lease {
	char pf[PF_ADDRESS];
	unsigned int vf;
	enum lease_state state;
	uint64_t epoch, generation;
	char guest[PF_NAME];  /* prepared: for whom */
	char nic[PF_NAME];    /* the guest's card, "": not told */
	char qmp[LEASE_PATH]; /* the QEMU that has it, by its QMP socket; "": a guest of ours */
	pid_t pid;	      /* the holder's; 0: none */
	uint64_t start;	      /* its start time, as /proc/PID/stat has it */
	int64_t since;	      /* of the state, seconds since 1970 */
	char why[LEASE_WHY];  /* unusable: why */
	bool taking;	      /* somebody is being given it; these are not part of the JSON */
	void *run, *walk;     /* of who carries it out */
};

struct lease_table {
	char boot[40];	/* the boot's id: leases of another boot have no holder */
	uint64_t epoch; /* the last one given */
	struct lease **lease;
	unsigned int leases, room;
};

/* Frees the leases; what their `run` points to is the caller's matter. */
void lease_table_clear(struct lease_table *t);

/* NULL: the VF is free. */
struct lease *lease_find(const struct lease_table *t, const char *pf, unsigned int vf);

/* A new lease of a free VF: state reserved or prepared, a new epoch. NULL with e: -EBUSY, whose
 * it is, -EINVAL, -ENOMEM. */
struct lease *lease_add(struct lease_table *t, const char *pf, unsigned int vf,
			enum lease_state state, const char *guest, uint64_t generation, int64_t now,
			struct err *e);
/* The VF is free. l is no more. */
void lease_drop(struct lease_table *t, struct lease *l);

/* Goes to another state, when the picture above has that way; why may be NULL. 0, -EINVAL. */
int lease_move(struct lease *l, enum lease_state to, const char *why, int64_t now, struct err *e);

/* Is it still that one? 0; -ESTALE. An epoch of 0 asks nothing. */
int lease_is(const struct lease *l, uint64_t epoch, struct err *e);

const char *lease_state_name(enum lease_state s);

/* A new reference, or NULL: no memory. */
json_t *lease_table_json(const struct lease_table *t);
/* Fills an empty table whose boot is set. Leases of another boot are left out, but their epochs
 * count. 0; -EINVAL with e->path: it is not such a table; then it is empty. */
int lease_table_parse(struct lease_table *t, const json_t *json, struct err *e);

#endif
