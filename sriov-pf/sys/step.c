/* SPDX-License-Identifier: BSD-3-Clause */
/* One step of a plan, carried out on Linux. */
#include "sriov-pf/sys/backend_priv.h"
#include "sriov-pf/sys/bind.h"
#include "sriov-pf/sys/cure.h"
#include "sriov-pf/sys/file.h"
#include "sriov-pf/sys/sysfs.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LINK_LOOKS    75
#define LINK_PAUSE_MS 200

/* A step under way: what it is done to, as sysfs has it. */
struct doing {
	struct pf_sys *sys;
	const struct pf_state *s;
	const struct pf_step *step;
	const char *bus;
	struct err *e;
};

static bool is_sim(const struct doing *d)
{
	return strcmp(d->bus, "pci") != 0;
}

static int write_pf(struct doing *d, const char *file, unsigned int number)
{
	char text[16];
	int rc;

	snprintf(text, sizeof(text), "%u", number);
	rc = pf_file_write(text, "%s/bus/%s/devices/%s/%s", d->sys->sysfs, d->bus, d->s->address,
			   file);
	return rc == 0 ? 0 : pf_cure_sysfs(d->s, d->step, rc, d->e);
}

static int set_autoprobe(struct doing *d)
{
	if (!is_sim(d))
		return write_pf(d, "sriov_drivers_autoprobe", d->step->number != 0);
	if (d->step->number == 0)
		return 0;
	return err_set(d->e, -ENOTSUP, "%s: the VFs of netdevsim have no drivers to look for",
		       d->s->address);
}

static int set_eswitch(struct doing *d)
{
	struct pf_ack ack;
	int rc = pf_devlink_set_mode(&d->sys->devlink, d->bus, d->s->address,
				     (enum pf_eswitch)d->step->number, &ack);

	return rc == 0 ? 0 : pf_cure_netlink(d->s, d->step, &ack, d->e);
}

static int talk(struct doing *d, struct nlmsghdr *nlh)
{
	struct pf_ack ack;
	int rc = pf_nl_talk(&d->sys->route, nlh, NULL, NULL, &ack);

	return rc == 0 ? 0 : pf_cure_netlink(d->s, d->step, &ack, d->e);
}

/* The interface must be that of this PF, and tell of the VF. told: does it matter? */
static int check_interface(struct doing *d, bool told)
{
	struct pf_ifinfo info;
	unsigned int vf = d->step->vf;
	int rc = pf_sys_ifinfo(d->sys, d->s, &info, d->e);

	if (rc)
		return rc;
	if (told && (vf >= info.num_vf || !info.vf[vf].known))
		rc = err_set(d->e, -EIO,
			     "%s: vf %u: %s could not be read back: the kernel's answer has room "
			     "for, or its driver tells, %u of %u VFs; use fewer VFs, or leave what "
			     "is wanted of this one out",
			     d->s->ifname, vf, pf_attr_name(d->step->attr), info.told,
			     d->s->numvfs);
	pf_ifinfo_clear(&info);
	return rc;
}

static int set_mtu(struct doing *d)
{
	char buf[PF_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	int rc = check_interface(d, false);

	return rc ? rc : talk(d, pf_rtnl_mtu(buf, d->s->ifindex, d->step->number));
}

/* In switchdev mode, where the VF's port has what is to be set. 1: it has not. */
static int set_by_port(struct doing *d)
{
	struct pf_devlink *dl = &d->sys->devlink;
	const struct pf_vf *value = &d->step->value;
	const char *dev = d->s->address;
	enum pf_eswitch mode;
	unsigned int has = 0;
	struct pf_ack ack;
	uint32_t port;
	int rc;

	if (d->step->attr != PF_MAC && d->step->attr != PF_RATE)
		return 1;
	rc = pf_devlink_mode(dl, d->bus, dev, &mode, &ack);
	if (rc == 0 && mode == PF_ESWITCH_SWITCHDEV)
		rc = pf_devlink_port(dl, d->bus, dev, d->step->vf, &has, &port, &ack);
	if (rc == 0 && d->step->attr == PF_MAC && (has & PF_DL_MAC))
		rc = pf_devlink_set_mac(dl, d->bus, dev, port, value->mac, &ack);
	else if (rc == 0 && d->step->attr == PF_RATE && (has & PF_DL_RATE))
		rc = pf_devlink_set_rate(dl, d->bus, dev, port, value->min_mbps, value->max_mbps,
					 &ack);
	else if (rc == 0)
		return 1;
	return rc == 0 ? 0 : pf_cure_netlink(d->s, d->step, &ack, d->e);
}

/* Making VFs and changing the MTU take the link down for seconds, and as long as it has no speed
 * igb takes no rate (igb_ndo_set_vf_bw). False: it is up, and was; or it does not come. */
static bool link_comes(struct doing *d)
{
	const struct timespec pause = {.tv_nsec = LINK_PAUSE_MS * 1000000L};
	unsigned int up = 1;

	pf_file_number(&up, "%s/class/net/%s/carrier", d->sys->sysfs, d->s->ifname);
	if (up)
		return false;
	for (int i = 0; !up && i < LINK_LOOKS; i++) {
		nanosleep(&pause, NULL);
		pf_file_number(&up, "%s/class/net/%s/carrier", d->sys->sysfs, d->s->ifname);
	}
	return up;
}

static int set_vf(struct doing *d)
{
	char buf[PF_NL_REQUEST] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct pf_step *step = d->step;
	int rc;

	if ((unsigned int)step->attr >= PF_VF_DRIVER)
		return err_set(d->e, -EINVAL, "vf %u: that is no attribute of the kernel's",
			       step->vf);
	rc = check_interface(d, true);
	if (rc)
		return rc;
	rc = set_by_port(d);
	if (rc <= 0)
		return rc;
	rc = talk(d, pf_rtnl_vf(buf, d->s->ifindex, step->vf, step->attr, &step->value));
	if (rc == -EINVAL && step->attr == PF_RATE && link_comes(d))
		rc = talk(d, pf_rtnl_vf(buf, d->s->ifindex, step->vf, step->attr, &step->value));
	return rc;
}

static int reset_vf(struct doing *d, const char *address)
{
	int rc = pf_file_write("1", "%s/bus/pci/devices/%s/reset", d->sys->sysfs, address);

	return rc == 0 ? 0 : pf_cure_sysfs(d->s, d->step, rc, d->e);
}

/* What is done to the VF's own function. */
static int do_function(struct doing *d)
{
	const char *address = d->s->vf[d->step->vf].address, *driver = d->step->value.override;

	if (!address[0]) {
		bool binds =
			d->step->kind == PF_STEP_VF_BIND || d->step->kind == PF_STEP_VF_OVERRIDE;

		if (!binds || !driver[0])
			return 0;
		return err_set(d->e, -ENOTSUP,
			       "%s: vf %u is no PCI function and takes no driver: leave driver out",
			       d->s->address, d->step->vf);
	}
	switch (d->step->kind) {
	case PF_STEP_VF_UNBIND:
		return pf_unbind(d->sys->sysfs, address, d->e);
	case PF_STEP_VF_BIND:
		return pf_bind(d->sys->sysfs, address, driver, d->e);
	case PF_STEP_VF_OVERRIDE:
		return pf_override(d->sys->sysfs, address, driver, d->e);
	default:
		return reset_vf(d, address);
	}
}

static int do_vf(struct doing *d)
{
	if (d->step->vf >= d->s->numvfs)
		return err_set(d->e, -EINVAL, "%s has no vf %u: it has %u VFs", d->s->address,
			       d->step->vf, d->s->numvfs);
	return d->step->kind == PF_STEP_VF_SET ? set_vf(d) : do_function(d);
}

static int do_step(struct doing *d)
{
	switch (d->step->kind) {
	case PF_STEP_AUTOPROBE:
		return set_autoprobe(d);
	case PF_STEP_ESWITCH:
		return set_eswitch(d);
	case PF_STEP_NUMVFS:
		return write_pf(d, "sriov_numvfs", d->step->number);
	case PF_STEP_MTU:
		return set_mtu(d);
	default:
		return do_vf(d);
	}
}

int pf_sys_step(void *ctx, const char *address, const struct pf_step *step, struct err *e)
{
	struct pf_state s;
	struct doing d = {.sys = ctx, .s = &s, .step = step, .e = e};
	int rc = pf_sysfs_read(d.sys->sysfs, address, &s, e);

	if (rc)
		return rc;
	d.bus = pf_sysfs_bus(address);
	rc = do_step(&d);
	pf_state_clear(&s);
	return rc;
}
