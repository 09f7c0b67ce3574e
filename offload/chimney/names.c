/* SPDX-License-Identifier: BSD-3-Clause */
#include "offload/chimney/names.h"

#include "offload/chimney/state.h"

struct reason {
	const char *name, *help;
};

static const struct reason unknown = {"unknown", ""};

#define X(sym, name, help) [CHIM_REFUSE_##sym] = {name, help},
static const struct reason refusals[] = {[CHIM_REFUSE_NONE] = {"none", ""}, CHIM_REFUSALS(X)};
#undef X

#define X(sym, name, help) [CHIM_UPLOAD_##sym] = {name, help},
static const struct reason uploads[] = {[CHIM_UPLOAD_NONE] = {"none", ""}, CHIM_UPLOADS(X)};
#undef X

static const struct reason *refusal(int r)
{
	return r >= 0 && r < CHIM_REFUSE_MAX ? &refusals[r] : &unknown;
}

const char *chim_refusal_name(int r)
{
	return refusal(r)->name;
}

const char *chim_refusal_help(int r)
{
	return refusal(r)->help;
}

const char *chim_upload_name(int u)
{
	return u >= 0 && u < CHIM_UPLOAD_MAX ? uploads[u].name : unknown.name;
}
