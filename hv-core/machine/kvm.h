/* SPDX-License-Identifier: BSD-3-Clause */
/* What is asked of KVM before anything is made of it. */
#ifndef HV_CORE_MACHINE_KVM_H
#define HV_CORE_MACHINE_KVM_H

#include "base/err.h"

/* Opens /dev/kvm. A descriptor, or negative errno with the cure. Any thread. */
int hv_kvm_open(struct err *e);

/* Has it all that a machine needs? 0, or -ENOTSUP naming what is missing. */
int hv_kvm_check(int kvm_fd, struct err *e);

#endif
