/* SPDX-License-Identifier: BSD-3-Clause */
#include "vswitch/ctrl/metrics.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void formats(void **state)
{
	json_t *ports = json_loads(
		"[{\"name\":\"h1\",\"kind\":\"host\",\"bridge\":\"br0\",\"mtu\":9000,"
		"\"mtu_planned\":9000,\"mtu_actual\":1500,\"state\":\"up\","
		"\"stats\":{\"rx_packets\":5,\"drops\":{\"mtu_in\":{\"count\":2,\"help\":\"x\"}}}},"
		"{\"name\":\"v1\",\"kind\":\"vhost\",\"bridge\":\"br0\",\"state\":\"waiting\","
		"\"stats\":{\"rx_packets\":7,\"csum_sw\":1,\"drops\":{}}}]",
		0, NULL);
	json_t *bridges =
		json_loads("[{\"name\":\"br0\",\"mtu\":1500,\"fdb_entries\":3}]", 0, NULL);
	json_t *sw = json_loads("{\"version\":\"0.1.0\",\"uptime_s\":12,\"mbufs\":10,\"workers\":"
				"[{\"id\":0,\"core\":1,\"busy_ratio\":0.5,\"polls\":9}]}",
				0, NULL);
	json_t *pipeline = json_loads("{\"tsc_hz\":2000,\"workers\":[{\"id\":0,\"stages\":"
				      "[{\"name\":\"parse\",\"calls\":1,\"packets\":4}]}]}",
				      0, NULL);
	json_t *chimney =
		json_loads("{\"connections\":2,\"counts\":{\"offloaded\":7,\"uploaded\":5,"
			   "\"lost\":0,\"refused\":{\"no_path\":3},\"upload_reasons\":"
			   "{\"requested\":5}},\"engine\":{\"retrans\":11},"
			   "\"tree\":{\"paths\":2,\"updates\":9}}",
			   0, NULL);
	const struct metrics_data all = {ports, bridges, sw, pipeline, chimney};
	static const char *const want[] = {
		"# HELP flue_port_rx_packets_total Counter rx_packets of 'flue port show -s'.\n"
		"# TYPE flue_port_rx_packets_total counter\n"
		"flue_port_rx_packets_total{port=\"h1\"} 5\n"
		"flue_port_rx_packets_total{port=\"v1\"} 7\n",
		"\nflue_port_csum_sw_total{port=\"v1\"} 1\n",
		"\nflue_port_drops_total{port=\"h1\",reason=\"mtu_in\"} 2\n",
		"\nflue_port_info{port=\"v1\",kind=\"vhost\",bridge=\"br0\"} 1\n",
		"\nflue_port_up{port=\"h1\"} 1\nflue_port_up{port=\"v1\"} 0\n",
		"\nflue_port_mtu_bytes{port=\"h1\"} 9000\n#",
		"\nflue_port_mtu_planned_bytes{port=\"h1\"} 9000\n#",
		"\nflue_port_mtu_actual_bytes{port=\"h1\"} 1500\n",
		"\nflue_bridge_fdb_entries{bridge=\"br0\"} 3\n",
		"\nflue_info{version=\"0.1.0\",dpdk=\"\"} 1\n",
		"\nflue_uptime_seconds 12\n",
		"\nflue_worker_busy_ratio{worker=\"0\",core=\"1\"} 0.5\n",
		"\nflue_stage_packets_total{worker=\"0\",stage=\"parse\"} 4\n",
		"\nflue_tsc_hz 2000\n",
		"\nflue_chimney_connections 2\n",
		"\nflue_chimney_offloads_total 7\n",
		"\nflue_chimney_refused_total{reason=\"no_path\"} 3\n",
		"\nflue_chimney_upload_reasons_total{reason=\"requested\"} 5\n",
		"\nflue_chimney_engine_total{count=\"retrans\"} 11\n",
		"# TYPE flue_chimney_objects gauge\nflue_chimney_objects{object=\"paths\"} 2\n#",
		"\nflue_chimney_news_total{news=\"updates\"} 9\n",
	};
	size_t len;
	char *text = metrics_format(&all, &len);

	assert_non_null(text);
	assert_int_equal(len, strlen(text));
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		if (!strstr(text, want[i]))
			fail_msg("no %s in:\n%s", want[i], text);
	/* an unknown value is absent */
	assert_null(strstr(text, "\nflue_mbufs_free "));
	assert_null(strstr(text, "flue_port_csum_sw_total{port=\"h1\"}"));
	free(text);
	json_decref(ports);
	json_decref(bridges);
	json_decref(sw);
	json_decref(pipeline);
	json_decref(chimney);
}

static void escapes_labels_and_names(void **state)
{
	json_t *ports = json_pack("[{s:s,s:{s:i}}]", "name", "a\"b\\c\nd", "stats", "x-y", 1);
	size_t len;
	char *text = metrics_format(&(struct metrics_data){.ports = ports}, &len);

	assert_non_null(strstr(text, "\nflue_port_x_y_total{port=\"a\\\"b\\\\c\\nd\"} 1\n"));
	free(text);
	json_decref(ports);
}

static void nothing_known(void **state)
{
	size_t len = 1;
	char *text = metrics_format(&(struct metrics_data){0}, &len);

	assert_string_equal(text, "");
	assert_int_equal(len, 0);
	free(text);
}

static int collect(void *ctx, struct metrics_data *d, struct err *e)
{
	if (*(bool *)ctx)
		return err_set(e, -EIO, "no luck");
	d->sw = json_pack("{s:i}", "uptime_s", 3);
	return 0;
}

/* Sends a request and returns the whole answer. */
static const char *ask(struct event_base *base, int port, const char *line)
{
	static char buf[65536];
	struct sockaddr_in sin = {.sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	uint64_t end = clock_now_ns() + 20000000000u;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t len = 0;

	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	snprintf(buf, sizeof(buf), "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", line);
	assert_int_equal(send(fd, buf, strlen(buf), MSG_NOSIGNAL), strlen(buf));
	for (;;) {
		ssize_t n;

		event_base_loop(base, EVLOOP_NONBLOCK);
		n = recv(fd, buf + len, sizeof(buf) - 1 - len, MSG_DONTWAIT);
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
		assert_true(clock_now_ns() < end);
	}
	close(fd);
	buf[len] = '\0';
	return buf;
}

#define BEGINS(text, with) assert_int_equal(strncmp(text, with, sizeof(with) - 1), 0)

static void serves(void **state)
{
	struct event_base *base = event_base_new();
	bool broken = false;
	struct err e = {0};
	struct metrics_server *s = metrics_server_new(base, "127.0.0.1:0", collect, &broken, &e);
	const char *answer;
	char taken[32];
	int port;

	assert_non_null(s);
	port = metrics_server_port(s);
	answer = ask(base, port, "GET /metrics");
	BEGINS(answer, "HTTP/1.1 200 ");
	assert_non_null(
		strstr(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
	assert_non_null(strstr(answer, "\nflue_uptime_seconds 3\n"));
	BEGINS(ask(base, port, "GET /metrics?x=1"), "HTTP/1.1 200 ");
	BEGINS(ask(base, port, "GET /"), "HTTP/1.1 404 ");
	BEGINS(ask(base, port, "GET /metrics/x"), "HTTP/1.1 404 ");
	answer = ask(base, port, "DELETE /metrics");
	BEGINS(answer, "HTTP/1.1 405 ");
	assert_non_null(strstr(answer, "Allow: GET\r\n"));
	BEGINS(ask(base, port, "HEAD /metrics"), "HTTP/1.1 405 ");
	broken = true;
	answer = ask(base, port, "GET /metrics");
	BEGINS(answer, "HTTP/1.1 503 ");
	assert_non_null(strstr(answer, "no luck"));

	snprintf(taken, sizeof(taken), "127.0.0.1:%d", port);
	assert_null(metrics_server_new(base, taken, collect, &broken, &e));
	assert_int_equal(e.code, -EADDRINUSE);
	assert_non_null(strstr(e.text, taken));
	metrics_server_free(s);
	event_base_free(base);
}

static void refuses_addresses(void **state)
{
	static const char *const bad[] = {
		"",    "x",	   "127.0.0.1", "127.0.0.1:", ":9188",	       "1.2.3.4:x",
		"::1", "::1:9188", "[::1]",	"host:9188",  "1.2.3.4:70000", "[1.2.3.4]:1"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = {0};

		assert_null(metrics_server_new(NULL, bad[i], collect, NULL, &e));
		assert_int_equal(e.code, -EINVAL);
		assert_non_null(strstr(e.text, "ADDRESS:PORT"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),	     cmocka_unit_test(escapes_labels_and_names),
		cmocka_unit_test(nothing_known),     cmocka_unit_test(serves),
		cmocka_unit_test(refuses_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
