/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration space the guest sees: the policy's table at work. */
#include "base/log.h"
#include "hv-core/vfio/device.h"

#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Little-endian numbers, as configuration space is. */
static uint32_t get(const uint8_t *p, unsigned int len)
{
	uint32_t v = 0;

	while (len-- > 0)
		v = v << 8 | p[len];
	return v;
}

static void put(uint8_t *p, unsigned int len, uint32_t v)
{
	for (; len > 0; len--, v >>= 8)
		*p++ = (uint8_t)v;
}

static uint32_t real_get(struct hv_vfio *v, unsigned int off, unsigned int len)
{
	uint8_t b[4] = {0xff, 0xff, 0xff, 0xff};

	if (pread(v->fd, b, len, (off_t)(v->config_at + off)) != (ssize_t)len)
		memset(b, 0xff, sizeof(b));
	return get(b, len);
}

static void real_put(struct hv_vfio *v, unsigned int off, unsigned int len, uint32_t value)
{
	uint8_t b[4];

	put(b, len, value);
	if (pwrite(v->fd, b, len, (off_t)(v->config_at + off)) != (ssize_t)len)
		log_debug("vfio %s: a write to config space at %#x is lost", v->name, off);
}

int hv_vfio_config_open(struct hv_vfio *v, uint8_t config[HV_PCI_CONFIG], unsigned int *bytes,
			struct err *e)
{
	struct vfio_region_info info = {.argsz = sizeof(info),
					.index = VFIO_PCI_CONFIG_REGION_INDEX};

	if (ioctl(v->fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return err_set(e, -EIO, "VFIO says nothing of its config space: %s",
			       strerror(errno));
	if (info.size != 256 && info.size != HV_PCI_CONFIG)
		return err_set(e, -EIO, "its config space has %llu bytes, which none has",
			       (unsigned long long)info.size);
	v->config_at = info.offset;
	*bytes = (unsigned int)info.size;
	memset(config, 0, HV_PCI_CONFIG);
	if (pread(v->fd, config, *bytes, (off_t)info.offset) != (ssize_t)*bytes)
		return err_set(e, -EIO, "cannot read its config space: %s", strerror(errno));
	return 0;
}

/* MSI-X has made its own capability where the device has it; the chain is ours. */
void hv_vfio_config_install(struct hv_vfio *v)
{
	const struct hv_vfio_policy *p = &v->policy;
	struct hv_pci_fn *fn = &v->fn;

	for (unsigned int i = PCI_STD_HEADER_SIZEOF; i < HV_PCI_CONFIG; i++) {
		if (i - p->msix < PCI_CAP_MSIX_SIZEOF && i - p->msix != PCI_CAP_LIST_NEXT)
			continue;
		fn->config[i] = p->config[i];
		fn->wmask[i] = p->wmask[i];
		fn->w1c[i] = 0;
	}
	fn->config[PCI_CAPABILITY_LIST] = p->first;
	fn->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
}

/* Memory and ports are always decoded by the device: where the guest sees them, if at all, is
 * ours. INTx is never used. */
void hv_vfio_config_command(struct hv_vfio *v, bool master)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE;

	for (unsigned int i = 0; i < HV_PCI_BARS; i++)
		if (v->fn.bar[i].kind == HV_BAR_IO)
			command |= PCI_COMMAND_IO;
	if (master)
		command |= PCI_COMMAND_MASTER;
	real_put(v, PCI_COMMAND, 2, command);
}

bool hv_vfio_config_read(void *self, unsigned int off, unsigned int len, uint32_t *value)
{
	struct hv_vfio *v = self;
	uint32_t live;

	if (len > 4 || off > HV_PCI_CONFIG - len)
		return false;
	live = get(v->policy.live + off, len);
	if (live == 0)
		return false;
	*value = (get(v->fn.config + off, len) & ~live) | (real_get(v, off, len) & live);
	return true;
}

/* The guest resets the function (PCIe 6.6.2). What it set in config space is its own to restore;
 * bus mastering and interrupts are off until it does. */
static void guest_reset(struct hv_vfio *v)
{
	int rc;

	hv_vfio_irqs_off(v);
	hv_msix_reset(v->msix);
	v->fn.config[PCI_COMMAND] &= (uint8_t)~PCI_COMMAND_MASTER;
	hv_vfio_config_command(v, false);
	rc = hv_vfio_reset(v);
	if (rc)
		log_err("vfio %s: the guest's reset failed: %s", v->name, strerror(-rc));
	hv_vfio_config_command(v, false);
}

static bool touches(unsigned int off, unsigned int len, unsigned int at, unsigned int bytes)
{
	return off < at + bytes && at < off + len;
}

void hv_vfio_config_written(void *self, unsigned int off, unsigned int len)
{
	struct hv_vfio *v = self;
	const struct hv_vfio_policy *p = &v->policy;
	uint8_t *devctl = v->fn.config + p->exp + PCI_EXP_DEVCTL + 1;
	uint32_t through;

	if (len > 4 || off > HV_PCI_CONFIG - len)
		return;
	hv_msix_config_written(v->msix, off, len);
	if (hv_msix_enabled(v->msix))
		hv_vfio_irqs_on(v);
	else
		hv_vfio_irqs_off(v);
	if (p->flr && (*devctl & PCI_EXP_DEVCTL_BCR_FLR >> 8)) {
		/* Reads as 0 (PCIe 7.5.3.4). */
		*devctl &= (uint8_t) ~(PCI_EXP_DEVCTL_BCR_FLR >> 8);
		guest_reset(v);
		return;
	}
	if (touches(off, len, PCI_COMMAND, 1)) {
		hv_vfio_config_command(v, hv_pci_master(&v->fn));
		return;
	}
	through = get(p->through + off, len);
	if (through)
		real_put(v, off, len,
			 (real_get(v, off, len) & ~through) |
				 (get(v->fn.config + off, len) & through));
}
