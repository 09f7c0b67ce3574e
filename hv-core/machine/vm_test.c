/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine on the KVM that is here. Its guests are a few instructions at CPL 3. */
#include "hv-core/machine/cpuid.h"
#include "hv-core/machine/test_code.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#define PORT 0x500

/* Remembers what the guest wrote; a read gives what was put in. */
struct toy {
	_Atomic uint64_t writes, last, give;
};

static uint64_t toy_read(void *self, uint64_t off, unsigned int len)
{
	return ((struct toy *)self)->give;
}

static void toy_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct toy *t = self;

	t->last = value;
	t->writes++;
}

static const struct hv_io_ops toy_ops = {toy_read, toy_write};

static void make(struct hv_vm *vm, unsigned int cpus)
{
	const struct hv_vm_options o = {
		.kvm_fd = -1, .mem_bytes = 8 << 20, .page_bytes = 4096, .cpus = cpus};
	struct err e = {0};

	if (hv_vm_create(vm, &o, NULL, &e))
		fail_msg("%s", e.text);
}

static void load(struct hv_vm *vm, const void *code, size_t len)
{
	struct err e = {0};

	if (code_load(vm, code, len, &e) || hv_vm_start(vm, NULL, NULL, &e))
		fail_msg("%s", e.text);
}

static void until(const _Atomic uint64_t *value, uint64_t least)
{
	for (int i = 0; i < 20000 && *value < least; i++)
		usleep(1000);
	assert_true(*value >= least);
}

/* mov dx, PORT; L: inc eax; out dx, eax; jmp L */
static const uint8_t counts[] = {0x66, 0xba, 0x00, 0x05, 0xff, 0xc0, 0xef, 0xeb, 0xfb};

static void a_guest_writes_to_a_port(void **state)
{
	struct hv_vm vm;
	struct toy t = {0};
	struct hv_vcpu_stats s;

	make(&vm, 1);
	assert_int_equal(hv_bus_add(vm.pio, PORT, 4, &toy_ops, &t, NULL, "toy", NULL), 0);
	load(&vm, counts, sizeof(counts));
	/* Nothing runs before it is let. */
	usleep(20000);
	assert_int_equal(t.writes, 0);
	hv_vm_run(&vm);
	until(&t.writes, 1000);
	hv_vcpu_stats(&vm, 0, &s);
	assert_true(s.exits[HV_EXIT_IO] >= 999);
	assert_true(s.cpu_ns > 0);
	assert_int_equal(s.exits[HV_EXIT_SHUTDOWN], 0);
	hv_vm_destroy(&vm);
}

/* A guest that is parked does nothing; it goes on where it was: no write is lost or doubled. */
static void parking_holds_it_still(void **state)
{
	struct hv_vm vm;
	struct toy t = {0};

	make(&vm, 1);
	assert_int_equal(hv_bus_add(vm.pio, PORT, 4, &toy_ops, &t, NULL, "toy", NULL), 0);
	load(&vm, counts, sizeof(counts));
	hv_vm_run(&vm);
	for (int i = 0; i < 200; i++) {
		until(&t.writes, t.writes + 5);
		hv_vm_park(&vm);
		hv_vm_park(&vm);
		uint64_t held = t.writes;
		assert_true(t.last == held);
		hv_vm_run(&vm);
		usleep(200);
		assert_true(t.writes == held);
		hv_vm_run(&vm);
	}
	hv_vm_destroy(&vm);
}

/* L: in eax, dx; mov [0x200000], eax; jmp L, with dx = PORT: a read that is half-done when the vCPU
 * is parked must have its value before the registers are saved. */
static void state_goes_on_in_another_machine(void **state)
{
	static const uint8_t code[] = {
		0x66, 0xba, 0x00, 0x05, 0x31, 0xc9,	  /* mov dx, PORT; xor ecx, ecx */
		0xff, 0xc1, 0x89, 0xc8, 0xef, 0xed,	  /* L: inc ecx; mov eax, ecx; out; in */
		0x89, 0x04, 0x25, 0x00, 0x00, 0x20, 0x00, /* mov [0x200000], eax */
		0xeb, 0xf1};				  /* jmp L */
	struct hv_vm vms[2];
	struct toy t = {.give = 7};
	struct err e = {0};

	make(&vms[0], 1);
	assert_int_equal(hv_bus_add(vms[0].pio, PORT, 4, &toy_ops, &t, NULL, "toy", NULL), 0);
	load(&vms[0], code, sizeof(code));
	hv_vm_run(&vms[0]);
	for (int i = 0; i < 30; i++) {
		struct hv_vm *vm = &vms[i % 2], *other = &vms[(i + 1) % 2];
		struct hv_out board = {0}, cpu = {0};

		until(&t.writes, t.writes + 3);
		hv_vm_park(vm);
		if (hv_board_save(vm, &board, &e) || hv_vcpu_save(vm, 0, &cpu, &e))
			fail_msg("%s", e.text);
		make(other, 1);
		assert_int_equal(hv_bus_add(other->pio, PORT, 4, &toy_ops, &t, NULL, "toy", NULL),
				 0);
		memcpy(other->mem.map, vm->mem.map, vm->mem.bytes);
		hv_vm_destroy(vm);
		struct hv_in in = {board.buf, board.len, false};
		if (hv_board_load(other, &in, &e))
			fail_msg("%s", e.text);
		in = (struct hv_in){cpu.buf, cpu.len, false};
		if (hv_vcpu_load(other, 0, &in, &e) || hv_vm_start(other, NULL, NULL, &e))
			fail_msg("%s", e.text);
		hv_out_free(&board);
		hv_out_free(&cpu);
		hv_vm_run(other);
		/* The guest counts what it writes: none was lost, none came twice. */
		assert_true(t.last == t.writes);
	}
	hv_vm_park(&vms[0]);
	assert_true(t.last == t.writes);
	uint32_t seen;
	assert_int_equal(hv_mem_read(&vms[0].mem, 0x200000, &seen, 4), 0);
	assert_int_equal(seen, 7);
	hv_vm_destroy(&vms[0]);
}

/* Cutting or changing a saved state gives an error, never a crash. */
static void broken_state_is_refused(void **state)
{
	struct hv_vm vm;
	struct hv_out board = {0}, cpu = {0};
	struct err e = {0};

	make(&vm, 2);
	assert_int_equal(hv_board_save(&vm, &board, &e), 0);
	assert_int_equal(hv_vcpu_save(&vm, 1, &cpu, &e), 0);
	for (size_t len = 0; len < board.len; len += 1 + board.len / 97) {
		struct hv_in in = {board.buf, len, false};

		assert_true(hv_board_load(&vm, &in, &e) < 0);
		assert_true(strlen(e.text) > 10);
	}
	for (size_t len = 0; len < cpu.len; len += 1 + cpu.len / 97) {
		struct hv_in in = {cpu.buf, len, false};

		assert_true(hv_vcpu_load(&vm, 1, &in, &e) < 0);
	}
	board.buf[0] = 3;
	struct hv_in in = {board.buf, board.len, false};
	assert_int_equal(hv_board_load(&vm, &in, &e), -EINVAL);
	assert_non_null(strstr(e.text, "3 processors"));
	hv_out_free(&board);
	hv_out_free(&cpu);
	hv_vm_destroy(&vm);
}

/* Kicks arrive by descriptor and do not leave the kernel; the guest's next write to a port does. */
static void kicks_go_straight_to_a_descriptor(void **state)
{
	/* mov [0x3000000], eax: mapped, and no memory; then the loop of `counts` */
	static const uint8_t code[] = {0x89, 0x04, 0x25, 0x00, 0x00, 0x00, 0x03, 0x66,
				       0xba, 0x00, 0x05, 0xff, 0xc0, 0xef, 0xeb, 0xfb};
	struct hv_vm vm;
	struct toy t = {0}, none = {0};
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint64_t kicks = 0;

	make(&vm, 1);
	assert_int_equal(hv_bus_add(vm.pio, PORT, 4, &toy_ops, &t, NULL, "toy", NULL), 0);
	assert_int_equal(hv_bus_add(vm.mmio, 0x3000000, 4, &toy_ops, &none, NULL, "none", NULL), 0);
	assert_int_equal(hv_ioeventfd_add(&vm, false, 0x3000000, 0, NULL, fd), 0);
	load(&vm, code, sizeof(code));
	hv_vm_run(&vm);
	until(&t.writes, 3);
	assert_int_equal(read(fd, &kicks, sizeof(kicks)), 8);
	assert_int_equal(kicks, 1);
	assert_int_equal(none.writes, 0);
	assert_int_equal(hv_ioeventfd_del(&vm, false, 0x3000000, 0, NULL, fd), 0);
	close(fd);
	hv_vm_destroy(&vm);
}

static void what_ends_a_guest_is_told(void **state)
{
	static const uint8_t undefined[] = {0x0f, 0x0b};
	struct hv_vm vm;

	make(&vm, 1);
	load(&vm, undefined, sizeof(undefined));
	hv_vm_run(&vm);
	struct pollfd p = {.fd = vm.end_fd, .events = POLLIN};
	assert_int_equal(poll(&p, 1, 20000), 1);
	assert_int_equal(vm.end, HV_END_CRASH);
	assert_non_null(strstr(vm.why, "0x100000"));
	/* The first reason stays. */
	hv_vm_end(&vm, HV_END_STOPPED, "later");
	assert_int_equal(vm.end, HV_END_CRASH);
	hv_vm_destroy(&vm);
}

static void messages_have_numbers_of_their_own(void **state)
{
	struct hv_vm vm;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), gsi[3];

	make(&vm, 1);
	for (int i = 0; i < 3; i++) {
		gsi[i] = hv_msi_alloc(&vm);
		assert_int_equal(gsi[i], HV_GSI_MSI + i);
		assert_int_equal(
			hv_msi_set(&vm, (unsigned int)gsi[i], HV_LAPIC, 0x40 + (uint32_t)i), 0);
	}
	hv_msi_free(&vm, (unsigned int)gsi[1]);
	assert_int_equal(hv_msi_alloc(&vm), gsi[1]);
	assert_int_equal(hv_irqfd_add(&vm, fd, (unsigned int)gsi[0], -1), 0);
	assert_int_equal(hv_irqfd_del(&vm, fd, (unsigned int)gsi[0]), 0);
	close(fd);
	hv_vm_destroy(&vm);
}

static void models_are_compared(void **state)
{
	struct hv_vm vm;
	struct err e = {0};
	struct kvm_cpuid2 *host;
	unsigned int bits;

	make(&vm, 4);
	assert_int_equal(hv_cpuid_make(vm.kvm_fd, HV_CPU_HOST, 4, &host, &bits, &e), 0);
	/* As if KVM could give everything: what it has here differs from machine to machine. */
	hv_cpuid_find(host, 1, 0)->ecx = UINT32_MAX;
	hv_cpuid_find(host, 0x80000001, 0)->edx = UINT32_MAX;
	struct kvm_cpuid2 *base = malloc(sizeof(*base) + HV_CPUID_MAX * sizeof(base->entries[0]));
	memcpy(base, host, sizeof(*base) + HV_CPUID_MAX * sizeof(base->entries[0]));
	hv_cpuid_baseline(base);
	assert_int_equal(hv_cpuid_covers(host, host, &e), 0);
	assert_int_equal(hv_cpuid_covers(host, base, &e), 0);
	/* No AVX at the baseline, SSE4.2 and long mode there. */
	assert_int_equal(hv_cpuid_find(base, 1, 0)->ecx & 1u << 28, 0);
	assert_int_not_equal(hv_cpuid_find(base, 1, 0)->ecx & 1u << 20, 0);
	assert_int_not_equal(hv_cpuid_find(base, 0x80000001, 0)->edx & 1u << 29, 0);
	hv_cpuid_find(host, 1, 0)->ecx &= ~(1u << 20);
	assert_int_equal(hv_cpuid_covers(host, base, &e), -ENOTSUP);
	assert_non_null(strstr(e.text, "leaf 0x1.0 ECX bits 0x100000"));
	for (unsigned int id = 0; id < 4; id++) {
		hv_cpuid_number(base, id, 4);
		assert_int_equal(hv_cpuid_find(base, 1, 0)->ebx >> 24, id);
		assert_int_equal(hv_cpuid_find(base, 1, 0)->ebx >> 16 & 0xff, 4);
		assert_int_equal(hv_cpuid_find(base, 0xb, 1)->eax, 2);
		assert_int_equal(hv_cpuid_find(base, 0xb, 1)->ebx, 4);
		assert_int_equal(hv_cpuid_find(base, 0xb, 1)->edx, id);
	}
	free(host);
	free(base);
	hv_vm_destroy(&vm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_writes_to_a_port),
		cmocka_unit_test(parking_holds_it_still),
		cmocka_unit_test(state_goes_on_in_another_machine),
		cmocka_unit_test(broken_state_is_refused),
		cmocka_unit_test(kicks_go_straight_to_a_descriptor),
		cmocka_unit_test(what_ends_a_guest_is_told),
		cmocka_unit_test(messages_have_numbers_of_their_own),
		cmocka_unit_test(models_are_compared),
	};

	if (access("/dev/kvm", R_OK | W_OK)) {
		puts("skip: no /dev/kvm");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
