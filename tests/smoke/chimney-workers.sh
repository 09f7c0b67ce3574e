#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The same with two workers: a connection's frames arrive on one and its engine runs on the other.
WORKERS=2 exec "$(dirname "$0")/chimney.sh"
