/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What flue-bench and its generator say to each other over descriptor 3: a JSON object a line.
 *
 *	→ {"id":1,"do":"start","spec":{…}}		← {"id":1}
 *	→ {"id":2,"do":"ready","timeout_ms":5000}	← {"id":2,"error":-110,"text":"…"}
 *	→ {"id":3,"do":"teach","trial":{…}}		← {"id":3}
 *	→ {"id":4,"do":"run","trial":{…}}		← {"id":4,"result":{…}}
 *
 * An answer to a question that is no longer waited for is passed over by its id. The end of the
 * stream ends the generator. No DPDK. Main thread of either process.
 */
#ifndef BENCH_TRAFFIC_PROTO_H
#define BENCH_TRAFFIC_PROTO_H

#include "base/err.h"
#include "bench/traffic/traffic.h"

#include <jansson.h>

enum { PROTO_FD = 3, PROTO_LINE_MAX = 4 << 20 };

struct proto {
	int fd;
	char *text; /* what came and was not taken yet */
	size_t len, size;
};

void proto_init(struct proto *p, int fd);
void proto_free(struct proto *p); /* closes the descriptor */

/* Writes a line. The message is taken, also on failure. 0 or a negative errno. */
int proto_send(struct proto *p, json_t *msg);

/* The next line, within timeout_ms (-1: without end). -ETIMEDOUT; -EPIPE at the stream's end;
 * -EBADMSG for what is no JSON object. */
int proto_receive(struct proto *p, int timeout_ms, json_t **msg);

json_t *proto_spec_json(const struct traffic_spec *spec);
json_t *proto_trial_json(const struct traffic_trial *trial);
json_t *proto_result_json(const struct traffic_result *r);

/* Texts in *spec live as long as the JSON. -EINVAL names what is wrong: also values that no
 * generator could do. */
int proto_spec(const json_t *json, struct traffic_spec *spec, struct err *e);
int proto_trial(const json_t *json, struct traffic_trial *trial, struct err *e);
int proto_result(const json_t *json, struct traffic_result *r, struct err *e);

#endif
