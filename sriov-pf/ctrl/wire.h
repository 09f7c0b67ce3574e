/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Between the daemon and its agents: one JSON object a line over a stream socket, with descriptors
 * beside it where something is handed over (unix(7), SCM_RIGHTS).
 *
 *	to the agent	{"id":1,"op":"apply","args":{..}}
 *	from it		{"id":1,"doing":"numvfs 4"}			any number of them
 *			{"id":1,"result":{..},"state":{..},"fds":2}	or
 *			{"id":1,"error":{"code":-22,"text":"..","path":".."},"state":{..}}
 *
 * "state" is how the PF is then (model/state.h), when the agent knows.
 */
#ifndef SRIOV_PF_CTRL_WIRE_H
#define SRIOV_PF_CTRL_WIRE_H

#include "base/err.h"
#include "base/json.h"

#define PF_WIRE_MAX (16u << 20) /* bytes of a line */
#define PF_WIRE_FDS 4

struct pf_wire {
	int fd;
	char *buf;
	size_t len, room, scanned;
	int fds[PF_WIRE_FDS]; /* that came, and belong to no line yet */
	unsigned int n_fds;
};

/* A pair of close-on-exec sockets. 0 or negative errno. */
int pf_wire_pair(int fd[2]);
/* Takes fd over. */
void pf_wire_open(struct pf_wire *l, int fd);
void pf_wire_close(struct pf_wire *l);

/* Receives what is there; waits for it when the socket does. Bytes; 0: the peer is gone; negative
 * errno, -EAGAIN, -EMSGSIZE: a line too long. */
int pf_wire_receive(struct pf_wire *l);
/* The next line, without its line feed and its end marked by a NUL; valid until the next call.
 * NULL: no whole line is there. */
char *pf_wire_line(struct pf_wire *l, size_t *len);
/* The oldest descriptors that came, at most n; how many. The caller's. */
unsigned int pf_wire_take(struct pf_wire *l, int *fds, unsigned int n);

/* Sends all of it, waiting. fds: n of them, not taken over. 0 or negative errno. */
int pf_wire_send(int fd, const json_t *msg, const int *fds, unsigned int n);

/* What an agent said. */
struct pf_wire_msg {
	json_t *root; /* owns the others */
	uint64_t id;
	const char *doing; /* or NULL, and then one of these: */
	const json_t *result, *error;
	const json_t *state; /* or NULL */
	unsigned int fds;
};
/* Pure. 0; -EBADMSG: it is no such message, and root is NULL. */
int pf_wire_parse(const char *text, size_t len, struct pf_wire_msg *m);

#endif
