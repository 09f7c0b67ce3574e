/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/impair.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { MILLION = 1000000, WORD_MAX = 24 };

enum kind { PERCENT, TIME, RATE, COUNT };

struct unit {
	const char *name;
	uint64_t factor; /* of a millionth of one */
};

/* Nanoseconds, bits per second. */
static const struct unit times[] = {{"us", 1000}, {"ms", MILLION}, {"s", 1000 * MILLION}, {0}};
static const struct unit rates[] = {
	{"kbit", 1000}, {"mbit", MILLION}, {"gbit", 1000 * MILLION}, {0}};

static const struct word {
	const char *name;
	enum kind kind;
	size_t at; /* in struct impair */
	uint64_t least, most;
} words[] = {
	{"loss", PERCENT, offsetof(struct impair, loss), 0, 0},
	{"duplicate", PERCENT, offsetof(struct impair, duplicate), 0, 0},
	{"reorder", PERCENT, offsetof(struct impair, reorder), 0, 0},
	{"delay", TIME, offsetof(struct impair, delay_ns), 0, UINT64_C(10) * 1000 * MILLION},
	{"jitter", TIME, offsetof(struct impair, jitter_ns), 0, UINT64_C(10) * 1000 * MILLION},
	{"rate", RATE, offsetof(struct impair, rate_bps), 1000, UINT64_C(1000) * 1000 * MILLION},
	{"limit", COUNT, offsetof(struct impair, limit), 1, IMPAIR_LIMIT_MAX},
	{"seed", COUNT, offsetof(struct impair, seed), 1, UINT64_C(999999999)},
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

/* "12.5" as millionths, at most 9 digits before the point and 6 behind it. Returns what follows, or
 * NULL. */
static const char *decimal(const char *p, uint64_t *millionths)
{
	uint64_t n = 0;
	int digits = 0;

	for (; *p >= '0' && *p <= '9'; p++, digits++)
		n = n * 10 + (uint64_t)(*p - '0');
	if (digits == 0 || digits > 9)
		return NULL;
	n *= MILLION;
	if (*p == '.') {
		uint64_t place = MILLION / 10;

		p++;
		if (*p < '0' || *p > '9')
			return NULL;
		for (; *p >= '0' && *p <= '9'; p++, place /= 10) {
			if (place == 0)
				return NULL;
			n += place * (uint64_t)(*p - '0');
		}
	}
	*millionths = n;
	return p;
}

static bool with_unit(const struct unit *units, const char *name, uint64_t millionths,
		      uint64_t *value)
{
	for (; units->name; units++) {
		if (strcmp(units->name, name) != 0)
			continue;
		/* Below 10^15 times 10^9: all values that are allowed are far below the bound. */
		if (millionths > UINT64_MAX / units->factor)
			return false;
		*value = millionths * units->factor / MILLION;
		return true;
	}
	return false;
}

static bool value_of(enum kind kind, const char *text, uint64_t *value)
{
	uint64_t m;
	const char *unit = decimal(text, &m);

	if (!unit)
		return false;
	switch (kind) {
	case PERCENT:
		if (strcmp(unit, "%") != 0 || m > UINT64_C(100) * MILLION)
			return false;
		*value = m * UINT32_MAX / (UINT64_C(100) * MILLION);
		return true;
	case TIME:
		return with_unit(times, unit, m, value);
	case RATE:
		return with_unit(rates, unit, m, value);
	default:
		*value = m / MILLION;
		return *unit == '\0' && m % MILLION == 0;
	}
}

/* The next word, and behind it. NULL: there is none, or it is too long (*p is not at the end). */
static const char *next_word(const char **p, char word[WORD_MAX])
{
	const char *from = *p + strspn(*p, " \t");
	size_t n = strcspn(from, " \t");

	*p = from;
	if (n == 0 || n >= WORD_MAX)
		return NULL;
	memcpy(word, from, n);
	word[n] = '\0';
	*p = from + n;
	return word;
}

static int bad_value(const struct word *w, struct err *e)
{
	static const char *const forms[] = {
		[PERCENT] = "a percentage up to 100%, as 0.5%",
		[TIME] = "a time up to 10s, as 20ms or 150us",
		[RATE] = "a rate from 1kbit to 1000gbit, as 100mbit",
		[COUNT] = "a number",
	};

	if (w->kind == COUNT)
		return err_set(e, -EINVAL, "impair: after '%s' comes a number from %llu to %llu",
			       w->name, (unsigned long long)w->least, (unsigned long long)w->most);
	return err_set(e, -EINVAL, "impair: after '%s' comes %s", w->name, forms[w->kind]);
}

static int take(struct impair *out, const struct word *w, const char *text, struct err *e)
{
	uint64_t value = 0;

	if (!value_of(w->kind, text, &value) ||
	    (w->kind != PERCENT && (value < w->least || value > w->most)))
		return bad_value(w, e);
	if (w->kind == PERCENT || w->kind == COUNT)
		*(uint32_t *)((char *)out + w->at) = (uint32_t)value;
	else
		*(uint64_t *)((char *)out + w->at) = value;
	return 0;
}

/* What fits together. */
static int check(const struct impair *i, struct err *e)
{
	if (i->jitter_ns > i->delay_ns)
		return err_set(e, -EINVAL, "impair: jitter is more than delay; raise delay");
	if (i->reorder && i->delay_ns == 0)
		return err_set(e, -EINVAL,
			       "impair: reorder lets packets overtake those that are late; name a "
			       "delay as well");
	return 0;
}

int impair_parse(const char *text, struct impair *out, struct err *e)
{
	struct impair i = {.on = 1, .limit = IMPAIR_LIMIT};
	char word[WORD_MAX], value[WORD_MAX];
	const char *p = text;
	unsigned int seen = 0;
	int ret;

	if (!text || strcmp(text, "none") == 0) {
		*out = (struct impair){0};
		return 0;
	}
	while (next_word(&p, word)) {
		const struct word *w = words;

		while (w < words + WORDS && strcmp(w->name, word) != 0)
			w++;
		if (w == words + WORDS)
			return err_set(e, -EINVAL,
				       "impair: '%s' is not none, or of loss, delay, jitter, "
				       "reorder, duplicate, rate, limit, seed",
				       word);
		if (seen & 1u << (w - words))
			return err_set(e, -EINVAL, "impair: '%s' twice; name it once", word);
		seen |= 1u << (w - words);
		if (!next_word(&p, value))
			return bad_value(w, e);
		ret = take(&i, w, value, e);
		if (ret != 0)
			return ret;
	}
	if (*p || !seen)
		return err_set(e, -EINVAL,
			       "impair: say none, or words such as 'loss 1%% delay 10ms'");
	ret = check(&i, e);
	if (ret == 0)
		*out = i;
	return ret;
}
