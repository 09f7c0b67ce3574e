/* SPDX-License-Identifier: BSD-3-Clause */
/* A kernel of our own at the other end of the socket, which says what real ones say rarely. */
#include "sriov-pf/sys/devlink.h"
#include "sriov-pf/sys/rtnl.h"
#include "sriov-pf/sys/test_msg.h"

#include <errno.h>
#include <linux/devlink.h>
#include <linux/genetlink.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define ROOM (PF_VFS_MAX * VF_BYTES)

/* What it answers to one request: a datagram, then an acknowledgement with that errno, or with DUMP
 * the end of a dump. */
struct answer {
	struct nlmsghdr *(*make)(void *buf); /* NULL: none */
	int error;
	bool dump;
	uint16_t asked; /* of the request: an attribute's type that is in it, for the test to see */
	size_t header;	/* behind a header of that size, else devlink's */
	uint64_t value; /* and its first 8 bytes */
};

static struct answer *script;
static unsigned int answers, asked;
static int theirs;
static struct pf_devlink dl;
static pthread_t thread;
static uint32_t *room;

static void send_end(const struct nlmsghdr *request, const struct answer *a)
{
	uint32_t buf[64];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *e = mnl_nlmsg_put_extra_header(nlh, a->dump ? sizeof(int) : sizeof(*e));

	e->error = a->error;
	nlh->nlmsg_type = a->dump ? NLMSG_DONE : NLMSG_ERROR;
	nlh->nlmsg_seq = request->nlmsg_seq;
	if (!a->dump) {
		nlh->nlmsg_flags = NLM_F_CAPPED;
		e->msg = *request;
	}
	send(theirs, nlh, nlh->nlmsg_len, 0);
}

static void note(const struct nlmsghdr *request, struct answer *a)
{
	struct nlattr *attr;

	mnl_attr_for_each(attr, request, a->header ? a->header : GENL_HDRLEN)
	{
		if (a->asked && mnl_attr_get_type(attr) == a->asked)
			memcpy(&a->value, mnl_attr_get_payload(attr),
			       mnl_attr_get_payload_len(attr));
	}
}

static void *kernel(void *arg)
{
	uint32_t request[PF_NL_REQUEST / 4];

	while (recv(theirs, request, sizeof(request), 0) > 0) {
		struct nlmsghdr *nlh = (struct nlmsghdr *)request, *message;
		struct answer *a = &script[asked];

		if (asked++ >= answers) {
			shutdown(theirs, SHUT_RDWR);
			break;
		}
		note(nlh, a);
		/* One of an earlier request, which comes late. */
		message = start_link(room, "late");
		message->nlmsg_seq = nlh->nlmsg_seq - 1;
		send(theirs, message, message->nlmsg_len, 0);
		if (a->make) {
			message = a->make(room);
			message->nlmsg_seq = nlh->nlmsg_seq;
			send(theirs, message, message->nlmsg_len, 0);
		}
		send_end(nlh, a);
	}
	return NULL;
}

static void begin(struct answer *a, unsigned int n)
{
	int fds[2], bytes = 4 << 20;

	script = a;
	answers = n;
	asked = 0;
	room = calloc(1, ROOM);
	assert_non_null(room);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	theirs = fds[1];
	setsockopt(theirs, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	memset(&dl, 0, sizeof(dl));
	dl.family = 0x15;
	dl.nl.socket = mnl_socket_fdopen(fds[0]);
	assert_non_null(dl.nl.socket);
	assert_int_equal(pthread_create(&thread, NULL, kernel, NULL), 0);
}

/* All that was to be asked was asked, and no more. */
static void end(void)
{
	pf_devlink_close(&dl);
	pthread_join(thread, NULL);
	assert_int_equal(asked, answers);
	close(theirs);
	free(room);
}

#define BEGIN(a) begin(a, sizeof(a) / sizeof(a[0]))

static struct nlmsghdr *five_hundred(void *buf)
{
	return make_link(buf, 500, 500);
}

static struct nlmsghdr *without_vfs(void *buf)
{
	return start_link(buf, "eth7");
}

static void large_answers_are_read(void **state)
{
	struct answer a[] = {{.make = five_hundred}};
	struct pf_ifinfo info;
	struct pf_ack ack;

	BEGIN(a);
	assert_int_equal(pf_rtnl_read(&dl.nl, 7, &info, &ack), 0);
	assert_int_equal(info.told, 500);
	pf_ifinfo_clear(&info);
	end();
}

/* A kernel that refuses a list that does not fit is asked for the rest. */
static void a_list_that_is_refused_is_left_out(void **state)
{
	const size_t header = sizeof(struct ifinfomsg);
	struct answer a[] = {
		{.error = -EMSGSIZE, .asked = IFLA_EXT_MASK, .header = header},
		{.make = without_vfs, .asked = IFLA_EXT_MASK, .header = header},
	};
	struct pf_ifinfo info;
	struct pf_ack ack;

	BEGIN(a);
	assert_int_equal(pf_rtnl_read(&dl.nl, 7, &info, &ack), 0);
	assert_int_equal(info.mtu, 9000);
	assert_false(info.counted);
	pf_ifinfo_clear(&info);
	end();
	assert_int_equal(a[0].value, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
	assert_int_equal(a[1].value, RTEXT_FILTER_SKIP_STATS);
}

static void another_interface_is_refused(void **state)
{
	struct answer a[] = {{.make = without_vfs}, {.error = -ENODEV}};
	struct pf_ifinfo info;
	struct pf_ack ack;

	BEGIN(a);
	assert_int_equal(pf_rtnl_read(&dl.nl, 8, &info, &ack), -EBADMSG);
	assert_null(info.vf);
	assert_int_equal(pf_rtnl_read(&dl.nl, 8, &info, &ack), -ENODEV);
	end();
}

#define DEV "pci", "0000:03:00.0"

static struct nlmsghdr *mode(void *buf)
{
	struct nlmsghdr *nlh = pf_dl_start(buf, 0x15, DEVLINK_CMD_ESWITCH_GET, DEV);

	mnl_attr_put_u16(nlh, DEVLINK_ATTR_ESWITCH_MODE, DEVLINK_ESWITCH_MODE_SWITCHDEV);
	return nlh;
}

static struct nlmsghdr *port_of(void *buf, const char *dev)
{
	struct nlmsghdr *nlh = pf_dl_start(buf, 0x15, DEVLINK_CMD_PORT_NEW, "pci", dev);
	struct nlattr *function;

	mnl_attr_put_u32(nlh, DEVLINK_ATTR_PORT_INDEX, 131);
	mnl_attr_put_u16(nlh, DEVLINK_ATTR_PORT_FLAVOUR, DEVLINK_PORT_FLAVOUR_PCI_VF);
	mnl_attr_put_u16(nlh, DEVLINK_ATTR_PORT_PCI_VF_NUMBER, 1);
	function = mnl_attr_nest_start(nlh, DEVLINK_ATTR_PORT_FUNCTION);
	mnl_attr_put(nlh, DEVLINK_PORT_FUNCTION_ATTR_HW_ADDR, 6, "\x52\x54\0\0\0\1");
	mnl_attr_nest_end(nlh, function);
	return nlh;
}

static struct nlmsghdr *port(void *buf)
{
	return port_of(buf, "0000:03:00.0");
}

static struct nlmsghdr *others_port(void *buf)
{
	return port_of(buf, "0000:03:00.1");
}

static struct nlmsghdr *rate(void *buf)
{
	struct nlmsghdr *nlh = pf_dl_start(buf, 0x15, DEVLINK_CMD_RATE_NEW, DEV);

	mnl_attr_put_u32(nlh, DEVLINK_ATTR_PORT_INDEX, 131);
	mnl_attr_put_u16(nlh, DEVLINK_ATTR_RATE_TYPE, DEVLINK_RATE_TYPE_LEAF);
	mnl_attr_put_u64(nlh, DEVLINK_ATTR_RATE_TX_SHARE, 10 * 125000);
	mnl_attr_put_u64(nlh, DEVLINK_ATTR_RATE_TX_MAX, 200 * 125000);
	return nlh;
}

static void cards_without_devlink_have_no_mode(void **state)
{
	struct answer a[] = {{.make = mode},
			     {.error = -ENODEV},
			     {.error = -EOPNOTSUPP},
			     {.error = -ENODEV},
			     {.error = -EPERM}};
	enum pf_eswitch is;
	struct pf_ack ack;

	BEGIN(a);
	assert_int_equal(pf_devlink_mode(&dl, DEV, &is, &ack), 0);
	assert_int_equal(is, PF_ESWITCH_SWITCHDEV);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pf_devlink_mode(&dl, DEV, &is, &ack), 0);
		assert_int_equal(is, PF_ESWITCH_NONE);
	}
	assert_int_equal(pf_devlink_set_mode(&dl, DEV, PF_ESWITCH_LEGACY, &ack), -EOPNOTSUPP);
	assert_int_equal(pf_devlink_mode(&dl, DEV, &is, &ack), -EPERM);
	end();
}

static void ports_tell_of_vfs(void **state)
{
	struct answer a[] = {
		{.make = port, .dump = true},	     {.make = rate, .dump = true},
		{.make = port, .dump = true},	     {.dump = true, .error = -EOPNOTSUPP},
		{.make = others_port, .dump = true}, {.make = rate, .dump = true}};
	struct pf_vf vf[2] = {{.known = 0}};
	struct pf_ack ack;
	unsigned int has;
	uint32_t index;

	BEGIN(a);
	assert_int_equal(pf_devlink_vfs(&dl, DEV, vf, 2, &ack), 0);
	assert_int_equal(vf[0].known, 0);
	assert_int_equal(vf[1].known, PF_ATTR_BIT(PF_MAC) | PF_ATTR_BIT(PF_RATE));
	assert_memory_equal(vf[1].mac, "\x52\x54\0\0\0\1", 6);
	assert_int_equal(vf[1].min_mbps, 10);
	assert_int_equal(vf[1].max_mbps, 200);
	/* A kernel without rates. */
	assert_int_equal(pf_devlink_port(&dl, DEV, 1, &has, &index, &ack), 0);
	assert_int_equal(has, PF_DL_MAC);
	assert_int_equal(index, 131);
	/* The ports of another card. */
	assert_int_equal(pf_devlink_port(&dl, DEV, 1, &has, &index, &ack), 0);
	assert_int_equal(has, 0);
	end();
}

/* Both bounds, or none. */
static void a_rate_that_is_refused_is_put_back(void **state)
{
	struct answer a[] = {{.make = rate},
			     {.asked = DEVLINK_ATTR_RATE_TX_MAX},
			     {.asked = DEVLINK_ATTR_RATE_TX_SHARE, .error = -EINVAL},
			     {.asked = DEVLINK_ATTR_RATE_TX_MAX}};
	struct pf_ack ack;

	BEGIN(a);
	assert_int_equal(pf_devlink_set_rate(&dl, DEV, 131, 50, 100, &ack), -EINVAL);
	assert_int_equal(ack.error, -EINVAL);
	end();
	assert_int_equal(a[1].value, 100 * 125000);
	assert_int_equal(a[2].value, 50 * 125000);
	assert_int_equal(a[3].value, 200 * 125000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_answers_are_read),
		cmocka_unit_test(a_list_that_is_refused_is_left_out),
		cmocka_unit_test(another_interface_is_refused),
		cmocka_unit_test(cards_without_devlink_have_no_mode),
		cmocka_unit_test(ports_tell_of_vfs),
		cmocka_unit_test(a_rate_that_is_refused_is_put_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
