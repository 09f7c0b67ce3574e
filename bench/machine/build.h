/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_MACHINE_BUILD_H
#define BENCH_MACHINE_BUILD_H

/* The commit flue-bench was built from, as git describe says it, with "-dirty" when files differed
 * from it; "unknown" when it was not built from a git tree. */
extern const char build_git[];

#endif
