/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames from and to virtio-user end points, as a benchmark sees them. The frames themselves are
 * made by a process of its own (`flue-bench __traffic`, DPDK), which this talks to; nothing of
 * DPDK is in this header. Main thread.
 *
 * The load is open loop: each frame has a time at which it is due, whatever happened to those
 * before. A frame the port did not take in time counts as offered and lost ("refused"). Each frame
 * carries the trial's number, its place in its stream, when it was due and when it really went.
 */
#ifndef BENCH_TRAFFIC_TRAFFIC_H
#define BENCH_TRAFFIC_TRAFFIC_H

#include "base/err.h"
#include "base/hist.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct traffic;

struct traffic_port {
	const char *socket;
	bool server; /* this side makes the socket, and lives on when the switch goes (restart) */
	unsigned int queues;
};

/* How a frame lies in a guest's buffers: sent from one and received into some of 2 KB (mixed), in
 * one both ways, or in some of 2 KB both ways. */
enum traffic_buffers { TRAFFIC_MIXED, TRAFFIC_ONE, TRAFFIC_2K };

/* The form of a guest's rings, all of DPDK's virtio-user: split and in order (its default); split,
 * without mergeable buffers, received with vectors; packed and in order. */
enum traffic_rings { TRAFFIC_IN_ORDER, TRAFFIC_VECTOR, TRAFFIC_PACKED };

struct traffic_spec {
	const char *name; /* unique in this run */
	size_t n_ports;	  /* 2 for v2v; up to 8 */
	struct traffic_port ports[8];
	uint64_t cpus; /* generator threads are pinned to these */
	bool huge_pages;
	bool tso;	  /* negotiate 64 KB units and partial checksums */
	unsigned int mtu; /* largest frame that will be sent, less Ethernet */
	enum traffic_buffers buffers;
	enum traffic_rings rings; /* TRAFFIC_VECTOR needs TRAFFIC_ONE, and no tso */
};

enum traffic_pattern {
	TRAFFIC_PAIRS,	   /* port 0 to 1, 2 to 3 …, and back with both_ways */
	TRAFFIC_BROADCAST, /* port 0 to ff:ff:ff:ff:ff:ff */
	TRAFFIC_LEARN,	/* port 0 announces new source addresses, port 1 then asks for each, port 2
			   sees what floods */
	TRAFFIC_SILENT, /* receives only */
};

/* Frame sizes in bytes with the checksum (FCS), as RFC 2544 counts them; the ring carries 4 less.
 * 0: IMIX (7 x 64, 4 x 594, 1 x 1518). 65536: a TSO unit of 64 KB with MSS 1448 (or what fits the
 * MTU). */
enum { TRAFFIC_IMIX = 0, TRAFFIC_UNIT = 65536 };

struct traffic_trial {
	enum traffic_pattern pattern;
	unsigned int frame_bytes;
	uint32_t flows; /* pairs of MAC addresses (and of UDP ports) in turn, each way */
	bool both_ways;
	double pps; /* frames a second, all ports together; 0: as fast as it goes (overload) */
	double seconds;
	double settle_seconds; /* at least this long after the last frame; ends when nothing came
				  for as long */
	bool latency;	       /* fill the histograms */
	bool track;   /* find duplicates and reordering: each frame's place is remembered */
	bool content; /* look at the whole of some frames, not at their heads only; not for the
			 mirror, which does not copy the rest */
};

struct traffic_result {
	uint64_t offered;  /* were due */
	uint64_t sent;	   /* the port took */
	uint64_t refused;  /* offered - sent: the ring was full when due */
	uint64_t received; /* of this trial, each way added */
	uint64_t stray; /* received, but not of this trial or not for this port (floods, late ones)
			 */
	uint64_t duplicated, reordered; /* with track */
	uint64_t corrupt;		/* received with damaged content */
	double seconds;			/* from the first due time to the last */
	double busy;	  /* share of its time the generator had work to do; 1: it is the limit */
	uint64_t late_ns; /* longest time the generator itself was not running or behind its
			     schedule */
	uint64_t gap_ns;  /* longest time with nothing received while frames were due */
	struct hist *corrected; /* ns from when it was due to when it came; NULL without latency */
	struct hist *raw;	/* ns from when it was sent */
};

/* Starts the generator process; the ports may wait for their switch. 0 or a negative errno. */
int traffic_start(const struct traffic_spec *spec, struct traffic **t, struct err *e);
void traffic_stop(struct traffic *t); /* NULL: nothing */

/* Waits until every port is connected to a switch. -ETIMEDOUT. */
int traffic_ready(struct traffic *t, unsigned int timeout_ms, struct err *e);

/* Lets the switch learn all addresses of a trial: a frame from each source, answered both ways. */
int traffic_teach(struct traffic *t, const struct traffic_trial *trial, struct err *e);

/* Runs a trial to its end. r's histograms are the caller's (traffic_result_clear). */
int traffic_run(struct traffic *t, const struct traffic_trial *trial, struct traffic_result *r,
		struct err *e);
/* The same in two parts, for what happens meanwhile (a restart). */
int traffic_begin(struct traffic *t, const struct traffic_trial *trial, struct err *e);
int traffic_end(struct traffic *t, struct traffic_result *r, struct err *e);
void traffic_result_clear(struct traffic_result *r);

/* The main functions of the hidden subcommands: __traffic speaks with its parent over descriptor 3;
 * __mirror SOCKET SOCKET… is a vhost back end that moves descriptors and the first 64 bytes only:
 * the fastest switch there could be, which shows how fast the generator is. */
int traffic_main(int argc, char **argv);
int mirror_main(int argc, char **argv);

#endif
