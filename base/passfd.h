/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors beside a message on a UNIX socket (unix(7), SCM_RIGHTS). Any thread. */
#ifndef BASE_PASSFD_H
#define BASE_PASSFD_H

#include <sys/socket.h>

#define PASSFD_MAX 8 /* VHOST_USER_SET_MEM_TABLE has as many */

/* Room for them; as long as the message's. */
union passfd_control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(PASSFD_MAX * sizeof(int))];
};

/* Puts n descriptors, at most PASSFD_MAX, beside a message that will be sent; with none, m has no
 * control part. They stay the caller's. */
void passfd_put(struct msghdr *m, union passfd_control *control, const int *fds, unsigned int n);

/* Takes what came beside a received message: to fds[*n..max), *n is moved on; what has no place
 * there is closed, all of it when max is 0. */
void passfd_take(struct msghdr *m, int *fds, unsigned int *n, unsigned int max);

#endif
