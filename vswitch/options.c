/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/options.h"

#include "base/log.h"
#include "base/ranges.h"

#include <getopt.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

const char options_help[] =
	"flued: the flue switch\n"
	"\n"
	"usage: flued [OPTION]...\n"
	"  --socket PATH     control socket (default /run/flue/flued.sock)\n"
	"  --group NAME      group that may use the control socket\n"
	"  --config FILE     configuration to start with (flue-config(5))\n"
	"  --cores LIST      processors of the workers, as 1,3-4 (default: the last one allowed)\n"
	"  --mbufs N         packet buffers of 2 KB, 2048 to 4194304 (default 16384)\n"
	"  --flows N         connections that may be offloaded, 64 to 4194304 (default 131072)\n"
	"  --no-huge         use ordinary memory even if there are hugepages\n"
	"  --metrics A:P     serve Prometheus metrics at http://A:P/metrics\n"
	"  --chimney-socket PATH  take over TCP connections that applications offer there\n"
	"  --chimney-max N   connections offloaded at a time, 1 to 100000 (default 4096)\n"
	"  --log-level L     err, warn, info (default) or debug\n"
	"  --pipeline-dot    print the pipeline as a Graphviz graph, and end\n"
	"  --version, --help\n";

enum {
	OPT_SOCKET = 1,
	OPT_GROUP,
	OPT_CONFIG,
	OPT_CORES,
	OPT_MBUFS,
	OPT_FLOWS,
	OPT_NO_HUGE,
	OPT_METRICS,
	OPT_LOG_LEVEL,
	OPT_CHIMNEY,
	OPT_CHIMNEY_MAX,
	OPT_DOT,
	OPT_VERSION,
	OPT_HELP,
};

static const struct option longopts[] = {
	{"socket", required_argument, NULL, OPT_SOCKET},
	{"group", required_argument, NULL, OPT_GROUP},
	{"config", required_argument, NULL, OPT_CONFIG},
	{"cores", required_argument, NULL, OPT_CORES},
	{"mbufs", required_argument, NULL, OPT_MBUFS},
	{"flows", required_argument, NULL, OPT_FLOWS},
	{"no-huge", no_argument, NULL, OPT_NO_HUGE},
	{"metrics", required_argument, NULL, OPT_METRICS},
	{"chimney-socket", required_argument, NULL, OPT_CHIMNEY},
	{"chimney-max", required_argument, NULL, OPT_CHIMNEY_MAX},
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
	{"pipeline-dot", no_argument, NULL, OPT_DOT},
	{"version", no_argument, NULL, OPT_VERSION},
	{"help", no_argument, NULL, OPT_HELP},
	{0},
};

static int parse_cores(struct options *o, const char *text, struct err *e)
{
	uint64_t bits[CPU_SETSIZE / 64];
	cpu_set_t allowed;

	if (ranges_parse(text, bits, CPU_SETSIZE, 0, CPU_SETSIZE - 1) != 0)
		return err_set(e, -EINVAL, "--cores: '%s' is not a list such as 1,3-4", text);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	o->n_cores = 0;
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!ranges_test(bits, cpu))
			continue;
		if (!CPU_ISSET(cpu, &allowed))
			return err_set(e, -EINVAL,
				       "--cores: there is no processor %u for flued; see nproc(1) "
				       "and taskset(1)",
				       cpu);
		if (o->n_cores == OPTIONS_CORES_MAX)
			return err_set(e, -EINVAL, "--cores: more than %d", OPTIONS_CORES_MAX);
		o->cores[o->n_cores++] = cpu;
	}
	return o->n_cores ? 0 : err_set(e, -EINVAL, "--cores: name at least one");
}

static void default_cores(struct options *o)
{
	cpu_set_t allowed;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			o->cores[0] = cpu;
	o->n_cores = 1;
}

static int parse_number(const char *option, const char *text, long least, long most, uint32_t *out,
			struct err *e)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < least || n > most)
		return err_set(e, -EINVAL, "--%s: '%s' is not a number from %ld to %ld", option,
			       text, least, most);
	*out = (uint32_t)n;
	return 0;
}

static int parse_chimney_max(struct options *o, const char *text, struct err *e)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > 100000)
		return err_set(e, -EINVAL, "--chimney-max: '%s' is not a number from 1 to 100000",
			       text);
	o->chimney_max = (uint32_t)n;
	return 0;
}

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

int options_parse(struct options *o, int argc, char **argv, struct err *e)
{
	int opt, ret = 0;

	*o = (struct options){.socket = "/run/flue/flued.sock",
			      .mbufs = 16384,
			      .flows = 131072,
			      .chimney_max = 4096};
	default_cores(o);
	opterr = 0;
	while (ret == 0 && (opt = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (opt) {
		case OPT_SOCKET:
			o->socket = optarg;
			break;
		case OPT_GROUP:
			o->group = optarg;
			break;
		case OPT_CONFIG:
			o->config = optarg;
			break;
		case OPT_CORES:
			ret = parse_cores(o, optarg, e);
			break;
		case OPT_MBUFS:
			ret = parse_number("mbufs", optarg, 2048, 4194304, &o->mbufs, e);
			break;
		case OPT_FLOWS:
			ret = parse_number("flows", optarg, 64, 4194304, &o->flows, e);
			break;
		case OPT_NO_HUGE:
			o->no_huge = true;
			break;
		case OPT_METRICS:
			o->metrics = optarg;
			break;
		case OPT_CHIMNEY:
			o->chimney = optarg;
			break;
		case OPT_CHIMNEY_MAX:
			ret = parse_chimney_max(o, optarg, e);
			break;
		case OPT_LOG_LEVEL:
			ret = parse_level(optarg, e);
			break;
		case OPT_DOT:
			o->what = OPTIONS_DOT;
			break;
		case OPT_VERSION:
			o->what = OPTIONS_VERSION;
			break;
		case OPT_HELP:
			o->what = OPTIONS_HELP;
			break;
		default:
			return err_set(e, -EINVAL, "'%s' is not understood; see flued --help",
				       argv[optind - 1]);
		}
	}
	if (ret == 0 && optind < argc)
		return err_set(e, -EINVAL, "'%s' is not understood; see flued --help",
			       argv[optind]);
	return ret;
}
