/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/sysfs.h"
#include "sriov-pf/sys/file.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Has the text that form? x: a hexadecimal digit in lower case; o: one up to 7. */
static bool has_form(const char *text, const char *form)
{
	for (; *form; text++, form++) {
		const char *may = *form == 'x' ? "0123456789abcdef" : "01234567";

		if (*form != 'x' && *form != 'o') {
			if (*text != *form)
				return false;
		} else if (!*text || !strchr(may, *text)) {
			return false;
		}
	}
	return !*text;
}

const char *pf_sysfs_bus(const char *address)
{
	static const char sim[] = "netdevsim";
	size_t len = strlen(sim), digits;

	if (has_form(address, "xxxx:xx:xx.o"))
		return "pci";
	if (strncmp(address, sim, len) != 0)
		return NULL;
	digits = strspn(address + len, "0123456789");
	return digits > 0 && digits <= 3 && !address[len + digits] ? sim : NULL;
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Those devices of a bus that have that file. */
static int list_bus(const char *sysfs, const char *bus, const char *file, json_t *to)
{
	char path[PATH_MAX];
	struct dirent **d;
	int n, rc = 0;

	snprintf(path, sizeof(path), "%s/bus/%s/devices", sysfs, bus);
	n = scandir(path, &d, visible, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		const char *name = d[i]->d_name;

		if (pf_sysfs_bus(name) && pf_file_there("%s/%s/%s", path, name, file) &&
		    json_array_append_new(to, json_string(name)) != 0)
			rc = -ENOMEM;
		free(d[i]);
	}
	free(d);
	return rc;
}

json_t *pf_sysfs_list(const char *sysfs, struct err *e)
{
	json_t *list = json_array();
	int rc = list ? list_bus(sysfs, "pci", "sriov_totalvfs", list) : -ENOMEM;

	if (rc == 0)
		rc = list_bus(sysfs, "netdevsim", "sriov_numvfs", list);
	if (rc == 0)
		return list;
	json_decref(list);
	err_set(e, rc, "cannot look for physical functions in %s/bus: %s", sysfs, strerror(-rc));
	errno = -rc;
	return NULL;
}

void pf_sysfs_driver(const char *sysfs, const char *address, char driver[PF_DRIVER])
{
	pf_file_link(driver, PF_DRIVER, "%s/bus/%s/devices/%s/driver", sysfs, pf_sysfs_bus(address),
		     address);
}

/* In switchdev mode the card has interfaces for its VFs, too, which stand in for them on the host:
 * their ports are named pf0vf3, or c1pf0vf3 of another host. Sub-functions likewise. */
static bool is_representor(const char *port_name)
{
	return strstr(port_name, "pf") && (strstr(port_name, "vf") || strstr(port_name, "sf"));
}

/* The PF's own interface: that of its lowest port. Returns its number in *port. */
static void read_interface(const char *dev, struct pf_state *s)
{
	char path[PATH_MAX], name[PF_IFNAME];
	unsigned int best = UINT_MAX;
	struct dirent **d;
	int n;

	snprintf(path, sizeof(path), "%s/net", dev);
	n = scandir(path, &d, visible, alphasort);
	for (int i = 0; i < n; i++) {
		unsigned int index = 0, port = 0;

		if (pf_file_read(name, sizeof(name), "%s/%s/phys_port_name", path, d[i]->d_name) <
		    0)
			name[0] = '\0';
		if (!is_representor(name) &&
		    pf_file_number(&index, "%s/%s/ifindex", path, d[i]->d_name)) {
			if (sscanf(name, "p%u", &port) != 1)
				pf_file_number(&port, "%s/%s/dev_port", path, d[i]->d_name);
			if (port < best) {
				best = s->port = port;
				s->ifindex = index;
				snprintf(s->ifname, sizeof(s->ifname), "%.*s",
					 (int)sizeof(s->ifname) - 1, d[i]->d_name);
			}
		}
		free(d[i]);
	}
	if (n >= 0)
		free(d);
	if (s->port == 0 && s->address[PF_ADDRESS - 3] == '.')
		s->port = (unsigned int)(s->address[PF_ADDRESS - 2] - '0');
}

/* A VF's number, or -1. */
static int virtfn(const char *name)
{
	char *end;
	long n;

	if (strncmp(name, "virtfn", 6) != 0 || name[6] < '0' || name[6] > '9')
		return -1;
	n = strtol(name + 6, &end, 10);
	return *end || n >= PF_VFS_MAX ? -1 : (int)n;
}

static int is_virtfn(const struct dirent *d)
{
	return virtfn(d->d_name) >= 0;
}

static void read_vf(const char *sysfs, struct pf_vf *vf)
{
	char *override = vf->override;

	pf_vf_neutral(vf);
	vf->known = PF_ATTR_BIT(PF_VF_DRIVER);
	pf_sysfs_driver(sysfs, vf->address, vf->driver);
	if (pf_file_read(override, sizeof(vf->override), "%s/bus/pci/devices/%s/driver_override",
			 sysfs, vf->address) < 0 ||
	    strcmp(override, "(null)") == 0)
		override[0] = '\0';
}

static int read_vfs(const char *sysfs, const char *dev, struct pf_state *s, struct err *e)
{
	struct dirent **d;
	int n = scandir(dev, &d, is_virtfn, alphasort);

	if (n < 0)
		return err_set(e, -ENODEV, "there is no %s any more", s->address);
	for (int i = 0; i < n; i++)
		free(d[i]);
	free(d);
	s->numvfs = (unsigned int)n;
	s->vf = calloc(n ? (size_t)n : 1, sizeof(*s->vf));
	if (!s->vf)
		return err_set(e, -ENOMEM, "out of memory");
	for (unsigned int i = 0; i < s->numvfs; i++) {
		struct pf_vf *vf = &s->vf[i];

		if (!pf_file_link(vf->address, sizeof(vf->address), "%s/virtfn%u", dev, i) ||
		    !pf_sysfs_bus(vf->address)) {
			pf_state_clear(s);
			return err_set(e, -EAGAIN,
				       "the VFs of %s are being made or removed just now: look "
				       "again when that is done",
				       s->address);
		}
		read_vf(sysfs, vf);
	}
	return 0;
}

static int read_pci(const char *sysfs, const char *dev, struct pf_state *s, struct err *e)
{
	unsigned int v = 0;

	if (!pf_file_number(&s->totalvfs, "%s/sriov_totalvfs", dev))
		return err_set(e, -ENODEV,
			       "%s is no physical function with SR-IOV: flue pf list shows those "
			       "that are; the firmware may have it switched off",
			       s->address);
	if (pf_file_number(&v, "%s/vendor", dev))
		s->vendor = (uint16_t)v;
	if (pf_file_number(&v, "%s/device", dev))
		s->device = (uint16_t)v;
	/* Kernels before 4.12 do not have it and always probe. */
	v = 1;
	pf_file_number(&v, "%s/sriov_drivers_autoprobe", dev);
	s->autoprobe = v != 0;
	return read_vfs(sysfs, dev, s, e);
}

/* Its VFs are numbers without functions or drivers. Reading their number does not wait. */
static int read_sim(const char *sysfs, const char *dev, struct pf_state *s, struct err *e)
{
	if (!pf_file_number(&s->numvfs, "%s/sriov_numvfs", dev) || s->numvfs > PF_VFS_MAX)
		return err_set(e, -ENODEV, "%s tells no number of VFs", s->address);
	s->totalvfs = PF_VFS_MAX;
	pf_file_number(&s->totalvfs, "%s/kernel/debug/netdevsim/%s/max_vfs", sysfs, s->address);
	s->vf = calloc(s->numvfs ? s->numvfs : 1, sizeof(*s->vf));
	if (!s->vf)
		return err_set(e, -ENOMEM, "out of memory");
	for (unsigned int i = 0; i < s->numvfs; i++)
		pf_vf_neutral(&s->vf[i]);
	return 0;
}

int pf_sysfs_read(const char *sysfs, const char *address, struct pf_state *s, struct err *e)
{
	const char *bus = pf_sysfs_bus(address);
	char dev[1024];
	int rc;

	memset(s, 0, sizeof(*s));
	if (!bus)
		return err_set(e, -EINVAL,
			       "\"%s\" is no address of a function: write it like 0000:01:00.0, as "
			       "lspci -D does",
			       address);
	snprintf(s->address, sizeof(s->address), "%s", address);
	snprintf(dev, sizeof(dev), "%s/bus/%s/devices/%s", sysfs, bus, address);
	if (!pf_file_there("%s", dev))
		return err_set(e, -ENODEV, "there is no PCI function %s: lspci -D lists them",
			       address);
	rc = bus[0] == 'p' ? read_pci(sysfs, dev, s, e) : read_sim(sysfs, dev, s, e);
	if (rc)
		return rc;
	pf_sysfs_driver(sysfs, address, s->driver);
	read_interface(dev, s);
	return 0;
}
