/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lists as programs for the kernel. They are made once, on a thread that hv_sandbox_enter()
 * starts and that ends before any list is in place: libseccomp needs memory, calls that a thread
 * with a list no longer has, and a millisecond, in which the machine is made. To put a list in
 * place is one call.
 */
#include "hv-core/sandbox/filter.h"

#include "hv-core/sandbox/lists.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct sock_fprog programs[HV_SANDBOX_KINDS];
static pthread_t maker;
static bool begun;
static pthread_once_t made = PTHREAD_ONCE_INIT;
static struct err why_not;

static int add_call(scmp_filter_ctx ctx, const struct hv_call *c)
{
	uint32_t action = c->refused ? SCMP_ACT_ERRNO((uint32_t)c->refused) : SCMP_ACT_ALLOW;
	struct scmp_arg_cmp cmp = {.arg = c->arg, .op = SCMP_CMP_EQ, .datum_a = c->value};

	switch (c->when) {
	case ANY:
		return seccomp_rule_add_exact_array(ctx, action, c->nr, 0, NULL);
	case LACKS:
		cmp.op = SCMP_CMP_MASKED_EQ; /* argument & datum_a is datum_b, which is 0 */
		break;
	case OWN_PID:
		cmp.datum_a = (uint64_t)getpid();
		break;
	case IS:
		break;
	}
	return seccomp_rule_add_exact_array(ctx, action, c->nr, 1, &cmp);
}

static int add_ioctl(scmp_filter_ctx ctx, uint64_t request)
{
	const struct scmp_arg_cmp cmp = {.arg = 1, .op = SCMP_CMP_EQ, .datum_a = request};

	return seccomp_rule_add_exact_array(ctx, SCMP_ACT_ALLOW, SYS_ioctl, 1, &cmp);
}

static int fill(scmp_filter_ctx ctx, unsigned int kind)
{
	/* Another architecture's numbers mean other calls. */
	int rc = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	for (size_t i = 0; i < hv_calls_n && !rc; i++)
		if (hv_calls[i].kinds & 1u << kind)
			rc = add_call(ctx, &hv_calls[i]);
	for (size_t i = 0; i < hv_ioctls_n && !rc; i++)
		if (hv_ioctls[i].kinds & 1u << kind)
			rc = add_ioctl(ctx, hv_ioctls[i].request);
	/* A vCPU does little else. */
	return rc ? rc : seccomp_syscall_priority(ctx, SYS_ioctl, 255);
}

/* libseccomp writes a program to a descriptor. */
static int export(scmp_filter_ctx ctx, struct sock_fprog *p)
{
	int fd = memfd_create("seccomp", MFD_CLOEXEC), rc;
	struct stat st;

	if (fd < 0)
		return -errno;
	rc = seccomp_export_bpf(ctx, fd);
	if (!rc && fstat(fd, &st))
		rc = -errno;
	if (rc)
		goto close_fd;
	p->filter = malloc((size_t)st.st_size);
	if (!p->filter || pread(fd, p->filter, (size_t)st.st_size, 0) != st.st_size) {
		free(p->filter);
		p->filter = NULL;
		rc = -ENOMEM;
		goto close_fd;
	}
	p->len = (unsigned short)((size_t)st.st_size / sizeof(*p->filter));
close_fd:
	close(fd);
	return rc;
}

static int make_all(struct err *e)
{
	for (unsigned int kind = 0; kind < HV_SANDBOX_KINDS; kind++) {
		scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
		int rc = ctx ? fill(ctx, kind) : -ENOMEM;

		if (!rc)
			rc = export(ctx, &programs[kind]);
		if (ctx)
			seccomp_release(ctx);
		if (rc)
			return err_set(e, rc, "cannot make the list of system calls: %s",
				       strerror(-rc));
	}
	return 0;
}

static void *make(void *arg)
{
	make_all(&why_not);
	return NULL;
}

int hv_filters_begin(struct err *e)
{
	int rc = pthread_create(&maker, NULL, make, NULL);

	if (rc)
		return err_set(e, -rc, "no thread to make the lists of system calls: %s",
			       strerror(rc));
	begun = true;
	return 0;
}

static void wait_for_maker(void)
{
	pthread_join(maker, NULL);
}

int hv_sandbox_thread(enum hv_sandbox_kind kind, struct err *e)
{
	if (!begun)
		return err_set(e, -EINVAL, "the sandbox was not entered");
	pthread_once(&made, wait_for_maker);
	if (why_not.code)
		return err_set(e, why_not.code, "%s", why_not.text);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &programs[kind]))
		return err_set(e, -errno,
			       "the kernel takes no list of system calls: %s; it needs "
			       "CONFIG_SECCOMP_FILTER",
			       strerror(errno));
	return 0;
}
