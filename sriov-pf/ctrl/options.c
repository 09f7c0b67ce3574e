/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/options.h"

#include "base/log.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"flue-pf: physical and virtual functions of SR-IOV cards\n"
	"\n"
	"usage: flue-pf [OPTION]...\n"
	"  --socket PATH       control socket (default /run/flue/flue-pf.sock)\n"
	"  --hand-socket PATH  where guests take their functions (default "
	"/run/flue/flue-pf-hand.sock)\n"
	"  --group NAME        group that may use both\n"
	"  --state-dir DIR     what outlives a reboot (default /var/lib/flue/pf)\n"
	"  --run-dir DIR       what does not (default /run/flue/pf)\n"
	"  --vm-run-dir DIR    guests' control sockets, as GUEST.sock (default /run/flue/vm)\n"
	"  --metrics A:P       serve Prometheus metrics at http://A:P/metrics\n"
	"  --deadline SECONDS  after which a driver that does not come back is wedged (default "
	"20)\n"
	"  --log-level L       err, warn, info (default) or debug\n"
	"  --version, --help\n";

enum {
	OPT_SOCKET = 1,
	OPT_HAND_SOCKET,
	OPT_GROUP,
	OPT_STATE_DIR,
	OPT_RUN_DIR,
	OPT_VM_DIR,
	OPT_METRICS,
	OPT_DEADLINE,
	OPT_LOG_LEVEL,
	OPT_VERSION,
	OPT_HELP,
};

static const struct option longopts[] = {
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"hand-socket", required_argument, NULL, OPT_HAND_SOCKET},
	{"group", required_argument, NULL, OPT_GROUP},
	{"state-dir", required_argument, NULL, OPT_STATE_DIR},
	{"run-dir", required_argument, NULL, OPT_RUN_DIR},
	{"vm-run-dir", required_argument, NULL, OPT_VM_DIR},
	{"metrics", required_argument, NULL, OPT_METRICS},
	{"deadline", required_argument, NULL, OPT_DEADLINE},
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

static int parse_level(const char *text, struct err *e)
{
	static const char *const names[] = {"err", "warn", "info", "debug"};

	for (unsigned int i = 0; i < 4; i++) {
		if (strcmp(names[i], text) == 0) {
			log_set_level((enum log_level)i);
			return 0;
		}
	}
	return err_set(e, -EINVAL, "--log-level: '%s' is not err, warn, info or debug", text);
}

static int parse_deadline(struct ctrl_setup *s, const char *text, struct err *e)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > 3600)
		return err_set(e, -EINVAL, "--deadline: '%s' is not a number from 1 to 3600", text);
	s->deadline_ms = (unsigned int)n * 1000;
	return 0;
}

static int parse_one(struct pf_options *o, int opt, const char *word, struct err *e)
{
	struct ctrl_setup *s = &o->setup;
	const char **path[] = {
		[OPT_SOCKET] = &s->socket,   [OPT_HAND_SOCKET] = &s->hand_socket,
		[OPT_GROUP] = &s->group,     [OPT_STATE_DIR] = &s->state_dir,
		[OPT_RUN_DIR] = &s->run_dir, [OPT_VM_DIR] = &s->vm_dir,
		[OPT_METRICS] = &s->metrics,
	};

	switch (opt) {
	case OPT_SOCKET ... OPT_METRICS:
		*path[opt] = optarg;
		return 0;
	case OPT_DEADLINE:
		return parse_deadline(s, optarg, e);
	case OPT_LOG_LEVEL:
		return parse_level(optarg, e);
	case OPT_VERSION:
		o->what = PF_OPTIONS_VERSION;
		return 0;
	case OPT_HELP:
		o->what = PF_OPTIONS_HELP;
		return 0;
	default:
		return err_set(e, -EINVAL, "'%s' is not understood; see flue-pf --help", word);
	}
}

int pf_options_parse(struct pf_options *o, int argc, char **argv, struct err *e)
{
	int opt, ret = 0;

	*o = (struct pf_options){.setup = {
					 .socket = "/run/flue/flue-pf.sock",
					 .hand_socket = "/run/flue/flue-pf-hand.sock",
					 .state_dir = "/var/lib/flue/pf",
					 .run_dir = "/run/flue/pf",
					 .vm_dir = "/run/flue/vm",
					 .deadline_ms = 20000,
				 }};
	opterr = 0;
	while (ret == 0 && (opt = getopt_long(argc, argv, "", longopts, NULL)) != -1)
		ret = parse_one(o, opt, argv[optind - 1], e);
	if (ret == 0 && optind < argc)
		return err_set(e, -EINVAL, "'%s' is not understood; see flue-pf --help",
			       argv[optind]);
	return ret;
}

int pf_options_main(const struct pf_host *host, int argc, char **argv)
{
	struct pf_options o;
	struct err e = {0};

	if (pf_options_parse(&o, argc, argv, &e) != 0) {
		log_err("%s", e.text);
		return 2;
	}
	if (o.what != PF_OPTIONS_RUN) {
		fputs(o.what == PF_OPTIONS_HELP ? help : "flue-pf " FLUE_VERSION "\n", stdout);
		return 0;
	}
	o.setup.host = host;
	if (ctrl_run(&o.setup, &e) == 0)
		return 0;
	log_err("%s", e.text[0] ? e.text : strerror(-e.code));
	return 1;
}
