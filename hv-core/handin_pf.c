/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/handin_pf.h"

#include "base/clock.h"
#include "base/pci/host.h"
#include "hv-core/machine/mem.h"
#include "hv-core/wire.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

_Static_assert(HV_PF_ADDRESS_SIZE == PCI_ADDRESS, "an address fits");

json_t *hv_pf_take_message(const char *guest, uint64_t mem_bytes, const struct hv_nic_config *nic)
{
	struct hv_mem_region region[HV_MEM_REGIONS];
	unsigned int n = hv_mem_layout(mem_bytes, region);
	json_t *memory = json_array();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(memory,
				      json_pack("[I,I]", (json_int_t)region[i].gpa,
						(json_int_t)(region[i].gpa + region[i].bytes - 1)));
	return json_pack("{s:{s:s,s:s,s:s,s:o}}", "take", "vf", nic->vf, "guest", guest, "nic",
			 nic->name, "memory", memory);
}

json_t *hv_pf_give_message(const char *vf, uint64_t epoch)
{
	return json_pack("{s:{s:s,s:I}}", "give", "vf", vf, "epoch", (json_int_t)epoch);
}

static int not_there(const char *path, int code, struct err *e)
{
	if (code == ENOENT || code == ECONNREFUSED)
		return err_set(e, -code,
			       "flue-pf, which hands over virtual functions, does not listen at "
			       "%.100s: start it (systemctl start flue-pf), or give the card an "
			       "address instead of vf",
			       path);
	if (code == EACCES || code == EPERM)
		return err_set(e, -EACCES,
			       "may not connect to flue-pf at %.100s: be of its group, or start as "
			       "root",
			       path);
	return err_set(e, -code, "cannot connect to flue-pf at %.100s: %s", path, strerror(code));
}

/* A UNIX socket connects at once or not at all. */
static int dial(struct err *e)
{
	const char *given = getenv("FLUE_PF_HAND"), *path = given ? given : HV_PF_SOCKET;
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd, code;

	if (strlen(path) >= sizeof(to.sun_path))
		return err_set(e, -ENAMETOOLONG, "FLUE_PF_HAND: a socket's path is shorter");
	strcpy(to.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	code = errno;
	if (fd >= 0)
		close(fd);
	return not_there(path, code, e);
}

int hv_pf_ask(json_t *message, struct err *e)
{
	int fd = message ? dial(e) : err_set(e, -ENOMEM, "out of memory"), rc;

	rc = fd >= 0 ? hv_wire_send(fd, message, NULL, 0) : 0;
	json_decref(message);
	if (rc == 0)
		return fd;
	close(fd);
	return err_set(e, rc, "cannot ask flue-pf: %s", strerror(-rc));
}

static void close_all(int fds[HV_WIRE_FDS])
{
	for (int i = 0; i < HV_WIRE_FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int bad_answer(struct err *e, const char *what)
{
	return err_set(e, -EBADMSG, "flue-pf's answer is none (%s); is it of this version?", what);
}

static json_t *receive(int fd, int fds[HV_WIRE_FDS], struct err *e)
{
	int rc;
	json_t *answer = hv_wire_receive(fd, fds, &rc);
	const json_t *error = json_object_get(answer, "error");

	if (!answer && rc == -EBADMSG)
		bad_answer(e, "no JSON");
	else if (!answer && rc == 0)
		err_set(e, -EPIPE, "flue-pf hung up without an answer; its log may say why");
	else if (!answer)
		err_set(e, rc, "cannot hear flue-pf: %s", strerror(-rc));
	if (!error)
		return answer;
	err_set(e, err_code_of_name(json_get_str(error, "errno", ""), -EIO), "%.383s",
		json_get_str(error, "text", "flue-pf refuses, and gives no reason"));
	close_all(fds);
	json_decref(answer);
	return NULL;
}

static bool is_device(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode);
}

static int check_taken(const json_t *answer, const int fds[HV_WIRE_FDS], struct hv_pf_taken *t,
		       struct err *e)
{
	const char *address = json_get_str(answer, "address", "");
	int64_t group = json_get_int(answer, "group", -1);
	int64_t epoch = json_get_int(answer, "epoch", 0);

	if (fds[0] < 0 || fds[1] < 0 || fds[2] >= 0)
		return bad_answer(e, "not two descriptors");
	if (!is_device(fds[0]) || !is_device(fds[1]))
		return bad_answer(e, "descriptors that are no devices");
	if (!pci_address_ok(address))
		return bad_answer(e, "no PCI address");
	if (group < 0 || group > INT32_MAX)
		return bad_answer(e, "no group");
	if (epoch < 1)
		return bad_answer(e, "no epoch");
	snprintf(t->address, sizeof(t->address), "%s", address);
	t->group = (unsigned int)group;
	t->epoch = (uint64_t)epoch;
	t->fds = (struct pci_vfio){fds[0], fds[1]};
	return 0;
}

int hv_pf_taken(int fd, struct hv_pf_taken *t, struct err *e)
{
	int fds[HV_WIRE_FDS], rc;
	json_t *answer = receive(fd, fds, e);

	if (!answer)
		return e->code;
	rc = check_taken(answer, fds, t, e);
	if (rc)
		close_all(fds);
	json_decref(answer);
	return rc;
}

int hv_pf_given(int fd, struct err *e)
{
	int fds[HV_WIRE_FDS];
	json_t *answer = receive(fd, fds, e);

	if (!answer)
		return e->code;
	close_all(fds); /* there are to be none */
	json_decref(answer);
	return 0;
}

int hv_pf_take(const char *guest, uint64_t mem_bytes, const struct hv_nic_config *nic,
	       unsigned int timeout_ms, struct hv_pf_taken *t, struct err *e)
{
	uint64_t end = clock_now_ns() + timeout_ms * 1000000ull;
	struct pollfd p = {.events = POLLIN,
			   .fd = hv_pf_ask(hv_pf_take_message(guest, mem_bytes, nic), e)};
	int rc = 0;

	if (p.fd < 0)
		return p.fd;
	while (rc == 0) {
		uint64_t now = clock_now_ns();
		int left = now < end ? (int)((end - now) / 1000000) + 1 : 0;

		rc = poll(&p, 1, left);
		if (rc < 0 && errno == EINTR)
			rc = 0;
		else if (rc == 0 && !left)
			rc = err_set(e, -ETIMEDOUT,
				     "flue-pf does not answer; 'flue pf show' says what it does");
		else if (rc < 0)
			rc = err_set(e, -errno, "cannot wait for flue-pf: %s", strerror(errno));
	}
	if (rc > 0)
		rc = hv_pf_taken(p.fd, t, e);
	close(p.fd);
	return rc;
}
