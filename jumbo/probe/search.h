/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which sizes a path carries, found out by echoes that must not be fragmented.
 *
 * Pure: it says which size to try next and is told what became of it. Sizes are those of layer-3
 * packets in bytes, IP header and all, so a size compares with an MTU.
 *
 * What it goes by:
 *   - An echo that is answered went through, whatever anybody said before.
 *   - One that a router, or this host, says is too big did not; the MTU it names is the next size
 * to try, and counts only once an echo of that size was answered.
 *   - One that nothing is heard of is tried again, the more often the more small ones get lost.
 *   - Sizes that many links have come before those between them: an answer costs a round trip, but
 *     silence costs a time-out.
 * The answer has the size of the request. If it comes in fragments, the way back is smaller: the
 * largest fragment says how small, to within the 8 bytes that fragments are rounded to, and echoes
 * of the sizes between settle it (RFC 791 3.2, RFC 8200 4.5).
 *
 * A late answer to a size given up is taken back into account at any time.
 * All functions: any thread, one at a time for a search.
 */
#ifndef JUMBO_PROBE_SEARCH_H
#define JUMBO_PROBE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PROBE_FAILED_MAX = 64,	/* sizes remembered as failed; a search tries about 40 */
	PROBE_TOLD_MAX = 8,	/* different tellers and MTUs remembered */
	PROBE_ADDRESS_MAX = 64, /* bytes: an IPv6 address, "%", an interface, NUL */
};

enum probe_state {
	PROBE_CLEAR,	    /* the path carries the largest size asked for */
	PROBE_SMALLER_BACK, /* forward it does; answers came in fragments, or cut */
	PROBE_TOLD,	    /* it carries less, and somebody on it says so, rightly */
	PROBE_TOLD_WRONG,   /* it carries less, and what is told is not what it carries */
	PROBE_BLACK_HOLE,   /* it carries less, and larger packets vanish in silence */
	PROBE_UNREACHABLE,  /* not even the smallest echo was answered */
};

/* Somebody said that a size is too big. */
struct probe_told {
	uint32_t size; /* of the first packet it was said of */
	uint32_t mtu;  /* what would fit, as told; 0: the teller does not say (RFC 1191 5) */
	bool local;    /* this host itself */
	char from[PROBE_ADDRESS_MAX];
};

struct probe_failed {
	uint32_t size;
	unsigned int silent; /* rounds of tries without a word */
	bool told;
	uint32_t told_mtu; /* the last one, if told */
};

struct probe_search {
	uint32_t least, most; /* sizes to search between, both included */
	uint32_t carried;     /* the largest size answered; 0: none */
	struct probe_failed failed[PROBE_FAILED_MAX];
	unsigned int n_failed;
	struct probe_told told[PROBE_TOLD_MAX];
	unsigned int n_told;
	uint32_t back_whole;	/* the largest answer that came in one piece; 0: none */
	uint32_t back_split;	/* the smallest that came in fragments; 0: none */
	uint32_t back_fragment; /* the largest fragment seen */
	bool back_cut;		/* some answer was shorter than its request */
	unsigned int back_lost; /* rounds without a word in search of the way back's MTU */
	unsigned int tries;	/* echoes of a size before it counts as unanswered */
};

/* least: small enough for any path; most: at least that. */
void probe_search_init(struct probe_search *s, uint32_t least, uint32_t most);

/* How many of so many smallest echoes were answered: sets how often others are tried, so that
 * random loss is taken for a size that does not fit once in 10,000 rounds. */
void probe_search_loss(struct probe_search *s, unsigned int sent, unsigned int answered);

/* The next size to try, with *tries echoes at most; 0: nothing is left to find out. */
uint32_t probe_search_next(const struct probe_search *s, unsigned int *tries);

/* What became of an echo. reply: the size of the answer; fragment: of its largest fragment, 0 when
 * it came whole. silent: of a whole round of tries. */
void probe_search_answered(struct probe_search *s, uint32_t size, uint32_t reply,
			   uint32_t fragment);
void probe_search_told(struct probe_search *s, uint32_t size, uint32_t mtu, bool local,
		       const char *from);
void probe_search_silent(struct probe_search *s, uint32_t size);

/* The smallest size above the carried one that failed; most + 1: none. */
uint32_t probe_search_limit(const struct probe_search *s);

/* What is known; also before the search has ended. */
enum probe_state probe_search_state(const struct probe_search *s);

/* Is `carried` the way's MTU to the byte (or all that was asked for)? */
bool probe_search_exact(const struct probe_search *s);

/* The way back's MTU in *mtu. true: exactly that; false: at least that, as no larger answer was
 * seen. */
bool probe_search_back(const struct probe_search *s, uint32_t *mtu);

/* Do packets just above the carried size vanish without a word? */
bool probe_search_vanishes(const struct probe_search *s);

/* Who told the MTU that is the way's; else who told the smallest one; NULL: nobody. */
const struct probe_told *probe_search_teller(const struct probe_search *s);

#endif
