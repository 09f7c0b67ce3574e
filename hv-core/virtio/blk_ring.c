/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the disk's io_uring takes. No filter of system calls sees what a ring is asked for, and a
 * ring can open files and connect. Whoever takes over the thread, or writes to the ring's memory,
 * must not get more by it than the thread has.
 */
#include "hv-core/virtio/blk_impl.h"

#include <sys/syscall.h>
#include <unistd.h>

int blk_ring_restrict(struct io_uring *ring)
{
	static const uint8_t ops[] = {IORING_OP_POLL_ADD, IORING_OP_READV, IORING_OP_WRITEV,
				      IORING_OP_FSYNC, IORING_OP_FALLOCATE};
	struct io_uring_restriction may[sizeof(ops)] = {{0}};

	for (size_t i = 0; i < sizeof(ops); i++) {
		may[i].opcode = IORING_RESTRICTION_SQE_OP;
		may[i].sqe_op = ops[i];
	}
	/* liburing 2.3 declares its functions for both and does not have them. */
	if (syscall(SYS_io_uring_register, ring->ring_fd, IORING_REGISTER_RESTRICTIONS, may,
		    sizeof(ops)) ||
	    syscall(SYS_io_uring_register, ring->ring_fd, IORING_REGISTER_ENABLE_RINGS, NULL, 0))
		return -errno;
	return 0;
}
