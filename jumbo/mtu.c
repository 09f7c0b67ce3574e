/* SPDX-License-Identifier: BSD-3-Clause */
#include "jumbo/mtu.h"

uint16_t mtu_in_force(uint16_t planned, uint16_t guest)
{
	return guest != 0 && guest < planned ? guest : planned;
}
