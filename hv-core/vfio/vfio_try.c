/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gives functions of the host to a guest and looks at them from inside, in the lab
 *(tests/lab/vfio.sh):
 *
 *	vfio_try use ADDRESS	all checks of an igb function, PF or VF
 *	vfio_try share A B	two functions in one guest
 *	vfio_try hold ADDRESS	holds it until the host wants it back
 *	vfio_try refuse ADDRESS WORDS	it must be refused, with these words
 *
 * Prints a line of TAP for each check.
 */
#include "hv-core/device/acpi_events.h"
#include "hv-core/device/ged_regs.h"
#include "hv-core/vfio/device.h"
#include "hv-core/vfio/try_guest.h"
#include "hv-core/vfio/try_host.h"

#include <linux/pci_regs.h>
#include <poll.h>
#include <unistd.h>

/* igb's registers, the same for a PF (i82576 datasheet 8.8) and a VF (9.5). */
#define STATUS 0x0008
#define GPIE   0x1514 /* PF: interrupts are MSI-X, each cause a vector */
#define EICS   0x1520 /* raises an interrupt */
#define EIMS   0x1524 /* and lets it through */
#define VMBMEM 0x0800 /* the mailbox between PF and VF: memory */
#define RXDCTL 0x2828
#define ENABLE (1u << 25)
#define TCTL   0x0400
#define TDBAL  0xe000 /* and high, length, head, tail, control at the offsets of datasheet 8.12 */

#define PF_ID 0x10c98086u

#define BAR0   0xc1000000u
#define BAR0_B 0xc3000000u
#define BAR3   0xc2000000u
#define VECTOR 0x41u

static struct event_base *loop;
static struct hv_vm vm;
static struct hv_pci *pci;
static struct hv_ged *ged;
static unsigned int failures;

static void check(bool ok, const char *name)
{
	printf("%s %s\n", ok ? "ok" : "not ok", name);
	fflush(stdout);
	failures += !ok;
}

static void bail(const char *what, const struct err *e)
{
	printf("Bail out! %s: %s\n", what, e->text);
	exit(1);
}

static void make_vm(void)
{
	const struct hv_vm_options o = {
		.kvm_fd = -1, .mem_bytes = 64 << 20, .page_bytes = 4096, .cpus = 1};
	struct err e = {0};

	loop = event_base_new();
	if (hv_vm_create(&vm, &o, loop, &e) || hv_pci_create(&vm, &pci, &e) ||
	    hv_ged_create(&vm, &ged, &e) || hv_pci_set_ged(pci, ged, &e))
		bail("no machine", &e);
}

static void on_gone(void *arg, const char *id)
{
	event_base_loopbreak(loop);
}

/* What flue-vm does: open first, then use. */
static int assign(const char *id, const char *address, struct hv_vfio **v, unsigned int eject_ms,
		  struct err *e)
{
	struct hv_vfio_options o = {.id = id,
				    .address = address,
				    .fds = {-1, -1, -1},
				    .slot = -1,
				    .eject_ms = eject_ms,
				    .gone = on_gone};
	int rc = hv_vfio_open(address, &o.fds, e);

	return rc ? rc : hv_vfio_create(&vm, pci, &o, v, e);
}

static uint64_t config(const struct hv_vfio *v, unsigned int off)
{
	return HV_ECAM + ((uint64_t)v->fn.slot << 15) + off;
}

static bool is_pf(struct hv_vfio *v)
{
	return peek(&vm, config(v, PCI_VENDOR_ID)) == PF_ID;
}

static void put_bars(struct hv_vfio *v)
{
	poke(&vm, config(v, PCI_COMMAND), 0);
	poke(&vm, config(v, PCI_BASE_ADDRESS_0), BAR0);
	poke(&vm, config(v, PCI_BASE_ADDRESS_3), BAR3);
	if (v->fn.bar[0].kind == HV_BAR_MEM64 || v->fn.bar[0].kind == HV_BAR_MEM64_PREF)
		poke(&vm, config(v, PCI_BASE_ADDRESS_1), 0);
	if (v->fn.bar[3].kind == HV_BAR_MEM64 || v->fn.bar[3].kind == HV_BAR_MEM64_PREF)
		poke(&vm, config(v, PCI_BASE_ADDRESS_4), 0);
	poke(&vm, config(v, PCI_COMMAND), PCI_COMMAND_MEMORY);
}

static bool has_capability(struct hv_vfio *v, uint8_t id)
{
	uint8_t at = (uint8_t)peek(&vm, config(v, PCI_CAPABILITY_LIST));

	for (int i = 0; at && i < 48; i++) {
		uint32_t head = peek(&vm, config(v, at));

		if ((head & 0xff) == id)
			return true;
		at = (uint8_t)(head >> 8);
	}
	return false;
}

static void the_guest_sees_it(struct hv_vfio *v)
{
	uint32_t id = peek(&vm, config(v, PCI_VENDOR_ID));
	uint32_t ext = peek(&vm, config(v, 0x100)), size;

	printf("# %s is %04x:%04x, %u vectors\n", v->address, id & 0xffff, id >> 16,
	       v->policy.vectors);
	check((id & 0xffff) == 0x8086, "the guest reads the device's ids");
	check(has_capability(v, PCI_CAP_ID_MSIX) && has_capability(v, PCI_CAP_ID_EXP) &&
		      !has_capability(v, PCI_CAP_ID_MSI),
	      "MSI-X and PCIe are in the chain, MSI is not");
	check((peek(&vm, config(v, v->policy.exp)) >> 20 & 0xf) == PCI_EXP_TYPE_RC_END,
	      "it is a root complex integrated end point");
	check((ext & 0xffff) != PCI_EXT_CAP_ID_ERR && (ext & 0xffff) != PCI_EXT_CAP_ID_SRIOV,
	      "extended capabilities are pruned");
	poke(&vm, config(v, PCI_BASE_ADDRESS_3), UINT32_MAX);
	size = peek(&vm, config(v, PCI_BASE_ADDRESS_3)) & ~0xfu;
	check(~size + 1 == v->region[3].bytes, "a BAR's size is that of the region");
}

static void registers_are_mapped(struct hv_vfio *v)
{
	uint32_t status;
	uint64_t before;

	put_bars(v);
	status = peek(&vm, BAR0 + STATUS);
	poke(&vm, BAR0 + VMBMEM, 0x12345678);
	check(status != UINT32_MAX && status == behind(v, 0, STATUS) &&
		      behind(v, 0, VMBMEM) == 0x12345678,
	      "registers are the same for the guest and for the host");
	before = mmio_exits(&vm);
	for (int i = 0; i < 50; i++)
		peek(&vm, BAR0 + STATUS);
	check(mmio_exits(&vm) == before, "reading it does not leave the guest");
	poke(&vm, config(v, PCI_BASE_ADDRESS_0), BAR0_B);
	before = mmio_exits(&vm);
	check(peek(&vm, BAR0_B + STATUS) == status && mmio_exits(&vm) == before,
	      "the mapping follows the BAR");
	check(peek(&vm, BAR0 + STATUS) == UINT32_MAX && mmio_exits(&vm) > before,
	      "nothing is left where it was");
	poke(&vm, config(v, PCI_COMMAND), 0);
	check(peek(&vm, BAR0_B + STATUS) == UINT32_MAX, "without memory decoding nothing answers");
	put_bars(v);
}

static void bus_mastering_is_passed_on(struct hv_vfio *v)
{
	bool before = host_master(v);

	poke(&vm, config(v, PCI_COMMAND), PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	check(!before && host_master(v), "bus mastering is the guest's to switch");
}

static uint64_t table(const struct hv_vfio *v)
{
	return BAR3 + v->policy.table_off;
}

static void the_table_is_trapped(struct hv_vfio *v)
{
	uint32_t real = behind(v, 3, v->policy.table_off + 8);
	uint64_t before = mmio_exits(&vm);

	check(peek(&vm, table(v) + PCI_MSIX_ENTRY_VECTOR_CTRL) == PCI_MSIX_ENTRY_CTRL_MASKBIT,
	      "vectors are masked at first");
	poke(&vm, table(v) + PCI_MSIX_ENTRY_LOWER_ADDR, HV_LAPIC);
	poke(&vm, table(v) + PCI_MSIX_ENTRY_DATA, VECTOR);
	check(peek(&vm, table(v) + PCI_MSIX_ENTRY_DATA) == VECTOR && mmio_exits(&vm) >= before + 4,
	      "the MSI-X table is ours");
	check(behind(v, 3, v->policy.table_off + 8) == real, "the device's own table is untouched");
}

/* The guest's interrupts are off, so what came stays in its LAPIC's request register (SDM 11.8.4).
 */
static bool requested(void)
{
	return peek(&vm, HV_LAPIC + 0x200 + VECTOR / 32 * 16) >> VECTOR % 32 & 1;
}

static bool readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 20000) == 1;
}

static void its_interrupts_arrive(struct hv_vfio *v)
{
	unsigned int control = v->policy.msix;

	poke(&vm, HV_LAPIC + 0xf0, 0x1ff); /* the LAPIC is switched on */
	poke(&vm, config(v, control),
	     peek(&vm, config(v, control)) | (uint32_t)PCI_MSIX_FLAGS_ENABLE << 16);
	check(v->irqs_on, "the device's vectors are bound when the guest enables MSI-X");
	if (is_pf(v))
		poke(&vm, BAR0 + GPIE, 1 << 4);
	poke(&vm, BAR0 + EIMS, 7);
	poke(&vm, BAR0 + EICS, 7);
	check(readable(hv_msix_fd(v->msix, 0)), "the device's interrupt arrives at the eventfd");
	check(!requested() && peek(&vm, BAR3 + v->policy.pba_off) & 1,
	      "while the vector is masked it is pending");
	poke(&vm, table(v) + PCI_MSIX_ENTRY_VECTOR_CTRL, 0);
	for (int i = 0; i < 1000 && !requested(); i++)
		usleep(1000);
	check(requested(), "unmasked, it arrives at the guest's processor");
}

/* A descriptor is fetched from guest memory, and the word that it is done with is written there. */
static void it_reaches_guest_memory(struct hv_vfio *v)
{
	enum { RING = 0x300000, FRAME = 0x301000, LENGTH = 64 };
	const uint32_t descriptor[4] = {FRAME, 0, LENGTH | 0x2b300000, LENGTH << 14};
	uint32_t *at = hv_mem_at(&vm.mem, RING, sizeof(descriptor));

	memcpy(at, descriptor, sizeof(descriptor));
	poke(&vm, BAR0 + TCTL, 2);
	poke(&vm, BAR0 + TDBAL, RING);
	poke(&vm, BAR0 + TDBAL + 4, 0);
	poke(&vm, BAR0 + TDBAL + 8, 128);
	poke(&vm, BAR0 + TDBAL + 0x28, ENABLE);
	poke(&vm, BAR0 + TDBAL + 0x18, 1);
	for (int i = 0; i < 20000 && !(peek(&vm, RING + 12) & 1); i++)
		usleep(1000);
	check(peek(&vm, RING + 12) & 1, "the device reads and writes the guest's memory");
}

static void the_guest_may_reset_it(struct hv_vfio *v)
{
	unsigned int devctl = v->policy.exp + PCI_EXP_DEVCTL;
	/* Something a reset clears: a PF's first queue is enabled by it. */
	uint32_t reg = is_pf(v) ? EIMS : RXDCTL, bit = is_pf(v) ? 1 : ENABLE, was;

	poke(&vm, BAR0 + reg, bit);
	was = peek(&vm, BAR0 + reg) & bit;
	poke(&vm, config(v, devctl), PCI_EXP_DEVCTL_BCR_FLR);
	check(!(peek(&vm, config(v, devctl)) & PCI_EXP_DEVCTL_BCR_FLR) && !v->irqs_on &&
		      !host_master(v),
	      "after a function-level reset interrupts and bus mastering are off");
	check(was && !(peek(&vm, BAR0 + reg) & bit), "and the device's registers are as new");
	check(peek(&vm, table(v) + PCI_MSIX_ENTRY_DATA) == 0, "and so is the table");
}

static void it_is_not_saved(void)
{
	struct err e = {0};
	int rc;

	hv_vm_park(&vm);
	rc = hv_vm_quiesce(&vm, &e);
	hv_vm_run(&vm);
	check(rc == -ENOTSUP && strstr(e.text, "cannot be saved; take it out first"),
	      "saving is refused");
}

/* What the guest's ACPI methods do when they are told. */
static void the_guest_lets_go(struct hv_vfio *v)
{
	unsigned int slot = v->fn.slot;

	hv_vfio_unplug(v);
	check(peek(&vm, HV_GED + HV_GED_WANTED) & 1u << slot, "the guest is asked for it");
	check(locked_kb() >= vm.mem.bytes >> 10, "its memory was locked for DMA");
	poke(&vm, HV_GED + HV_GED_EJECT, slot);
	event_base_dispatch(loop);
	check(peek(&vm, BAR0 + STATUS) == UINT32_MAX && locked_kb() == 0,
	      "given back, it is gone from the guest, and memory is not locked");
}

static int use(const char *address)
{
	struct hv_vfio *v;
	struct err e = {0};

	make_vm();
	if (assign("nic", address, &v, 60000, &e) || guest_start(&vm, &e))
		bail("not assigned", &e);
	the_guest_sees_it(v);
	registers_are_mapped(v);
	bus_mastering_is_passed_on(v);
	the_table_is_trapped(v);
	its_interrupts_arrive(v);
	if (is_pf(v))
		it_reaches_guest_memory(v);
	the_guest_may_reset_it(v);
	it_is_not_saved();
	the_guest_lets_go(v);
	/* All was let go of: the same can be had again at once. */
	check(assign("nic", address, &v, 500, &e) == 0, "and can be assigned again");
	hv_vm_destroy(&vm);
	return failures ? 1 : 0;
}

static int share(const char *a, const char *b)
{
	struct hv_vfio *va, *vb;
	struct err e = {0};

	make_vm();
	if (assign("a", a, &va, 500, &e) || guest_start(&vm, &e))
		bail("not assigned", &e);
	/* As hot-add does: only the group is handed in. The host opens a container as well; it is
	 * closed for that of the machine. */
	check(assign("b", b, &vb, 500, &e) == 0, "a second function joins the container");
	put_bars(vb);
	check(peek(&vm, BAR0 + STATUS) == behind(vb, 0, STATUS), "and its registers are mapped");
	hv_vfio_give_back(va);
	check(peek(&vm, BAR0 + STATUS) == behind(vb, 0, STATUS),
	      "it stays when the first is given back");
	hv_vm_destroy(&vm);
	return failures ? 1 : 0;
}

static int hold(const char *address)
{
	struct hv_vfio *v;
	struct err e = {0};

	make_vm();
	if (assign("nic", address, &v, 500, &e) || guest_start(&vm, &e))
		bail("not assigned", &e);
	put_bars(v);
	check(peek(&vm, BAR0 + STATUS) != UINT32_MAX, "the guest holds the function");
	event_base_dispatch(loop);
	check(peek(&vm, HV_GED + HV_GED_WANTED) != 0, "the host's request reached the guest");
	check(peek(&vm, BAR0 + STATUS) == UINT32_MAX && !atomic_load(&vm.end),
	      "it was taken, and the guest goes on without it");
	hv_vm_destroy(&vm);
	return failures ? 1 : 0;
}

static int refuse(const char *address, const char *words)
{
	struct hv_vfio *v;
	struct err e = {0};
	char name[200];

	make_vm();
	snprintf(name, sizeof(name), "%s is refused: %s", address, words);
	check(assign("nic", address, &v, 500, &e) < 0 && strstr(e.text, words), name);
	printf("# %s\n", e.text);
	hv_vm_destroy(&vm);
	return failures ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "use"))
		return use(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "share"))
		return share(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "hold"))
		return hold(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "refuse"))
		return refuse(argv[2], argv[3]);
	fprintf(stderr, "usage: vfio_try use|hold ADDRESS | share A B | refuse ADDRESS WORDS\n");
	return 2;
}
