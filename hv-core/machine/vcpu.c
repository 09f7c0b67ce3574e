/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vCPU's thread runs the guest until KVM gives control back, carries out what the guest wanted,
 * and goes on.
 *
 * Parking: whoever wants the vCPUs to hold still raises vm->parks, sets immediate_exit in each
 * one's shared page and sends a signal. Whether the signal finds the thread inside KVM_RUN or just
 * before it, KVM_RUN returns EINTR, and only then does the thread park: KVM finishes a half-done
 * instruction (the guest's read from a device whose value was just fetched) at the start of
 * KVM_RUN, before it looks at immediate_exit. So a parked vCPU's registers are whole.
 */
#include "hv-core/machine/vcpu_thread.h"

#include "hv-core/machine/cpuid.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define MSR_MISC_ENABLE	   0x1a0
#define MISC_FAST_STRINGS  1
#define MSR_MTRR_DEF_TYPE  0x2ff
#define MTRR_ON_WRITE_BACK 0x806 /* MTRRs are on, memory is write-back: SDM 12.11.2.1 */

const char *const hv_exit_names[HV_EXIT_N] = {
	[HV_EXIT_IO] = "io",
	[HV_EXIT_MMIO] = "mmio",
	[HV_EXIT_HLT] = "hlt",
	[HV_EXIT_INTR] = "intr",
	[HV_EXIT_SHUTDOWN] = "shutdown",
	[HV_EXIT_FAIL_ENTRY] = "fail_entry",
	[HV_EXIT_INTERNAL_ERROR] = "internal_error",
	[HV_EXIT_SYSTEM_EVENT] = "system_event",
	[HV_EXIT_OTHER] = "other",
};

static void nothing(int sig)
{
}

/* The signal only has to interrupt; it must not be restarted. */
static int kick_signal(void)
{
	return SIGRTMIN;
}

int hv_vcpu_set_cpuid(struct hv_vm *vm, unsigned int n)
{
	struct hv_vcpu *v = vm->vcpu[n];
	size_t bytes = sizeof(*vm->cpuid) + HV_CPUID_MAX * sizeof(vm->cpuid->entries[0]);
	struct kvm_cpuid2 *own = malloc(bytes);
	int rc = -ENOMEM;

	if (own) {
		memcpy(own, vm->cpuid, bytes);
		hv_cpuid_number(own, n, vm->cpus);
		rc = ioctl(v->fd, KVM_SET_CPUID2, own) ? -errno : 0;
	}
	free(own);
	return rc;
}

/* What firmware would have set and the kernel relies on. A KVM without an MSR takes fewer; then the
 * guest's own CPUID does not have it either. */
static void set_msr(struct hv_vcpu *v, uint32_t index, uint64_t data)
{
	union {
		struct kvm_msrs head;
		struct {
			uint8_t pad[sizeof(struct kvm_msrs)];
			struct kvm_msr_entry entry;
		} one;
	} msr = {.one.entry = {.index = index, .data = data}};

	msr.head.nmsrs = 1;
	ioctl(v->fd, KVM_SET_MSRS, &msr);
}

int hv_vcpu_create(struct hv_vm *vm, unsigned int n, struct err *e)
{
	struct hv_vcpu *v = calloc(1, sizeof(*v));
	int bytes = ioctl(vm->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	if (!v || bytes < (int)sizeof(*v->run)) {
		free(v);
		return err_set(e, -ENOMEM, "out of memory");
	}
	v->vm = vm;
	v->n = n;
	v->fd = ioctl(vm->fd, KVM_CREATE_VCPU, n);
	if (v->fd < 0) {
		int rc = err_set(e, -errno, "KVM refuses processor %u: %s", n, strerror(errno));

		free(v);
		return rc;
	}
	v->run_bytes = (size_t)bytes;
	v->run = mmap(NULL, v->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	vm->vcpu[n] = v;
	int rc = v->run == MAP_FAILED ? -errno : hv_vcpu_set_cpuid(vm, n);
	if (rc) {
		hv_vcpu_destroy(vm, n);
		return err_set(e, rc, "KVM refuses processor %u's model: %s", n, strerror(-rc));
	}
	set_msr(v, MSR_MTRR_DEF_TYPE, MTRR_ON_WRITE_BACK);
	set_msr(v, MSR_MISC_ENABLE, MISC_FAST_STRINGS);
	return 0;
}

void hv_vcpu_destroy(struct hv_vm *vm, unsigned int n)
{
	struct hv_vcpu *v = vm->vcpu[n];

	if (!v)
		return;
	if (v->run != MAP_FAILED)
		munmap(v->run, v->run_bytes);
	close(v->fd);
	free(v);
	vm->vcpu[n] = NULL;
}

int hv_vcpu_start_at(struct hv_vm *vm, const struct hv_start *start, struct err *e)
{
	struct kvm_sregs now;
	int fd = vm->vcpu[0]->fd;

	if (ioctl(fd, KVM_GET_SREGS, &now))
		goto refused;
	/* The APIC's base and TR are KVM's own. */
	now.cs = start->sregs.cs;
	now.ds = start->sregs.ds;
	now.es = start->sregs.es;
	now.fs = start->sregs.fs;
	now.gs = start->sregs.gs;
	now.ss = start->sregs.ss;
	if (start->sregs.tr.present)
		now.tr = start->sregs.tr;
	now.gdt = start->sregs.gdt;
	now.idt = start->sregs.idt;
	now.cr0 = start->sregs.cr0;
	now.cr3 = start->sregs.cr3;
	now.cr4 = start->sregs.cr4;
	now.efer = start->sregs.efer;
	if (ioctl(fd, KVM_SET_SREGS, &now) || ioctl(fd, KVM_SET_REGS, &start->regs))
		goto refused;
	return 0;

refused:
	return err_set(e, -errno, "KVM refuses the registers the guest is to begin with: %s",
		       strerror(errno));
}

static void do_io(struct hv_vcpu *v)
{
	struct kvm_run *run = v->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	for (uint32_t i = 0; i < run->io.count; i++, data += run->io.size) {
		uint64_t value = 0;

		if (run->io.direction == KVM_EXIT_IO_OUT) {
			memcpy(&value, data, run->io.size);
			hv_bus_write(v->vm->pio, run->io.port, run->io.size, value);
		} else {
			hv_bus_read(v->vm->pio, run->io.port, run->io.size, &value);
			memcpy(data, &value, run->io.size);
		}
	}
}

static void do_mmio(struct hv_vcpu *v)
{
	struct kvm_run *run = v->run;
	uint64_t value = 0;

	if (run->mmio.is_write) {
		memcpy(&value, run->mmio.data, run->mmio.len);
		hv_bus_write(v->vm->mmio, run->mmio.phys_addr, run->mmio.len, value);
	} else {
		hv_bus_read(v->vm->mmio, run->mmio.phys_addr, run->mmio.len, &value);
		memcpy(run->mmio.data, &value, run->mmio.len);
	}
}

static void crashed(struct hv_vcpu *v, const char *what, uint64_t detail)
{
	struct kvm_regs regs = {0};
	char why[200];

	ioctl(v->fd, KVM_GET_REGS, &regs);
	snprintf(why, sizeof(why), "processor %u, at %#llx: %s (%#llx)", v->n,
		 (unsigned long long)regs.rip, what, (unsigned long long)detail);
	hv_vm_end(v->vm, HV_END_CRASH, why);
}

static enum hv_exit handle(struct hv_vcpu *v)
{
	struct kvm_run *run = v->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		do_io(v);
		return HV_EXIT_IO;
	case KVM_EXIT_MMIO:
		do_mmio(v);
		return HV_EXIT_MMIO;
	case KVM_EXIT_HLT:
		return HV_EXIT_HLT;
	case KVM_EXIT_INTR:
		return HV_EXIT_INTR;
	case KVM_EXIT_SHUTDOWN:
		crashed(v, "triple fault", 0);
		return HV_EXIT_SHUTDOWN;
	case KVM_EXIT_FAIL_ENTRY:
		crashed(v, "the processor does not take the guest's state",
			run->fail_entry.hardware_entry_failure_reason);
		return HV_EXIT_FAIL_ENTRY;
	case KVM_EXIT_INTERNAL_ERROR:
		crashed(v, "KVM cannot emulate what the guest does", run->internal.suberror);
		return HV_EXIT_INTERNAL_ERROR;
	case KVM_EXIT_SYSTEM_EVENT:
		crashed(v, "KVM reports a system event", run->system_event.type);
		return HV_EXIT_SYSTEM_EVENT;
	default:
		crashed(v, "KVM left the guest for an unknown reason", run->exit_reason);
		return HV_EXIT_OTHER;
	}
}

/* Waits until nobody wants it parked. False: the thread is to end. */
static bool park(struct hv_vcpu *v)
{
	struct hv_vm *vm = v->vm;

	pthread_mutex_lock(&vm->park_lock);
	v->parked = true;
	pthread_cond_broadcast(&vm->parked);
	while (!vm->stopping && (vm->parks || atomic_load(&vm->end)))
		pthread_cond_wait(&vm->run, &vm->park_lock);
	v->parked = false;
	v->run->immediate_exit = 0;
	bool go_on = !vm->stopping;
	pthread_mutex_unlock(&vm->park_lock);
	return go_on;
}

static void *vcpu_main(void *arg)
{
	struct hv_vcpu *v = arg;
	struct err e = {0};
	sigset_t kick;
	char name[16];

	/* By itself: for others it would be a file of /proc. */
	snprintf(name, sizeof(name), "vcpu%u", v->n);
	prctl(PR_SET_NAME, name);
	sigemptyset(&kick);
	sigaddset(&kick, kick_signal());
	pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
	if (v->vm->thread_init && v->vm->thread_init(v->vm->thread_arg, &e))
		hv_vm_end(v->vm, HV_END_CRASH, e.text);
	while (park(v)) {
		int rc = 0;

		while (!atomic_load_explicit(&v->vm->end, memory_order_relaxed)) {
			rc = ioctl(v->fd, KVM_RUN, 0);
			if (rc && errno == EINTR)
				break;
			/* A processor that was just woken by a start-up message is entered once
			 * more. */
			if (rc && errno == EAGAIN)
				continue;
			if (rc) {
				crashed(v, "KVM_RUN failed", (uint64_t)errno);
				break;
			}
			enum hv_exit why = handle(v);
			atomic_fetch_add_explicit(&v->exits[why], 1, memory_order_relaxed);
		}
		if (rc && errno == EINTR)
			atomic_fetch_add_explicit(&v->exits[HV_EXIT_INTR], 1, memory_order_relaxed);
	}
	return NULL;
}

int hv_vm_start(struct hv_vm *vm, int (*thread_init)(void *arg, struct err *e), void *arg,
		struct err *e)
{
	const struct sigaction act = {.sa_handler = nothing};
	sigset_t all, before;
	int rc = 0;

	sigaction(kick_signal(), &act, NULL);
	vm->thread_init = thread_init;
	vm->thread_arg = arg;
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	for (unsigned int i = 0; i < vm->cpus && !rc; i++) {
		struct hv_vcpu *v = vm->vcpu[i];

		rc = -pthread_create(&v->thread, NULL, vcpu_main, v);
		v->started = !rc;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc ? err_set(e, rc, "cannot start a processor's thread: %s", strerror(-rc)) : 0;
}

static void kick_all(struct hv_vm *vm)
{
	for (unsigned int i = 0; i < vm->cpus; i++) {
		struct hv_vcpu *v = vm->vcpu[i];

		if (!v || !v->started || v->parked)
			continue;
		__atomic_store_n(&v->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
		pthread_kill(v->thread, kick_signal());
	}
}

static bool all_parked(const struct hv_vm *vm)
{
	for (unsigned int i = 0; i < vm->cpus; i++)
		if (vm->vcpu[i]->started && !vm->vcpu[i]->parked)
			return false;
	return true;
}

void hv_vm_park(struct hv_vm *vm)
{
	pthread_mutex_lock(&vm->park_lock);
	vm->parks++;
	kick_all(vm);
	while (!all_parked(vm))
		pthread_cond_wait(&vm->parked, &vm->park_lock);
	pthread_mutex_unlock(&vm->park_lock);
}

void hv_vm_run(struct hv_vm *vm)
{
	pthread_mutex_lock(&vm->park_lock);
	if (vm->parks && !--vm->parks)
		pthread_cond_broadcast(&vm->run);
	pthread_mutex_unlock(&vm->park_lock);
}

void hv_vcpus_stop(struct hv_vm *vm)
{
	pthread_mutex_lock(&vm->park_lock);
	vm->stopping = true;
	vm->parks++;
	kick_all(vm);
	pthread_cond_broadcast(&vm->run);
	pthread_mutex_unlock(&vm->park_lock);
	for (unsigned int i = 0; i < vm->cpus; i++)
		if (vm->vcpu[i] && vm->vcpu[i]->started) {
			pthread_join(vm->vcpu[i]->thread, NULL);
			vm->vcpu[i]->started = false;
		}
}

uint64_t hv_vcpu_tsc_khz(const struct hv_vm *vm)
{
	int khz = ioctl(vm->vcpu[0]->fd, KVM_GET_TSC_KHZ, 0);

	return khz > 0 ? (uint64_t)khz : 0;
}

void hv_vcpu_stats(const struct hv_vm *vm, unsigned int n, struct hv_vcpu_stats *s)
{
	struct hv_vcpu *v = vm->vcpu[n];
	struct timespec t = {0};
	clockid_t clock;

	for (unsigned int i = 0; i < HV_EXIT_N; i++)
		s->exits[i] = atomic_load_explicit(&v->exits[i], memory_order_relaxed);
	if (v->started && !pthread_getcpuclockid(v->thread, &clock))
		clock_gettime(clock, &t);
	s->cpu_ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
