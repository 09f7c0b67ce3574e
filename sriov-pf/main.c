/* SPDX-License-Identifier: BSD-3-Clause */
/* flue-pf: the manager of physical and virtual functions, on this host. */
#include "sriov-pf/ctrl/options.h"
#include "sriov-pf/linux.h"

int main(int argc, char **argv)
{
	return pf_options_main(&pf_linux, argc, argv);
}
