/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/backend_priv.h"
#include "sriov-pf/sys/sysfs.h"

#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How often the PF is looked at anew when it changed between two looks. */
#define LOOKS	 500
#define PAUSE_MS 20

static int no_interface(const struct pf_state *s, struct err *e)
{
	if (!s->driver[0])
		return err_set(e, -ENODEV,
			       "%s has no network interface, since it has no driver: bind the "
			       "card's own (echo %s > /sys/bus/pci/drivers_probe)",
			       s->address, s->address);
	return err_set(e, -ENODEV,
		       "%s (%s) has no network interface in this network namespace: bring it back "
		       "(ip -n NAMESPACE link set NAME netns 1), or bind the card's own driver if "
		       "this is not it",
		       s->address, s->driver);
}

int pf_sys_ifinfo(struct pf_sys *sys, const struct pf_state *s, struct pf_ifinfo *info,
		  struct err *e)
{
	struct pf_ack ack;
	int rc;

	memset(info, 0, sizeof(*info));
	if (!s->ifindex)
		return no_interface(s, e);
	rc = pf_rtnl_read(&sys->route, s->ifindex, info, &ack);
	if (rc == -EBADMSG)
		return err_set(e, -EIO, "%s: what the kernel tells of %s makes no sense",
			       s->address, s->ifname);
	if (rc)
		return err_set(e, rc, "%s: cannot read %s: %s", s->address, s->ifname,
			       pf_ack_words(&ack));
	if (strcmp(info->ifname, s->ifname) == 0 &&
	    (!info->parent[0] || strcmp(info->parent, s->address) == 0))
		return 0;
	rc = err_set(
		e, -EIO,
		"%s: /sys has %s as its interface, and netlink has %s of %s under that number: "
		"flue-pf must run in the network namespace that its /sys was mounted in",
		s->address, s->ifname, info->ifname,
		info->parent[0] ? info->parent : "something else");
	pf_ifinfo_clear(info);
	return rc;
}

/* What netlink told of one VF beside what sysfs did. */
static void merge_vf(struct pf_vf *vf, const struct pf_vf *told)
{
	struct pf_vf was = *vf;

	if (!told->known)
		return;
	*vf = *told;
	memcpy(vf->address, was.address, sizeof(vf->address));
	memcpy(vf->driver, was.driver, sizeof(vf->driver));
	memcpy(vf->override, was.override, sizeof(vf->override));
	vf->known |= was.known;
}

static int read_interface(struct pf_sys *sys, struct pf_state *s, struct err *e)
{
	struct pf_ifinfo info;
	int rc = pf_sys_ifinfo(sys, s, &info, e);

	if (rc)
		return rc;
	s->mtu = info.mtu;
	s->up = info.up;
	if (info.counted && info.num_vf != s->numvfs)
		rc = err_set(e, -EAGAIN,
			     "the VFs of %s are being made or removed just now: look again when "
			     "that is done",
			     s->address);
	for (unsigned int i = 0; rc == 0 && i < info.num_vf; i++)
		merge_vf(&s->vf[i], &info.vf[i]);
	pf_ifinfo_clear(&info);
	return rc;
}

static int read_devlink(struct pf_sys *sys, struct pf_state *s, struct err *e)
{
	const char *bus = pf_sysfs_bus(s->address);
	struct pf_devlink *d = &sys->devlink;
	struct pf_ack ack;
	int rc = pf_devlink_mode(d, bus, s->address, &s->eswitch, &ack);

	if (rc == 0)
		rc = pf_devlink_serial(d, bus, s->address, s->serial, &ack);
	if (rc == 0 && s->eswitch == PF_ESWITCH_SWITCHDEV)
		rc = pf_devlink_vfs(d, bus, s->address, s->vf, s->numvfs, &ack);
	if (rc == 0)
		return 0;
	return err_set(e, rc, "%s: cannot read it through devlink: %s%s", s->address,
		       pf_ack_words(&ack),
		       rc == -EPERM ? "; flue-pf must run as root or have CAP_NET_ADMIN" : "");
}

static int look(struct pf_sys *sys, const char *address, struct pf_state *s, struct err *e)
{
	int rc = pf_sysfs_read(sys->sysfs, address, s, e);

	if (rc)
		return rc;
	if (s->ifindex)
		rc = read_interface(sys, s, e);
	if (rc == 0)
		rc = read_devlink(sys, s, e);
	if (rc)
		pf_state_clear(s);
	return rc;
}

/* Between the looks of one reading the PF may change: then it is looked at again. VFs that somebody
 * makes or removes, a process that was killed in the middle of it as well, are waited for. */
static int read_pf(void *ctx, const char *address, struct pf_state *s, struct err *e)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	int rc = look(ctx, address, s, e);

	for (int i = 0; i < LOOKS && (rc == -EAGAIN || (rc == -ENODEV && i < 3)); i++) {
		nanosleep(&pause, NULL);
		rc = look(ctx, address, s, e);
	}
	return rc;
}

static json_t *list(void *ctx, struct err *e)
{
	struct pf_sys *sys = ctx;

	return pf_sysfs_list(sys->sysfs, e);
}

struct pf_sys *pf_sys_new(const char *sysfs, struct err *e)
{
	struct pf_sys *sys = calloc(1, sizeof(*sys));

	if (!sys)
		goto fail;
	sys->sysfs = strdup(sysfs);
	if (!sys->sysfs)
		goto fail;
	if (pf_nl_open(&sys->route, NETLINK_ROUTE, e) != 0 ||
	    pf_devlink_open(&sys->devlink, e) != 0) {
		pf_sys_free(sys);
		return NULL;
	}
	return sys;

fail:
	free(sys);
	err_set(e, -ENOMEM, "out of memory");
	return NULL;
}

void pf_sys_free(struct pf_sys *sys)
{
	if (!sys)
		return;
	pf_devlink_close(&sys->devlink);
	pf_nl_close(&sys->route);
	free(sys->sysfs);
	free(sys);
}

struct pf_backend pf_sys_backend(struct pf_sys *sys)
{
	return (struct pf_backend){.read = read_pf, .step = pf_sys_step, .list = list, .ctx = sys};
}
