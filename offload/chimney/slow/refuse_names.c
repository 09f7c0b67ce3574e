/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/slow/refuse.h"

#define X(sym, name, help) [CHIM_REFUSE_##sym] = {name, help},
static const struct {
	const char *name, *help;
} refusals[CHIM_REFUSE_MAX] = {[CHIM_REFUSE_NONE] = {"", ""}, CHIM_REFUSALS(X)};
#undef X

#define X(sym, name, help) [CHIM_UPLOAD_##sym] = {name, help},
static const struct {
	const char *name, *help;
} uploads[CHIM_UPLOAD_MAX] = {[CHIM_UPLOAD_NONE] = {"", ""}, CHIM_UPLOADS(X)};
#undef X

const char *chim_refusal_name(enum chim_refusal r)
{
	return (unsigned int)r < CHIM_REFUSE_MAX ? refusals[r].name : "";
}

const char *chim_refusal_help(enum chim_refusal r)
{
	return (unsigned int)r < CHIM_REFUSE_MAX ? refusals[r].help : "";
}

const char *chim_upload_name(enum chim_upload u)
{
	return (unsigned int)u < CHIM_UPLOAD_MAX ? uploads[u].name : "";
}

const char *chim_upload_help(enum chim_upload u)
{
	return (unsigned int)u < CHIM_UPLOAD_MAX ? uploads[u].help : "";
}
