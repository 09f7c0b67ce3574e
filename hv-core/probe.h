/* SPDX-License-Identifier: BSD-3-Clause */
/* What flue-vm-probe and its guest agree on. Needs no other header: the guest has no library. */
#ifndef HV_CORE_PROBE_H
#define HV_CORE_PROBE_H

#define HV_PROBE_PORT 0x6f0
#define HV_PROBE_HERE 0xa5 /* what it reads as; no device: 0xff */

enum hv_probe {
	HV_PROBE_NOTHING = '0',
	HV_PROBE_OPEN = '1',
	HV_PROBE_EXEC = '2',
	HV_PROBE_SOCKET = '3',
	HV_PROBE_CODE = '4',
	HV_PROBE_KILL = '5',
};

#endif
