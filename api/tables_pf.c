/* SPDX-License-Identifier: BSD-3-Clause */
/* SR-IOV: what flue-pf(8) is told of physical and virtual functions. */
#include "api/schema.h"

/* VLAN ids, IEEE 802.1Q-2018 9.6; 0: untagged. Rates are Mb/s, as rtnetlink has them. */
#define VID_MAX	 4094
#define RATE_MAX 1000000
#define VFS_MAX	 4096

const struct api_key api_pf_keys[] = {
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "pf",
	 "the physical function's name"},
	{"address", API_STR, 1, 31, NULL, NULL, 0, NULL,
	 "which one it is: its PCI address, as 0000:01:00.0"},
	{"ifname", API_STR, 1, 15, NULL, NULL, 0, NULL, "or the name of its interface"},
	{"device", API_STR, 9, 9, NULL, NULL, 0, NULL,
	 "or its vendor and device, as 8086:10c9; with serial or port where there are several"},
	{"serial", API_STR, 1, 63, NULL, NULL, 0, NULL,
	 "serial number, as devlink dev info has it"},
	{"port", API_UINT, 0, 255, NULL, NULL, 0, NULL, "number of the port on its card"},
	{"numvfs", API_UINT, 0, VFS_MAX, NULL, NULL, API_SET, NULL,
	 "how many virtual functions; when absent: as it is"},
	{"mtu", API_UINT, 68, 9600, NULL, NULL, API_SET, NULL,
	 "MTU of its interface; when absent: as it is"},
	{"eswitch", API_ENUM, 0, 0, "legacy|switchdev", NULL, API_SET, NULL,
	 "mode of the card's switch; when absent: as it is"},
	{"drift", API_ENUM, 0, 0, "report|repair", "report", API_SET, NULL,
	 "what to do when somebody else changes it"},
	{0},
};

const struct api_key api_vf_keys[] = {
	{"pf", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "pf",
	 "the physical function it belongs to"},
	{"index", API_UINT, 0, VFS_MAX - 1, NULL, NULL, API_ID | API_REQUIRED, NULL,
	 "its number, from 0"},
	{"mac", API_MAC, 0, 0, NULL, NULL, API_SET, NULL,
	 "its address; 00:00:00:00:00:00: its driver chooses"},
	{"vlan", API_UINT, 0, VID_MAX, NULL, NULL, API_SET, NULL,
	 "VLAN the card puts its frames in; 0: none"},
	{"qos", API_UINT, 0, 7, NULL, NULL, API_SET, NULL, "priority of that VLAN's tag"},
	{"vlan-proto", API_ENUM, 0, 0, "802.1Q|802.1ad", NULL, API_SET, NULL, "kind of that tag"},
	{"min-rate", API_UINT, 0, RATE_MAX, NULL, NULL, API_SET, NULL,
	 "Mb/s it is sure to have; 0: none"},
	{"max-rate", API_UINT, 0, RATE_MAX, NULL, NULL, API_SET, NULL,
	 "Mb/s it may send at most; 0: no bound"},
	{"spoofchk", API_BOOL, 0, 0, NULL, NULL, API_SET, NULL,
	 "drop what it sends with another address than its own"},
	{"trust", API_BOOL, 0, 0, NULL, NULL, API_SET, NULL,
	 "it may change its address and go promiscuous"},
	{"link-state", API_ENUM, 0, 0, "auto|enable|disable", NULL, API_SET, NULL,
	 "its link: as the port's, always up, or down"},
	{"rss-query", API_BOOL, 0, 0, NULL, NULL, API_SET, NULL,
	 "it may read the card's RSS table and key"},
	{"driver", API_STR, 1, 31, NULL, NULL, API_SET, NULL,
	 "vfio-pci, for guests; kernel: what the kernel finds; none"},
	{"owner", API_NAME, 1, 31, NULL, NULL, API_SET, "vm", "the only guest that may have it"},
	{0},
};

const struct api_key api_pf_show_keys[] = {
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID, "pf", "this one only"},
	{0},
};

const struct api_key api_pf_apply_keys[] = {
	{"config", API_CONFIG, 0, 0, NULL, NULL, API_REQUIRED, NULL, "what is to be"},
	{"dry-run", API_BOOL, 0, 0, NULL, "off", 0, NULL,
	 "say what would change, and who would lose what; change nothing"},
	{"evict", API_BOOL, 0, 0, NULL, "off", 0, NULL,
	 "take virtual functions from guests that are in the way"},
	{0},
};

const struct api_key api_vf_show_keys[] = {
	{"pf", API_NAME, 1, 31, NULL, NULL, API_ID, "pf", "of this physical function only"},
	{"index", API_UINT, 0, VFS_MAX - 1, NULL, NULL, API_ID, NULL, "this one only"},
	{0},
};

const struct api_key api_vf_assign_keys[] = {
	{"guest", API_NAME, 1, 31, NULL, NULL, API_ID, "vm", "the guest that gets it"},
	{"to", API_STR, 1, 120, NULL, NULL, 0, NULL,
	 "instead of a guest of ours: qemu:SOCKET, a running QEMU's QMP socket"},
	{0},
};

const struct api_key api_vf_release_keys[] = {
	{"epoch", API_UINT, 1, INT64_MAX, NULL, NULL, 0, NULL,
	 "only if the lease is still this one (as vf show has it)"},
	{"timeout", API_UINT, 1, 3600, NULL, "10", 0, NULL,
	 "seconds the guest may take to let go of it"},
	{"force", API_BOOL, 0, 0, NULL, "off", 0, NULL, "then end the process that holds it"},
	{0},
};

const struct api_key api_vf_prepare_keys[] = {
	{"for", API_ENUM, 0, 0, "libvirt|dpdk", NULL, API_REQUIRED, NULL, "who is to use it"},
	{0},
};
