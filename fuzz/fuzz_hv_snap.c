/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A snapshot file, and the order of its sections. Input: with a first byte of 0, the rest is the
 * file; else the rest are sections, three bytes each and a payload: which id, version, length. The
 * board, a processor and a device are this target's. What must hold: the guest is restored only
 * when each of them was loaded once, in order, and refused with a sentence otherwise.
 */
#include "hv-core/guest_impl.h"

#include "hv-core/machine/vcpu.h"
#include "hv-core/state/snap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct hv_mem mem;
static unsigned int loaded; /* 1 board, 2 processor, 4 device */

static int step(unsigned int bit, struct hv_in *in, struct err *e)
{
	if (loaded != bit - 1)
		abort();
	loaded |= bit;
	hv_in_u8(in);
	return hv_in_end(in, "a part", e);
}

int hv_board_load(struct hv_vm *vm, struct hv_in *in, struct err *e)
{
	return step(1, in, e);
}

int hv_vcpu_load(struct hv_vm *vm, unsigned int index, struct hv_in *in, struct err *e)
{
	return step(2, in, e);
}

static int device_load(void *self, struct hv_in *in, uint32_t version, struct err *e)
{
	if (version < 1 || version > 2)
		abort();
	return step(4, in, e);
}

/* Never called: nothing is saved here. */
int hv_board_save(struct hv_vm *vm, struct hv_out *out, struct err *e)
{
	abort();
}

int hv_vcpu_save(struct hv_vm *vm, unsigned int index, struct hv_out *out, struct err *e)
{
	abort();
}

void hv_vm_park(struct hv_vm *vm)
{
	abort();
}

void hv_vm_run(struct hv_vm *vm)
{
	abort();
}

int hv_vm_quiesce(struct hv_vm *vm, struct err *e)
{
	abort();
}

void hv_vm_resume(struct hv_vm *vm)
{
	if (loaded != 7)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	if (hv_mem_create(&mem, 2 << 20, 4096, NULL))
		abort();
	return 0;
}

static void write_sections(FILE *f, const uint8_t *data, size_t size)
{
	static const char *const ids[] = {"board", "cpu:0", "device", "memory", "other", "end"};
	struct hv_snap_out *s = hv_snap_begin(f);

	while (size >= 3) {
		size_t len = data[2] < size - 3 ? data[2] : size - 3;

		hv_snap_section(s, ids[data[0] % 6], data[1], data + 3, len);
		data += 3 + len;
		size -= 3 + len;
	}
	if (hv_snap_finish(s, NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hv_device_ops ops = {.kind = "fuzz", .version = 2, .load = device_load};
	struct hv_device device = {.ops = &ops, .id = "device"};
	struct guest g = {.vm = {.mem = mem, .cpus = 1, .devices = &device}};
	struct err e = {0};

	if (!size)
		return 0;
	int fd = memfd_create("snapshot", MFD_CLOEXEC);
	FILE *f = fdopen(dup(fd), "w");

	if (!f)
		abort();
	if (data[0])
		write_sections(f, data + 1, size - 1);
	else
		fwrite(data + 1, 1, size - 1, f);
	fclose(f);
	lseek(fd, 0, SEEK_SET);
	loaded = 0;
	int rc = guest_restore(&g, fd, &e);
	if (rc ? rc > 0 || !e.text[0] : loaded != 7)
		abort();
	return 0;
}
