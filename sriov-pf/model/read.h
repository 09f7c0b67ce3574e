/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Members of a JSON object that is not trusted, read one by one: of the right type, in their
 * bounds, with no NUL inside. Errors are -EINVAL at PATH/KEY and name what was expected.
 */
#ifndef SRIOV_PF_MODEL_READ_H
#define SRIOV_PF_MODEL_READ_H

#include "base/err.h"
#include "base/json.h"

struct pf_read {
	const json_t *obj;
	const char *path;  /* of the object: "", "/vfs/3" */
	unsigned int seen; /* members read, so that unknown ones are found */
};

/* Is it an object? */
int pf_read_begin(struct pf_read *r, const json_t *obj, const char *path, struct err *e);
/* Has it members that were not asked for? */
int pf_read_end(const struct pf_read *r, struct err *e);
bool pf_read_has(const struct pf_read *r, const char *key);

/* size: with the NUL; only printable ASCII. */
int pf_read_str(struct pf_read *r, const char *key, char *out, size_t size, struct err *e);
int pf_read_uint(struct pf_read *r, const char *key, uint64_t max, uint64_t *out, struct err *e);
int pf_read_bool(struct pf_read *r, const char *key, bool *out, struct err *e);
/* One of the words; *out is its index. */
int pf_read_word(struct pf_read *r, const char *key, const char *const *words, unsigned int n,
		 unsigned int *out, struct err *e);
int pf_read_error(const struct pf_read *r, const char *key, struct err *e, const char *text);

#endif
