/* SPDX-License-Identifier: BSD-3-Clause */
/* The socket: where it may be, whose it is, and what becomes of one that is there. */
#include "api/serve/test_rpc.h"

#include <sys/stat.h>
#include <sys/un.h>

static void live_socket_is_left_alone(void **state)
{
	struct fix *f = *state;
	struct err e = {0};
	struct client c;

	assert_null(rpc_server_new(f->base, f->path, NULL, rpc_handlers, f, &e));
	assert_int_equal(e.code, -EADDRINUSE);
	assert_non_null(strstr(e.text, f->path));
	c = connected(f);
	say_line(&c, REQ(1, "bridge.add", "{\"name\":\"b\"}"));
	assert_string_equal(hear(&c), OK(1));
	hang_up(&c);
}

static void stale_socket_is_replaced(void **state)
{
	struct fix *f = *state;
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct err e = {0};
	struct client c;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	rpc_server_free(f->server);
	strcpy(sun.sun_path, f->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	f->server = rpc_server_new(f->base, f->path, NULL, rpc_handlers, f, &e);
	assert_non_null(f->server);
	c = connected(f);
	say_line(&c, REQ(1, "bridge.add", "{\"name\":\"b\"}"));
	assert_string_equal(hear(&c), OK(1));
	hang_up(&c);
}

static void refuses_other_paths(void **state)
{
	struct fix *f = *state;
	char file[80], deep[96], long_path[200];
	struct err e = {0};

	snprintf(file, sizeof(file), "%s/file", f->dir);
	fclose(fopen(file, "w"));
	assert_null(rpc_server_new(f->base, file, NULL, rpc_handlers, f, &e));
	assert_int_equal(e.code, -EEXIST);
	assert_int_equal(unlink(file), 0);

	snprintf(deep, sizeof(deep), "%s/no/sock", f->dir);
	assert_null(rpc_server_new(f->base, deep, NULL, rpc_handlers, f, &e));
	assert_int_equal(e.code, -ENOENT);

	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_null(rpc_server_new(f->base, long_path, NULL, rpc_handlers, f, &e));
	assert_int_equal(e.code, -ENAMETOOLONG);

	assert_null(rpc_server_new(f->base, file, "no such group", rpc_handlers, f, &e));
	assert_int_equal(e.code, -ENOENT);
	assert_int_not_equal(access(file, F_OK), 0);
}

static void makes_its_directory_below_run(void **state)
{
	struct fix *f = *state;
	char dir[48], path[64];
	struct err e = {0};
	struct stat st;
	struct rpc_server *s;

	if (access("/run", W_OK) != 0)
		skip();
	snprintf(dir, sizeof(dir), "/run/flue-rpc-test-%d", (int)getpid());
	snprintf(path, sizeof(path), "%s/sub/sock", dir);
	assert_null(rpc_server_new(f->base, path, NULL, rpc_handlers, f, &e));
	assert_int_equal(e.code, -ENOENT);
	snprintf(path, sizeof(path), "%s/sock", dir);
	s = rpc_server_new(f->base, path, NULL, rpc_handlers, f, &e);
	assert_non_null(s);
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	rpc_server_free(s);
	assert_int_equal(rmdir(dir), 0);
}

static void mode_and_owner(void **state)
{
	struct fix *f = *state;
	struct err e = {0};
	struct stat st;
	char group[16];
	mode_t mask = umask(077);

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	rpc_server_free(f->server);
	snprintf(group, sizeof(group), "%u", (unsigned int)getgid());
	f->server = rpc_server_new(f->base, f->path, group, rpc_handlers, f, &e);
	assert_non_null(f->server);
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_gid, getgid());
	assert_int_equal(umask(mask), 077);
}

static void leaves_the_socket_of_another(void **state)
{
	struct fix *f = *state;
	struct err e = {0};
	struct rpc_server *old = f->server;

	assert_int_equal(unlink(f->path), 0);
	f->server = rpc_server_new(f->base, f->path, NULL, rpc_handlers, f, &e);
	assert_non_null(f->server);
	rpc_server_free(old);
	assert_int_equal(access(f->path, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(live_socket_is_left_alone),
		RPC_TEST(stale_socket_is_replaced),
		RPC_TEST(refuses_other_paths),
		RPC_TEST(makes_its_directory_below_run),
		RPC_TEST(mode_and_owner),
		RPC_TEST(leaves_the_socket_of_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
