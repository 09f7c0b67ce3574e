/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flue-vm: one guest. This process supervises (super.c); another one runs the guest (child.c).
 */
#include "base/log.h"
#include "hv-core/config.h"
#include "hv-core/options.h"
#include "hv-core/super.h"

#include <stdio.h>
#include <unistd.h>

static int usage(const struct hv_options *o, const struct err *e)
{
	log_err("%s%s%s", e->path, e->path[0] ? ": " : "", e->text);
	if (o->ready_fd >= 0)
		dprintf(o->ready_fd, "error %s\n", e->text);
	return HV_EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct hv_options o;
	struct hv_config config;
	struct err e = {0};
	int status;

	if (hv_options_parse(&o, argc, argv, &e) != 0)
		return usage(&o, &e);
	switch (o.what) {
	case HV_OPTIONS_HELP:
		fputs(hv_options_help, stdout);
		return 0;
	case HV_OPTIONS_VERSION:
		puts("flue-vm " FLUE_VERSION);
		return 0;
	default:
		break;
	}
	if (hv_config_parse(&config, o.config, &e) != 0) {
		status = usage(&o, &e);
	} else {
		status = super_run(&config, &o);
		hv_config_free(&config);
	}
	hv_options_free(&o);
	return status;
}
