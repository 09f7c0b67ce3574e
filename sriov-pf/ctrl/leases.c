/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/ctrl/leases.h"

#include "base/log.h"
#include "sriov-pf/ctrl/holder.h"
#include "sriov-pf/ctrl/store.h"

#include <stdio.h>
#include <string.h>

#define FILE_LEASES "leases.json"
#define FILE_EPOCH  "epoch.json"

static void read_boot(char *boot, size_t size)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(boot, (int)size, f))
		snprintf(boot, size, "unknown");
	if (f)
		fclose(f);
	boot[strcspn(boot, "\n")] = '\0';
}

/* What tells whether a PF's VFs are still those they were. */
static json_t *generations(const struct ctrl *c)
{
	json_t *list = json_array();
	struct pf_entry *p;

	TAILQ_FOREACH (p, &c->pfs, entry)
		json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:I}", "address", p->address,
						      "generation", (json_int_t)p->generation,
						      "ifindex", (json_int_t)p->state.ifindex,
						      "numvfs", (json_int_t)p->state.numvfs));
	return list;
}

int leases_save(struct ctrl *c, struct err *e)
{
	json_t *json = lease_table_json(&c->leases);
	int ret;

	if (!json)
		return err_set(e, -ENOMEM, "no memory to write the leases down");
	json_object_set_new(json, "pfs", generations(c));
	ret = store_write(c->setup->run_dir, FILE_LEASES, json, c->setup->host->point, e);
	json_decref(json);
	return ret;
}

static int save_epoch(struct ctrl *c, struct err *e)
{
	json_t *json = json_pack("{s:I}", "epoch", (json_int_t)c->leases.epoch);
	int ret = store_write(c->setup->state_dir, FILE_EPOCH, json, c->setup->host->point, e);

	json_decref(json);
	return ret;
}

int leases_load(struct ctrl *c, struct err *e)
{
	struct err why = {0};
	json_t *json = store_read(c->setup->state_dir, FILE_EPOCH, &why);
	int ret = 0;

	read_boot(c->leases.boot, sizeof(c->leases.boot));
	if (!json && why.code != -ENOENT)
		return err_set(e, why.code, "%.380s", why.text);
	c->leases.epoch = (uint64_t)json_get_int(json, "epoch", 0);
	json_decref(json);
	json = store_read(c->setup->run_dir, FILE_LEASES, &why);
	if (!json && why.code != -ENOENT)
		return err_set(e, why.code, "%.380s", why.text);
	if (json)
		ret = lease_table_parse(&c->leases, json, e);
	if (ret == 0 && strcmp(json_get_str(json, "boot", ""), c->leases.boot) == 0)
		c->generations = json_incref(json_object_get(json, "pfs"));
	json_decref(json);
	return ret;
}

int leases_wait(const struct pf_entry *p, struct err *e)
{
	if (p->planned)
		return err_set(e, -EAGAIN,
			       "a configuration is being applied to %s; try again when "
			       "'flue pf show' says ready",
			       p->name);
	return 0;
}

struct lease *leases_add(struct ctrl *c, const struct pf_entry *p, unsigned int vf,
			 enum lease_state state, const char *guest, struct err *e)
{
	struct lease *l;

	if (leases_wait(p, e) != 0)
		return NULL;
	l = lease_add(&c->leases, p->address, vf, state, guest, p->generation, ctrl_now(), e);
	if (!l)
		return NULL;
	if (save_epoch(c, e) == 0 && leases_save(c, e) == 0)
		return l;
	lease_drop(&c->leases, l);
	return NULL;
}

int leases_move(struct ctrl *c, struct lease *l, enum lease_state to, const char *why,
		struct err *e)
{
	struct lease former = *l;
	int ret = lease_move(l, to, why, ctrl_now(), e);

	if (ret == 0)
		ret = leases_save(c, e);
	if (ret != 0)
		*l = former;
	return ret;
}

void leases_drop(struct ctrl *c, struct lease *l)
{
	struct err e = {0};

	holder_forget(l);
	lease_drop(&c->leases, l);
	if (leases_save(c, &e) != 0)
		log_err("%s", e.text);
}
