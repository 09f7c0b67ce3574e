/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/load/tcp.h"

double tcp_fairness(const double *values, size_t n)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < n; i++) {
		sum += values[i];
		squares += values[i] * values[i];
	}
	return squares > 0 ? sum * sum / ((double)n * squares) : 0;
}
