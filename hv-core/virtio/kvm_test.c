/* SPDX-License-Identifier: BSD-3-Clause */
/* Interrupts and kicks of a virtio device through the KVM that is here: what unit tests on a fake
 * board cannot show. */
#include "hv-core/machine/test_code.h"
#include "hv-core/machine/vcpu_thread.h"
#include "hv-core/virtio/virtio.h"

#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

#define VECTOR	 0x41
#define BAR	 HV_HIGH /* where the first device's BAR is put */
#define TABLE	 (BAR + 0x4000)
#define PBA	 (BAR + 0x5000)
#define NOTIFY	 (BAR + 0x3000)
#define CFG(off) (HV_ECAM + (1 << 15) + (off))
#define PORT	 0x500

struct rig {
	struct hv_vm vm;
	struct hv_pci *pci;
	struct hv_virtio *v;
	unsigned int msix;
	_Atomic unsigned int kicks, rounds;
};

static int start(void *self)
{
	return 0;
}

static void stop(void *self)
{
}

static void kicked(void *self, unsigned int queue)
{
	((struct rig *)self)->kicks++;
}

static const struct hv_virtio_ops ops = {.start = start, .stop = stop, .kicked = kicked};
static const struct hv_virtio_options options = {
	.type = 2, .class_code = 0x018000, .queues = 1, .queue_size = 16, .name = "disk"};

static void put(struct rig *r, uint64_t addr, unsigned int len, uint64_t value)
{
	assert_true(hv_bus_write(r->vm.mmio, addr, len, value));
}

static uint64_t get(struct rig *r, uint64_t addr, unsigned int len)
{
	uint64_t v;

	assert_true(hv_bus_read(r->vm.mmio, addr, len, &v));
	return v;
}

/* Bit 8 of the spurious vector register switches the local APIC on (SDM 3A, 11.4.3). */
static void apic_on(struct rig *r)
{
	struct kvm_lapic_state s;

	assert_int_equal(ioctl(r->vm.vcpu[0]->fd, KVM_GET_LAPIC, &s), 0);
	s.regs[0xf1] |= 1;
	assert_int_equal(ioctl(r->vm.vcpu[0]->fd, KVM_SET_LAPIC, &s), 0);
}

/* Has the vector been requested (IRR)? */
static bool requested(struct rig *r)
{
	struct kvm_lapic_state s;

	assert_int_equal(ioctl(r->vm.vcpu[0]->fd, KVM_GET_LAPIC, &s), 0);
	return s.regs[0x200 + 0x10 * (VECTOR / 32) + VECTOR % 32 / 8] >> (VECTOR % 8) & 1;
}

static bool until_requested(struct rig *r)
{
	for (int i = 0; i < 20000 && !requested(r); i++)
		usleep(1000);
	return requested(r);
}

static int setup(void **state)
{
	const struct hv_vm_options o = {
		.kvm_fd = -1, .mem_bytes = 8 << 20, .page_bytes = 4096, .cpus = 1};
	struct rig *r = calloc(1, sizeof(*r));
	struct err e = {0};

	if (hv_vm_create(&r->vm, &o, NULL, &e))
		fail_msg("%s", e.text);
	assert_int_equal(hv_pci_create(&r->vm, &r->pci, &e), 0);
	r->v = hv_virtio_new(r->pci, &options, &ops, r, &e);
	assert_non_null(r->v);
	put(r, CFG(PCI_COMMAND), 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	r->msix = (unsigned int)get(r, CFG(PCI_CAPABILITY_LIST), 1);
	while (get(r, CFG(r->msix), 1) != PCI_CAP_ID_MSIX)
		r->msix = (unsigned int)get(r, CFG(r->msix + 1), 1);
	*state = r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	hv_vm_park(&r->vm);
	hv_virtio_free(r->v);
	hv_vm_destroy(&r->vm);
	free(r);
	return 0;
}

static void masked_interrupts_wait_for_the_guest(void **state)
{
	struct rig *r = *state;
	struct pollfd p = {.events = POLLIN};

	apic_on(r);
	put(r, BAR + VIRTIO_PCI_COMMON_Q_MSIX, 2, 1);
	assert_int_equal(get(r, BAR + VIRTIO_PCI_COMMON_Q_MSIX, 2), 1);
	put(r, CFG(r->msix + PCI_MSIX_FLAGS), 2, PCI_MSIX_FLAGS_ENABLE);
	put(r, TABLE + 16, 8, 0xfee00000);
	put(r, TABLE + 24, 8, VECTOR | 1ull << 32);
	p.fd = hv_virtio_call_fd(r->v, 0);
	assert_int_equal(eventfd_write(p.fd, 1), 0);
	assert_true(get(r, PBA, 8) == 2);
	assert_false(requested(r));
	/* Unmasked, KVM takes what waited; masked again, nothing is pending. */
	put(r, TABLE + 28, 4, 0);
	assert_true(until_requested(r));
	assert_int_equal(poll(&p, 1, 0), 0);
	put(r, TABLE + 28, 4, 1);
	assert_true(get(r, PBA, 8) == 0);
}

static void an_unmasked_interrupt_goes_straight(void **state)
{
	struct rig *r = *state;

	apic_on(r);
	put(r, BAR + VIRTIO_PCI_COMMON_Q_MSIX, 2, 0);
	put(r, CFG(r->msix + PCI_MSIX_FLAGS), 2, PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	put(r, TABLE, 8, 0xfee00000);
	put(r, TABLE + 8, 8, VECTOR);
	eventfd_write(hv_virtio_call_fd(r->v, 0), 1);
	assert_false(requested(r));
	assert_true(get(r, PBA, 8) == 1);
	put(r, CFG(r->msix + PCI_MSIX_FLAGS), 2, PCI_MSIX_FLAGS_ENABLE);
	assert_true(until_requested(r));
}

static uint64_t port_read(void *self, uint64_t off, unsigned int len)
{
	return 0;
}

static void port_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	((struct rig *)self)->rounds++;
}

static const struct hv_io_ops port_ops = {port_read, port_write};

/* mov rbx, 0x3003000; mov dx, PORT; L: mov word [rbx], ax; out dx, eax; jmp L */
static const uint8_t kicks[] = {0x48, 0xc7, 0xc3, 0x00, 0x30, 0x00, 0x03, 0x66, 0xba,
				0x00, 0x05, 0x66, 0x89, 0x03, 0xef, 0xeb, 0xfa};

static void a_kick_stays_in_the_kernel(void **state)
{
	struct rig *r = *state;
	/* Guest code sees the first GB: the two MB at 0x3000000 become the BAR's. */
	uint64_t page = BAR | 0xe7;
	struct pollfd p = {.fd = hv_virtio_queue(r->v, 0)->kick_fd, .events = POLLIN};
	struct err e = {0};

	assert_int_equal(hv_bus_add(r->vm.pio, PORT, 4, &port_ops, r, NULL, "port", NULL), 0);
	put(r, BAR + VIRTIO_PCI_COMMON_STATUS, 1, 3);
	put(r, BAR + VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	put(r, BAR + VIRTIO_PCI_COMMON_GF, 4, 1); /* VERSION_1 */
	put(r, BAR + VIRTIO_PCI_COMMON_STATUS, 1, 11);
	put(r, BAR + VIRTIO_PCI_COMMON_Q_DESCLO, 4, 0x200000);
	put(r, BAR + VIRTIO_PCI_COMMON_Q_AVAILLO, 4, 0x201000);
	put(r, BAR + VIRTIO_PCI_COMMON_Q_USEDLO, 4, 0x202000);
	put(r, BAR + VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	put(r, BAR + VIRTIO_PCI_COMMON_STATUS, 1, 15);
	assert_int_equal(get(r, BAR + VIRTIO_PCI_COMMON_STATUS, 1), 15);

	assert_int_equal(code_load(&r->vm, kicks, sizeof(kicks), &e), 0);
	assert_int_equal(
		hv_mem_write(&r->vm.mem, HV_BOOT_TABLES + 0x2000 + 8 * (0x3000000 >> 21), &page, 8),
		0);
	assert_int_equal(hv_vm_start(&r->vm, NULL, NULL, &e), 0);
	hv_vm_run(&r->vm);
	assert_int_equal(poll(&p, 1, 20000), 1);
	for (int i = 0; i < 20000 && r->rounds < 3; i++)
		usleep(1000);
	assert_true(r->rounds >= 3);
	hv_vm_park(&r->vm);
	/* Not one came to the handler. */
	assert_int_equal(r->kicks, 0);
	eventfd_t n;
	assert_int_equal(eventfd_read(p.fd, &n), 0);
	assert_true(n >= 3);

	/* After a reset the same write reaches the device's own handler, and is nobody's. */
	unsigned int before = r->rounds;
	put(r, BAR + VIRTIO_PCI_COMMON_STATUS, 1, 0);
	hv_vm_run(&r->vm);
	for (int i = 0; i < 20000 && r->rounds < before + 3; i++)
		usleep(1000);
	assert_true(r->rounds >= before + 3);
	assert_int_equal(poll(&p, 1, 0), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(masked_interrupts_wait_for_the_guest),
		TEST(an_unmasked_interrupt_goes_straight),
		TEST(a_kick_stays_in_the_kernel),
	};

	if (access("/dev/kvm", R_OK | W_OK)) {
		puts("skip: no /dev/kvm");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
