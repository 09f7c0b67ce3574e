/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables, and how each object's answer looks: text is made of what flued answered, nothing else. */
#include "cli/render.h"
#include "cli/testing.h"

#include "api/fake_flued.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void shows(const struct fake_answer *answers, const char *line, const char *want)
{
	struct fake_flued *f = fake_start(answers);
	struct said s = testing_run(line);

	json_decref(fake_stop(f));
	if (s.code != CLI_OK)
		fail_msg("%s", s.err);
	assert_string_equal(s.out, want);
	testing_free(&s);
}

static void tables(void **state)
{
	static const struct column columns[] = {
		{"NAME", "name", NULL, NULL},
		{"N", "n", NULL, NULL},
		{"OK", "ok", "yes", "no"},
		{"LIST", "list", NULL, NULL},
		{0},
	};
	json_t *rows = json_pack("[{s:s,s:i,s:b,s:[s,s]},{s:s,s:f,s:b,s:[]},{s:s}]", "name",
				 "long-name", "n", 1, "ok", 1, "list", "a", "b", "name", "x\033[2J",
				 "n", 12.5, "ok", 0, "list", "name", "z");
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	render_table(out, columns, rows);
	fclose(out);
	assert_string_equal(text, "NAME           N  OK   LIST\n"
				  "long-name      1  yes  a,b\n"
				  "x?[2J      12.50  no   -\n"
				  "z              -  -    -\n");
	free(text);
	json_decref(rows);
}

static void bridges(void **state)
{
	static const struct fake_answer answers[] = {
		{"bridge.show", "\"result\":[{\"name\":\"br0\",\"mtu\":9000,\"ageing\":300,"
				"\"fdb-max\":1024,\"link-local\":false,\"fdb_entries\":2,"
				"\"ports\":[\"h0\",\"g0\"]}]"},
		{0},
	};

	shows(answers, "flue bridge",
	      "BRIDGE   MTU  AGEING  FDB  FDB-MAX  LINK-LOCAL  PORTS\n"
	      "br0     9000     300    2     1024  off         h0,g0\n");
	shows(answers, "flue -j bridge show br0",
	      "[{\"name\":\"br0\",\"mtu\":9000,\"ageing\":300,\"fdb-max\":1024,\"link-local\":"
	      "false,"
	      "\"fdb_entries\":2,\"ports\":[\"h0\",\"g0\"]}]\n");
}

static void ports(void **state)
{
	static const struct fake_answer list[] = {
		{"port.show",
		 "\"result\":[{\"name\":\"g0\",\"kind\":\"vhost\",\"bridge\":\"br0\","
		 "\"state\":\"waiting\",\"mtu\":1500,\"vlan-mode\":\"access\",\"pvid\":1}]"},
		{0},
	};
	static const struct fake_answer stats[] = {
		{"port.show",
		 "\"result\":[{\"name\":\"g0\",\"kind\":\"vhost\",\"stats\":{\"rx_packets\":5,"
		 "\"drops\":{\"mtu_out\":{\"count\":3,\"help\":\"larger than the port's MTU\","
		 "\"last_size\":9000,\"last_limit\":1500}}}}]"},
		{0},
	};

	shows(list, "flue port",
	      "PORT  KIND   BRIDGE  STATE     MTU  VLAN-MODE  PVID  OFFLOADS\n"
	      "g0    vhost  br0     waiting  1500  access        1  -\n");
	shows(stats, "flue port show g0 -s",
	      "g0\n"
	      "  kind  vhost\n"
	      "  counters\n"
	      "    rx_packets  5\n"
	      "  drops\n"
	      "    mtu_out                         3  larger than the port's MTU\n"
	      "                                       last: 9000 bytes, 1500 allowed\n");
}

static void mtus(void **state)
{
	static const struct fake_answer answers[] = {
		{"mtu.show",
		 "\"result\":[{\"element\":\"site\",\"kind\":\"site\",\"planned\":9000,"
		 "\"source\":\"site\",\"in_force\":9000,\"ok\":true},{\"element\":\"vm0\","
		 "\"kind\":\"guest\",\"planned\":9000,\"source\":\"bridge br0\","
		 "\"actual\":1500,\"in_force\":1500,\"ok\":false}]"},
		{0},
	};

	shows(answers, "flue mtu",
	      "ELEMENT  KIND   PLANNED  SOURCE      ACTUAL  IN-FORCE  OK\n"
	      "site     site      9000  site             -      9000  yes\n"
	      "vm0      guest     9000  bridge br0    1500      1500  no\n");
}

static void stats_flag_is_a_parameter(void **state)
{
	static const struct fake_answer answers[] = {{"port.show", "\"result\":[]"}, {0}};
	struct fake_flued *f = fake_start(answers);
	struct said s = testing_run("flue -s port");
	json_t *requests = fake_stop(f);
	const json_t *params = json_object_get(json_array_get(requests, 0), "params");

	assert_true(json_get_bool(params, "stats", false));
	json_decref(requests);
	testing_free(&s);
}

static void other_objects(void **state)
{
	static const struct fake_answer answers[] = {
		{"vlan.show",
		 "\"result\":[{\"port\":\"g0\",\"bridge\":\"br0\",\"vlan-mode\":\"trunk\","
		 "\"pvid\":1,\"vlans\":\"10,20-30\"}]"},
		{"pipeline.show", "\"result\":{\"workers\":[{\"id\":0,\"core\":1,\"stages\":["
				  "{\"name\":\"parse\",\"calls\":2,\"packets\":64,\"cycles\":640,"
				  "\"cycles_per_packet\":10.0}]}],\"tsc_hz\":2000000000}"},
		{"switch.show",
		 "\"result\":{\"version\":\"0.1.0\",\"hugepages\":false,\"workers\":["
		 "{\"id\":0,\"core\":1,\"busy_ratio\":0.5}]}"},
		{"fdb.flush", "\"result\":{\"flushed\":12}"},
		{"bridge.add", "\"result\":{}"},
		{"config.show", "\"result\":{\"version\":1,\"bridges\":[{\"name\":\"br0\"}]}"},
		{0},
	};

	shows(answers, "flue vlan",
	      "PORT  BRIDGE  MODE   PVID  VLANS\n"
	      "g0    br0     trunk     1  10,20-30\n");
	shows(answers, "flue pipeline",
	      "worker 0, core 1\n"
	      "STAGE  CALLS  PACKETS  CYCLES  CYCLES/PACKET\n"
	      "parse      2       64     640          10.00\n");
	shows(answers, "flue switch",
	      "version    0.1.0\n"
	      "hugepages  off\n"
	      "\n"
	      "WORKER  CORE  BUSY  POLLS  SLEEPS  RX-PACKETS\n"
	      "     0     1  0.50  -      -       -\n");
	shows(answers, "flue fdb flush br0", "12 addresses forgotten\n");
	shows(answers, "flue bridge add br0", "");
	shows(answers, "flue -j bridge add br0", "{}\n");
	shows(answers, "flue config", "version: 1\nbridges:\n  - name: br0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),
		cmocka_unit_test(bridges),
		cmocka_unit_test(ports),
		cmocka_unit_test(mtus),
		cmocka_unit_test(stats_flag_is_a_parameter),
		cmocka_unit_test(other_objects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
