/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * flue-vm-probe: flue-vm with a hole in it, for the test of the sandbox alone. It has one device
 * more, a port. What a guest writes there, the processor's thread carries out as an intruder would
 * who took it over: one call that is not on its list. It takes the place of hv_i8042_create() in
 * the linker (--wrap), so that flue-vm itself has no trace of it.
 */
#include "hv-core/probe.h"

#include "hv-core/device/i8042.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

int __real_hv_i8042_create(struct hv_vm *vm, struct err *e);
int __wrap_hv_i8042_create(struct hv_vm *vm, struct err *e);

static void intrude(unsigned int how)
{
	char *const argv[] = {(char *)"/bin/sh", NULL};

	switch (how) {
	case HV_PROBE_OPEN:
		open("/etc/passwd", O_RDONLY);
		break;
	case HV_PROBE_EXEC:
		execve("/bin/sh", argv, NULL);
		break;
	case HV_PROBE_SOCKET:
		socket(AF_INET, SOCK_STREAM, 0);
		break;
	case HV_PROBE_CODE:
		mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		break;
	case HV_PROBE_KILL:
		kill(getpid(), 0);
		break;
	case HV_PROBE_NOTHING:
		break;
	}
}

static uint64_t port_read(void *self, uint64_t off, unsigned int len)
{
	return HV_PROBE_HERE;
}

static void port_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	intrude((unsigned int)value);
}

static const struct hv_io_ops ops = {.read = port_read, .write = port_write};

int __wrap_hv_i8042_create(struct hv_vm *vm, struct err *e)
{
	int rc = hv_bus_add(vm->pio, HV_PROBE_PORT, 1, &ops, NULL, NULL, "probe", e);

	return rc ? rc : __real_hv_i8042_create(vm, e);
}
