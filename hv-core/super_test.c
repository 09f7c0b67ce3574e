/* SPDX-License-Identifier: BSD-3-Clause */
/* The supervisor with a stand-in for the guest (fake_guest.c): shows that processes come, go and
 * are spoken to as they should. It shows nothing of a machine. Argument: the program. */
#include "hv-core/test_super.h"

#include "base/clock.h"

static void power_button_ends_it(void **state)
{
	struct fix *f = *state;
	json_t *end;

	start(f, "", NULL, NULL);
	assert_string_equal(f->ready, "ready\n");
	is_in_state(f, "running");
	end = answer(f, "vm.stop", NULL); /* comes when it has ended */
	assert_string_equal(json_get_str(end, "ended", ""), "power-off");
	assert_false(json_get_bool(end, "forced", true));
	json_decref(end);
	assert_int_equal(ended(f), HV_EXIT_OK);
	assert_int_equal(access(f->sock, F_OK), -1);
}

static void sigterm_is_the_power_button(void **state)
{
	struct fix *f = *state;

	start(f, "", NULL, NULL);
	kill(f->pid, SIGTERM);
	assert_int_equal(ended(f), HV_EXIT_OK);
}

static void a_deaf_guest_is_ended_by_force(void **state)
{
	struct fix *f = *state;
	json_t *end;

	start(f, "deaf", NULL, NULL);
	end = answer(f, "vm.stop", "{\"timeout\":1}");
	assert_true(json_get_bool(end, "forced", false));
	json_decref(end);
	assert_int_equal(ended(f), HV_EXIT_FORCED);
}

static void a_second_signal_is_force(void **state)
{
	struct fix *f = *state;

	start(f, "deaf", "--stop-timeout", "0");
	kill(f->pid, SIGTERM);
	/* Two of them may become one; the state tells that it took the first. */
	for (bool stopping = false; !stopping;) {
		json_t *show = answer(f, "vm.show", NULL);

		stopping = strcmp(json_get_str(show, "state", ""), "stopping") == 0;
		json_decref(show);
	}
	kill(f->pid, SIGTERM);
	assert_int_equal(ended(f), HV_EXIT_FORCED);
}

static void how_it_ends_is_its_status(void **state)
{
	static const struct {
		const char *words;
		int status;
	} ends[] = {{"off", HV_EXIT_OK}, {"crash", HV_EXIT_CRASH}, {"die", HV_EXIT_DIED}};
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		start(f, ends[i].words, NULL, NULL);
		assert_int_equal(ended(f), ends[i].status);
	}
}

static void what_cannot_begin_says_why(void **state)
{
	struct fix *f = *state;

	start(f, "fail", "--restart", "always");
	assert_string_equal(f->ready, "error kernel: was told to fail\n");
	assert_int_equal(ended(f), HV_EXIT_FAILED);
	start(f, "", "--disk", "/there/is/no/such");
	assert_non_null(strstr(f->ready, "cannot open /there/is/no/such"));
	assert_int_equal(ended(f), HV_EXIT_FAILED);
	start(f, "", "--cpus", "65");
	assert_non_null(strstr(f->ready, "error cpus: 65"));
	assert_int_equal(ended(f), HV_EXIT_USAGE);
}

static void a_reset_is_a_new_process(void **state)
{
	struct fix *f = *state;
	char words[80];

	snprintf(words, sizeof(words), "reset-once=%s/reset", f->dir);
	start(f, words, NULL, NULL);
	for (uint64_t end = clock_now_ns() + PATIENCE_MS * 1000000ull;
	     shown(f, "restarts") != 1 || !is_running(f);)
		assert_true(clock_now_ns() < end);
	done(f, "vm.stop", NULL);
	assert_int_equal(ended(f), HV_EXIT_OK);
}

static void the_policy_starts_it_anew(void **state)
{
	struct fix *f = *state;
	json_t *show;

	start(f, "crash", "--restart", "on-failure");
	for (uint64_t end = clock_now_ns() + PATIENCE_MS * 1000000ull; shown(f, "restarts") < 2;)
		assert_true(clock_now_ns() < end);
	show = answer(f, "vm.show", NULL);
	assert_string_equal(json_get_str(show, "last_end", ""), "crash");
	json_decref(show);
	done(f, "vm.kill", NULL);
	waitpid(f->pid, NULL, 0);
	f->pid = 0;
}

static void a_killed_supervisor_leaves_no_guest(void **state)
{
	struct fix *f = *state;
	uint64_t end = clock_now_ns() + PATIENCE_MS * 1000000ull;
	pid_t guest;

	start(f, "", NULL, NULL);
	guest = (pid_t)shown(f, "guest_pid");
	assert_true(guest > 1 && guest != f->pid);
	/* It becomes ours when its parent goes, so that its end is seen for sure. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	f->pid = 0;
	while (waitpid(guest, NULL, WNOHANG) != guest)
		assert_true(clock_now_ns() < end);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void pause_and_resume(void **state)
{
	struct fix *f = *state;

	start(f, "", NULL, NULL);
	done(f, "vm.pause", NULL);
	is_in_state(f, "paused");
	done(f, "vm.resume", NULL);
	is_in_state(f, "running");
}

static void snapshots_are_whole_or_absent(void **state)
{
	struct fix *f = *state;
	char params[120], file[64], part[80];

	snprintf(file, sizeof(file), "%s/snap", f->dir);
	snprintf(part, sizeof(part), "%s.part", file);
	snprintf(params, sizeof(params), "{\"file\":\"%s\"}", file);
	start(f, "no-snapshot", NULL, NULL);
	refused(f, "vm.snapshot", params, -EBUSY);
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(access(part, F_OK), -1);
	refused(f, "vm.snapshot", "{\"file\":\"snap\"}", -EINVAL);
	refused(f, "vm.snapshot", "{\"file\":\"/there/is/no/such\"}", -ENOENT);
	done(f, "vm.stop", NULL);
	ended(f);
	client_close(f->client);
	f->client = NULL;

	start(f, "", NULL, NULL);
	done(f, "vm.snapshot", params);
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(access(part, F_OK), -1);
	done(f, "vm.stop", NULL);
	ended(f);
	client_close(f->client);
	f->client = NULL;

	start(f, "", "--restore", file);
	assert_string_equal(f->ready, "ready\n");
	done(f, "vm.stop", NULL);
	ended(f);
	start(f, "", "--restore", f->kernel);
	assert_string_equal(f->ready, "error not a fake guest's snapshot\n");
	assert_int_equal(ended(f), HV_EXIT_FAILED);
}

static void cards_come_and_go(void **state)
{
	struct fix *f = *state;
	char params[160], path[64];

	snprintf(path, sizeof(path), "%s/nic", f->dir);
	snprintf(params, sizeof(params),
		 "{\"guest\":\"g\",\"name\":\"n0\",\"socket\":\"%s\",\"mode\":\"serve\"}", path);
	start(f, "", NULL, NULL);
	done(f, "nic.add", params);
	assert_int_equal(access(path, F_OK), 0);
	refused(f, "nic.add", params, -EEXIST);
	refused(f, "nic.add", "{\"guest\":\"h\",\"name\":\"n1\",\"socket\":\"/s\"}", -ENOENT);
	refused(f, "nic.del", "{\"guest\":\"g\",\"name\":\"n1\"}", -ENOENT);
	done(f, "nic.del", "{\"guest\":\"g\",\"name\":\"n0\"}");
	assert_int_equal(access(path, F_OK), -1);
	refused(f, "nic.del", "{\"guest\":\"g\",\"name\":\"n0\"}", -ENOENT);
}

static void an_image_has_one_guest(void **state)
{
	struct fix *f = *state;
	struct fix other = *f;

	start(f, "", "--disk", f->kernel);
	assert_string_equal(f->ready, "ready\n");
	snprintf(other.sock, sizeof(other.sock), "%s/other", f->dir);
	start(&other, "", "--disk", f->kernel);
	assert_non_null(strstr(other.ready, "another guest uses"));
	assert_int_equal(ended(&other), HV_EXIT_FAILED);
}

int main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(power_button_ends_it),
		T(sigterm_is_the_power_button),
		T(a_deaf_guest_is_ended_by_force),
		T(a_second_signal_is_force),
		T(how_it_ends_is_its_status),
		T(what_cannot_begin_says_why),
		T(a_reset_is_a_new_process),
		T(the_policy_starts_it_anew),
		T(a_killed_supervisor_leaves_no_guest),
		T(pause_and_resume),
		T(snapshots_are_whole_or_absent),
		T(cards_come_and_go),
		T(an_image_has_one_guest),
	};

	if (argc < 2)
		return 2;
	program = argv[1];
	/* The supervisor opens it for the guest, which here has no use for it. */
	if (access("/dev/kvm", R_OK | W_OK) != 0) {
		puts("skip: no /dev/kvm");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
