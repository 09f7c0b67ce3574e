/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a physical function (PF) and its virtual functions (VFs) are at one moment, as the kernel
 * tells it, and the same as JSON for the journal, the control socket and between processes.
 *
 * Attributes are those the kernel sets with one message each (rtnetlink's IFLA_VF_*), so that a
 * refusal names one of them and what was before is known of one of them.
 */
#ifndef SRIOV_PF_MODEL_STATE_H
#define SRIOV_PF_MODEL_STATE_H

#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

#define PF_ADDRESS 13 /* "0000:01:00.0" and NUL */
#define PF_IFNAME  16
#define PF_DRIVER  32
#define PF_SERIAL  64
#define PF_VFS_MAX 4096

enum pf_attr {
	PF_MAC,	       /* IFLA_VF_MAC; all zero: none was set, the VF's driver makes its own */
	PF_VLAN,       /* IFLA_VF_VLAN_LIST: vid, qos and proto together */
	PF_RATE,       /* IFLA_VF_RATE: min and max together, in Mb/s; 0: no bound */
	PF_SPOOFCHK,   /* IFLA_VF_SPOOFCHK */
	PF_TRUST,      /* IFLA_VF_TRUST */
	PF_LINK_STATE, /* IFLA_VF_LINK_STATE */
	PF_RSS_QUERY,  /* IFLA_VF_RSS_QUERY_EN */
	PF_VF_DRIVER,  /* driver_override and the driver bound, through sysfs */
	PF_ATTRS,
};
#define PF_ATTR_BIT(a) (1u << (a))

enum pf_link { PF_LINK_AUTO, PF_LINK_ENABLE, PF_LINK_DISABLE }; /* IFLA_VF_LINK_STATE_* */
enum pf_eswitch { PF_ESWITCH_NONE, PF_ESWITCH_LEGACY, PF_ESWITCH_SWITCHDEV }; /* NONE: no devlink */

struct pf_vf {
	char address[PF_ADDRESS]; /* "": the kernel has no virtfn link (netdevsim) */
	uint32_t known;		  /* PF_ATTR_BIT of those the kernel told; others are neutral */
	uint8_t mac[6];
	uint16_t vid;	/* 0: untagged */
	uint8_t qos;	/* 0..7 */
	uint16_t proto; /* 0x8100 or 0x88a8, host order */
	uint32_t min_mbps, max_mbps;
	bool spoofchk, trust, rss_query;
	enum pf_link link;
	char driver[PF_DRIVER];	  /* bound now; "": none */
	char override[PF_DRIVER]; /* driver_override; "": none */
};

struct pf_state {
	char address[PF_ADDRESS]; /* of the PF; netdevsim: its bus id, as "netdevsim0" */
	char ifname[PF_IFNAME];	  /* "": it has no interface in this namespace */
	unsigned int ifindex;
	char driver[PF_DRIVER];
	char serial[PF_SERIAL]; /* devlink's, or "" */
	uint16_t vendor, device;
	unsigned int port; /* phys_port / dev_port */
	unsigned int totalvfs, numvfs;
	unsigned int mtu;
	unsigned int mtu_max; /* IFLA_MAX_MTU; 0: not told */
	enum pf_eswitch eswitch;
	bool autoprobe; /* sriov_drivers_autoprobe */
	bool up;
	struct pf_vf *vf; /* numvfs of them, calloc()ed */
};

/* Frees s->vf; s itself is the caller's. Any thread. */
void pf_state_clear(struct pf_state *s);
/* A deep copy; 0 or -ENOMEM. */
int pf_state_copy(struct pf_state *to, const struct pf_state *from);

/* The words of enum pf_attr as keys of the configuration: "mac", "vlan", "rate" ... */
const char *pf_attr_name(enum pf_attr a);

/* One VF without anything set, as a VF must be before somebody else gets it: no MAC, untagged, no
 * rates, spoof check on, not trusted, link as the port's, no driver. Keeps address and known. */
void pf_vf_neutral(struct pf_vf *vf);

/* Do both have the same in that attribute? Unknown in either: true. */
bool pf_vf_same(const struct pf_vf *a, const struct pf_vf *b, enum pf_attr attr);
/* Copies one attribute's value, and marks it as known. */
void pf_vf_take(struct pf_vf *to, const struct pf_vf *from, enum pf_attr attr);
/* The attribute's value as text, as in the configuration: "52:54:00:00:00:01", "on", "vfio-pci".
 * Those that are several keys there name them: "vlan 10 qos 3", "min-rate 0 max-rate 100". */
const char *pf_vf_text(const struct pf_vf *vf, enum pf_attr attr, char *buf, size_t len);

/* The first thing in which they differ that can be set (not ifindex, up, address), in words ("mtu:
 * 1500, not 9000": a's, then b's); NULL: nothing. */
const char *pf_state_differ(const struct pf_state *a, const struct pf_state *b, char *buf,
			    size_t len);

/* JSON and back. The parser distrusts its input: 0, or -EINVAL with e->path. A new reference. */
json_t *pf_state_json(const struct pf_state *s);
int pf_state_parse(const json_t *json, struct pf_state *s, struct err *e);
json_t *pf_vf_json(const struct pf_vf *vf);
int pf_vf_parse(const json_t *json, struct pf_vf *vf, struct err *e);

#endif
