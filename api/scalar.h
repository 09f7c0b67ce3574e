/* SPDX-License-Identifier: BSD-3-Clause */
/* What a YAML scalar that is not quoted means, and what must be quoted to mean text. */
#ifndef API_SCALAR_H
#define API_SCALAR_H

#include "api/schema.h"

/* A plain scalar's value: by the key's type where that is known, else by the YAML 1.2 core schema.
 * key may be NULL. NULL with errno ERANGE (a number JSON cannot hold) or ENOMEM. Any thread. */
json_t *scalar_typed(const char *text, const struct api_key *key);

/* Would every YAML reader, 1.1 ones too, take it for text without quotes? Any thread. */
bool scalar_is_plain_text(const char *text);

#endif
