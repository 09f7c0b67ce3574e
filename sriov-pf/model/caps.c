/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/model/caps.h"

#include <string.h>

#define BIT(a) PF_ATTR_BIT(PF_##a)
#define BASIC  (BIT(MAC) | BIT(VLAN) | BIT(RATE) | BIT(SPOOFCHK) | BIT(TRUST) | BIT(VF_DRIVER))
#define ALL    (BASIC | BIT(LINK_STATE) | BIT(RSS_QUERY))

/* Who fills this in: what each driver's ndo_set_vf_* does, as of Linux 6.12. Only what is sure
 * stands here; what depends on firmware or link speed is left to the driver to refuse. */
static const struct pf_caps known[] = {
	{.driver = "igb",
	 .attrs = BASIC,
	 .through_zero = true,
	 .zero_mac = true,
	 .checks_spoof = true},
	{.driver = "ixgbe",
	 .attrs = ALL,
	 .through_zero = true,
	 .zero_mac = true,
	 .least_max_mbps = 11,
	 .checks_spoof = true},
	{.driver = "i40e",
	 .attrs = BASIC | BIT(LINK_STATE),
	 .through_zero = true,
	 .zero_mac = true,
	 .link_enable = true,
	 .checks_spoof = true},
	{.driver = "ice",
	 .attrs = BASIC | BIT(LINK_STATE),
	 .switchdev_attrs = (BASIC | BIT(LINK_STATE)) & ~BIT(TRUST),
	 .dot1ad = true,
	 .min_rate = true,
	 .through_zero = true,
	 .zero_mac = true,
	 .switchdev = true,
	 .link_enable = true,
	 .checks_spoof = true},
	{.driver = "mlx5_core",
	 .attrs = BASIC | BIT(LINK_STATE),
	 .switchdev_attrs = BIT(MAC) | BIT(RATE) | BIT(VF_DRIVER),
	 .min_rate = true,
	 .through_zero = true,
	 .zero_mac = true,
	 .switchdev = true,
	 .link_enable = true},
	{.driver = "netdevsim",
	 .attrs = ALL & ~BIT(VF_DRIVER),
	 .switchdev_attrs = ALL & ~(BIT(VF_DRIVER) | BIT(RATE)),
	 .dot1ad = true,
	 .min_rate = true,
	 .through_zero = true,
	 .zero_mac = true,
	 .switchdev = true,
	 .link_enable = true,
	 .zero_legacy = true,
	 .keeps_stale = true},
};

static const struct pf_caps any = {.driver = "",
				   .attrs = ALL,
				   .switchdev_attrs = ALL,
				   .dot1ad = true,
				   .min_rate = true,
				   .through_zero = true,
				   .zero_mac = true,
				   .switchdev = true,
				   .link_enable = true,
				   .checks_spoof = true};

const struct pf_caps *pf_caps_of(const char *driver)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].driver, driver) == 0)
			return &known[i];
	return &any;
}

void pf_caps_neutral(const struct pf_caps *c, struct pf_vf *vf)
{
	pf_vf_neutral(vf);
	vf->spoofchk = c->checks_spoof;
}

struct pf_caps pf_caps_without(const struct pf_caps *c, enum pf_attr attr)
{
	struct pf_caps less = *c;

	less.attrs &= ~PF_ATTR_BIT(attr);
	less.switchdev_attrs &= ~PF_ATTR_BIT(attr);
	return less;
}
