/* SPDX-License-Identifier: BSD-3-Clause */
/* The disk's ring does what the disk needs, and nothing for anybody else. */
#include "hv-core/virtio/blk_impl.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static struct io_uring ring;
static int file;

static int open_ring(void **state)
{
	int rc = io_uring_queue_init(8, &ring, IORING_SETUP_R_DISABLED);

	if (rc)
		return 0; /* each test skips */
	file = memfd_create("disk", MFD_CLOEXEC);
	return file < 0 || ftruncate(file, 65536) ? -1 : blk_ring_restrict(&ring);
}

static int close_ring(void **state)
{
	if (ring.ring_fd > 0)
		io_uring_queue_exit(&ring);
	return 0;
}

static struct io_uring_sqe *sqe(void)
{
	if (ring.ring_fd <= 0)
		skip();
	return io_uring_get_sqe(&ring);
}

static int result(void)
{
	struct io_uring_cqe *cqe;
	int res;

	assert_true(io_uring_submit(&ring) >= 0);
	assert_int_equal(io_uring_wait_cqe(&ring, &cqe), 0);
	res = cqe->res;
	io_uring_cqe_seen(&ring, cqe);
	return res;
}

static void the_disks_operations_work(void **state)
{
	char text[] = "flue", back[4];
	struct iovec out = {text, 4}, in = {back, 4};

	io_uring_prep_writev2(sqe(), file, &out, 1, 512, RWF_DSYNC);
	assert_int_equal(result(), 4);
	io_uring_prep_readv(sqe(), file, &in, 1, 512);
	assert_int_equal(result(), 4);
	assert_memory_equal(back, text, 4);
	io_uring_prep_fsync(sqe(), file, IORING_FSYNC_DATASYNC);
	assert_int_equal(result(), 0);
	io_uring_prep_fallocate(sqe(), file, 0, 0, 4096);
	assert_int_equal(result(), 0);
	io_uring_prep_poll_add(sqe(), file, POLLIN);
	assert_int_equal(result(), POLLIN);
}

static void others_are_refused(void **state)
{
	io_uring_prep_openat(sqe(), AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
	assert_int_equal(result(), -EACCES);
	io_uring_prep_socket(sqe(), AF_INET, SOCK_STREAM, 0, 0);
	assert_int_equal(result(), -EACCES);
	io_uring_prep_unlinkat(sqe(), AT_FDCWD, "/nowhere", 0);
	assert_int_equal(result(), -EACCES);
	io_uring_prep_nop(sqe());
	assert_int_equal(result(), -EACCES);
}

static void flags_are_refused(void **state)
{
	struct io_uring_sqe *s = sqe();

	io_uring_prep_fsync(s, file, 0);
	s->flags |= IOSQE_ASYNC;
	assert_int_equal(result(), -EACCES);
}

static void nothing_can_be_registered(void **state)
{
	if (ring.ring_fd <= 0)
		skip();
	assert_int_equal(
		syscall(SYS_io_uring_register, ring.ring_fd, IORING_REGISTER_FILES, &file, 1), -1);
	assert_int_equal(errno, EACCES);
	assert_int_equal(
		syscall(SYS_io_uring_register, ring.ring_fd, IORING_REGISTER_RESTRICTIONS, NULL, 0),
		-1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_disks_operations_work, open_ring, close_ring),
		cmocka_unit_test_setup_teardown(others_are_refused, open_ring, close_ring),
		cmocka_unit_test_setup_teardown(flags_are_refused, open_ring, close_ring),
		cmocka_unit_test_setup_teardown(nothing_can_be_registered, open_ring, close_ring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
