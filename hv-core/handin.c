/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/handin.h"

#include "api/serve/rpc_listen.h"
#include "hv-core/handin_vfio.h"
#include "hv-core/machine/kvm.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int open_file(int *fd, const char *path, const char *key, struct err *e)
{
	char at[64];

	if (!path)
		return 0;
	snprintf(at, sizeof(at), "/guests/0/%s", key);
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return *fd >= 0 ? 0
			: err_at(e, -errno, at, "%s: cannot open %.250s: %s", key, path,
				 strerror(errno));
}

static int open_disk(int *fd, const struct hv_disk_config *d, unsigned int i, struct err *e)
{
	int flags = (d->readonly ? O_RDONLY : O_RDWR) | (d->direct ? O_DIRECT : 0);
	char at[64];

	snprintf(at, sizeof(at), "/disks/%u/path", i);
	*fd = open(d->path, flags | O_CLOEXEC | O_NOCTTY);
	if (*fd < 0 && errno == EINVAL && d->direct)
		return err_at(e, -EINVAL, at,
			      "path: %.220s: its file system has no O_DIRECT; set direct off",
			      d->path);
	if (*fd < 0)
		return err_at(e, -errno, at, "path: cannot open %.250s: %s", d->path,
			      strerror(errno));
	if (flock(*fd, (d->readonly ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0)
		return 0;
	return err_at(e, -EBUSY, at,
		      "path: another guest uses %.220s; end it, or give each its own image",
		      d->path);
}

int hv_handin_open(struct hv_fds *fds, struct hv_config *c, const char *restore, struct err *e)
{
	const struct hv_handin_guest guest = {c->name, c->mem_bytes};
	int ret;

	memset(fds, 0xff, sizeof(*fds)); /* all -1 */
	fds->kvm = hv_kvm_open(e);
	ret = fds->kvm < 0 ? fds->kvm : 0;
	if (ret == 0)
		ret = open_file(&fds->kernel, c->kernel, "kernel", e);
	if (ret == 0 && c->native)
		ret = open_file(&fds->kernel, c->native, "native", e);
	if (ret == 0)
		ret = open_file(&fds->initrd, c->initrd, "initrd", e);
	if (ret == 0 && restore)
		ret = open_file(&fds->restore, restore, "restore", e);
	for (unsigned int i = 0; ret == 0 && i < c->disks; i++)
		ret = open_disk(&fds->disk[i], &c->disk[i], i, e);
	if (ret == 0)
		ret = hv_handin_direct(fds->nic, c->nic, c->nics, &guest, &hv_handin_vfio, e);
	if (ret != 0)
		hv_handin_close(fds);
	return ret;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void hv_handin_close(struct hv_fds *fds)
{
	close_one(&fds->kvm);
	close_one(&fds->kernel);
	close_one(&fds->initrd);
	close_one(&fds->restore);
	for (unsigned int i = 0; i < HV_DISKS_MAX; i++)
		close_one(&fds->disk[i]);
	for (unsigned int i = 0; i < HV_NICS_MAX; i++)
		hv_handin_nic_close(&fds->nic[i]);
}

int hv_handin_listen(int *fd, const struct hv_nic_config *nic, struct err *e)
{
	int ret;

	*fd = -1;
	if (!nic->serve || nic->model == HV_NIC_DIRECT)
		return 0;
	ret = rpc_listen(nic->socket, NULL, e);
	if (ret < 0)
		return ret;
	*fd = ret;
	return 0;
}
