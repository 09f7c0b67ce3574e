/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/devlink.h"

#include <linux/devlink.h>
#include <linux/netlink.h>
#include <string.h>

/* devlink counts bytes a second, rtnetlink 10^6 bits. */
#define BYTES_PER_MBPS 125000ull

#define REQUEST(name) char name[PF_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)))

static int on_family(void *arg, const void *msg, size_t len)
{
	*(uint16_t *)arg = pf_dl_family_parse(msg, len);
	return 0;
}

int pf_devlink_open(struct pf_devlink *d, struct err *e)
{
	REQUEST(buf);
	struct pf_ack ack;
	int rc;

	d->family = 0;
	rc = pf_nl_open(&d->nl, NETLINK_GENERIC, e);
	if (rc)
		return rc;
	rc = pf_nl_talk(&d->nl, pf_dl_family_get(buf), on_family, &d->family, &ack);
	if (rc == 0 || rc == -ENOENT)
		return 0;
	pf_devlink_close(d);
	return err_set(e, rc, "cannot ask the kernel for devlink: %s", pf_ack_words(&ack));
}

void pf_devlink_close(struct pf_devlink *d)
{
	pf_nl_close(&d->nl);
	d->family = 0;
}

static int on_one(void *arg, const void *msg, size_t len)
{
	return pf_dl_parse(msg, len, arg) ? 0 : -EBADMSG;
}

/* One message about the device. -EOPNOTSUPP: kernel, driver or device have no such thing. */
static int ask(struct pf_devlink *d, uint8_t command, const char *bus, const char *dev,
	       struct pf_dl_msg *m, struct pf_ack *ack)
{
	REQUEST(buf);
	int rc;

	memset(m, 0, sizeof(*m));
	memset(ack, 0, sizeof(*ack));
	if (!d->family)
		return ack->error = -EOPNOTSUPP;
	rc = pf_nl_talk(&d->nl, pf_dl_start(buf, d->family, command, bus, dev), on_one, m, ack);
	return rc == -ENODEV ? ack->error = -EOPNOTSUPP : rc;
}

int pf_devlink_mode(struct pf_devlink *d, const char *bus, const char *dev, enum pf_eswitch *mode,
		    struct pf_ack *ack)
{
	struct pf_dl_msg m;
	int rc = ask(d, DEVLINK_CMD_ESWITCH_GET, bus, dev, &m, ack);

	*mode = rc == 0 && (m.has & PF_DL_MODE) ? m.mode : PF_ESWITCH_NONE;
	return rc == -EOPNOTSUPP ? 0 : rc;
}

int pf_devlink_set_mode(struct pf_devlink *d, const char *bus, const char *dev,
			enum pf_eswitch mode, struct pf_ack *ack)
{
	REQUEST(buf);
	struct nlmsghdr *nlh;
	int rc;

	memset(ack, 0, sizeof(*ack));
	if (!d->family || mode == PF_ESWITCH_NONE)
		return ack->error = -EOPNOTSUPP;
	nlh = pf_dl_start(buf, d->family, DEVLINK_CMD_ESWITCH_SET, bus, dev);
	mnl_attr_put_u16(nlh, DEVLINK_ATTR_ESWITCH_MODE,
			 mode == PF_ESWITCH_SWITCHDEV ? DEVLINK_ESWITCH_MODE_SWITCHDEV
						      : DEVLINK_ESWITCH_MODE_LEGACY);
	rc = pf_nl_talk(&d->nl, nlh, NULL, NULL, ack);
	/* The driver has no devlink. */
	return rc == -ENODEV ? ack->error = -EOPNOTSUPP : rc;
}

int pf_devlink_serial(struct pf_devlink *d, const char *bus, const char *dev,
		      char serial[PF_SERIAL], struct pf_ack *ack)
{
	struct pf_dl_msg m;
	int rc = ask(d, DEVLINK_CMD_INFO_GET, bus, dev, &m, ack);

	memcpy(serial, m.serial, PF_SERIAL);
	return rc == -EOPNOTSUPP ? 0 : rc;
}

/* A dump tells of all devices; these are the messages of one of them. */
struct dump {
	const char *bus, *dev;
	void (*each)(struct dump *w, const struct pf_dl_msg *m);
	struct pf_vf *vf;
	unsigned int vfs;
	/* The ports of VFs, by VF: the port's index and 1, or 0. */
	uint32_t port[PF_VFS_MAX];
	unsigned int has[PF_VFS_MAX];
};

static int on_dump(void *arg, const void *msg, size_t len)
{
	struct dump *w = arg;
	struct pf_dl_msg m;

	if (!pf_dl_parse(msg, len, &m))
		return -EBADMSG;
	if (!strcmp(m.bus, w->bus) && !strcmp(m.dev, w->dev) && (m.has & PF_DL_PORT))
		w->each(w, &m);
	return 0;
}

static int dump(struct pf_devlink *d, uint8_t command, struct dump *w,
		void (*each)(struct dump *w, const struct pf_dl_msg *m), struct pf_ack *ack)
{
	REQUEST(buf);
	struct nlmsghdr *nlh = pf_dl_start(buf, d->family, command, w->bus, w->dev);

	w->each = each;
	nlh->nlmsg_flags |= NLM_F_DUMP;
	return pf_nl_talk(&d->nl, nlh, on_dump, w, ack);
}

static void take_port(struct dump *w, const struct pf_dl_msg *m)
{
	if (!(m->has & PF_DL_VF) || m->vf >= w->vfs)
		return;
	w->port[m->vf] = m->port + 1;
	w->has[m->vf] = m->has & PF_DL_MAC;
	if (!w->vf || !(m->has & PF_DL_MAC))
		return;
	memcpy(w->vf[m->vf].mac, m->mac, sizeof(m->mac));
	w->vf[m->vf].known |= PF_ATTR_BIT(PF_MAC);
}

static void take_rate(struct dump *w, const struct pf_dl_msg *m)
{
	unsigned int i = 0;

	while (i < w->vfs && w->port[i] != m->port + 1)
		i++;
	if (!(m->has & PF_DL_RATE) || i == w->vfs)
		return;
	w->has[i] |= PF_DL_RATE;
	if (!w->vf)
		return;
	w->vf[i].min_mbps = (uint32_t)(m->tx_share / BYTES_PER_MBPS);
	w->vf[i].max_mbps = (uint32_t)(m->tx_max / BYTES_PER_MBPS);
	w->vf[i].known |= PF_ATTR_BIT(PF_RATE);
}

static int dump_all(struct pf_devlink *d, struct dump *w, struct pf_ack *ack)
{
	int rc;

	memset(ack, 0, sizeof(*ack));
	memset(w->port, 0, sizeof(w->port));
	memset(w->has, 0, sizeof(w->has));
	if (!d->family)
		return 0;
	rc = dump(d, DEVLINK_CMD_PORT_GET, w, take_port, ack);
	if (rc)
		return rc;
	rc = dump(d, DEVLINK_CMD_RATE_GET, w, take_rate, ack);
	/* Kernels before 5.14 have no rates. */
	return rc == -EOPNOTSUPP || rc == -EINVAL ? ack->error = 0 : rc;
}

int pf_devlink_vfs(struct pf_devlink *d, const char *bus, const char *dev, struct pf_vf *vf,
		   unsigned int vfs, struct pf_ack *ack)
{
	struct dump w = {.bus = bus, .dev = dev, .vf = vf, .vfs = vfs};

	return dump_all(d, &w, ack);
}

int pf_devlink_port(struct pf_devlink *d, const char *bus, const char *dev, unsigned int vf,
		    unsigned int *has, uint32_t *port, struct pf_ack *ack)
{
	struct dump w = {.bus = bus, .dev = dev, .vfs = PF_VFS_MAX};
	int rc = dump_all(d, &w, ack);

	*has = rc == 0 && vf < PF_VFS_MAX ? w.has[vf] : 0;
	*port = *has ? w.port[vf] - 1 : 0;
	return rc;
}

int pf_devlink_set_mac(struct pf_devlink *d, const char *bus, const char *dev, uint32_t port,
		       const uint8_t mac[6], struct pf_ack *ack)
{
	REQUEST(buf);

	return pf_nl_talk(&d->nl, pf_dl_set_mac(buf, d->family, bus, dev, port, mac), NULL, NULL,
			  ack);
}

static int set_bound(struct pf_devlink *d, const struct pf_dl_msg *leaf, uint16_t which,
		     uint64_t bytes, struct pf_ack *ack)
{
	REQUEST(buf);

	return pf_nl_talk(
		&d->nl,
		pf_dl_set_rate(buf, d->family, leaf->bus, leaf->dev, leaf->port, which, bytes),
		NULL, NULL, ack);
}

int pf_devlink_set_rate(struct pf_devlink *d, const char *bus, const char *dev, uint32_t port,
			uint32_t min_mbps, uint32_t max_mbps, struct pf_ack *ack)
{
	REQUEST(buf);
	struct nlmsghdr *nlh = pf_dl_start(buf, d->family, DEVLINK_CMD_RATE_GET, bus, dev);
	struct pf_dl_msg was;
	struct pf_ack back;
	int rc;

	mnl_attr_put_u32(nlh, DEVLINK_ATTR_PORT_INDEX, port);
	memset(&was, 0, sizeof(was));
	rc = pf_nl_talk(&d->nl, nlh, on_one, &was, ack);
	if (rc)
		return rc;
	rc = set_bound(d, &was, DEVLINK_ATTR_RATE_TX_MAX, max_mbps * BYTES_PER_MBPS, ack);
	if (rc)
		return rc;
	rc = set_bound(d, &was, DEVLINK_ATTR_RATE_TX_SHARE, min_mbps * BYTES_PER_MBPS, ack);
	if (rc)
		set_bound(d, &was, DEVLINK_ATTR_RATE_TX_MAX, was.tx_max, &back);
	return rc;
}
