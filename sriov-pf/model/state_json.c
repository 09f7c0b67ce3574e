/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/state.h"

#include "base/mac.h"
#include "sriov-pf/model/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE_MAX UINT32_MAX
#define AT_SIZE	 128

static const char *const link_words[] = {"auto", "enable", "disable"};
static const char *const proto_words[] = {"802.1Q", "802.1ad"};
static const char *const eswitch_words[] = {"none", "legacy", "switchdev"};

static bool knows(const struct pf_vf *vf, enum pf_attr a)
{
	return vf->known & PF_ATTR_BIT(a);
}

/* json is consumed; false: out of memory. */
static bool put(json_t *obj, const char *key, json_t *json)
{
	return json_object_set_new(obj, key, json) == 0;
}

static bool put_vlan(json_t *j, const struct pf_vf *vf)
{
	return put(j, "vlan", json_integer(vf->vid)) && put(j, "qos", json_integer(vf->qos)) &&
	       put(j, "vlan-proto", json_string(proto_words[vf->proto == 0x88a8]));
}

static bool put_rate(json_t *j, const struct pf_vf *vf)
{
	return put(j, "min-rate", json_integer(vf->min_mbps)) &&
	       put(j, "max-rate", json_integer(vf->max_mbps));
}

static bool put_driver(json_t *j, const struct pf_vf *vf)
{
	return put(j, "driver", json_string(vf->driver)) &&
	       put(j, "override", json_string(vf->override));
}

/* Only what is known is told. */
json_t *pf_vf_json(const struct pf_vf *vf)
{
	json_t *j = json_object();
	char mac[MAC_TEXT];

	if (j && put(j, "address", json_string(vf->address)) &&
	    (!knows(vf, PF_MAC) || put(j, "mac", json_string(mac_format(vf->mac, mac)))) &&
	    (!knows(vf, PF_VLAN) || put_vlan(j, vf)) && (!knows(vf, PF_RATE) || put_rate(j, vf)) &&
	    (!knows(vf, PF_SPOOFCHK) || put(j, "spoofchk", json_boolean(vf->spoofchk))) &&
	    (!knows(vf, PF_TRUST) || put(j, "trust", json_boolean(vf->trust))) &&
	    (!knows(vf, PF_LINK_STATE) ||
	     put(j, "link-state", json_string(link_words[vf->link]))) &&
	    (!knows(vf, PF_RSS_QUERY) || put(j, "rss-query", json_boolean(vf->rss_query))) &&
	    (!knows(vf, PF_VF_DRIVER) || put_driver(j, vf)))
		return j;
	json_decref(j);
	return NULL;
}

static json_t *vfs_json(const struct pf_state *s)
{
	json_t *list = json_array();

	for (unsigned int i = 0; list && i < s->numvfs; i++)
		if (json_array_append_new(list, pf_vf_json(&s->vf[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

json_t *pf_state_json(const struct pf_state *s)
{
	json_t *j = json_object();

	if (j && put(j, "address", json_string(s->address)) &&
	    put(j, "ifname", json_string(s->ifname)) &&
	    put(j, "ifindex", json_integer(s->ifindex)) &&
	    put(j, "driver", json_string(s->driver)) && put(j, "serial", json_string(s->serial)) &&
	    put(j, "vendor", json_integer(s->vendor)) &&
	    put(j, "device", json_integer(s->device)) && put(j, "port", json_integer(s->port)) &&
	    put(j, "totalvfs", json_integer(s->totalvfs)) &&
	    put(j, "numvfs", json_integer(s->numvfs)) && put(j, "mtu", json_integer(s->mtu)) &&
	    (!s->mtu_max || put(j, "mtu-max", json_integer(s->mtu_max))) &&
	    put(j, "eswitch", json_string(eswitch_words[s->eswitch])) &&
	    put(j, "autoprobe", json_boolean(s->autoprobe)) && put(j, "up", json_boolean(s->up)) &&
	    put(j, "vfs", vfs_json(s)))
		return j;
	json_decref(j);
	return NULL;
}

static int read_mac(struct pf_read *r, struct pf_vf *vf, struct err *e)
{
	char text[MAC_TEXT];
	int rc = pf_read_str(r, "mac", text, sizeof(text), e);

	if (rc == 0 && !mac_parse(text, vf->mac))
		rc = pf_read_error(r, "mac", e, "must be six hex octets with colons");
	return rc;
}

static int read_vlan(struct pf_read *r, struct pf_vf *vf, struct err *e)
{
	uint64_t vid, qos;
	unsigned int proto;
	int rc = pf_read_uint(r, "vlan", 4095, &vid, e);

	if (rc == 0)
		rc = pf_read_uint(r, "qos", 7, &qos, e);
	if (rc == 0)
		rc = pf_read_word(r, "vlan-proto", proto_words, 2, &proto, e);
	if (rc != 0)
		return rc;
	vf->vid = (uint16_t)vid;
	vf->qos = (uint8_t)qos;
	vf->proto = proto ? 0x88a8 : 0x8100;
	return 0;
}

static int read_rate(struct pf_read *r, struct pf_vf *vf, struct err *e)
{
	uint64_t min, max;
	int rc = pf_read_uint(r, "min-rate", RATE_MAX, &min, e);

	if (rc == 0)
		rc = pf_read_uint(r, "max-rate", RATE_MAX, &max, e);
	if (rc != 0)
		return rc;
	vf->min_mbps = (uint32_t)min;
	vf->max_mbps = (uint32_t)max;
	return 0;
}

static int read_link(struct pf_read *r, struct pf_vf *vf, struct err *e)
{
	unsigned int link;
	int rc = pf_read_word(r, "link-state", link_words, 3, &link, e);

	if (rc == 0)
		vf->link = link;
	return rc;
}

static int read_driver(struct pf_read *r, struct pf_vf *vf, struct err *e)
{
	int rc = pf_read_str(r, "driver", vf->driver, sizeof(vf->driver), e);

	return rc == 0 ? pf_read_str(r, "override", vf->override, sizeof(vf->override), e) : rc;
}

static int read_attr(struct pf_read *r, enum pf_attr a, struct pf_vf *vf, struct err *e)
{
	switch (a) {
	case PF_MAC:
		return read_mac(r, vf, e);
	case PF_VLAN:
		return read_vlan(r, vf, e);
	case PF_RATE:
		return read_rate(r, vf, e);
	case PF_SPOOFCHK:
		return pf_read_bool(r, "spoofchk", &vf->spoofchk, e);
	case PF_TRUST:
		return pf_read_bool(r, "trust", &vf->trust, e);
	case PF_LINK_STATE:
		return read_link(r, vf, e);
	case PF_RSS_QUERY:
		return pf_read_bool(r, "rss-query", &vf->rss_query, e);
	case PF_VF_DRIVER:
		return read_driver(r, vf, e);
	case PF_ATTRS:
		break;
	}
	return 0;
}

/* The member by which an attribute is known to be told. */
static const char *first_key(enum pf_attr a)
{
	return a == PF_RATE ? "min-rate" : pf_attr_name(a);
}

static int vf_parse_at(const json_t *json, const char *path, struct pf_vf *vf, struct err *e)
{
	struct pf_read r;
	int rc = pf_read_begin(&r, json, path, e);

	memset(vf, 0, sizeof(*vf));
	pf_vf_neutral(vf);
	if (rc == 0)
		rc = pf_read_str(&r, "address", vf->address, sizeof(vf->address), e);
	for (enum pf_attr a = 0; rc == 0 && a < PF_ATTRS; a++)
		if (pf_read_has(&r, first_key(a))) {
			vf->known |= PF_ATTR_BIT(a);
			rc = read_attr(&r, a, vf, e);
		}
	return rc == 0 ? pf_read_end(&r, e) : rc;
}

int pf_vf_parse(const json_t *json, struct pf_vf *vf, struct err *e)
{
	return vf_parse_at(json, "", vf, e);
}

static int read_vfs(struct pf_read *r, struct pf_state *s, uint64_t numvfs, struct err *e)
{
	const json_t *list = json_object_get(r->obj, "vfs");
	char at[AT_SIZE];
	int rc = 0;

	if (!json_is_array(list))
		return pf_read_error(r, "vfs", e, "must be an array");
	r->seen++;
	if (json_array_size(list) != numvfs)
		return pf_read_error(r, "vfs", e, "has another length than numvfs says");
	if (!numvfs)
		return 0;
	s->vf = calloc(numvfs, sizeof(*s->vf));
	if (!s->vf)
		return err_set(e, -ENOMEM, "out of memory");
	s->numvfs = (unsigned int)numvfs;
	for (unsigned int i = 0; rc == 0 && i < numvfs; i++) {
		snprintf(at, sizeof(at), "/vfs/%u", i);
		rc = vf_parse_at(json_array_get(list, i), at, &s->vf[i], e);
	}
	return rc;
}

/* Reads one number into a field of whatever width. */
#define READ_UINT(r, rc, key, max, field, e)                      \
	do {                                                      \
		uint64_t n_ = 0;                                  \
		if ((rc) == 0)                                    \
			(rc) = pf_read_uint(r, key, max, &n_, e); \
		if ((rc) == 0)                                    \
			(field) = (typeof(field))n_;              \
	} while (0)

static int read_names(struct pf_read *r, struct pf_state *s, struct err *e)
{
	int rc = pf_read_str(r, "address", s->address, sizeof(s->address), e);

	if (rc == 0)
		rc = pf_read_str(r, "ifname", s->ifname, sizeof(s->ifname), e);
	if (rc == 0)
		rc = pf_read_str(r, "driver", s->driver, sizeof(s->driver), e);
	if (rc == 0)
		rc = pf_read_str(r, "serial", s->serial, sizeof(s->serial), e);
	READ_UINT(r, rc, "ifindex", INT32_MAX, s->ifindex, e);
	READ_UINT(r, rc, "vendor", UINT16_MAX, s->vendor, e);
	READ_UINT(r, rc, "device", UINT16_MAX, s->device, e);
	READ_UINT(r, rc, "port", INT32_MAX, s->port, e);
	if (rc == 0 && !s->address[0])
		rc = pf_read_error(r, "address", e, "is empty");
	return rc;
}

static int read_state(struct pf_read *r, struct pf_state *s, struct err *e)
{
	unsigned int eswitch = 0, numvfs = 0;
	int rc = read_names(r, s, e);

	READ_UINT(r, rc, "totalvfs", PF_VFS_MAX, s->totalvfs, e);
	READ_UINT(r, rc, "numvfs", PF_VFS_MAX, numvfs, e);
	READ_UINT(r, rc, "mtu", INT32_MAX, s->mtu, e);
	if (pf_read_has(r, "mtu-max"))
		READ_UINT(r, rc, "mtu-max", INT32_MAX, s->mtu_max, e);
	if (rc == 0)
		rc = pf_read_word(r, "eswitch", eswitch_words, 3, &eswitch, e);
	if (rc == 0)
		rc = pf_read_bool(r, "autoprobe", &s->autoprobe, e);
	if (rc == 0)
		rc = pf_read_bool(r, "up", &s->up, e);
	s->eswitch = eswitch;
	return rc == 0 ? read_vfs(r, s, numvfs, e) : rc;
}

int pf_state_parse(const json_t *json, struct pf_state *s, struct err *e)
{
	struct pf_read r;
	int rc = pf_read_begin(&r, json, "", e);

	memset(s, 0, sizeof(*s));
	if (rc == 0)
		rc = read_state(&r, s, e);
	if (rc == 0)
		rc = pf_read_end(&r, e);
	if (rc != 0)
		pf_state_clear(s);
	return rc;
}
