/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/cure.h"

#include <linux/if_ether.h>
#include <stdio.h>
#include <string.h>

#define ROOT                                                                               \
	"flue-pf must run as root, or have CAP_NET_ADMIN in the network namespace of the " \
	"interface"

/* The refused value itself is what is wrong with it. */
static const char *cure_value(const struct pf_step *step)
{
	switch (step->attr) {
	case PF_MAC:
		return "give an address of one station (its first octet is even), or leave mac out";
	case PF_VLAN:
		return "give a vlan up to 4094 and a qos up to 7, and vlan-proto 802.1Q";
	case PF_RATE:
		return step->value.min_mbps
			       ? "leave min-rate out, which few drivers have, and see that the "
				 "interface is up"
			       : "give a max-rate up to the speed of the link, and see that the "
				 "interface is up and has a carrier";
	default:
		return "leave it out";
	}
}

/* The driver has no such thing, or not in this form. */
static const char *cure_unsupported(const struct pf_step *step)
{
	switch (step->attr) {
	case PF_MAC:
		return "leave mac out";
	case PF_VLAN:
		return step->value.proto == ETH_P_8021AD ? "use vlan-proto 802.1Q"
							 : "leave vlan, qos and vlan-proto out";
	case PF_RATE:
		return step->value.min_mbps ? "leave min-rate out" : "leave max-rate out";
	case PF_SPOOFCHK:
		return "leave spoofchk out";
	case PF_TRUST:
		return "leave trust out";
	case PF_LINK_STATE:
		return "leave link-state out";
	case PF_RSS_QUERY:
		return "leave rss-query out";
	default:
		return "leave it out";
	}
}

static const char *cure_vf(const struct pf_step *step, int code)
{
	switch (code) {
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT:
		return cure_unsupported(step);
	case -EPERM:
	case -EACCES:
		return ROOT;
	case -ENODEV:
		return "the interface or the VF was removed meanwhile: apply again";
	case -EAGAIN:
	case -EBUSY:
		return "the VF is being reset: apply again in a moment";
	default:
		return cure_value(step);
	}
}

static const char *cure_eswitch(int code)
{
	switch (code) {
	case -EOPNOTSUPP:
		return "leave eswitch out";
	case -EPERM:
	case -EACCES:
		return ROOT;
	case -EBUSY:
		return "the mode changes only while nothing uses it: take VFs from guests and "
		       "interfaces from bridges first";
	default:
		return "see the kernel's log for what the driver misses";
	}
}

static const char *cure_mtu(int code)
{
	switch (code) {
	case -EPERM:
	case -EACCES:
		return ROOT;
	case -ENODEV:
		return "the interface was removed meanwhile: apply again";
	case -EBUSY:
		return "something uses the interface in a way that fixes its MTU";
	default:
		return "ip -d link show has the least and the largest (minmtu, maxmtu)";
	}
}

int pf_cure_netlink(const struct pf_state *s, const struct pf_step *step, const struct pf_ack *ack,
		    struct err *e)
{
	const char *cure = cure_vf(step, ack->error);
	char text[128];

	if (step->kind == PF_STEP_ESWITCH)
		cure = cure_eswitch(ack->error);
	else if (step->kind == PF_STEP_MTU)
		cure = cure_mtu(ack->error);
	return err_set(e, ack->error, "%s: %s: %s refuses it (%s); %s",
		       s->ifname[0] ? s->ifname : s->address,
		       pf_step_text(step, text, sizeof(text)),
		       s->driver[0] ? s->driver : "the kernel", pf_ack_words(ack), cure);
}

static const char *cure_numvfs(const struct pf_state *s, int code)
{
	switch (code) {
	case -EBUSY:
		return s->numvfs ? "it changes only through 0, which takes all VFs away"
				 : "somebody else is setting it: apply again";
	case -ERANGE:
		return "that is more than sriov_totalvfs";
	case -ENOENT:
		return s->driver[0] ? "its driver cannot make VFs"
				    : "it has no driver: bind the one of the card first";
	case -ENOSPC:
	case -ENOMEM:
		return "the kernel has not enough bus numbers or addresses for them: enable SR-IOV "
		       "and addresses above 4G in the firmware, or boot with "
		       "pci=realloc,assign-busses";
	case -EPERM:
		return "flue-pf must run as root; igb says so as well for more than 7 VFs, and "
		       "without MSI-X";
	case -EINVAL:
		return "ask for fewer; some cards have a lower limit than sriov_totalvfs in their "
		       "firmware or mode";
	case -EIO:
	case -ENODEV:
		return "the card does not answer: look at the kernel's log";
	default:
		return "see the kernel's log for what the driver misses";
	}
}

static const char *cure_reset(int code)
{
	switch (code) {
	case -ENOENT:
	case -ENOTTY:
		return "the VF has no way to be reset by itself (see its reset_method)";
	case -EAGAIN:
		return "it is in use: release it first";
	default:
		return "the VF does not answer: take the VFs away (numvfs 0) and make them anew";
	}
}

int pf_cure_sysfs(const struct pf_state *s, const struct pf_step *step, int code, struct err *e)
{
	const char *cure = "see the kernel's log for what the driver misses";
	char text[128];

	if (step->kind == PF_STEP_NUMVFS)
		cure = cure_numvfs(s, code);
	else if (step->kind == PF_STEP_VF_RESET)
		cure = cure_reset(code);
	else if (code == -ENOENT)
		cure = "this kernel is too old for it: Linux 4.12 has it";
	if (code == -EACCES || code == -EROFS)
		cure = "flue-pf must run as root, with a writable /sys";
	return err_set(e, code, "%s: %s: %s refuses it (%s); %s", s->address,
		       pf_step_text(step, text, sizeof(text)),
		       s->driver[0] ? s->driver : "the kernel", strerror(-code), cure);
}
