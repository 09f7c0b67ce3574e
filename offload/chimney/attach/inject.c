/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/attach/inject.h"

#include "base/passfd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IN_CALL = SIGTRAP | 0x80, PAGE = 4096 };

/* The kernel's page of code has one in every process. */
static uint64_t find_insn(const struct att_frozen *f)
{
	static const unsigned char insn[2] = {0x0f, 0x05};
	char path[64], line[512];
	unsigned long from = 0, to;
	unsigned char code[4 * PAGE], *at;
	uint64_t addr = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/maps", f->pid);
	in = fopen(path, "re");
	while (in && !addr && fgets(line, sizeof(line), in)) {
		if (!strstr(line, "[vdso]") || sscanf(line, "%lx-%lx", &from, &to) != 2)
			continue;
		if (to - from > sizeof(code))
			to = from + sizeof(code);
		if (att_peek(f, from, code, to - from) != 0)
			continue;
		at = memmem(code, to - from, insn, sizeof(insn));
		addr = at ? from + (uint64_t)(at - code) : 0;
	}
	if (in)
		fclose(in);
	/* Or where a thread has just made a call. */
	for (size_t i = 0; !addr && i < f->n; i++) {
		uint64_t last = f->threads[i].regs.rip - sizeof(insn);

		if (att_in_call(&f->threads[i]) && att_peek(f, last, code, sizeof(insn)) == 0 &&
		    memcmp(code, insn, sizeof(insn)) == 0)
			addr = last;
	}
	return addr;
}

/* A restartable sequence (rseq(2)) that the thread was stopped in must be aborted, for other code
 * runs on this thread meanwhile. The kernel would see only that other code. */
static void abort_rseq(struct att_hand *h)
{
	struct __ptrace_rseq_configuration conf = {0};
	struct {
		uint32_t version, flags;
		uint64_t start, len, abort;
	} cs;
	uint64_t ptr = 0;

	if (ptrace(PTRACE_GET_RSEQ_CONFIGURATION, h->t->tid, sizeof(conf), &conf) <= 0 ||
	    !conf.rseq_abi_pointer)
		return;
	/* struct rseq: two numbers of processors, then the pointer to what is run. */
	if (att_peek(h->f, conf.rseq_abi_pointer + 8, &ptr, sizeof(ptr)) != 0 || !ptr ||
	    att_peek(h->f, ptr, &cs, sizeof(cs)) != 0)
		return;
	if (h->t->regs.rip - cs.start < cs.len) {
		h->t->regs.rip = cs.abort;
		h->t->changed = true;
	}
}

/* One in a call is no restartable sequence, so it is preferred. */
static struct att_thread *choose(struct att_frozen *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (att_in_call(&f->threads[i]))
			return &f->threads[i];
	}
	return &f->threads[0];
}

int att_hand_take(struct att_frozen *f, struct att_hand *h, struct err *e)
{
	uint64_t all = ~(uint64_t)0;

	*h = (struct att_hand){.f = f, .t = choose(f), .insn = find_insn(f)};
	if (!h->insn)
		return err_set(e, -EFAULT, "process %d has no place to make a system call from",
			       f->pid);
	/* The lower end of the page the stack pointer is in: that is mapped for certain. */
	h->scratch = h->t->regs.rsp & ~(uint64_t)(PAGE - 1);
	if (att_peek(f, h->scratch, h->saved, sizeof(h->saved)) != 0)
		return err_set(e, -EFAULT, "thread %d has no stack", h->t->tid);
	if (ptrace(PTRACE_GETSIGMASK, h->t->tid, sizeof(h->mask), &h->mask) != 0 ||
	    ptrace(PTRACE_SETSIGMASK, h->t->tid, sizeof(all), &all) != 0)
		return err_set(e, -ESRCH, "process %d has ended", f->pid);
	if (!att_in_call(h->t))
		abort_rseq(h);
	ptrace(PTRACE_SETOPTIONS, h->t->tid, NULL,
	       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | f->options);
	return 0;
}

/* Lets the thread run until what is wanted stops it. A SIGSTOP cannot be masked: it is kept for
 * later. */
static int run_to(struct att_hand *h, enum __ptrace_request how, int want)
{
	int status, rc;

	for (;;) {
		if (ptrace(how, h->t->tid, NULL, NULL) != 0)
			return -ESRCH;
		do
			rc = att_wait(h->t->tid, &status);
		while (rc == -EBUSY);
		if (rc)
			return rc;
		if (want == PTRACE_EVENT_STOP ? status >> 16 == want : WSTOPSIG(status) == want)
			return 0;
		if (status >> 16 == 0 && WSTOPSIG(status) == SIGSTOP)
			h->f->stop_again = true;
	}
}

void att_hand_return(struct att_hand *h)
{
	/* Back to the kind of stop it was found in: from there an interrupted call is taken up. */
	ptrace(PTRACE_INTERRUPT, h->t->tid, NULL, NULL);
	if (run_to(h, PTRACE_CONT, PTRACE_EVENT_STOP) != 0) {
		h->t->stopped = false;
		return;
	}
	att_poke(h->f, h->scratch, h->saved, sizeof(h->saved));
	ptrace(PTRACE_SETREGS, h->t->tid, NULL, &h->t->regs);
	ptrace(PTRACE_SETSIGMASK, h->t->tid, sizeof(h->mask), &h->mask);
	ptrace(PTRACE_SETOPTIONS, h->t->tid, NULL, PTRACE_O_TRACESYSGOOD | h->f->options);
}

long att_call(struct att_hand *h, long nr, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	struct user_regs_struct regs = h->t->regs;

	regs.rip = h->insn;
	regs.rax = (unsigned long long)nr;
	regs.orig_rax = ~0ull; /* nothing is to be taken up */
	regs.rdi = a;
	regs.rsi = b;
	regs.rdx = c;
	regs.r10 = d;
	if (ptrace(PTRACE_SETREGS, h->t->tid, NULL, &regs) != 0 ||
	    run_to(h, PTRACE_SYSCALL, IN_CALL) != 0 || run_to(h, PTRACE_SYSCALL, IN_CALL) != 0 ||
	    ptrace(PTRACE_GETREGS, h->t->tid, NULL, &regs) != 0)
		return -ESRCH;
	return (long)regs.rax;
}

/* What recvmsg(2) is given in the process's memory. */
struct letter {
	struct msghdr msg;
	struct iovec v;
	char byte[8];
	char control[CMSG_SPACE(sizeof(int))];
};
_Static_assert(sizeof(struct letter) <= ATT_SCRATCH, "fits what is borrowed");

/* The descriptor was sent to its socket: takes it. */
static int take_letter(struct att_hand *h, int sock)
{
	struct letter l = {0};
	struct cmsghdr *c;
	long n;
	int fd;

	l.v.iov_base = (void *)(h->scratch + offsetof(struct letter, byte));
	l.v.iov_len = 1;
	l.msg.msg_iov = (void *)(h->scratch + offsetof(struct letter, v));
	l.msg.msg_iovlen = 1;
	l.msg.msg_control = (void *)(h->scratch + offsetof(struct letter, control));
	l.msg.msg_controllen = sizeof(l.control);
	if (att_poke(h->f, h->scratch, &l, sizeof(l)) != 0)
		return -EFAULT;
	n = att_call(h, SYS_recvmsg, (uint64_t)sock, h->scratch, MSG_CMSG_CLOEXEC | MSG_DONTWAIT,
		     0);
	if (n < 0)
		return (int)n;
	if (att_peek(h->f, h->scratch, &l, sizeof(l)) != 0)
		return -EFAULT;
	c = (struct cmsghdr *)l.control;
	if (l.msg.msg_controllen < CMSG_LEN(sizeof(int)) || c->cmsg_type != SCM_RIGHTS)
		return -EMFILE;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static int send_letter(int sock, int fd)
{
	char byte = 0;
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	union passfd_control control;

	passfd_put(&m, &control, &fd, 1);
	return sendmsg(sock, &m, MSG_NOSIGNAL) == 1 ? 0 : -errno;
}

int att_give(struct att_hand *h, int pidfd, int fd)
{
	long rc = att_call(h, SYS_socketpair, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, h->scratch);
	int pair[2], mine;

	if (rc < 0)
		return (int)rc;
	if (att_peek(h->f, h->scratch, pair, sizeof(pair)) != 0)
		return -EFAULT;
	mine = (int)syscall(SYS_pidfd_getfd, pidfd, pair[0], 0);
	rc = mine < 0 ? -errno : send_letter(mine, fd);
	if (rc == 0)
		rc = take_letter(h, pair[1]);
	if (mine >= 0)
		close(mine);
	att_call(h, SYS_close, (uint64_t)pair[0], 0, 0, 0);
	att_call(h, SYS_close, (uint64_t)pair[1], 0, 0, 0);
	return (int)rc;
}
