/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sandbox_try PAGES: enters a sandbox, starts a process that ignores requests to end, leaves an
 * orphan, adds a namespace, says "ready", and waits for a signal. For tests/smoke/bench-sandbox.sh;
 * not installed.
 */
#include "bench/machine/netns.h"
#include "bench/machine/proc.h"
#include "bench/machine/sandbox.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int report(const char *what, const struct err *e)
{
	printf("%s: %s\n", what, e->text);
	return 1;
}

static int no_net(void *arg)
{
	return access("/proc/sys/net/ipv4/conf/eth0", F_OK) == 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct sandbox_wish wish = {.huge_pages = argc > 1 ? (unsigned int)atoi(argv[1]) : 0};
	struct sandbox s;
	struct err e = {0};
	struct proc *p;
	int sig;
	sigset_t set;
	const char *const stubborn[] = {
		"sh", "-c", "trap '' TERM INT; (sleep 1000 &); echo set; sleep 1000", NULL};

	int rc = sandbox_enter(&wish, &s, &e);
	if (rc) {
		printf("skip: %s\n", e.text);
		return 77;
	}
	/* Blocked, the signal waits for us and is not lost. */
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (netns_add("a", &e) || netns_do("a", no_net, NULL, &e))
		return report("netns", &e);
	netns_del("a");
	if (netns_add("a", &e))
		return report("netns again", &e);
	if (proc_start(&(struct proc_spec){.name = "stubborn", .argv = stubborn, .netns = "a"}, &p,
		       &e) ||
	    proc_wait_log(p, 0, "set", 1, 30000, NULL, &e))
		return report("process", &e);
	/* Pages in use count as well once we are gone. */
	size_t page_bytes = s.huge_pages ? 2 << 20 : 4096;
	char *page = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | (s.huge_pages ? MAP_HUGETLB : 0), -1, 0);
	if (page == MAP_FAILED)
		return perror("a page"), 1;
	page[0] = 1;
	printf("ready pid %d root %d pages %u\n", getpid(), s.root, s.huge_pages);
	fflush(stdout);
	sigwait(&set, &sig);
	printf("signal %d\n", sig);
	munmap(page, page_bytes);
	fflush(stdout);
	_exit(3); /* the process is left running: it must end all the same */
}
