/* SPDX-License-Identifier: BSD-3-Clause */
/* An error as processes of ours tell each other: {"code":-22,"text":"..","path":".."}. Any thread.
 */
#ifndef BASE_ERR_JSON_H
#define BASE_ERR_JSON_H

#include "base/err.h"

#include <jansson.h>

/* The caller's. What is no error becomes -EIO. */
json_t *err_to_json(const struct err *e);

/* Believes the peer no further: a code that is no errno becomes -EIO, a text is cut. silent: the
 * sentence where it says none. */
void err_from_json(const json_t *error, const char *silent, struct err *e);

#endif
