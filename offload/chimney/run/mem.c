/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/run/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int make(struct chim_mem *m, const char *name, size_t bytes, struct err *e)
{
	int code;

	*m = (struct chim_mem){.fd = -1, .bytes = bytes};
	m->fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (m->fd < 0)
		return err_set(e, -errno, "cannot make shared memory: %s; see ulimit -n",
			       strerror(errno));
	if (ftruncate(m->fd, (off_t)bytes) != 0 ||
	    fcntl(m->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
		goto close_fd;
	m->map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (m->map != MAP_FAILED)
		return 0;

close_fd:
	code = errno;
	close(m->fd);
	*m = (struct chim_mem){.fd = -1};
	return err_set(e, -code, "cannot make %zu bytes of shared memory: %s", bytes,
		       strerror(code));
}

static uint32_t ring_bytes(uint32_t want)
{
	uint32_t size = CHIM_RING_MIN;

	while (size < want)
		size <<= 1;
	return size;
}

int chim_mem_conn(struct chim_mem *m, uint32_t snd_bytes, uint32_t rcv_bytes, struct err *e)
{
	struct chim_shm *shm;
	uint32_t snd, rcv;
	int ret;

	*m = (struct chim_mem){.fd = -1};
	if (snd_bytes > CHIM_RING_MAX || rcv_bytes > CHIM_RING_MAX)
		return err_set(e, -E2BIG, "queues of %u and %u bytes are too long to be moved",
			       snd_bytes, rcv_bytes);
	snd = ring_bytes(snd_bytes);
	rcv = ring_bytes(rcv_bytes);
	ret = make(m, "flue-chimney", (size_t)CHIM_SHM_PAGE + snd + rcv, e);
	if (ret != 0)
		return ret;
	shm = chim_mem_shm(m);
	shm->magic = CHIM_SHM_MAGIC;
	shm->version = CHIM_SHM_VERSION;
	shm->snd_size = snd;
	shm->rcv_size = rcv;
	shm->snd_off = CHIM_SHM_PAGE;
	shm->rcv_off = (uint64_t)CHIM_SHM_PAGE + snd;
	shm->bytes = m->bytes;
	return 0;
}

int chim_mem_bells(struct chim_mem *m, uint32_t n_workers, struct err *e)
{
	struct chim_bells *bells;
	int ret = make(m, "flue-chimney-bells", sizeof(*bells), e);

	if (ret != 0)
		return ret;
	bells = m->map;
	bells->magic = CHIM_SHM_MAGIC;
	bells->version = CHIM_SHM_VERSION;
	bells->n_workers = n_workers;
	return 0;
}

void chim_mem_empty(const struct chim_mem *m)
{
	/* Where that is not possible, the memory comes back when the connection ends. */
	(void)!madvise((uint8_t *)m->map + CHIM_SHM_PAGE, m->bytes - CHIM_SHM_PAGE, MADV_REMOVE);
}

void chim_mem_given(struct chim_mem *m)
{
	close(m->fd);
	m->fd = -1;
}

void chim_mem_free(struct chim_mem *m)
{
	if (m->map)
		munmap(m->map, m->bytes);
	if (m->fd >= 0)
		close(m->fd);
	*m = (struct chim_mem){.fd = -1};
}
