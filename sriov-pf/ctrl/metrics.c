/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/metrics.h"

#include "sriov-pf/ctrl/ctrl.h"

#include <stdio.h>
#include <string.h>

static void head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Names are of letters, digits, dots, lines and underscores: nothing is to be escaped. */
static void pf_gauges(FILE *f, const json_t *pfs)
{
	static const struct {
		const char *name, *member, *help;
	} fam[] = {
		{"flue_pf_vfs", "numvfs", "Virtual functions there are."},
		{"flue_pf_vfs_free", "vfs-free", "Those that nobody has."},
		{"flue_pf_generation", "generation", "Raised when they are made anew."},
	};
	json_t *pf;
	size_t i;

	for (size_t k = 0; k < sizeof(fam) / sizeof(fam[0]); k++) {
		head(f, fam[k].name, "gauge", fam[k].help);
		json_array_foreach (pfs, i, pf)
			fprintf(f, "%s{pf=\"%s\"} %lld\n", fam[k].name,
				json_get_str(pf, "name", ""),
				(long long)json_get_int(pf, fam[k].member, 0));
	}
	head(f, "flue_pf_drift", "gauge", "Things that somebody else changed.");
	json_array_foreach (pfs, i, pf)
		fprintf(f, "flue_pf_drift{pf=\"%s\"} %zu\n", json_get_str(pf, "name", ""),
			json_array_size(json_object_get(pf, "drift")));
}

static void pf_states(FILE *f, const json_t *pfs)
{
	static const char *const states[] = {"ready", "busy", "wedged", "missing", "failed"};
	json_t *pf;
	size_t i;

	head(f, "flue_pf_state", "gauge", "1 for the state a physical function is in.");
	json_array_foreach (pfs, i, pf)
		for (size_t k = 0; k < sizeof(states) / sizeof(states[0]); k++)
			fprintf(f, "flue_pf_state{pf=\"%s\",state=\"%s\"} %d\n",
				json_get_str(pf, "name", ""), states[k],
				strcmp(json_get_str(pf, "state", ""), states[k]) == 0);
}

static void vf_samples(FILE *f, const json_t *vfs)
{
	json_t *vf;
	size_t i;

	head(f, "flue_vf_info", "gauge", "1 for each virtual function, with its state and guest.");
	json_array_foreach (vfs, i, vf)
		fprintf(f, "flue_vf_info{pf=\"%s\",vf=\"%d\",state=\"%s\",guest=\"%s\"} 1\n",
			json_get_str(vf, "pf", ""), (int)json_get_int(vf, "index", 0),
			json_get_str(vf, "state", ""), json_get_str(vf, "guest", ""));
	head(f, "flue_vf_faults_total", "counter", "What an IOMMU blocked.");
	json_array_foreach (vfs, i, vf)
		fprintf(f, "flue_vf_faults_total{pf=\"%s\",vf=\"%d\"} %lld\n",
			json_get_str(vf, "pf", ""), (int)json_get_int(vf, "index", 0),
			(long long)json_get_int(json_object_get(vf, "faults"), "count", 0));
}

char *pf_metrics_format(const json_t *pfs, const json_t *vfs, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		return NULL;
	pf_gauges(f, pfs);
	pf_states(f, pfs);
	vf_samples(f, vfs);
	fclose(f);
	return text;
}

char *pf_metrics(void *ctrl, size_t *len, struct err *e)
{
	json_t *pfs = ctrl_pf_show(ctrl, NULL, e), *vfs = ctrl_vf_show(ctrl, NULL, e);
	char *text = pf_metrics_format(pfs, vfs, len);

	json_decref(pfs);
	json_decref(vfs);
	if (!text)
		err_set(e, -ENOMEM, "no memory for the answer");
	return text;
}
