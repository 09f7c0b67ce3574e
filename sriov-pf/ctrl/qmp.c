/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/qmp.h"

#include "sriov-pf/ctrl/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum qmp_step { QMP_GREETING, QMP_CAPABILITIES, QMP_COMMAND, QMP_DELETED };

struct qmp {
	struct peer *peer;
	enum qmp_step step;
	json_t *command;
	bool waits; /* for DEVICE_DELETED after the command */
	char id[48];
	qmp_done done;
	void *arg;
};

static void end(struct qmp *q, const struct err *e)
{
	q->done(q->arg, e);
	peer_free(q->peer);
	json_decref(q->command);
	free(q);
}

static void send_simple(struct qmp *q, const char *command)
{
	json_t *msg = json_pack("{s:s}", "execute", command);

	peer_send(q->peer, msg);
	json_decref(msg);
}

/* An answer to the last command: on to the next step. */
static void answered(struct qmp *q)
{
	if (q->step == QMP_CAPABILITIES) {
		q->step = QMP_COMMAND;
		peer_send(q->peer, q->command);
	} else if (q->step == QMP_COMMAND && q->waits) {
		q->step = QMP_DELETED;
	} else if (q->step == QMP_COMMAND) {
		end(q, NULL);
	}
}

static bool is_deleted(const struct qmp *q, const json_t *msg)
{
	const json_t *data = json_object_get(msg, "data");

	return strcmp(json_get_str(msg, "event", ""), "DEVICE_DELETED") == 0 &&
	       strcmp(json_get_str(data, "device", ""), q->id) == 0;
}

static void on_message(void *arg, const json_t *msg)
{
	const json_t *error = json_object_get(msg, "error");
	struct qmp *q = arg;
	struct err e = {0};

	if (q->step == QMP_GREETING && json_object_get(msg, "QMP")) {
		q->step = QMP_CAPABILITIES;
		send_simple(q, "qmp_capabilities");
	} else if (error) {
		err_set(&e, -EIO, "QEMU refuses: %.300s",
			json_get_str(error, "desc", "it gives no reason"));
		end(q, &e);
	} else if (q->waits && q->step >= QMP_COMMAND && is_deleted(q, msg)) {
		end(q, NULL);
	} else if (json_object_get(msg, "return")) {
		answered(q);
	}
}

static void on_lost(void *arg, const struct err *e)
{
	struct err why = {0};

	err_set(&why, e->code, "QEMU's QMP socket: %.300s; it serves one client at a time",
		e->text);
	end(arg, &why);
}

static const struct peer_ops ops = {.message = on_message, .lost = on_lost};

/* command is taken over. */
static void run(struct ctrl *c, const struct lease *l, json_t *command, bool waits,
		unsigned int timeout_s, qmp_done done, void *arg)
{
	struct qmp *q = calloc(1, sizeof(*q));
	struct err e = {0};

	if (!q) {
		json_decref(command);
		err_set(&e, -ENOMEM, "no memory to talk to QEMU");
		done(arg, &e);
		return;
	}
	*q = (struct qmp){.command = command, .waits = waits, .done = done, .arg = arg};
	snprintf(q->id, sizeof(q->id), "%s",
		 json_get_str(json_object_get(command, "arguments"), "id", ""));
	q->peer = peer_open(c->base, l->qmp, timeout_s, &ops, q, &e);
	if (!q->peer)
		end(q, &e);
}

/* The device's name there: one of ours, and the same after a restart. */
static void device_id(const struct lease *l, char *id, size_t size)
{
	snprintf(id, size, "flue-%s-%u", l->pf, l->vf);
	for (char *at = id; *at; at++)
		if (*at == ':')
			*at = '.';
}

void qmp_plug(struct ctrl *c, const struct lease *l, const char *address, unsigned int timeout_s,
	      qmp_done done, void *arg)
{
	char id[48];

	device_id(l, id, sizeof(id));
	run(c, l,
	    json_pack("{s:s,s:{s:s,s:s,s:s}}", "execute", "device_add", "arguments", "driver",
		      "vfio-pci", "host", address, "id", id),
	    false, timeout_s, done, arg);
}

void qmp_unplug(struct ctrl *c, const struct lease *l, unsigned int timeout_s, qmp_done done,
		void *arg)
{
	char id[48];

	device_id(l, id, sizeof(id));
	run(c, l, json_pack("{s:s,s:{s:s}}", "execute", "device_del", "arguments", "id", id), true,
	    timeout_s, done, arg);
}

pid_t qmp_pid(struct event_base *base, const char *path, struct err *e)
{
	static const struct peer_ops none = {0};
	struct peer *p = peer_open(base, path, 1, &none, NULL, e);
	pid_t pid = p ? peer_pid(p) : 0;

	peer_free(p);
	return pid;
}
