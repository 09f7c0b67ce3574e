/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct job {
	int ns, domain, type, protocol;
	int result; /* a descriptor or a negative errno */
};

static int ns_of(int sockfd, struct err *e)
{
	int ns = ioctl(sockfd, SIOCGSKNS);

	if (ns >= 0)
		return ns;
	return err_set(e, -errno,
		       "cannot tell the socket's network namespace (%s): give flued CAP_NET_ADMIN "
		       "there",
		       strerror(errno));
}

static int identify(int ns, struct chim_netns *id)
{
	struct stat st;

	if (fstat(ns, &st) != 0)
		return -errno;
	id->dev = st.st_dev;
	id->ino = st.st_ino;
	return 0;
}

int chim_netns_of(int sockfd, struct chim_netns *id, struct err *e)
{
	int ns = ns_of(sockfd, e), rc;

	if (ns < 0)
		return ns;
	rc = identify(ns, id);
	close(ns);
	return rc;
}

static bool is_ours(int ns)
{
	struct chim_netns there = {0}, here = {0};
	int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	bool same = own >= 0 && identify(ns, &there) == 0 && identify(own, &here) == 0 &&
		    chim_netns_same(&there, &here);

	if (own >= 0)
		close(own);
	return same;
}

static void make(struct job *j)
{
	j->result = socket(j->domain, j->type | SOCK_CLOEXEC, j->protocol);
	if (j->result < 0)
		j->result = -errno;
}

static void *run_there(void *arg)
{
	struct job *j = arg;

	if (setns(j->ns, CLONE_NEWNET) == 0)
		make(j);
	else
		j->result = -errno;
	return NULL;
}

int chim_netns_socket(int sockfd, int domain, int type, int protocol, struct err *e)
{
	struct job j = {.domain = domain, .type = type, .protocol = protocol};
	pthread_t thread;
	int rc;

	j.ns = ns_of(sockfd, e);
	if (j.ns < 0)
		return j.ns;
	if (is_ours(j.ns)) {
		make(&j);
	} else {
		rc = pthread_create(&thread, NULL, run_there, &j);
		if (rc == 0)
			pthread_join(thread, NULL);
		else
			j.result = -rc;
	}
	close(j.ns);
	if (j.result < 0)
		return err_set(e, j.result,
			       "no socket in the application's network namespace (%s): give flued "
			       "CAP_SYS_ADMIN",
			       strerror(-j.result));
	return j.result;
}
