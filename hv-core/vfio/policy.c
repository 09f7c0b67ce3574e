/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/vfio/policy.h"

#include <linux/pci_regs.h>
#include <string.h>

#define STD_END	  0x100u
#define PM_LEN	  8u
#define EXP_V1	  0x14u /* of an endpoint: with link registers */
#define EXP_V2	  0x3cu
#define DSN_LEN	  12u
#define VNDR_HEAD 3u /* id, next, length */
#define VSEC_HEAD 8u

/* Registers of the PCIe capability the guest may set for itself: all of Device Control but phantom
 * functions and auxiliary power (PCIe 7.5.3.4). The host has set the real ones. */
#define DEVCTL_VIRTUAL                                                                            \
	(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE | PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE | \
	 PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_PAYLOAD | PCI_EXP_DEVCTL_EXT_TAG |              \
	 PCI_EXP_DEVCTL_NOSNOOP_EN | PCI_EXP_DEVCTL_READRQ)
#define DEVCAP_SHOWN                                                            \
	(PCI_EXP_DEVCAP_PAYLOAD | PCI_EXP_DEVCAP_EXT_TAG | PCI_EXP_DEVCAP_L0S | \
	 PCI_EXP_DEVCAP_L1 | PCI_EXP_DEVCAP_RBER)

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16;
}

static void put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v & 0xffff);
	put16(p + 2, v >> 16);
}

struct walk {
	const uint8_t *dev;
	unsigned int bytes;
	bool can_reset;
	struct hv_vfio_policy *p;
	bool used[HV_PCI_CONFIG]; /* belongs to a capability that is shown */
	unsigned int last;	  /* the shown one before; 0: none */
	struct err *e;
};

static int damaged(struct walk *w, unsigned int at)
{
	return err_set(w->e, -EINVAL,
		       "the device's list of capabilities is damaged at %#x: reset the device or "
		       "switch the host off and on",
		       at);
}

/* Claims the bytes of a capability that is shown: all there, and of no other. */
static int claim(struct walk *w, unsigned int at, unsigned int len, unsigned int end)
{
	if (len > end - at)
		return damaged(w, at);
	for (unsigned int i = at; i < at + len; i++) {
		if (w->used[i])
			return damaged(w, i);
		w->used[i] = true;
	}
	return 0;
}

/* D0 is all the device is ever in: what the guest sets is only noted. A real D3hot would take the
 * mapped BARs away from under the guest. */
static int show_pm(struct walk *w, unsigned int at)
{
	struct hv_vfio_policy *p = w->p;
	int rc = p->pm ? damaged(w, at) : claim(w, at, PM_LEN, STD_END);

	if (rc)
		return rc;
	p->pm = (uint8_t)at;
	put16(p->config + at + PCI_PM_PMC,
	      get16(w->dev + at + PCI_PM_PMC) & (PCI_PM_CAP_VER_MASK | PCI_PM_CAP_DSI));
	put16(p->config + at + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
	put16(p->wmask + at + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
	return 0;
}

/* On a bus without a port above it only a root complex integrated endpoint makes sense (PCIe
 * 1.3.2.3); it has no link, so those registers are zero. */
static int show_exp(struct walk *w, unsigned int at)
{
	struct hv_vfio_policy *p = w->p;
	unsigned int version = w->dev[at + PCI_EXP_FLAGS] & PCI_EXP_FLAGS_VERS;
	unsigned int devctl = DEVCTL_VIRTUAL;
	uint32_t devcap;
	int rc = p->exp ? damaged(w, at) : claim(w, at, version > 1 ? EXP_V2 : EXP_V1, STD_END);

	if (rc)
		return rc;
	p->exp = (uint8_t)at;
	put16(p->config + at + PCI_EXP_FLAGS, version | PCI_EXP_TYPE_RC_END << 4);
	devcap = get32(w->dev + at + PCI_EXP_DEVCAP);
	p->flr = w->can_reset && (devcap & PCI_EXP_DEVCAP_FLR);
	put32(p->config + at + PCI_EXP_DEVCAP,
	      (devcap & DEVCAP_SHOWN) | (p->flr ? PCI_EXP_DEVCAP_FLR : 0));
	put16(p->config + at + PCI_EXP_DEVCTL,
	      get16(w->dev + at + PCI_EXP_DEVCTL) & DEVCTL_VIRTUAL);
	if (p->flr)
		devctl |= PCI_EXP_DEVCTL_BCR_FLR;
	put16(p->wmask + at + PCI_EXP_DEVCTL, devctl);
	/* The guest waits for it before it resets the device. */
	p->live[at + PCI_EXP_DEVSTA] = PCI_EXP_DEVSTA_TRPND;
	return 0;
}

static int show_msix(struct walk *w, unsigned int at)
{
	struct hv_vfio_policy *p = w->p;
	int rc = p->msix ? damaged(w, at) : claim(w, at, PCI_CAP_MSIX_SIZEOF, STD_END);
	uint32_t table, pba;

	if (rc)
		return rc;
	p->msix = (uint8_t)at;
	p->vectors = (get16(w->dev + at + PCI_MSIX_FLAGS) & PCI_MSIX_FLAGS_QSIZE) + 1u;
	table = get32(w->dev + at + PCI_MSIX_TABLE);
	pba = get32(w->dev + at + PCI_MSIX_PBA);
	p->table_bar = table & PCI_MSIX_TABLE_BIR;
	p->table_off = table & PCI_MSIX_TABLE_OFFSET;
	p->pba_bar = pba & PCI_MSIX_PBA_BIR;
	p->pba_off = pba & PCI_MSIX_PBA_OFFSET;
	return 0;
}

/* Device and driver know what is in it. */
static int show_vendor(struct walk *w, unsigned int at, unsigned int head, unsigned int len,
		       unsigned int end)
{
	struct hv_vfio_policy *p = w->p;
	int rc = len < head ? damaged(w, at) : claim(w, at, len, end);

	if (rc)
		return rc;
	memcpy(p->config + at, w->dev + at, head);
	memset(p->wmask + at + head, 0xff, len - head);
	memset(p->live + at + head, 0xff, len - head);
	memset(p->through + at + head, 0xff, len - head);
	return 0;
}

/* 1: shown, 0: hidden, or a negative errno. */
static int show(struct walk *w, unsigned int at)
{
	int rc;

	switch (w->dev[at]) {
	case PCI_CAP_ID_PM:
		rc = show_pm(w, at);
		break;
	case PCI_CAP_ID_EXP:
		rc = show_exp(w, at);
		break;
	case PCI_CAP_ID_MSIX:
		rc = show_msix(w, at);
		break;
	case PCI_CAP_ID_VNDR:
		rc = show_vendor(w, at, VNDR_HEAD, w->dev[at + 2], STD_END);
		break;
	case PCI_CAP_ID_MSI:
		w->p->has_msi = true;
		return 0;
	default:
		return 0;
	}
	return rc ? rc : 1;
}

/* PCI 6.7: a chain of bytes, dword-aligned, beyond the header. */
static int standard(struct walk *w)
{
	struct hv_vfio_policy *p = w->p;
	bool seen[STD_END] = {false};
	unsigned int at, next;
	int rc;

	if (!(get16(w->dev + PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	for (at = w->dev[PCI_CAPABILITY_LIST] & ~3u; at; at = next) {
		if (at < PCI_STD_HEADER_SIZEOF || seen[at])
			return damaged(w, at);
		seen[at] = true;
		next = w->dev[at + PCI_CAP_LIST_NEXT] & ~3u;
		rc = show(w, at);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		p->config[at] = w->dev[at];
		p->config[at + PCI_CAP_LIST_NEXT] = 0;
		if (w->last)
			p->config[w->last + PCI_CAP_LIST_NEXT] = (uint8_t)at;
		else
			p->first = (uint8_t)at;
		w->last = at;
	}
	return 0;
}

/* 1: shown, 0: hidden. */
static int show_extended(struct walk *w, unsigned int at, uint16_t id)
{
	int rc;

	if (id == PCI_EXT_CAP_ID_DSN) {
		rc = claim(w, at, DSN_LEN, w->bytes);
		if (rc == 0)
			memcpy(w->p->config + at, w->dev + at, DSN_LEN);
	} else if (id == PCI_EXT_CAP_ID_VNDR && at + VSEC_HEAD <= w->bytes) {
		rc = show_vendor(w, at, VSEC_HEAD, get32(w->dev + at + 4) >> 20, w->bytes);
	} else {
		return 0;
	}
	return rc ? rc : 1;
}

/* PCIe 7.6.3: the chain begins at 0x100, so what is there cannot be left out: when it is hidden a
 * header without an id stands in for it. */
static int extended(struct walk *w)
{
	struct hv_vfio_policy *p = w->p;
	bool seen[HV_PCI_CONFIG] = {false};
	unsigned int at, next, last = STD_END;
	int rc;

	for (at = STD_END; at; at = next) {
		uint32_t head;

		if (at < STD_END || at + 4 > w->bytes || seen[at])
			return damaged(w, at);
		seen[at] = true;
		head = get32(w->dev + at);
		/* Where there is none, it reads as zeros, or as ones. */
		if (at == STD_END && (head == 0 || head == UINT32_MAX))
			return 0;
		next = PCI_EXT_CAP_NEXT(head);
		rc = show_extended(w, at, PCI_EXT_CAP_ID(head));
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		put32(p->config + at, head & 0xfffff);
		if (at != STD_END)
			put32(p->config + last, (get32(p->config + last) & 0xfffff) | at << 20);
		last = at;
	}
	return 0;
}

int hv_vfio_policy_make(const uint8_t *config, unsigned int bytes, bool can_reset,
			struct hv_vfio_policy *p, struct err *e)
{
	struct walk w = {.dev = config, .bytes = bytes, .can_reset = can_reset, .p = p, .e = e};
	int rc;

	memset(p, 0, sizeof(*p));
	if ((config[PCI_HEADER_TYPE] & 0x7f) != PCI_HEADER_TYPE_NORMAL)
		return err_set(e, -EINVAL,
			       "it is a bridge: only a function with a type 0 header can be given "
			       "to a guest");
	/* Of the header one bit goes to the device: whether it may reach memory. */
	p->through[PCI_COMMAND] = PCI_COMMAND_MASTER;
	rc = standard(&w);
	if (rc == 0 && bytes > STD_END)
		rc = extended(&w);
	return rc;
}

void hv_vfio_policy_id(const uint8_t *config, struct hv_pci_id *id)
{
	*id = (struct hv_pci_id){
		.vendor = get16(config + PCI_VENDOR_ID),
		.device = get16(config + PCI_DEVICE_ID),
		.subvendor = get16(config + PCI_SUBSYSTEM_VENDOR_ID),
		.subdevice = get16(config + PCI_SUBSYSTEM_ID),
		.class_code = get32(config + PCI_CLASS_REVISION) >> 8,
		.revision = config[PCI_REVISION_ID],
	};
}
