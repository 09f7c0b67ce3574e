/* SPDX-License-Identifier: BSD-3-Clause */
#include "sriov-pf/sys/dmar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void is(const char *record, enum pf_dmar_kind kind, const char *address, uint64_t at,
	       const char *reason)
{
	struct pf_dmar f;

	if (!pf_dmar_parse(record, strlen(record), &f))
		fail_msg("not read: %s", record);
	assert_int_equal(f.kind, kind);
	assert_string_equal(f.address, address);
	assert_int_equal(f.at, at);
	assert_string_equal(f.reason, reason);
}

static void is_none(const char *record)
{
	struct pf_dmar f;

	if (pf_dmar_parse(record, strlen(record), &f))
		fail_msg("read: %s", record);
}

static void intels_lines_are_read(void **state)
{
	is("3,1107,5099311,-;DMAR: [DMA Write NO_PASID] Request device [01:10.0] fault addr 0x1000 "
	   "[fault reason 0x05] PTE Write access is not set\n",
	   PF_DMAR_WRITE, "0000:01:10.0", 0x1000, "PTE Write access is not set");
	is("3,812,9,-;DMAR: [DMA Read NO_PASID] Request device [03:00.1] fault addr 0xbadf000 "
	   "[fault reason 0x06] PTE Read access is not set\n SUBSYSTEM=pci\n",
	   PF_DMAR_READ, "0000:03:00.1", 0xbadf000, "PTE Read access is not set");
	is("3,812,9,-;DMAR: [DMA Write PASID 0x4] Request device [03:00.1] fault addr 0xfee00000 "
	   "[fault reason 0x59] SM: Present bit in PA$ is clear",
	   PF_DMAR_WRITE, "0000:03:00.1", 0xfee00000, "SM: Present bit in PA$ is clear");
	is("3,812,9,-;DMAR: [INTR-REMAP] Request device [01:10.0] fault index 0x1f "
	   "[fault reason 0x22] Present field in the IRTE entry is clear\n",
	   PF_DMAR_INTERRUPT, "0000:01:10.0", 0x1f, "Present field in the IRTE entry is clear");
	is("3,812,9,-;DMAR: [DMA Write NO_PASID] Request device [0002:01:10.0] fault addr 0x0 "
	   "[fault reason 0x05] x\n",
	   PF_DMAR_WRITE, "0002:01:10.0", 0, "x");
}

static void older_kernels_lines_are_read(void **state)
{
	is("3,1107,5099311,-;DMAR: [DMA Write] Request device [01:10.0] PASID ffffffff fault addr "
	   "ffff1000 [fault reason 05] PTE Write access is not set\n",
	   PF_DMAR_WRITE, "0000:01:10.0", 0xffff1000, "PTE Write access is not set");
	is("3,1107,5099311,-;DMAR: [DMA Read] Request device [02:00.0] fault addr 7b800000 \n",
	   PF_DMAR_READ, "0000:02:00.0", 0x7b800000, "");
}

static void amds_lines_are_read(void **state)
{
	is("3,90,1,-;AMD-Vi: Event logged [IO_PAGE_FAULT device=01:10.0 domain=0x0010 "
	   "address=0x00000000deadb000 flags=0x0020]\n",
	   PF_DMAR_WRITE, "0000:01:10.0", 0xdeadb000, "");
	is("3,90,1,-;AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:01:10.0 domain=0x0010 "
	   "address=0x1000 flags=0x0000]\n",
	   PF_DMAR_READ, "0000:01:10.0", 0x1000, "");
	is("3,90,1,-;snd_hda_intel 0000:05:00.6: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0015 "
	   "address=0x1fffff800 flags=0x0020]\n SUBSYSTEM=pci\n DEVICE=+pci:0000:05:00.6\n",
	   PF_DMAR_WRITE, "0000:05:00.6", 0x1fffff800, "");
	is("3,90,1,-;vfio-pci 0000:05:00.6: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0055 "
	   "address=0xfffffffdf8000000 flags=0x0008]\n",
	   PF_DMAR_INTERRUPT, "0000:05:00.6", 0xfffffffdf8000000, "");
}

static void others_are_left_out(void **state)
{
	is_none("");
	is_none("3,90,1,-;");
	is_none("3,1,1,-;DMAR: DRHD: handling fault status reg 3\n");
	is_none("3,1,1,-;DMAR: [DMA Write NO_PASID] Request device [01:10.9] fault addr 0x1\n");
	is_none("3,1,1,-;DMAR: [DMA Write NO_PASID] Request device [01:10.0");
	is_none("3,1,1,-;DMAR: [DMA Write NO_PASID] Request device [netdevsim0] fault addr 0x1\n");
	is_none("3,1,1,-;igb: DMAR: [DMA Write] Request device [01:10.0] fault addr 0x1\n");
	is_none("3,1,1,-;AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0055 address=0x1 "
		"flags=0x0]\n");
	/* What a program writes to /dev/kmsg is of facility 1 (user) or higher. */
	is_none("11,1107,5099311,-;DMAR: [DMA Write NO_PASID] Request device [01:10.0] fault addr "
		"0x1000 [fault reason 0x05] PTE Write access is not set\n");
	/* A function that only stands in the words that follow. */
	is_none("3,1,1,-;DMAR: x\n DMAR: [DMA Write] Request device [01:10.0] fault addr 0x1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intels_lines_are_read),
		cmocka_unit_test(older_kernels_lines_are_read),
		cmocka_unit_test(amds_lines_are_read),
		cmocka_unit_test(others_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
