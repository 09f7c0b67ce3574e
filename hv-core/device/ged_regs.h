/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The registers at HV_GED, as the device has them and as the DSDT's methods use them. Each is 32
 * bits wide and answers only accesses of that width.
 *
 *	EVENTS	what happened, HV_GED_POWER and HV_GED_PCI. Reading clears it, and takes the
 *		interrupt back.
 *	FILLED	bit s: slot s got a device. Reading clears it.
 *	WANTED	bit s: the device in slot s is to be ejected. Reading clears it.
 *	EJECT	write s: the guest is done with slot s.
 */
#ifndef HV_CORE_DEVICE_GED_REGS_H
#define HV_CORE_DEVICE_GED_REGS_H

#define HV_GED_EVENTS 0x0
#define HV_GED_FILLED 0x4
#define HV_GED_WANTED 0x8
#define HV_GED_EJECT  0xc
#define HV_GED_REGS   0x10

#define HV_GED_POWER 0x1
#define HV_GED_PCI   0x2

#endif
