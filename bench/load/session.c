/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/session.h"

#include "base/clock.h"

#include <iscsi/scsi-lowlevel.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define INITIATOR_IQN "iqn.2000-01.flue-bench:initiator"
/* A command's header, and its digest. */
enum { HEADER_BYTES = 48, DIGEST_BYTES = 4 };

static void answered(struct iscsi_context *iscsi, int status, void *data, void *arg)
{
	struct session *s = arg;

	s->wait = (struct session_wait){.done = true, .status = status};
}

int session_turn(struct session *s, uint64_t until_ns, bool *told, struct err *e)
{
	struct pollfd p[2] = {
		{.fd = iscsi_get_fd(s->iscsi), .events = (short)iscsi_which_events(s->iscsi)},
		{.fd = told ? SESSION_LINK_FD : -1, .events = POLLIN},
	};
	uint64_t now = clock_now_ns(), left = until_ns > now ? until_ns - now : 0;
	int n = poll(p, 2, (int)((left + 999999) / 1000000));

	if (n < 0 && errno != EINTR)
		return err_set(e, -errno, "poll: %s", strerror(errno));
	if (told)
		*told = n > 0 && p[1].revents;
	if (n > 0 && p[0].revents && iscsi_service(s->iscsi, p[0].revents) < 0)
		return err_set(e, -EIO, "the connection to the target is lost: %s",
			       iscsi_get_error(s->iscsi));
	return 0;
}

static int wait_for(struct session *s, const char *what, uint64_t deadline_ns, struct err *e)
{
	while (!s->wait.done) {
		int ret = session_turn(s, deadline_ns, NULL, e);

		if (ret)
			return ret;
		if (!s->wait.done && clock_now_ns() >= deadline_ns)
			return err_set(e, -ETIMEDOUT, "%s: no answer in time", what);
	}
	if (s->wait.status != SCSI_STATUS_GOOD)
		return err_set(e, -EIO, "%s: %s", what, iscsi_get_error(s->iscsi));
	return 0;
}

static void capacity_known(struct iscsi_context *iscsi, int status, void *data, void *arg)
{
	struct scsi_task *task = data;
	struct session *s = arg;
	struct scsi_readcapacity16 *c =
		status == SCSI_STATUS_GOOD ? scsi_datain_unmarshall(task) : NULL;

	if (c) {
		s->sectors = c->returned_lba + 1;
		s->sector_bytes = c->block_length;
	}
	if (task)
		scsi_free_scsi_task(task);
	answered(iscsi, c ? status : SCSI_STATUS_ERROR, NULL, s);
}

static int ask_capacity(struct session *s, uint64_t deadline_ns, struct err *e)
{
	s->wait.done = false;
	if (!iscsi_readcapacity16_task(s->iscsi, s->lun, capacity_known, s))
		return err_set(e, -EIO, "READ CAPACITY: %s", iscsi_get_error(s->iscsi));
	return wait_for(s, "READ CAPACITY", deadline_ns, e);
}

uint64_t session_sent(const struct session *s)
{
	struct tcp_info info = {0};
	socklen_t size = sizeof(info);

	if (getsockopt(iscsi_get_fd(s->iscsi), IPPROTO_TCP, TCP_INFO, &info, &size))
		return 0;
	return info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
}

static void ready_known(struct iscsi_context *iscsi, int status, void *data, void *arg)
{
	if (data)
		scsi_free_scsi_task(data);
	answered(iscsi, status, NULL, arg);
}

/* libiscsi does not tell what was negotiated, and a target may decline. So the length of a command
 * without data tells: 48 bytes, or 52. Where none was asked for there is none. */
static int see_digest(struct session *s, bool asked, uint64_t deadline_ns, struct err *e)
{
	uint64_t before, length;
	int ret;

	/* The first command of a session may be answered with what happened before it (a unit
	 * attention) instead of being carried out. */
	for (int try = 0; try < 3; try++) {
		before = session_sent(s);
		s->wait.done = false;
		if (!iscsi_testunitready_task(s->iscsi, s->lun, ready_known, s))
			return err_set(e, -EIO, "TEST UNIT READY: %s", iscsi_get_error(s->iscsi));
		ret = wait_for(s, "TEST UNIT READY", deadline_ns, e);
		if (!ret || s->wait.status != SCSI_STATUS_CHECK_CONDITION)
			break;
	}
	if (ret || !asked)
		return ret;
	length = session_sent(s) - before;
	if (length != HEADER_BYTES && length != HEADER_BYTES + DIGEST_BYTES)
		return err_set(e, -EPROTO, "a command took %llu bytes on the wire, not %d or %d",
			       (unsigned long long)length, HEADER_BYTES,
			       HEADER_BYTES + DIGEST_BYTES);
	s->header_digest = length != HEADER_BYTES;
	return 0;
}

static int prepare(struct session *s, const struct session_spec *spec, struct err *e)
{
	s->iscsi = iscsi_create_context(INITIATOR_IQN);
	if (!s->iscsi)
		return err_set(e, -ENOMEM, "out of memory");
	/* A connection that is made anew in silence would hide that the old one broke. */
	iscsi_set_noautoreconnect(s->iscsi, 1);
	if (iscsi_set_targetname(s->iscsi, spec->target) ||
	    iscsi_set_session_type(s->iscsi, ISCSI_SESSION_NORMAL) ||
	    iscsi_set_header_digest(s->iscsi, spec->header_digest ? ISCSI_HEADER_DIGEST_CRC32C
								  : ISCSI_HEADER_DIGEST_NONE))
		return err_set(e, -EINVAL, "%s", iscsi_get_error(s->iscsi));
	return 0;
}

/* In two steps: libiscsi's one step for both loses memory when it does not get to the end. */
static int connect_and_login(struct session *s, const char *portal, uint64_t deadline_ns,
			     struct err *e)
{
	int ret;

	s->wait.done = false;
	if (iscsi_connect_async(s->iscsi, portal, answered, s))
		return err_set(e, -EIO, "no connection to %s: %s", portal,
			       iscsi_get_error(s->iscsi));
	ret = wait_for(s, "connecting", deadline_ns, e);
	if (ret)
		return err_set(e, ret, "no connection to %s: %s", portal,
			       ret == -ETIMEDOUT ? "no answer in time" : iscsi_get_error(s->iscsi));
	s->wait.done = false;
	if (iscsi_login_async(s->iscsi, answered, s))
		return err_set(e, -EIO, "login: %s", iscsi_get_error(s->iscsi));
	return wait_for(s, "login", deadline_ns, e);
}

int session_login(struct session *s, const struct session_spec *spec, struct err *e)
{
	uint64_t deadline = clock_now_ns() + spec->timeout_ms * 1000000ull;
	int ret;

	session_drop(s);
	*s = (struct session){.lun = spec->lun};
	ret = prepare(s, spec, e);
	if (ret)
		goto drop;
	ret = connect_and_login(s, spec->portal, deadline, e);
	if (!ret)
		ret = see_digest(s, spec->header_digest, deadline, e);
	if (!ret)
		ret = ask_capacity(s, deadline, e);
	if (!ret && spec->header_digest && !s->header_digest)
		ret = err_set(e, -EPROTO, "the target declined header digests");
	if (!ret)
		return 0;

drop:
	session_drop(s);
	return ret;
}

void session_logout(struct session *s, unsigned int timeout_ms)
{
	struct err ignored;

	if (!s->iscsi)
		return;
	s->wait.done = false;
	if (!iscsi_logout_async(s->iscsi, answered, s))
		wait_for(s, "logout", clock_now_ns() + timeout_ms * 1000000ull, &ignored);
	session_drop(s);
}

void session_drop(struct session *s)
{
	if (s->iscsi)
		iscsi_destroy_context(s->iscsi);
	s->iscsi = NULL;
}
