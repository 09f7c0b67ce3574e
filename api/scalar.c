/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/scalar.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_in(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (strcasecmp(s, *words) == 0)
			return true;
	return false;
}

static bool all_digits(const char *s, const char *digits)
{
	return *s && s[strspn(s, digits)] == '\0';
}

/* [-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+ (YAML 1.2 10.3.2) */
static int int_base(const char *s)
{
	if (strncmp(s, "0o", 2) == 0)
		return all_digits(s + 2, "01234567") ? 8 : 0;
	if (strncmp(s, "0x", 2) == 0)
		return all_digits(s + 2, "0123456789abcdefABCDEF") ? 16 : 0;
	return all_digits(s + (*s == '-' || *s == '+'), "0123456789") ? 10 : 0;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? (YAML 1.2 10.3.2) */
static bool is_float(const char *s)
{
	size_t whole, part = 0;

	s += *s == '-' || *s == '+';
	whole = strspn(s, "0123456789");
	s += whole;
	if (*s == '.') {
		part = strspn(s + 1, "0123456789");
		s += 1 + part;
	}
	if (whole + part == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s += 1 + (s[1] == '-' || s[1] == '+');
		return all_digits(s, "0123456789");
	}
	return *s == '\0';
}

static json_t *by_core_schema(const char *s)
{
	static const char *const nulls[] = {"", "~", "null", NULL};
	static const char *const trues[] = {"true", NULL};
	static const char *const falses[] = {"false", NULL};
	int base = int_base(s);

	if (is_in(s, nulls))
		return json_null();
	if (is_in(s, trues))
		return json_true();
	if (is_in(s, falses))
		return json_false();
	if (base) {
		long long n;

		errno = 0;
		n = strtoll(base == 10 ? s : s + 2, NULL, base);
		return errno ? NULL : json_integer(n);
	}
	if (is_float(s)) {
		double d = strtod(s, NULL);

		errno = ERANGE;
		return isfinite(d) ? json_real(d) : NULL;
	}
	return json_string(s);
}

json_t *scalar_typed(const char *s, const struct api_key *key)
{
	static const char *const yes[] = {"on", "yes", NULL};
	static const char *const no[] = {"off", "no", NULL};

	/* "mtu:" with nothing after it is a forgotten value, whatever the key's type. */
	if (*s == '\0' || !key || key->type == API_UINT || key->type == API_CONFIG)
		return by_core_schema(s);
	if (key->type != API_BOOL)
		return json_string(s);
	if (is_in(s, yes))
		return json_true();
	return is_in(s, no) ? json_false() : by_core_schema(s);
}

bool scalar_is_plain_text(const char *s)
{
	static const char *const reserved[] = {"null", "true", "false", "yes", "no",
					       "on",   "off",  "y",	"n",   NULL};
	size_t len = strlen(s);

	/* Starting with a letter or '/', it cannot be a number, not even YAML 1.1's 12:30:45. */
	if (!isalpha((unsigned char)*s) && *s != '/')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("._/:,=+-", s[i]))
			return false;
	return s[len - 1] != ':' && !is_in(s, reserved);
}
