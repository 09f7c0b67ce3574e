/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What each kind of thread may ask of the kernel, and what for. Anything else ends the process, so
 * a call is here because something breaks without it. docs/hv-sandbox.md tells the same as a table.
 *
 * None of these makes a descriptor from a name: what a process has is what it was handed, what a
 * peer sends it, and what it makes of nothing (eventfd, memfd, timerfd, epoll).
 */
#include "hv-core/sandbox/lists.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* What pthread_create() asks for: a thread that shares everything. Nothing else is made. */
#define THREAD                                                                              \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD | \
	 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

#define CALL(name, who)                          \
	{                                        \
		.nr = SYS_##name, .kinds = (who) \
	}
#define CALL_IF(name, who, how, n, v)                                                     \
	{                                                                                 \
		.nr = SYS_##name, .kinds = (who), .when = (how), .arg = (n), .value = (v) \
	}
/* Does nothing, and says so. */
#define REFUSED(name, who, code)                                    \
	{                                                           \
		.nr = SYS_##name, .kinds = (who), .refused = (code) \
	}

const struct hv_call hv_calls[] = {
	/* Locks, and waiting for one another. */
	CALL(futex, ALL),
	/* Memory of the allocator; never executable. */
	CALL_IF(mmap, ALL, LACKS, 2, PROT_EXEC),
	CALL(munmap, ALL),
	CALL(brk, ALL),
	CALL(mremap, MAIN | VCPU),
	CALL(madvise, ALL), /* a thread that ends gives its stack back */
	/* Descriptors there are: eventfds, the console's pipes, standard error for the log. */
	CALL(read, ALL),
	CALL(write, ALL),
	CALL(close, MAIN | VCPU),
	CALL(poll, MAIN | VCPU | CARD),
	/* Time where the kernel offers none in user space; a thread's time for statistics. */
	CALL(clock_gettime, ALL),
	/* libevent's and libc's: calls where the host's clock cannot be read in user space. */
	CALL(gettimeofday, ALL),
	CALL(time, ALL),
	CALL(clock_nanosleep, MAIN | VCPU), /* hv_vu_recover()'s millisecond */
	/* The signal that makes a vCPU leave the guest, to threads of this process alone; abort().
	 */
	CALL_IF(tgkill, ALL, OWN_PID, 0, 0),
	CALL(getpid, ALL),
	CALL(gettid, ALL),
	CALL(rt_sigprocmask, ALL),
	CALL(rt_sigreturn, ALL),
	CALL(restart_syscall, ALL),
	CALL(exit, ALL),
	CALL(exit_group, MAIN),

	/* vhost-user and the supervisor's socket: connections that are there already. */
	CALL(sendmsg, MAIN | VCPU),
	CALL(recvmsg, MAIN | VCPU),
	CALL(shutdown, MAIN | VCPU), /* of a switch that is sent away */
	CALL(recvfrom, MAIN),	     /* on_readable() peeks */
	CALL(accept4, MAIN),	     /* a card that serves: its listening socket was handed in */

	/* Made of nothing: an interrupt's or a queue's descriptor. */
	CALL(eventfd2, MAIN | VCPU),
	/* The control queue is listened to when its driver starts. */
	CALL(epoll_ctl, MAIN | VCPU),
	/* The emulated card's interrupt moderation. */
	CALL(timerfd_settime, MAIN | VCPU | CARD),
	/* Configuration and trapped registers of a function of the host's (VFIO). */
	CALL(pread64, MAIN | VCPU),
	CALL(pwrite64, MAIN | VCPU),

	/* The disk: data moves by io_uring, whose ring takes five operations (blk.c). */
	CALL(io_uring_enter, DISK),

	/* The loop. */
	CALL(epoll_wait, MAIN),
	CALL(epoll_pwait, MAIN),
	/* A card that is added while the guest runs; of a function's group it is asked which it is.
	 */
	CALL(fstat, MAIN),
	CALL(epoll_create1, MAIN),
	CALL(timerfd_create, MAIN),
	CALL(memfd_create, MAIN),
	CALL(ftruncate, MAIN),
	CALL_IF(fcntl, MAIN, IS, 1, F_ADD_SEALS),
	/* Its thread: clone3() has its flags in memory, where no filter sees them, so glibc is told
	 * that there is none and uses clone(). */
	REFUSED(clone3, MAIN, ENOSYS),
	CALL_IF(clone, MAIN, IS, 0, THREAD),
	CALL_IF(mprotect, MAIN, LACKS, 2, PROT_EXEC), /* the guard page of its stack */
	CALL(set_robust_list, MAIN),
	CALL(rseq, MAIN),
	CALL_IF(prctl, MAIN, IS, 0, PR_SET_NAME),
	CALL_IF(seccomp, MAIN, IS, 0, SECCOMP_SET_MODE_FILTER), /* one more list only takes away */
	/* A snapshot, to a descriptor that was handed in. stdio asks for the file's block size and
	 * does without; the same call could look for other files by name. */
	CALL(dup, MAIN),
	CALL_IF(fcntl, MAIN, IS, 1, F_GETFL),
	CALL_IF(fcntl, MAIN, IS, 1, F_SETFL),
	REFUSED(newfstatat, MAIN, EPERM),
	CALL(lseek, MAIN),
	CALL(fsync, MAIN),
	CALL(writev, MAIN | VCPU | DISK | CARD), /* the C library's last words */

#ifdef HV_SANDBOX_SANITIZER
	/* A build with sanitizers, for tests: what their run-time library needs, and what it needs
	 * to say what it found. Landlock still lets nothing be opened. */
	CALL_IF(mprotect, VCPU | DISK | CARD, LACKS, 2, PROT_EXEC),
	CALL(mremap, DISK | CARD),
	CALL(close, DISK | CARD),
	CALL(exit_group, VCPU | DISK | CARD),
	CALL(sigaltstack, ALL),
	CALL(sched_getaffinity, ALL),
	CALL(sched_yield, ALL),
	CALL(getrusage, ALL),
	CALL(prlimit64, ALL),
	CALL(rt_sigaction, ALL),
	CALL(pipe2, ALL),
	CALL(openat, ALL),
	CALL(readlink, ALL),
	CALL(process_vm_readv, ALL),
#endif
};
const size_t hv_calls_n = sizeof(hv_calls) / sizeof(hv_calls[0]);
