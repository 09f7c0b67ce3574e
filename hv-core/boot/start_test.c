/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each way to begin, on the KVM that is here: a guest of a few instructions looks at what it was
 * handed, says so on COM1, and switches itself off by the sleep register.
 */
#include "hv-core/boot/boot.h"
#include "hv-core/boot/test_image.h"
#include "hv-core/device/acpi_events.h"
#include "hv-core/device/i8042.h"
#include "hv-core/device/serial.h"
#include "hv-core/device/sleep.h"
#include "hv-core/machine/vcpu.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 60000

struct test {
	struct hv_vm vm;
	struct hv_serial *com1;
	char said[256];
	size_t n;
};

static void on_out(void *arg, const uint8_t *bytes, size_t len)
{
	struct test *t = arg;

	for (size_t i = 0; i < len && t->n < sizeof(t->said) - 1; i++)
		t->said[t->n++] = (char)bytes[i];
}

static void begin(struct test *t)
{
	const struct hv_vm_options o = {
		.kvm_fd = -1, .mem_bytes = 32 << 20, .page_bytes = 4096, .cpus = 1};
	struct hv_ged *ged;
	struct err e = {0};

	memset(t, 0, sizeof(*t));
	if (hv_vm_create(&t->vm, &o, NULL, &e) ||
	    hv_serial_create(&t->vm, HV_PORT_COM1, HV_GSI_COM1, "com1", on_out, t, &t->com1, &e) ||
	    hv_ged_create(&t->vm, &ged, &e) || hv_sleep_create(&t->vm, &e) ||
	    hv_i8042_create(&t->vm, &e))
		fail_msg("%s", e.text);
}

static void run(struct test *t, int booted, const struct err *e, enum hv_end end)
{
	struct err start = {0};

	if (booted != 0)
		fail_msg("%s", e->text);
	if (hv_vm_start(&t->vm, NULL, NULL, &start) != 0)
		fail_msg("%s", start.text);
	hv_vm_run(&t->vm);
	struct pollfd p = {.fd = t->vm.end_fd, .events = POLLIN};
	if (poll(&p, 1, PATIENCE_MS) != 1)
		fail_msg("the guest did not end; it said \"%s\"", t->said);
	hv_vm_park(&t->vm);
	if (t->vm.end != (int)end)
		fail_msg("ended otherwise: %s; it said \"%s\"", t->vm.why, t->said);
}

/* What follows is the same in 32 and 64 bits: rsi (esi) points to text that ends with a 0; it goes
 * to COM1, and then S5 to the sleep register. */
#define SAY_AND_POWER_OFF                                             \
	0x66, 0xba, 0xf8, 0x03,		/* mov dx, 0x3f8 */           \
		0xac,			/* L: lodsb */                \
		0x84, 0xc0,		/* test al, al */             \
		0x74, 0x03,		/* jz off */                  \
		0xee,			/* out dx, al */              \
		0xeb, 0xf8,		/* jmp L */                   \
		0x66, 0xba, 0x00, 0x06, /* off: mov dx, 0x600 */      \
		0xb0, 0x34,		/* mov al, 5 << 2 | 1 << 5 */ \
		0xee,			/* out dx, al */              \
		0xeb, 0xfe		/* jmp . */

static void a_bzimage_begins_in_64_bit_mode(void **state)
{
	static const uint8_t code[] = {0x48,
				       0x8c,
				       0xc8, /* mov rax, cs */
				       0x48,
				       0x83,
				       0xf8,
				       0x10, /* cmp rax, 0x10 */
				       0x75,
				       0xfe, /* jne . */
				       0x8b,
				       0xb6,
				       0x28,
				       0x02,
				       0x00,
				       0x00, /* mov esi, [rsi + 0x228]: cmd_line_ptr */
				       SAY_AND_POWER_OFF};
	struct test_bzimage image = test_bzimage(code, sizeof(code));
	struct err e = {0};
	struct test t;

	begin(&t);
	run(&t, hv_boot_linux(&t.vm, &image.image, NULL, "in 64 bits", &e), &e, HV_END_POWER_OFF);
	assert_string_equal(t.said, "in 64 bits");
	hv_vm_destroy(&t.vm);
}

static void an_elf_kernel_begins_in_32_bit_mode(void **state)
{
	static const uint8_t code[] = {0x81,
				       0x3b,
				       0x78,
				       0xc5,
				       0x6e,
				       0x33, /* cmp dword [ebx], the magic */
				       0x75,
				       0xfe, /* jne . */
				       0x0f,
				       0x20,
				       0xc0, /* mov eax, cr0 */
				       0xa9,
				       0x00,
				       0x00,
				       0x00,
				       0x80, /* test eax, PG */
				       0x75,
				       0xfe, /* jnz . */
				       0x48,
				       0x40, /* dec eax; inc eax: in 64 bits a REX prefix */
				       0x8b,
				       0x73,
				       0x18, /* mov esi, [ebx + 24]: the command line */
				       SAY_AND_POWER_OFF};
	struct test_elf *image = test_elf_new(2 << 20, code, sizeof(code));
	struct err e = {0};
	struct test t;

	begin(&t);
	run(&t, hv_boot_linux(&t.vm, &image->image, NULL, "in 32 bits", &e), &e, HV_END_POWER_OFF);
	assert_string_equal(t.said, "in 32 bits");
	hv_vm_destroy(&t.vm);
}

static void a_native_guest_begins_at_level_3(void **state)
{
	static const uint8_t code[] = {0x81,
				       0x3f,
				       0x66,
				       0x6c,
				       0x75,
				       0x65, /* cmp dword [rdi], the magic */
				       0x75,
				       0xfe, /* jne . */
				       0x8c,
				       0xc8, /* mov eax, cs */
				       0x24,
				       0x03, /* and al, 3 */
				       0x3c,
				       0x03, /* cmp al, 3 */
				       0x75,
				       0xfe, /* jne . */
				       0x55,
				       0x5d, /* push rbp; pop rbp */
				       0x66,
				       0x0f,
				       0xef,
				       0xc0, /* pxor xmm0, xmm0 */
				       0x48,
				       0x8b,
				       0x77,
				       0x18, /* mov rsi, [rdi + 24]: the command line */
				       0x48,
				       0x8b,
				       0x47,
				       0x30, /* mov rax, [rdi + 48]: ecam */
				       0x8b,
				       0x00, /* mov eax, [rax] */
				       0x48,
				       0x8b,
				       0x47,
				       0x40, /* mov rax, [rdi + 64]: mem64 */
				       0x8b,
				       0x00, /* mov eax, [rax] */
				       SAY_AND_POWER_OFF};
	struct test_elf *image = test_elf_new(2 << 20, code, sizeof(code));
	struct err e = {0};
	struct test t;

	begin(&t);
	run(&t, hv_boot_native(&t.vm, &image->image, "at level 3", 0, &e), &e, HV_END_POWER_OFF);
	assert_string_equal(t.said, "at level 3");
	hv_vm_destroy(&t.vm);
}

/* Two ways to start anew. */
static void a_guest_resets(void **state)
{
	static const uint8_t code[2][8] = {
		{0x66, 0xba, 0x02, 0x06, 0xb0, 0x01, 0xee, 0xf4}, /* out 0x602, 1; hlt */
		{0xb0, 0xfe, 0xe6, 0x64, 0xeb, 0xfe},		  /* out 0x64, 0xfe; jmp . */
	};

	for (int i = 0; i < 2; i++) {
		struct test_elf *image = test_elf_new(2 << 20, code[i], sizeof(code[i]));
		struct err e = {0};
		struct test t;

		begin(&t);
		run(&t, hv_boot_native(&t.vm, &image->image, "", 0, &e), &e, HV_END_RESET);
		hv_vm_destroy(&t.vm);
	}
}

/* As Linux does where ACPI is hardware-reduced: in real mode, by the BIOS' first instruction. */
static void a_kernel_resets_by_the_bios(void **state)
{
	static const uint8_t code[] = {
		0xea, 0x07, 0x00, 0x00, 0x00, 0x40, 0x00, /* ljmp 0x40:7, base 0x200000 */
		0x0f, 0x20, 0xc0,			  /* mov eax, cr0, 16 bits from here */
		0x24, 0xfe,				  /* and al, ~PE */
		0x0f, 0x22, 0xc0,			  /* mov cr0, eax */
		0xea, 0xf0, 0xff, 0x00, 0xf0,		  /* ljmp 0xf000:0xfff0 */
	};
	struct test_elf *image = test_elf_new(2 << 20, code, sizeof(code));
	const uint64_t code16 = 0x000f9b000000ffffull | 0x20ull << 32; /* base 0x200000 */
	struct err e = {0};
	struct test t;

	begin(&t);
	int r = hv_boot_linux(&t.vm, &image->image, NULL, "", &e);
	/* A segment of 16 bits, which boot code has not, where the task's descriptor ends. */
	assert_int_equal(hv_mem_write(&t.vm.mem, HV_BOOT_GDT + 0x40, &code16, 8), 0);
	run(&t, r, &e, HV_END_RESET);
	hv_vm_destroy(&t.vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bzimage_begins_in_64_bit_mode),
		cmocka_unit_test(an_elf_kernel_begins_in_32_bit_mode),
		cmocka_unit_test(a_native_guest_begins_at_level_3),
		cmocka_unit_test(a_guest_resets),
		cmocka_unit_test(a_kernel_resets_by_the_bios),
	};

	if (access("/dev/kvm", R_OK | W_OK)) {
		puts("skip: no /dev/kvm");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
