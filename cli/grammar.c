/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/grammar.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

/* One option or a bundle of them ("-js"). 0, or -EINVAL. */
static int short_options(struct cli *c, const char *letters, struct err *e)
{
	for (const char *l = letters; *l; l++) {
		if (*l == 'j')
			c->json = true;
		else if (*l == 'p')
			c->json = c->pretty = true;
		else if (*l == 's')
			c->stats = true;
		else
			return err_set(e, -EINVAL, "-%c: no such option; see 'flue help'", *l);
	}
	return 0;
}

int grammar_options(struct cli *c, int argc, char **argv, struct err *e)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		char *w = argv[i];

		if (strcmp(w, "--") == 0) {
			/* What follows is another program's. */
			while (i < argc)
				argv[n++] = argv[i++];
		} else if (strcmp(w, "--json") == 0) {
			c->json = true;
		} else if (strcmp(w, "--pretty") == 0) {
			c->json = c->pretty = true;
		} else if (strcmp(w, "--stats") == 0) {
			c->stats = true;
		} else if (strncmp(w, "--socket=", 9) == 0) {
			c->socket = w + 9;
		} else if (strcmp(w, "--socket") == 0) {
			if (i + 1 == argc)
				return err_set(e, -EINVAL, "--socket: a path is missing");
			c->socket = argv[++i];
		} else if (strncmp(w, "--vm-dir=", 9) == 0) {
			c->vm_dir = w + 9;
		} else if (strcmp(w, "--vm-dir") == 0) {
			if (i + 1 == argc)
				return err_set(e, -EINVAL, "--vm-dir: a path is missing");
			c->vm_dir = argv[++i];
		} else if (strcmp(w, "-h") == 0 || strcmp(w, "--help") == 0) {
			c->help = true;
		} else if (strcmp(w, "-V") == 0 || strcmp(w, "--version") == 0) {
			argv[n++] = (char *)"version";
		} else if (w[0] == '-' && isalpha((unsigned char)w[1])) {
			if (short_options(c, w + 1, e) != 0)
				return -EINVAL;
		} else {
			argv[n++] = w;
		}
	}
	if (n < argc)
		argv[n] = NULL;
	return n;
}

/* Collects which of several names a word may stand for. */
struct match {
	const char *word;
	size_t exact, fits; /* index + 1 of the exact one; how many begin so */
	size_t last;	    /* index of the last that begins so */
	char names[256];    /* all that begin so, or all where none does */
	char all[256];
};

static void append(char *list, size_t size, const char *name)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, "%s%s", len ? ", " : "", name);
}

static void match_name(struct match *m, size_t i, const char *name)
{
	append(m->all, sizeof(m->all), name);
	if (strncmp(name, m->word, strlen(m->word)) != 0)
		return;
	if (strcmp(name, m->word) == 0)
		m->exact = i + 1;
	append(m->names, sizeof(m->names), name);
	m->fits++;
	m->last = i;
}

/* The index of the one name meant, or -ENOENT, -EINVAL (several) with e set. */
static int match_result(const struct match *m, const char *what, struct err *e)
{
	if (m->exact)
		return (int)m->exact - 1;
	if (m->fits == 1)
		return (int)m->last;
	if (m->fits == 0 || !*m->word)
		return err_set(e, -ENOENT, "'%.40s': no such %s; there are: %s", m->word, what,
			       m->all);
	return err_set(e, -EINVAL, "'%.40s': which %s: %s?", m->word, what, m->names);
}

const struct cli_object *grammar_object(const char *word, struct err *e)
{
	struct match m = {.word = word};
	int i;

	for (size_t j = 0; cli_objects[j]; j++)
		match_name(&m, j, cli_objects[j]->name);
	i = match_result(&m, "object", e);
	return i < 0 ? NULL : cli_objects[i];
}

const struct cli_object *grammar_part(const struct cli_object *o, const char *word)
{
	for (size_t i = 0; o->parts && o->parts[i]; i++)
		if (strcmp(o->parts[i]->name, word) == 0)
			return o->parts[i];
	return NULL;
}

static bool has_own(const struct cli_object *o, const char *verb)
{
	for (const struct cli_verb *v = o->verbs; v && v->name; v++)
		if (strcmp(v->name, verb) == 0)
			return true;
	return false;
}

bool grammar_verb_at(const struct cli_object *o, size_t i, struct cli_verb *verb)
{
	size_t n = 0;

	for (const struct cli_verb *v = o->verbs; v && v->name; v++) {
		if (n++ == i) {
			*verb = *v;
			return true;
		}
	}
	for (const struct api_method *m = api_methods; m->name && !o->single; m++) {
		const char *name = strchr(m->name, '.') + 1;

		if (strcmp(m->object, o->name) != 0 || has_own(o, name))
			continue;
		if (n++ == i) {
			*verb = (struct cli_verb){.name = name, .method = m->name};
			return true;
		}
	}
	return false;
}

static void add_key(void *arg, const struct api_key *key)
{
	struct command *cmd = arg;

	/* A whole configuration cannot be said in words; verbs that send one make it themselves. */
	if (key->type == API_CONFIG)
		return;
	assert(cmd->n_keys < GRAMMAR_MAX_KEYS);
	cmd->keys[cmd->n_keys++] = key;
}

int grammar_command(const struct cli_object *o, const char *word, struct command *cmd,
		    struct err *e)
{
	struct match m = {.word = word ? word : o->default_verb ? o->default_verb : "show"};
	struct cli_verb verb;
	int i = 0;

	memset(cmd, 0, sizeof(*cmd));
	cmd->object = o;
	if (!o->single) {
		for (size_t j = 0; grammar_verb_at(o, j, &verb); j++)
			match_name(&m, j, verb.name);
		i = match_result(&m, "verb", e);
	}
	if (i < 0)
		return -EINVAL;
	grammar_verb_at(o, (size_t)i, &cmd->verb);
	for (const struct api_key *k = cmd->verb.keys; k && k->name; k++)
		add_key(cmd, k);
	if (cmd->verb.method) {
		cmd->method = api_method_find(cmd->verb.method);
		api_method_each_key(cmd->method, add_key, cmd);
	}
	return 0;
}

bool grammar_needs(const struct command *cmd, const struct api_key *key)
{
	for (const struct api_key *k = cmd->verb.keys; k && k->name; k++)
		if (k == key)
			return k->flags & API_REQUIRED;
	return cmd->method && api_method_needs(cmd->method, key);
}

const struct api_key *grammar_next_id(const struct reading *r)
{
	const struct command *cmd = r->cmd;

	for (size_t i = 0; i < cmd->n_keys && !r->past_ids; i++)
		if ((cmd->keys[i]->flags & API_ID) &&
		    !json_object_get(r->params, cmd->keys[i]->name))
			return cmd->keys[i];
	return NULL;
}

static const struct api_key *exact_key(const struct command *cmd, const char *word)
{
	for (size_t i = 0; i < cmd->n_keys; i++)
		if (strcmp(cmd->keys[i]->name, word) == 0)
			return cmd->keys[i];
	return NULL;
}

static int begin_key(struct reading *r, const struct api_key *k, struct err *e)
{
	if (json_object_get(r->params, k->name))
		return err_set(e, -EINVAL, "%s: given twice", k->name);
	r->pending = k;
	r->past_ids |= !(k->flags & API_ID);
	return 0;
}

static int set_value(struct reading *r, const struct api_key *k, const char *word, struct err *e)
{
	json_t *v = api_value_from_text(k, word, e);

	return v && json_object_set_new(r->params, k->name, v) == 0 ? 0 : -EINVAL;
}

static int feed_flag(struct reading *r, const char *name, struct err *e)
{
	const struct api_key *k = exact_key(r->cmd, name);

	if (!k || k->type != API_BOOL)
		return err_set(e, -EINVAL, "--%.40s: no such option; see 'flue help'", name);
	if (begin_key(r, k, e) != 0)
		return -EINVAL;
	r->pending = NULL;
	return json_object_set_new(r->params, k->name, json_true());
}

int grammar_feed(struct reading *r, const char *word, struct err *e)
{
	const struct api_key *k = r->pending;
	struct match m = {.word = word};
	struct err why = {0};
	int i;

	if (k) {
		r->pending = NULL;
		return set_value(r, k, word, e);
	}
	if (strncmp(word, "--", 2) == 0)
		return feed_flag(r, word + 2, e);
	k = exact_key(r->cmd, word);
	if (k)
		return begin_key(r, k, e);
	k = grammar_next_id(r);
	if (k && set_value(r, k, word, &why) == 0)
		return 0;
	if (r->cmd->n_keys == 0)
		return err_set(e, -EINVAL, "'%.40s': nothing may follow here", word);
	for (size_t j = 0; j < r->cmd->n_keys; j++)
		match_name(&m, j, r->cmd->keys[j]->name);
	i = match_result(&m, "key", e);
	if (i >= 0)
		return begin_key(r, r->cmd->keys[i], e);
	if (i == -ENOENT && k && e) /* what a naming key wants says more than a list of keys */
		*e = why;
	return -EINVAL;
}

int grammar_end(const struct reading *r, struct err *e)
{
	const struct command *cmd = r->cmd;

	if (r->pending)
		return err_set(e, -EINVAL, "%s: a value is missing (%s)", r->pending->name,
			       r->pending->help);
	for (size_t i = 0; i < cmd->n_keys; i++)
		if (grammar_needs(cmd, cmd->keys[i]) &&
		    !json_object_get(r->params, cmd->keys[i]->name))
			return err_set(e, -EINVAL, "%s: missing (%s)", cmd->keys[i]->name,
				       cmd->keys[i]->help);
	/* A verb with keys of its own makes the method's parameters itself. */
	return cmd->method && !cmd->verb.keys ? api_check_params(cmd->method, r->params, e) : 0;
}
