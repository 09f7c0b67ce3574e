/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/boot/start.h"

#include <string.h>

#define CR0_PE	      (1ull << 0)
#define CR0_MP	      (1ull << 1)
#define CR0_ET	      (1ull << 4)
#define CR0_NE	      (1ull << 5)
#define CR0_PG	      (1ull << 31)
#define CR4_PAE	      (1ull << 5)
#define CR4_OSFXSR    (1ull << 9)
#define CR4_OSXMMEXCP (1ull << 10)
#define EFER_LME      (1ull << 8)
#define EFER_LMA      (1ull << 10)
#define FLAGS_FIXED   (1ull << 1)
#define FLAGS_IOPL3   (3ull << 12)

/* Entries of the descriptor table. Linux demands 2 and 3 (__BOOT_CS, __BOOT_DS). */
enum { GDT_CODE32 = 1, GDT_CODE64, GDT_DATA, GDT_USER_DATA = 5, GDT_USER_CODE, GDT_TSS, GDT_N = 9 };

#define TYPE_DATA     3	 /* read, write, accessed */
#define TYPE_CODE     11 /* execute, read, accessed */
#define TYPE_BUSY_TSS 11

static struct kvm_segment flat(unsigned int index, unsigned int type, unsigned int dpl, bool long64)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = (uint16_t)(index << 3 | dpl),
		.type = (uint8_t)type,
		.present = 1,
		.dpl = (uint8_t)dpl,
		.db = !long64,
		.s = 1,
		.l = long64,
		.g = 1,
	};
}

/*
 * The task register must hold something; at level 0 nothing is ever taken from there. At level 3
 * IOPL 3 allows all ports, but a KVM that emulates port I/O may look for permission in the task
 * state segment all the same. So there is one for native guests, with a bitmap of zeros that allows
 * each port (Intel SDM 19.5.2); of it only where the bitmap begins is not zero.
 */
#define TASK_AT	       0x1000u
#define TASK_BYTES     0x68u
#define TASK_BITMAP_AT 0x66u /* 16 bits: the bitmap's offset */
#define BITMAP_BYTES   (65536u / 8)
_Static_assert(TASK_AT >= HV_BOOT_GDT + GDT_N * 8 &&
		       TASK_AT + TASK_BYTES + BITMAP_BYTES < HV_BOOT_PARAMS,
	       "the task state segment is between the descriptor table and what is handed over");

static struct kvm_segment task(bool user)
{
	return (struct kvm_segment){
		.base = user ? TASK_AT : 0,
		.limit = user ? TASK_BYTES + BITMAP_BYTES : TASK_BYTES - 1,
		.selector = GDT_TSS << 3,
		.type = TYPE_BUSY_TSS,
		.present = 1,
	};
}

static int write_task(struct hv_vm *vm)
{
	const uint16_t bitmap = TASK_BYTES;
	const uint8_t end = 0xff; /* one byte behind it must not allow */

	if (hv_mem_write(&vm->mem, TASK_AT + TASK_BITMAP_AT, &bitmap, sizeof(bitmap)) != 0)
		return -EFAULT;
	return hv_mem_write(&vm->mem, TASK_AT + TASK_BYTES + BITMAP_BYTES, &end, sizeof(end));
}

/* As the processor has it in memory (Intel SDM 3.4.5, figure 3-8). */
static uint64_t descriptor(const struct kvm_segment *s)
{
	uint64_t limit = s->g ? s->limit >> 12 : s->limit;

	return (limit & 0xffff) | (s->base & 0xffffff) << 16 | (uint64_t)s->type << 40 |
	       (uint64_t)s->s << 44 | (uint64_t)s->dpl << 45 | (uint64_t)s->present << 47 |
	       (limit >> 16 & 0xf) << 48 | (uint64_t)s->l << 53 | (uint64_t)s->db << 54 |
	       (uint64_t)s->g << 55 | (s->base >> 24 & 0xff) << 56;
}

static int write_gdt(struct hv_vm *vm, bool user, struct kvm_dtable *gdt)
{
	const struct kvm_segment code32 = flat(GDT_CODE32, TYPE_CODE, 0, false);
	const struct kvm_segment code64 = flat(GDT_CODE64, TYPE_CODE, 0, true);
	const struct kvm_segment data = flat(GDT_DATA, TYPE_DATA, 0, false);
	const struct kvm_segment user_data = flat(GDT_USER_DATA, TYPE_DATA, 3, false);
	const struct kvm_segment user_code = flat(GDT_USER_CODE, TYPE_CODE, 3, true);
	const struct kvm_segment tss = task(user);
	/* The task's is 16 bytes long in 64-bit mode; the upper half of its base is 0. */
	const uint64_t table[GDT_N] = {
		[GDT_CODE32] = descriptor(&code32),	  [GDT_CODE64] = descriptor(&code64),
		[GDT_DATA] = descriptor(&data),		  [GDT_USER_DATA] = descriptor(&user_data),
		[GDT_USER_CODE] = descriptor(&user_code), [GDT_TSS] = descriptor(&tss)};

	gdt->base = HV_BOOT_GDT;
	gdt->limit = sizeof(table) - 1;
	return hv_mem_write(&vm->mem, HV_BOOT_GDT, table, sizeof(table));
}

/*
 * Page tables with pages of 2 MB, which every processor has. The first page is the top level; each
 * of its entries covers 512 GB by a table of 512 entries of 1 GB, each of those a table of pages.
 * Tables are taken one after the other as addresses ask for them.
 */
#define ENTRIES	     512u
#define PAGE	     4096u
#define PAGE_2M	     (2ull << 20)
#define TABLES_MAX   ((HV_BOOT_CMDLINE - HV_BOOT_TABLES) / PAGE)
#define PTE_PRESENT  1u
#define PTE_WRITE    2u
#define PTE_USER     4u
#define PTE_ACCESSED 0x20u
#define PTE_DIRTY    0x40u
#define PTE_LARGE    0x80u

struct tables {
	uint64_t page[TABLES_MAX][ENTRIES];
	unsigned int n;
	uint64_t user; /* PTE_USER or 0 */
};

/* The table the entry points to; a fresh one when it points to none yet. NULL: no room. */
static uint64_t *below(struct tables *t, uint64_t *entry)
{
	if (!*entry) {
		if (t->n == TABLES_MAX)
			return NULL;
		*entry = (HV_BOOT_TABLES + t->n++ * PAGE) | t->user | PTE_ACCESSED | PTE_WRITE |
			 PTE_PRESENT;
	}
	return t->page[((*entry & ~(PAGE - 1ull)) - HV_BOOT_TABLES) / PAGE];
}

static int map(struct tables *t, uint64_t at, uint64_t bytes)
{
	uint64_t end = at + bytes;

	for (at &= ~(PAGE_2M - 1); at < end; at += PAGE_2M) {
		uint64_t *giga = below(t, &t->page[0][at >> 39 & (ENTRIES - 1)]);
		uint64_t *mega = giga ? below(t, &giga[at >> 30 & (ENTRIES - 1)]) : NULL;

		if (!mega)
			return -ENOSPC;
		mega[at >> 21 & (ENTRIES - 1)] = at | PTE_LARGE | PTE_DIRTY | PTE_ACCESSED |
						 t->user | PTE_WRITE | PTE_PRESENT;
	}
	return 0;
}

static int write_tables(struct hv_vm *vm, bool user, uint64_t window, uint64_t window_bytes)
{
	static struct tables t; /* too large for a stack; the main thread alone is here */
	int r;

	memset(&t, 0, sizeof(t));
	t.n = 1;
	t.user = user ? PTE_USER : 0;
	r = map(&t, 0, HV_HIGH);
	if (r == 0 && user)
		r = map(&t, window, window_bytes < HV_START_MEM64 ? window_bytes : HV_START_MEM64);
	return r ? r : hv_mem_write(&vm->mem, HV_BOOT_TABLES, t.page, (uint64_t)t.n * PAGE);
}

static void set_segments(struct kvm_sregs *s, struct kvm_segment code, struct kvm_segment data)
{
	s->cs = code;
	s->ds = s->es = s->fs = s->gs = s->ss = data;
	s->tr = task(code.dpl == 3);
	s->ldt = (struct kvm_segment){.unusable = 1};
}

int hv_start_prepare(struct hv_vm *vm, enum hv_start_mode mode, uint64_t window,
		     uint64_t window_bytes, struct hv_start *s, struct err *e)
{
	bool user = mode == HV_START_NATIVE;
	int r;

	*s = (struct hv_start){.regs.rflags = FLAGS_FIXED};
	s->sregs.cr0 = CR0_PE | CR0_ET;
	r = write_gdt(vm, user, &s->sregs.gdt);
	if (mode == HV_START_32) {
		set_segments(&s->sregs, flat(GDT_CODE32, TYPE_CODE, 0, false),
			     flat(GDT_DATA, TYPE_DATA, 0, false));
	} else {
		s->sregs.cr0 |= CR0_PG | CR0_NE | CR0_MP;
		s->sregs.cr3 = HV_BOOT_TABLES;
		s->sregs.cr4 = CR4_PAE;
		s->sregs.efer = EFER_LME | EFER_LMA;
		set_segments(&s->sregs, flat(GDT_CODE64, TYPE_CODE, 0, true),
			     flat(GDT_DATA, TYPE_DATA, 0, false));
		if (r == 0)
			r = write_tables(vm, user, window, window_bytes);
	}
	if (user) {
		/* Nothing at level 3 could switch SSE on. */
		s->sregs.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCP;
		set_segments(&s->sregs, flat(GDT_USER_CODE, TYPE_CODE, 3, true),
			     flat(GDT_USER_DATA, TYPE_DATA, 3, false));
		s->regs.rflags |= FLAGS_IOPL3;
		if (r == 0)
			r = write_task(vm);
	}
	if (r != 0)
		return err_set(e, r, "the guest's memory has no room for the boot tables");
	return 0;
}
