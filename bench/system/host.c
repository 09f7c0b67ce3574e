/* SPDX-License-Identifier: BSD-3-Clause */
/* Interfaces in the namespaces of hosts. */
#include "bench/machine/netns.h"
#include "bench/system/rig.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

int rig_host_up(const struct wire_port *port, struct err *e)
{
	char mtu[16];

	snprintf(mtu, sizeof(mtu), "%u", port->mtu);
	const char *const set[] = {"ip",	 "-n",	port->netns, "link", "set",
				   port->ifname, "mtu", mtu,	     "up",   NULL};
	const char *const add[] = {"ip",	  "-n",	 port->netns,  "addr", "add",
				   port->address, "dev", port->ifname, NULL};
	int rc = proc_run(set, NULL, NULL, e);

	if (!rc && port->address[0])
		rc = proc_run(add, NULL, NULL, e);
	return rc ? rc : netns_offloads(port->netns, port->ifname, port->tso, port->gro, e);
}

/* What stands after NAME: in /proc/net/dev. */
static bool dev_line(const char *text, const char *name, struct system_counters *c)
{
	size_t length = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		unsigned long long rx, rx_drop, tx, tx_drop;
		line += strspn(line, "\n ");
		if (strncmp(line, name, length) != 0 || line[length] != ':')
			continue;
		if (sscanf(line + length + 1, "%*u %llu %*u %llu %*u %*u %*u %*u %*u %llu %*u %llu",
			   &rx, &rx_drop, &tx, &tx_drop) != 4)
			return false;
		c->rx += rx;
		c->tx += tx;
		c->dropped += rx_drop + tx_drop;
		return true;
	}
	return false;
}

struct look {
	char *text;
	struct err *e;
};

/* /proc/self/net is the process' namespace's. */
static int read_dev(void *arg)
{
	struct look *l = arg;
	size_t room = 0;
	FILE *f = fopen("/proc/self/net/dev", "re");

	if (!f || getdelim(&l->text, &room, '\0', f) <= 0) {
		if (f)
			fclose(f);
		return err_set(l->e, -EIO, "/proc/self/net/dev cannot be read");
	}
	fclose(f);
	return 0;
}

int rig_host_counters(const char *netns, const char *const *names, size_t n,
		      struct system_counters *c, struct err *e)
{
	struct look look = {.e = e};
	int rc = netns_do(netns, read_dev, &look, e);

	for (size_t i = 0; i < n && !rc; i++)
		if (!dev_line(look.text, names[i], c))
			rc = err_set(e, -ENOENT, "no interface %s in %s", names[i], netns);
	c->known = !rc;
	free(look.text);
	return rc;
}

void rig_link_del(const char *netns, const char *ifname)
{
	const char *const argv[] = {"ip", "-n", netns, "link", "del", ifname, NULL};

	(void)proc_run(argv, NULL, NULL, NULL);
}

int rig_kernel_version(char *text, size_t size, struct err *e)
{
	struct utsname u;

	uname(&u);
	snprintf(text, size, "Linux %s", u.release);
	return 0;
}
