/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/eal.h"

#include "base/log.h"
#include "packet/burst.h"
#include "packet/intent.h"
#include "packet/pool.h"
#include "packet/trace.h"

#include <dirent.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ARGS_MAX = 24,
	CACHE = 256, /* mbufs a worker keeps at hand */
	HEADERS = 16384,
	HEADER_ROOM = RTE_PKTMBUF_HEADROOM + 256 + 64, /* headers, and room for tags before them */
	SPARE_MB = 64,				       /* for what devices allocate */
};

/* Free memory in hugepages of all sizes, MB. */
static unsigned long free_huge_mb(void)
{
	const char *root = "/sys/kernel/mm/hugepages";
	DIR *d = opendir(root);
	unsigned long mb = 0, kb, pages;
	struct dirent *ent;

	while (d && (ent = readdir(d)) != NULL) {
		char path[320];
		FILE *f;

		if (sscanf(ent->d_name, "hugepages-%lukB", &kb) != 1)
			continue;
		snprintf(path, sizeof(path), "%s/%s/free_hugepages", root, ent->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%lu", &pages) == 1)
			mb += pages * kb / 1024;
		fclose(f);
	}
	if (d)
		closedir(d);
	return mb;
}

static unsigned long needed_mb(uint32_t mbufs)
{
	unsigned long data = sizeof(struct rte_mbuf) + RTE_MBUF_DEFAULT_BUF_SIZE + 128;
	unsigned long header = sizeof(struct rte_mbuf) + HEADER_ROOM + 128;

	return (mbufs * data + HEADERS * header) / (1024 * 1024) + SPARE_MB;
}

/* "0@0-2,1@3": main on what the workers leave over, or with them where nothing is. */
static void lcores(const struct eal_setup *s, char *text, size_t size)
{
	cpu_set_t all, rest;
	size_t len;

	sched_getaffinity(0, sizeof(all), &all);
	rest = all;
	for (uint16_t i = 0; i < s->n_workers; i++)
		CPU_CLR(s->cores[i], &rest);
	if (CPU_COUNT(&rest) == 0)
		rest = all;
	len = (size_t)snprintf(text, size, "0@(");
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &rest) && len < size - 16)
			len += (size_t)snprintf(text + len, size - len, "%s%u",
						text[len - 1] == '(' ? "" : ",", cpu);
	len += (size_t)snprintf(text + len, size - len, ")");
	for (uint16_t i = 0; i < s->n_workers && len < size - 16; i++)
		len += (size_t)snprintf(text + len, size - len, ",%d@%u", i + 1, s->cores[i]);
}

static int start(const struct eal_setup *s, struct err *e)
{
	static char lcore_text[8192], mb_text[16];
	char *argv[ARGS_MAX];
	int argc = 0;

	lcores(s, lcore_text, sizeof(lcore_text));
	snprintf(mb_text, sizeof(mb_text), "%lu", needed_mb(s->mbufs));
	argv[argc++] = (char *)(uintptr_t)s->program;
	argv[argc++] = (char *)"--lcores";
	argv[argc++] = lcore_text;
	/* Devices are taken when a port names them, and not because they are there: a list of
	 * allowed devices that matches none. */
	argv[argc++] = (char *)"-a";
	argv[argc++] = (char *)"0000:00:00.0";
	argv[argc++] = (char *)"--no-telemetry";
	argv[argc++] = (char *)"--log-level";
	argv[argc++] = (char *)(log_get_level() == LOG_LVL_DEBUG ? "debug" : "warning");
	/* Nothing of either kind of memory has a file that could stay behind. */
	if (s->hugepages) {
		argv[argc++] = (char *)"--in-memory";
		/* Few, large areas: a back end takes eight at most from a virtio-user device. */
		argv[argc++] = (char *)"--single-file-segments";
	} else {
		argv[argc++] = (char *)"--no-huge";
		argv[argc++] = (char *)"--no-shconf";
		argv[argc++] = (char *)"--iova-mode=va";
		argv[argc++] = (char *)"-m";
		argv[argc++] = mb_text;
	}
	argv[argc] = NULL;
	if (rte_eal_init(argc, argv) < 0)
		return err_set(e, -rte_errno, "DPDK does not start: %s; the lines above say why",
			       rte_strerror(rte_errno));
	return 0;
}

static struct rte_mempool *pool(const char *name, uint32_t n, uint16_t room, struct err *e)
{
	struct rte_mempool *p = pkt_pool(name, n, CACHE, room);

	if (!p)
		err_set(e, -ENOMEM, "no memory for %u packet buffers; lower --mbufs", n);
	return p;
}

int eal_start(struct eal_setup *s, struct err *e)
{
	unsigned long have = s->no_huge ? 0 : free_huge_mb(), want = needed_mb(s->mbufs);
	int ret;

	s->hugepages = have >= want;
	if (!s->hugepages && !s->no_huge)
		log_info("using ordinary memory: %lu MB of hugepages are free and %lu are needed; "
			 "to "
			 "reserve them: echo %lu > /proc/sys/vm/nr_hugepages",
			 have, want, want / 2 + 1);
	ret = start(s, e);
	if (ret != 0)
		return ret;
	s->data_pool = pool("data", s->mbufs, RTE_MBUF_DEFAULT_BUF_SIZE, e);
	s->header_pool = s->data_pool ? pool("header", HEADERS, HEADER_ROOM, e) : NULL;
	if (!s->header_pool)
		return e->code;
	ret = pkt_trace_init();
	if (ret == 0)
		ret = pkt_intent_init();
	return ret == 0 ? 0 : err_set(e, ret, "DPDK has no room for the trace mark");
}
