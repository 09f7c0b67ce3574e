/* SPDX-License-Identifier: BSD-3-Clause */
/* The disk over time: many requests under way, a kernel that does less than it was asked, stops,
 * interrupts. */
#include "hv-core/virtio/test_blk.h"

#include "hv-core/virtio/blk.h"

#include <poll.h>
#include <sys/ioctl.h>

static const uint64_t forms[] = {GOES_ON | FLUSHES, GOES_ON | FLUSHES | F(VIRTIO_F_RING_PACKED)};

static int setup(void **state)
{
	*state = make_rig(false, false);
	return 0;
}

static int setup_direct(void **state)
{
	*state = make_rig(false, true);
	return 0;
}

static int teardown(void **state)
{
	free_rig(*state);
	return 0;
}

/* Each id has a stretch of the disk of its own, and memory; what it wrote last it must read. */
static void go_round(struct blk_rig *r, unsigned int rounds)
{
	static const uint32_t stretch = 65536;
	unsigned int slot_of[RING] = {0}, seed[RING] = {0}, step[RING] = {0}, done = 0;
	bool busy[RING] = {false};

	srand(1);
	while (done < rounds || r->waiting) {
		for (unsigned int s = 0; s < RING && done < rounds; s++) {
			uint64_t data = DATA + 2ull * stretch * s + (step[s] % 3 ? 0 : 3);
			bool write = step[s] % 2 == 0;

			if (busy[s] || !r->d.unused || rand() % 3 == 0)
				continue;
			if (write)
				pattern(at(r, data), stretch, ++seed[s] + 100 * s);
			else
				memset(at(r, data), 0, stretch);
			slot_of[ask(r, s, write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN,
				    stretch / SECTOR * s, data, stretch)] = s;
			busy[s] = true;
		}
		if (!r->waiting)
			continue;
		kick(r);
		unsigned int s = slot_of[take_one(r)];
		assert_int_equal(*at(r, STATUSES + s), VIRTIO_BLK_S_OK);
		if (step[s] % 2)
			must_have(at(r, DATA + 2ull * stretch * s + (step[s] % 3 ? 0 : 3)), stretch,
				  seed[s] + 100 * s);
		step[s]++;
		busy[s] = false;
		done++;
	}
}

static void many_are_under_way(void **state)
{
	for (unsigned int i = 0; i < 2; i++) {
		begin(*state, forms[i]);
		go_round(*state, 600);
	}
}

/* Puts a pipe in the file's place: a kernel that gives what there is, when there is some. */
static void be_pipe(struct blk_rig *r, int end, int *other)
{
	int p[2];

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_true(dup3(p[end], r->b->fd, O_CLOEXEC) >= 0);
	close(p[end]);
	*other = p[!end];
}

static void until_busy(struct blk_rig *r, unsigned int n)
{
	for (int i = 0; i < 60000 && *(volatile unsigned int *)&r->b->busy < n; i++)
		usleep(500);
	assert_int_equal(r->b->busy, n);
}

static void give(int fd, const uint8_t *p, size_t n)
{
	assert_int_equal(write(fd, p, n), (ssize_t)n);
}

/* Reads that are given back in pieces which end within a buffer, and with it. */
static void a_short_read_goes_on(void **state)
{
	static const size_t pieces[] = {1, 511, 100, 412, 1024, 1, 2047};
	struct blk_rig *r = *state;
	struct drv_buf b[5] = {{HEADS, 16, false},
			       {DATA + 1, 512, true},
			       {DATA + 4096, 1536, true},
			       {DATA + 8193, 2048, true},
			       {STATUSES, 1, true}};
	uint8_t bytes[4096];
	size_t n = 0;
	int feed;

	begin(r, forms[0]);
	be_pipe(r, 0, &feed);
	pattern(bytes, sizeof(bytes), 5);
	ask_cut(r, 0, VIRTIO_BLK_T_IN, 0, b, 5, true);
	kick(r);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); n += pieces[i++]) {
		int left = 1;

		give(feed, bytes + n, pieces[i]);
		for (int t = 0; left && t < 60000; t++) {
			assert_int_equal(ioctl(feed, FIONREAD, &left), 0);
			usleep(500);
		}
		assert_int_equal(left, 0);
	}
	assert_int_equal(n, sizeof(bytes));
	take_one(r);
	assert_int_equal(*at(r, STATUSES), VIRTIO_BLK_S_OK);
	assert_memory_equal(at(r, DATA + 1), bytes, 512);
	assert_memory_equal(at(r, DATA + 4096), bytes + 512, 1536);
	assert_memory_equal(at(r, DATA + 8193), bytes + 2048, 2048);
	close(feed);
}

/* A pipe takes 64 KB at once; the rest must follow, in order. */
static void a_short_write_goes_on(void **state)
{
	struct blk_rig *r = *state;
	uint32_t bytes = 300 * 1024;
	uint8_t *got = malloc(bytes);
	int drain;

	begin(r, forms[0]);
	be_pipe(r, 1, &drain);
	pattern(at(r, DATA + 5), bytes, 6);
	ask(r, 0, VIRTIO_BLK_T_OUT, 0, DATA + 5, bytes);
	kick(r);
	for (size_t n = 0; n < bytes;) {
		ssize_t rc = read(drain, got + n, 1000 < bytes - n ? 1000 : bytes - n);

		assert_true(rc > 0);
		n += (size_t)rc;
	}
	take_one(r);
	assert_int_equal(*at(r, STATUSES), VIRTIO_BLK_S_OK);
	must_have(got, bytes, 6);
	close(drain);
	free(got);
}

/* Later requests come back before earlier ones: a read that waits does not hold up the others. */
static void any_order_is_fine(void **state)
{
	struct blk_rig *r = *state;
	unsigned int first, id;
	uint8_t bytes[512];
	int feed;

	for (unsigned int i = 0; i < 2; i++) {
		begin(r, forms[i]);
		be_pipe(r, 0, &feed);
		first = (unsigned int)ask(r, 0, VIRTIO_BLK_T_IN, 0, DATA, 512);
		for (unsigned int k = 1; k < 20; k++) {
			ask(r, k, VIRTIO_BLK_T_GET_ID, 0, DATA + 4096 * k, 20);
			kick(r);
			id = take_one(r);
			assert_true(id != first);
			assert_memory_equal(at(r, DATA + 4096 * k), "serial", 6);
			/* A pipe has no disk to flush to: an error, told to the guest. */
			ask(r, k, VIRTIO_BLK_T_FLUSH, 0, 0, 0);
			kick(r);
			assert_true(take_one(r) != first);
			assert_int_equal(*at(r, STATUSES + k), VIRTIO_BLK_S_IOERR);
		}
		pattern(bytes, sizeof(bytes), 8);
		give(feed, bytes, sizeof(bytes));
		assert_int_equal(take_one(r), first);
		assert_memory_equal(at(r, DATA), bytes, sizeof(bytes));
		close(feed);
	}
}

static void *feed_later(void *arg)
{
	static uint8_t bytes[RING * 512];

	usleep(20000);
	give(*(int *)arg, bytes, sizeof(bytes));
	return NULL;
}

/* A reset returns once the kernel no longer writes to what becomes the guest's own again. */
static void a_reset_waits_for_what_is_under_way(void **state)
{
	struct blk_rig *r = *state;
	pthread_t t;
	int feed;

	for (unsigned int i = 0; i < 2; i++) {
		begin(r, forms[i]);
		be_pipe(r, 0, &feed);
		for (unsigned int k = 0; k < RING; k++) {
			memset(at(r, DATA + 4096 * k), 0x77, 512);
			ask(r, k, VIRTIO_BLK_T_IN, 0, DATA + 4096 * k, 512);
		}
		/* Of those it had not looked at yet, it must not begin any later. */
		kick(r);
		pthread_create(&t, NULL, feed_later, &feed);
		reg(r, VIRTIO_PCI_COMMON_STATUS, 1, 0);
		assert_int_equal(r->b->busy, 0);
		assert_int_equal(r->b->q.in_flight, 0);
		pthread_join(t, NULL);
		for (unsigned int k = 0; k < RING; k++) {
			bool begun = *at(r, STATUSES + k) != 0xee;

			assert_int_equal(*at(r, DATA + 4096 * k), begun ? 0 : 0x77);
		}
		close(feed);
	}
}

/* More copied data than a guest may make the host hold: the rest waits its turn. */
static void copies_are_bounded(void **state)
{
	struct blk_rig *r = *state;
	const uint32_t each = 2 << 20;
	int feed;

	begin(r, forms[0]);
	be_pipe(r, 0, &feed);
	for (unsigned int k = 0; k < RING; k++)
		ask(r, k, VIRTIO_BLK_T_IN, 0, DATA + 1, each);
	kick(r);
	until_busy(r, BLK_COPY_MAX / each);
	usleep(50000); /* for a disk that takes more */
	assert_int_equal(r->b->busy, BLK_COPY_MAX / each);
	/* The pipe's end is a file that became shorter. */
	close(feed);
	for (unsigned int k = 0; k < RING; k++)
		take_one(r);
	for (unsigned int k = 0; k < RING; k++)
		assert_int_equal(*at(r, STATUSES + k), VIRTIO_BLK_S_IOERR);
	r->b->dev.ops->quiesce(r->b, NULL);
	assert_int_equal(r->b->copying, 0);
}

static bool interrupted(struct blk_rig *r)
{
	eventfd_t n;

	return !eventfd_read(hv_virtio_call_fd(r->b->v, 0), &n);
}

/* MSI-X is masked, so what the disk signals stays to be counted. An interrupt comes with what was
 * used, not with what was only begun, and not where the driver wants none. */
static void interrupts_come_with_results(void **state)
{
	struct blk_rig *r = *state;
	uint8_t bytes[512] = {0};
	int feed;

	begin(r, F(VIRTIO_F_VERSION_1) | F(VIRTIO_RING_F_INDIRECT_DESC));
	be_pipe(r, 0, &feed);
	ask(r, 0, VIRTIO_BLK_T_IN, 0, DATA, 512);
	kick(r);
	until_busy(r, 1);
	assert_false(interrupted(r));
	give(feed, bytes, sizeof(bytes));
	take_one(r);
	struct pollfd p = {.fd = hv_virtio_call_fd(r->b->v, 0), .events = POLLIN};
	assert_int_equal(poll(&p, 1, 60000), 1);
	interrupted(r);
	*drv_u16(&r->d, DRV_DRIVER) = VRING_AVAIL_F_NO_INTERRUPT;
	do_one(r, VIRTIO_BLK_T_GET_ID, 0, DATA, 20);
	/* Held still, the thread has said all it had to say. */
	r->b->dev.ops->quiesce(r->b, NULL);
	assert_false(interrupted(r));
	close(feed);
}

static bool is_dsync(struct blk_rig *r)
{
	begin(r, GOES_ON);
	return r->b->write_through;
}

static void without_flush_writes_go_through(void **state)
{
	struct blk_rig *r = *state;

	assert_true(is_dsync(r));
	pattern(at(r, DATA), 4096, 2);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_OUT, 0, DATA, 4096), VIRTIO_BLK_S_OK);
	begin(r, GOES_ON | FLUSHES);
	assert_false(r->b->write_through);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_OUT, 0, DATA, 4096), VIRTIO_BLK_S_OK);
}

#define TEST(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(many_are_under_way, setup),
		TEST(many_are_under_way, setup_direct),
		TEST(a_short_read_goes_on, setup),
		TEST(a_short_read_goes_on, setup_direct),
		TEST(a_short_write_goes_on, setup),
		TEST(a_short_write_goes_on, setup_direct),
		TEST(any_order_is_fine, setup),
		TEST(a_reset_waits_for_what_is_under_way, setup),
		TEST(copies_are_bounded, setup_direct),
		TEST(interrupts_come_with_results, setup),
		TEST(without_flush_writes_go_through, setup),
	};

	return no_kvm() ? 77 : cmocka_run_group_tests(tests, NULL, NULL);
}
