/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/devlink_msg.h"
#include "sriov-pf/sys/nla.h"

#include <linux/devlink.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <string.h>

/* What is needed to know whether a port is a VF's, from attributes in any order. */
struct port {
	bool has_vf, external;
	uint16_t flavour;
};

static void take_function(struct pf_dl_msg *m, const struct pf_nla *nest)
{
	struct pf_nlas in = pf_nla_nested(nest);
	struct pf_nla a;

	while (pf_nla_next(&in, &a)) {
		/* Infiniband has longer ones, which are nothing for a VF's MAC. */
		if (a.type != DEVLINK_PORT_FUNCTION_ATTR_HW_ADDR || a.len != sizeof(m->mac))
			continue;
		memcpy(m->mac, a.data, sizeof(m->mac));
		m->has |= PF_DL_MAC;
	}
}

static void take_mode(struct pf_dl_msg *m, const struct pf_nla *a)
{
	uint16_t mode = pf_nla_u16(a);

	if (a->len < sizeof(mode) || mode > DEVLINK_ESWITCH_MODE_SWITCHDEV)
		return;
	m->mode = mode == DEVLINK_ESWITCH_MODE_SWITCHDEV ? PF_ESWITCH_SWITCHDEV : PF_ESWITCH_LEGACY;
	m->has |= PF_DL_MODE;
}

static void take_port(struct pf_dl_msg *m, struct port *p, const struct pf_nla *a)
{
	switch (a->type) {
	case DEVLINK_ATTR_PORT_INDEX:
		/* The greatest is the kernel's word for no port. */
		if (a->len < sizeof(m->port) || pf_nla_u32(a) == UINT32_MAX)
			break;
		m->port = pf_nla_u32(a);
		m->has |= PF_DL_PORT;
		break;
	case DEVLINK_ATTR_PORT_FLAVOUR:
		p->flavour = pf_nla_u16(a);
		break;
	case DEVLINK_ATTR_PORT_PCI_VF_NUMBER:
		p->has_vf = a->len >= sizeof(uint16_t);
		m->vf = pf_nla_u16(a);
		break;
	case DEVLINK_ATTR_PORT_EXTERNAL:
		p->external = pf_nla_u8(a);
		break;
	case DEVLINK_ATTR_PORT_FUNCTION:
		take_function(m, a);
		break;
	}
}

static void take_serial(struct pf_dl_msg *m, const struct pf_nla *a)
{
	pf_nla_text(a, m->serial, sizeof(m->serial));
	m->has |= PF_DL_SERIAL;
}

static void take(struct pf_dl_msg *m, struct port *p, const struct pf_nla *a)
{
	switch (a->type) {
	case DEVLINK_ATTR_BUS_NAME:
		pf_nla_text(a, m->bus, sizeof(m->bus));
		break;
	case DEVLINK_ATTR_DEV_NAME:
		pf_nla_text(a, m->dev, sizeof(m->dev));
		break;
	case DEVLINK_ATTR_ESWITCH_MODE:
		take_mode(m, a);
		break;
	case DEVLINK_ATTR_INFO_SERIAL_NUMBER:
		take_serial(m, a);
		break;
	case DEVLINK_ATTR_INFO_BOARD_SERIAL_NUMBER:
		if (!(m->has & PF_DL_SERIAL))
			take_serial(m, a);
		break;
	case DEVLINK_ATTR_RATE_TYPE:
		if (a->len >= sizeof(uint16_t) && pf_nla_u16(a) == DEVLINK_RATE_TYPE_LEAF)
			m->has |= PF_DL_RATE;
		break;
	case DEVLINK_ATTR_RATE_TX_SHARE:
		m->tx_share = pf_nla_u64(a);
		break;
	case DEVLINK_ATTR_RATE_TX_MAX:
		m->tx_max = pf_nla_u64(a);
		break;
	default:
		take_port(m, p, a);
		break;
	}
}

bool pf_dl_parse(const void *msg, size_t len, struct pf_dl_msg *m)
{
	struct genlmsghdr genl;
	struct port port = {0};
	struct pf_nlas rest;
	struct pf_nla a;
	uint16_t type;

	memset(m, 0, sizeof(*m));
	if (!pf_nla_of_message(msg, len, sizeof(genl), &type, &rest) || type < NLMSG_MIN_TYPE)
		return false;
	memcpy(&genl, (const uint8_t *)msg + NLMSG_HDRLEN, sizeof(genl));
	m->command = genl.cmd;
	while (pf_nla_next(&rest, &a))
		take(m, &port, &a);
	if (port.has_vf && !port.external && port.flavour == DEVLINK_PORT_FLAVOUR_PCI_VF)
		m->has |= PF_DL_VF;
	return rest.left == 0;
}

uint16_t pf_dl_family_parse(const void *msg, size_t len)
{
	struct pf_nlas rest;
	struct pf_nla a;
	uint16_t type;

	if (!pf_nla_of_message(msg, len, GENL_HDRLEN, &type, &rest) || type != GENL_ID_CTRL)
		return 0;
	while (pf_nla_next(&rest, &a))
		if (a.type == CTRL_ATTR_FAMILY_ID)
			return pf_nla_u16(&a);
	return 0;
}

static struct nlmsghdr *start(void *buf, uint16_t type, uint8_t command)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = 1;
	return nlh;
}

struct nlmsghdr *pf_dl_family_get(void *buf)
{
	struct nlmsghdr *nlh = start(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, DEVLINK_GENL_NAME);
	return nlh;
}

struct nlmsghdr *pf_dl_start(void *buf, uint16_t family, uint8_t command, const char *bus,
			     const char *dev)
{
	struct nlmsghdr *nlh = start(buf, family, command);

	mnl_attr_put_strz(nlh, DEVLINK_ATTR_BUS_NAME, bus);
	mnl_attr_put_strz(nlh, DEVLINK_ATTR_DEV_NAME, dev);
	return nlh;
}

struct nlmsghdr *pf_dl_set_mac(void *buf, uint16_t family, const char *bus, const char *dev,
			       uint32_t port, const uint8_t mac[6])
{
	struct nlmsghdr *nlh = pf_dl_start(buf, family, DEVLINK_CMD_PORT_SET, bus, dev);
	struct nlattr *function;

	mnl_attr_put_u32(nlh, DEVLINK_ATTR_PORT_INDEX, port);
	function = mnl_attr_nest_start(nlh, DEVLINK_ATTR_PORT_FUNCTION);
	mnl_attr_put(nlh, DEVLINK_PORT_FUNCTION_ATTR_HW_ADDR, 6, mac);
	mnl_attr_nest_end(nlh, function);
	return nlh;
}

struct nlmsghdr *pf_dl_set_rate(void *buf, uint16_t family, const char *bus, const char *dev,
				uint32_t port, uint16_t which, uint64_t bytes_per_second)
{
	struct nlmsghdr *nlh = pf_dl_start(buf, family, DEVLINK_CMD_RATE_SET, bus, dev);

	mnl_attr_put_u32(nlh, DEVLINK_ATTR_PORT_INDEX, port);
	mnl_attr_put_u64(nlh, which, bytes_per_second);
	return nlh;
}
