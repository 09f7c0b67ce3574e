/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/state.h"

#include "base/mac.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VLAN_PROTO_Q  0x8100
#define VLAN_PROTO_AD 0x88a8
#define TEXT_MAX      128

void pf_state_clear(struct pf_state *s)
{
	free(s->vf);
	s->vf = NULL;
	s->numvfs = 0;
}

int pf_state_copy(struct pf_state *to, const struct pf_state *from)
{
	struct pf_vf *vf = NULL;

	if (from->numvfs) {
		vf = calloc(from->numvfs, sizeof(*vf));
		if (!vf)
			return -ENOMEM;
		memcpy(vf, from->vf, from->numvfs * sizeof(*vf));
	}
	*to = *from;
	to->vf = vf;
	return 0;
}

const char *pf_attr_name(enum pf_attr a)
{
	static const char *const names[] = {
		[PF_MAC] = "mac",
		[PF_VLAN] = "vlan",
		[PF_RATE] = "rate",
		[PF_SPOOFCHK] = "spoofchk",
		[PF_TRUST] = "trust",
		[PF_LINK_STATE] = "link-state",
		[PF_RSS_QUERY] = "rss-query",
		[PF_VF_DRIVER] = "driver",
	};

	return (unsigned int)a < PF_ATTRS ? names[a] : "?";
}

void pf_vf_neutral(struct pf_vf *vf)
{
	struct pf_vf neutral = {
		.known = vf->known, .proto = VLAN_PROTO_Q, .spoofchk = true, .link = PF_LINK_AUTO};

	memcpy(neutral.address, vf->address, sizeof(neutral.address));
	*vf = neutral;
}

/* Without a tag there is none whose kind could differ. */
static bool vlan_same(const struct pf_vf *a, const struct pf_vf *b)
{
	return a->vid == b->vid && a->qos == b->qos &&
	       ((!a->vid && !a->qos) || a->proto == b->proto);
}

bool pf_vf_same(const struct pf_vf *a, const struct pf_vf *b, enum pf_attr attr)
{
	if (!(a->known & b->known & PF_ATTR_BIT(attr)))
		return true;
	switch (attr) {
	case PF_MAC:
		return memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
	case PF_VLAN:
		return vlan_same(a, b);
	case PF_RATE:
		return a->min_mbps == b->min_mbps && a->max_mbps == b->max_mbps;
	case PF_SPOOFCHK:
		return a->spoofchk == b->spoofchk;
	case PF_TRUST:
		return a->trust == b->trust;
	case PF_LINK_STATE:
		return a->link == b->link;
	case PF_RSS_QUERY:
		return a->rss_query == b->rss_query;
	case PF_VF_DRIVER:
		return strcmp(a->driver, b->driver) == 0 && strcmp(a->override, b->override) == 0;
	case PF_ATTRS:
		break;
	}
	return true;
}

void pf_vf_take(struct pf_vf *to, const struct pf_vf *from, enum pf_attr attr)
{
	to->known |= PF_ATTR_BIT(attr);
	switch (attr) {
	case PF_MAC:
		memcpy(to->mac, from->mac, sizeof(to->mac));
		break;
	case PF_VLAN:
		to->vid = from->vid;
		to->qos = from->qos;
		to->proto = from->proto;
		break;
	case PF_RATE:
		to->min_mbps = from->min_mbps;
		to->max_mbps = from->max_mbps;
		break;
	case PF_SPOOFCHK:
		to->spoofchk = from->spoofchk;
		break;
	case PF_TRUST:
		to->trust = from->trust;
		break;
	case PF_LINK_STATE:
		to->link = from->link;
		break;
	case PF_RSS_QUERY:
		to->rss_query = from->rss_query;
		break;
	case PF_VF_DRIVER:
		memcpy(to->driver, from->driver, sizeof(to->driver));
		memcpy(to->override, from->override, sizeof(to->override));
		break;
	case PF_ATTRS:
		break;
	}
}

static const char *link_text(enum pf_link link)
{
	static const char *const names[] = {"auto", "enable", "disable"};

	return (unsigned int)link < 3 ? names[link] : "?";
}

static void driver_text(const struct pf_vf *vf, char *buf, size_t len)
{
	const char *bound = vf->driver[0] ? vf->driver : "none";

	if (!vf->override[0] || strcmp(vf->override, bound) == 0)
		snprintf(buf, len, "%s", bound);
	else
		snprintf(buf, len, "%s (override %s)", bound, vf->override);
}

static void vlan_text(const struct pf_vf *vf, char *buf, size_t len)
{
	if (!vf->vid && !vf->qos)
		snprintf(buf, len, "vlan 0");
	else
		snprintf(buf, len, "vlan %u qos %u%s", vf->vid, vf->qos,
			 vf->proto == VLAN_PROTO_AD ? " 802.1ad" : "");
}

const char *pf_vf_text(const struct pf_vf *vf, enum pf_attr attr, char *buf, size_t len)
{
	char mac[MAC_TEXT];

	switch (attr) {
	case PF_MAC:
		snprintf(buf, len, "%s", mac_format(vf->mac, mac));
		break;
	case PF_VLAN:
		vlan_text(vf, buf, len);
		break;
	case PF_RATE:
		snprintf(buf, len, "min-rate %u max-rate %u", vf->min_mbps, vf->max_mbps);
		break;
	case PF_SPOOFCHK:
		snprintf(buf, len, "%s", vf->spoofchk ? "on" : "off");
		break;
	case PF_TRUST:
		snprintf(buf, len, "%s", vf->trust ? "on" : "off");
		break;
	case PF_LINK_STATE:
		snprintf(buf, len, "%s", link_text(vf->link));
		break;
	case PF_RSS_QUERY:
		snprintf(buf, len, "%s", vf->rss_query ? "on" : "off");
		break;
	case PF_VF_DRIVER:
		driver_text(vf, buf, len);
		break;
	case PF_ATTRS:
		snprintf(buf, len, "?");
		break;
	}
	return buf;
}

static const char *say(char *buf, size_t len, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static const char *say(char *buf, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf, len, fmt, ap);
	va_end(ap);
	return buf;
}

static const char *eswitch_text(enum pf_eswitch mode)
{
	static const char *const names[] = {"none", "legacy", "switchdev"};

	return (unsigned int)mode < 3 ? names[mode] : "?";
}

const char *pf_state_differ(const struct pf_state *a, const struct pf_state *b, char *buf,
			    size_t len)
{
	char one[TEXT_MAX], other[TEXT_MAX];

	if (a->numvfs != b->numvfs)
		return say(buf, len, "numvfs: %u, not %u", a->numvfs, b->numvfs);
	if (a->eswitch != b->eswitch)
		return say(buf, len, "eswitch: %s, not %s", eswitch_text(a->eswitch),
			   eswitch_text(b->eswitch));
	if (a->mtu != b->mtu)
		return say(buf, len, "mtu: %u, not %u", a->mtu, b->mtu);
	if (a->autoprobe != b->autoprobe)
		return say(buf, len, "autoprobe: %s, not %s", a->autoprobe ? "on" : "off",
			   b->autoprobe ? "on" : "off");
	for (unsigned int i = 0; i < a->numvfs; i++)
		for (enum pf_attr t = 0; t < PF_ATTRS; t++)
			if (!pf_vf_same(&a->vf[i], &b->vf[i], t))
				return say(buf, len, "vf %u: %s: %s, not %s", i, pf_attr_name(t),
					   pf_vf_text(&a->vf[i], t, one, sizeof(one)),
					   pf_vf_text(&b->vf[i], t, other, sizeof(other)));
	return NULL;
}
