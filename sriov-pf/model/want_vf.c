/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wanted of one VF. */
#include "sriov-pf/model/want_priv.h"

#include "base/mac.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool has(const json_t *vf, const char *key)
{
	return json_object_get(vf, key) != NULL;
}

static int fault(struct err *e, size_t i, const char *key, const char *text)
{
	return pf_want_error(e, -EINVAL, "vfs", i, key, text);
}

static void want(struct pf_vf_want *w, enum pf_attr attr)
{
	w->set |= PF_ATTR_BIT(attr);
	w->value.known |= PF_ATTR_BIT(attr);
}

static int want_mac(const json_t *vf, size_t i, struct pf_vf_want *w, struct err *e)
{
	if (!has(vf, "mac"))
		return 0;
	if (!mac_parse(json_get_str(vf, "mac", NULL), w->value.mac))
		return fault(e, i, "mac", "must be six hex octets with colons");
	if (w->value.mac[0] & 1)
		return fault(e, i, "mac",
			     "is a group's address; give a single station's, whose first octet is "
			     "even");
	want(w, PF_MAC);
	return 0;
}

static int want_vlan(const json_t *vf, size_t i, struct pf_vf_want *w, struct err *e)
{
	int64_t vid = json_get_int(vf, "vlan", 0), qos = json_get_int(vf, "qos", 0);
	bool ad = strcmp(json_get_str(vf, "vlan-proto", ""), "802.1ad") == 0;

	if (!vid && qos)
		return fault(e, i, "qos", "a priority needs a tag; set vlan, or leave it out");
	if (!vid && ad)
		return fault(e, i, "vlan-proto",
			     "a kind of tag needs a tag; set vlan, or leave it out");
	if (!has(vf, "vlan") && (has(vf, "qos") || has(vf, "vlan-proto")))
		return fault(e, i, has(vf, "qos") ? "qos" : "vlan-proto",
			     "is of a VLAN's tag; set vlan, or leave it out");
	if (!has(vf, "vlan"))
		return 0;
	if (vid < 0 || vid > 4094 || qos < 0 || qos > 7)
		return fault(e, i, "vlan", "ids are 0 to 4094 and priorities 0 to 7");
	w->value.vid = (uint16_t)vid;
	w->value.qos = (uint8_t)qos;
	w->value.proto = ad ? 0x88a8 : 0x8100;
	want(w, PF_VLAN);
	return 0;
}

static int want_rate(const json_t *vf, size_t i, struct pf_vf_want *w, struct err *e)
{
	int64_t min = json_get_int(vf, "min-rate", 0), max = json_get_int(vf, "max-rate", 0);

	if (!has(vf, "min-rate") && !has(vf, "max-rate"))
		return 0;
	if (min < 0 || max < 0 || min > UINT32_MAX || max > UINT32_MAX)
		return fault(e, i, "max-rate", "is out of its bounds");
	if (max && min > max)
		return fault(e, i, "min-rate", "is above max-rate; lower it");
	w->value.min_mbps = (uint32_t)min;
	w->value.max_mbps = (uint32_t)max;
	want(w, PF_RATE);
	return 0;
}

static void want_flag(const json_t *vf, const char *key, struct pf_vf_want *w, enum pf_attr attr,
		      bool *flag)
{
	if (!has(vf, key))
		return;
	*flag = json_get_bool(vf, key, false);
	want(w, attr);
}

static void want_link(const json_t *vf, struct pf_vf_want *w)
{
	const char *state = json_get_str(vf, "link-state", "auto");

	if (!has(vf, "link-state"))
		return;
	w->value.link = strcmp(state, "enable") == 0	? PF_LINK_ENABLE
			: strcmp(state, "disable") == 0 ? PF_LINK_DISABLE
							: PF_LINK_AUTO;
	want(w, PF_LINK_STATE);
}

static int want_driver(const json_t *vf, size_t i, struct pf_vf_want *w, struct err *e)
{
	const char *driver = json_get_str(vf, "driver", NULL);

	if (!driver)
		return 0;
	if (strlen(driver) >= sizeof(w->value.override))
		return fault(e, i, "driver", "is too long");
	for (const char *c = driver; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-_", *c))
			return fault(e, i, "driver",
				     "is no driver's name; give vfio-pci, kernel or none");
	/* The kernel's choice is no override; PF_NO_DRIVER has the same word. */
	if (strcmp(driver, "kernel") != 0)
		snprintf(w->value.override, sizeof(w->value.override), "%s", driver);
	want(w, PF_VF_DRIVER);
	return 0;
}

int pf_want_vf(const json_t *vf, size_t i, struct pf_vf_want *w, struct err *e)
{
	int rc;

	if (w->named)
		return pf_want_error(e, -EEXIST, "vfs", i, "index",
				     "another VF of that PF has it already; change one");
	w->named = true;
	rc = want_mac(vf, i, w, e);
	if (rc == 0)
		rc = want_vlan(vf, i, w, e);
	if (rc == 0)
		rc = want_rate(vf, i, w, e);
	if (rc == 0)
		rc = want_driver(vf, i, w, e);
	if (rc != 0)
		return rc;
	want_flag(vf, "spoofchk", w, PF_SPOOFCHK, &w->value.spoofchk);
	want_flag(vf, "trust", w, PF_TRUST, &w->value.trust);
	want_flag(vf, "rss-query", w, PF_RSS_QUERY, &w->value.rss_query);
	want_link(vf, w);
	snprintf(w->owner, sizeof(w->owner), "%s", json_get_str(vf, "owner", ""));
	return 0;
}
