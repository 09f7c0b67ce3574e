/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static json_t *json(const char *text)
{
	char *buf = strdup(text);
	json_t *v;

	for (char *p = buf; *p; p++)
		if (*p == '\'')
			*p = '"';
	v = json_loads(buf, 0, NULL);
	assert_non_null(v);
	free(buf);
	return v;
}

static int parse(struct hv_config *c, const char *text, struct err *e)
{
	json_t *v = json(text);
	int ret = hv_config_parse(c, v, e);

	json_decref(v); /* the strings stay with the configuration */
	return ret;
}

static void absence_means_the_schemas_defaults(void **state)
{
	struct hv_config c;
	struct err e = {0};

	assert_int_equal(parse(&c, "{'guests':[{'name':'g','kernel':'/k'}]}", &e), 0);
	assert_string_equal(c.name, "g");
	assert_string_equal(c.kernel, "/k");
	assert_null(c.initrd);
	assert_null(c.native);
	assert_string_equal(c.cmdline, "");
	assert_int_equal(c.cpus, 1);
	assert_int_equal(c.mem_bytes, 512 << 20);
	assert_int_equal(c.page_bytes, 4096);
	assert_false(c.cpu_baseline);
	assert_int_equal(c.console, HV_CONSOLE_SOCKET);
	assert_int_equal(c.restart, HV_RESTART_NEVER);
	assert_int_equal(c.stop_timeout_s, 60);
	assert_int_equal(c.disks + c.nics, 0);
	hv_config_free(&c);
}

static void all_keys_are_taken(void **state)
{
	static const uint8_t mac[6] = {0x52, 0x54, 0, 0, 0, 7};
	struct hv_config c;
	struct err e = {0};

	assert_int_equal(
		parse(&c,
		      "{'guests':[{'name':'g','native':'/n','cmdline':'a b','cpus':4,'memory':1024,"
		      "'page-size':'1G','cpu':'baseline','console':'pty','console-path':'/c',"
		      "'log':'/l','log-max':2,'restart':'on-failure','stop-timeout':0}],"
		      "'disks':[{'guest':'g','name':'d0','path':'/d','readonly':true},"
		      "{'guest':'g','name':'d1','path':'/e','direct':true}],"
		      "'bridges':[{'name':'b'}],"
		      "'ports':[{'name':'p','kind':'vhost','bridge':'b','socket':'/s',"
		      "'mode':'client'}],"
		      "'nics':[{'guest':'g','name':'n0','port':'p','queues':8,'packed':true,"
		      "'mac':'52:54:00:00:00:07','mtu':9000,'csum':false,'tso':false},"
		      "{'guest':'g','name':'n1','socket':'/t','model':'emulated'},"
		      "{'guest':'g','name':'n2','model':'direct','address':'0000:01:00.0'},"
		      "{'guest':'g','name':'n3','model':'direct','vf':'wan/0'}]}",
		      &e),
		0);
	assert_null(c.kernel);
	assert_string_equal(c.native, "/n");
	assert_string_equal(c.cmdline, "a b");
	assert_int_equal(c.cpus, 4);
	assert_int_equal(c.page_bytes, 1 << 30);
	assert_true(c.cpu_baseline);
	assert_int_equal(c.console, HV_CONSOLE_PTY);
	assert_string_equal(c.console_path, "/c");
	assert_string_equal(c.log, "/l");
	assert_int_equal(c.log_max_bytes, 2 << 20);
	assert_int_equal(c.restart, HV_RESTART_ON_FAILURE);
	assert_int_equal(c.stop_timeout_s, 0);

	assert_int_equal(c.disks, 2);
	assert_true(c.disk[0].readonly && !c.disk[0].direct);
	assert_string_equal(c.disk[1].path, "/e");
	assert_true(!c.disk[1].readonly && c.disk[1].direct);

	assert_int_equal(c.nics, 4);
	assert_int_equal(c.nic[0].model, HV_NIC_SYNTHETIC);
	assert_string_equal(c.nic[0].socket, "/s");
	assert_true(c.nic[0].serve && c.nic[0].packed && !c.nic[0].csum && !c.nic[0].tso);
	assert_int_equal(c.nic[0].queues, 8);
	assert_int_equal(c.nic[0].mtu, 9000);
	assert_memory_equal(c.nic[0].mac, mac, 6);
	assert_int_equal(c.nic[1].model, HV_NIC_EMULATED);
	assert_true(!c.nic[1].serve && c.nic[1].csum && c.nic[1].tso);
	assert_int_equal(c.nic[2].model, HV_NIC_DIRECT);
	assert_string_equal(c.nic[2].address, "0000:01:00.0");
	assert_string_equal(c.nic[2].vf, "");
	assert_string_equal(c.nic[3].vf, "wan/0");
	assert_string_equal(c.nic[3].address, "");
	hv_config_free(&c);
}

static void nic(struct hv_nic_config *n, const char *text)
{
	json_t *v = json(text);
	struct err e = {0};

	assert_int_equal(hv_config_nic(n, v, &e), 0);
	json_decref(v);
}

static void addresses_are_the_names_own(void **state)
{
	struct hv_nic_config a, again, b, c;

	nic(&a, "{'guest':'g','name':'n0','socket':'/s'}");
	nic(&again, "{'guest':'g','name':'n0','socket':'/t','mode':'serve'}");
	nic(&b, "{'guest':'g','name':'n1','socket':'/s'}");
	nic(&c, "{'guest':'h','name':'n0','socket':'/s'}");
	assert_memory_equal(a.mac, again.mac, 6);
	assert_memory_not_equal(a.mac, b.mac, 6);
	assert_memory_not_equal(a.mac, c.mac, 6);
	/* Locally administered, and no group. */
	assert_int_equal(a.mac[0] & 3, 2);
	assert_int_equal(b.mac[0] & 3, 2);
}

static void refusals_say_where(void **state)
{
	struct hv_config c;
	struct err e = {0};

	assert_int_equal(parse(&c, "{}", &e), -EINVAL);
	assert_string_equal(e.path, "/guests");
	assert_int_equal(parse(&c,
			       "{'guests':[{'name':'a','kernel':'/k'},"
			       "{'name':'b','kernel':'/k'}]}",
			       &e),
			 -EINVAL);
	assert_non_null(strstr(e.text, "there are 2"));
	assert_int_equal(parse(&c, "{'guests':[{'name':'a','kernel':'/k','cpus':0}]}", &e),
			 -EINVAL);
	assert_string_equal(e.path, "/guests/0/cpus");
	assert_null(c.json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(absence_means_the_schemas_defaults),
		cmocka_unit_test(all_keys_are_taken),
		cmocka_unit_test(addresses_are_the_names_own),
		cmocka_unit_test(refusals_say_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
