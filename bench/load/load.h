/* SPDX-License-Identifier: BSD-3-Clause */
/* The main functions of the hidden subcommands `flue-bench __tcp`, `__rr` and `__iscsi`: each
 * serves descriptor 3 until the other end goes away. The exit status. */
#ifndef BENCH_LOAD_LOAD_H
#define BENCH_LOAD_LOAD_H

int tcp_main(int argc, char **argv);
int rr_main(int argc, char **argv);
int iscsi_main(int argc, char **argv);

#endif
