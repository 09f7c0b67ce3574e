/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a guest is to be: the keys of the schema (api/tables.c) as plain C.
 *
 * The text is JSON in the shape of a configuration file that holds one guest:
 *   {"guests":[{"name":"g","kernel":"/boot/vmlinuz"}],"disks":[...],"nics":[...],"ports":[...]}
 * `ports` is only looked at for cards that name one. flue-vm's options become the same JSON first,
 * so there is one parser and one set of checks. Parsing is a pure function: it opens nothing.
 */
#ifndef HV_CORE_CONFIG_H
#define HV_CORE_CONFIG_H

#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

#define HV_DISKS_MAX 16
#define HV_NICS_MAX  16
#define HV_NAME	     32 /* with its NUL */
#define HV_VF	     40 /* "NAME/INDEX" */

enum hv_nic_model { HV_NIC_SYNTHETIC, HV_NIC_EMULATED, HV_NIC_DIRECT };

struct hv_nic_config {
	char name[HV_NAME]; /* unique among the guest's cards */
	enum hv_nic_model model;
	char socket[108];	/* vhost-user; "" for a direct one */
	bool serve;		/* we listen at the socket; else we connect to it */
	uint8_t mac[6];		/* given, or derived from both names; zeros for a direct one */
	unsigned int queues;	/* pairs */
	bool packed, csum, tso; /* offered to the guest */
	unsigned int mtu;	/* 0: what the back end says */
	char address[16];	/* direct: "0000:01:00.0", "" until flue-pf said it; else "" */
	char vf[HV_VF];		/* direct: "wan/0", to be taken from flue-pf; else "" */
	uint64_t epoch;		/* flue-pf's, of the lease; 0: none */
};

struct hv_disk_config {
	char name[HV_NAME]; /* unique among the guest's disks */
	const char *path;
	bool readonly;
	bool direct; /* O_DIRECT: past the host's page cache */
};

enum hv_console_kind { HV_CONSOLE_SOCKET, HV_CONSOLE_STDIO, HV_CONSOLE_PTY, HV_CONSOLE_OFF };
enum hv_restart { HV_RESTART_NEVER, HV_RESTART_ON_FAILURE, HV_RESTART_ALWAYS };

struct hv_config {
	json_t *json; /* what the strings below point into */
	char name[HV_NAME];
	const char *kernel;  /* NULL: a native guest */
	const char *initrd;  /* NULL: none */
	const char *cmdline; /* "" when absent; for a native guest, its own words */
	const char *native;  /* image of a micro-guest; NULL: a kernel */
	unsigned int cpus;
	uint64_t mem_bytes, page_bytes;
	bool cpu_baseline; /* CPUID: an explicit baseline instead of the host's */
	enum hv_console_kind console;
	const char *console_path; /* of the socket; NULL: beside the control socket */
	const char *log;	  /* file that gets the console's output as well; NULL: none */
	uint64_t log_max_bytes;
	enum hv_restart restart;
	unsigned int stop_timeout_s; /* between the power button and the end; 0: waits for ever */

	unsigned int disks, nics;
	struct hv_disk_config disk[HV_DISKS_MAX];
	struct hv_nic_config nic[HV_NICS_MAX];
};

/* Checks the configuration as a whole and takes its one guest. json is kept by reference until
 * hv_config_free(). 0; or -EINVAL, -EEXIST, -ENOENT with e->path set. Any thread. */
int hv_config_parse(struct hv_config *c, json_t *json, struct err *e);
void hv_config_free(struct hv_config *c);

/* One card by itself, as nic.add has it: a mapping of the schema's keys. 0 or -EINVAL. */
int hv_config_nic(struct hv_nic_config *nic, const json_t *json, struct err *e);

#endif
