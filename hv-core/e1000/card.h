/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The card itself: registers, EEPROM, PHY, interrupt causes, the two rings. It knows neither PCI
 * nor threads nor sockets; what it needs from outside is in hv_e1000_env, so that a test can be
 * the outside. Everything here is called with the card's lock held, unless said otherwise, and no
 * call does more than one frame's work.
 */
#ifndef HV_CORE_E1000_CARD_H
#define HV_CORE_E1000_CARD_H

#include "hv-core/e1000/regs.h"
#include "hv-core/machine/mem.h"
#include "hv-core/state/state.h"
#include "hv-core/vhost/link.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* The card's cable. As hv_link_*() (hv-core/vhost/link.h), which stands behind it in a machine. */
struct hv_e1000_wire_ops {
	bool (*send)(void *self, const struct iovec *iov, unsigned int n,
		     const struct virtio_net_hdr *hdr);
	bool (*peek)(void *self, struct hv_link_frame *f);
	void (*drop)(void *self);
	unsigned int (*offloads)(void *self);
};

struct hv_e1000_env {
	const struct hv_mem *mem;
	const struct hv_e1000_wire_ops *wire;
	void *wire_self;
	void *self;			   /* of what follows */
	bool (*master)(void *self);	   /* may the card reach memory? */
	void (*line)(void *self, bool on); /* the interrupt line; called when it changes */
	void (*wake)(void *self);	   /* there is work: call hv_e1000_tx_step/rx_step */
	void (*alarm)(void *self, uint64_t at_ns); /* call hv_e1000_alarm() then */
	uint64_t (*now_ns)(void *self);
};

/* What the last context descriptor said (3.3.6): where the headers of the frames after it are. */
struct hv_e1000_context {
	uint8_t ip_start, ip_sum;
	uint16_t ip_end; /* the last byte; 0: the packet's end */
	uint8_t l4_start, l4_sum;
	uint16_t l4_end;
	uint32_t payload; /* of the unit, bytes */
	uint8_t header;	  /* bytes */
	uint16_t mss;
	bool tcp, ipv4, segment;
};

/* The microwire EEPROM's end of its four wires. */
struct hv_e1000_microwire {
	uint16_t in;	  /* bits of the command so far, its start bit first */
	uint8_t bits;	  /* of `in`; what comes after a whole command is ignored */
	uint8_t out_left; /* bits still to be shifted out */
	uint16_t out;
	bool data; /* what DO shows */
};

struct hv_e1000_card {
	struct hv_e1000_env env;
	uint32_t r[E1000_REGS_END / 4];
	uint16_t eeprom[E1000_EEPROM_WORDS];
	uint16_t phy[32];
	struct hv_e1000_microwire wire_ee;
	uint32_t io_addr;
	bool cable;	/* the back end is there */
	bool link_lost; /* the PHY's latch: link was down since status was read */

	bool line;		/* what env.line was told */
	uint64_t line_after_ns; /* ITR: not before then */

	struct hv_e1000_context context;
	uint32_t unit_done; /* payload bytes of the unit at TDH that are sent already */
	bool tx_full;	    /* the wire took no more */
	bool rx_short;	    /* a frame waits for descriptors, and was counted */
	uint32_t causes;    /* gathered, for hv_e1000_raise_gathered() */
};

#define E1000_REG(c, off) ((c)->r[(off) / 4])

/* Power-on. mac: six bytes, for the EEPROM. */
void hv_e1000_card_init(struct hv_e1000_card *c, const struct hv_e1000_env *env,
			const uint8_t mac[6]);
/* CTRL.RST: all but the PHY, the EEPROM and what is pluggable. */
void hv_e1000_card_reset(struct hv_e1000_card *c);

/* BAR 0: off + len within it, any alignment. BAR 2: the same. */
uint64_t hv_e1000_mem_read(struct hv_e1000_card *c, uint64_t off, unsigned int len);
void hv_e1000_mem_write(struct hv_e1000_card *c, uint64_t off, unsigned int len, uint64_t value);
uint64_t hv_e1000_io_read(struct hv_e1000_card *c, uint64_t off, unsigned int len);
void hv_e1000_io_write(struct hv_e1000_card *c, uint64_t off, unsigned int len, uint64_t value);

/* The register table: at `off` there are `count` registers. */
struct hv_e1000_reg {
	uint16_t off, count;
	uint32_t mask; /* bits a write changes; 0: read only, or a write does something special */
	uint32_t held; /* bits that may be set in it at all */
};
extern const struct hv_e1000_reg hv_e1000_regs[];
extern const unsigned int hv_e1000_regs_n;
const struct hv_e1000_reg *hv_e1000_reg_find(uint32_t off);

/* EEPROM and PHY. */
void hv_e1000_eeprom_init(struct hv_e1000_card *c, const uint8_t mac[6]);
void hv_e1000_eecd_write(struct hv_e1000_card *c, uint32_t value);
uint32_t hv_e1000_eecd_read(const struct hv_e1000_card *c);
void hv_e1000_eerd_write(struct hv_e1000_card *c, uint32_t value);
void hv_e1000_phy_reset(struct hv_e1000_card *c); /* also power-on */
void hv_e1000_mdic_write(struct hv_e1000_card *c, uint32_t value);
bool hv_e1000_phy_link(const struct hv_e1000_card *c);
uint32_t hv_e1000_status(const struct hv_e1000_card *c);
/* The back end came or went. */
void hv_e1000_set_cable(struct hv_e1000_card *c, bool plugged);

/* Interrupt causes. gather: remembered until raise_gathered(), so that a burst makes one. */
void hv_e1000_raise(struct hv_e1000_card *c, uint32_t causes);
void hv_e1000_raise_gathered(struct hv_e1000_card *c);
void hv_e1000_line_update(struct hv_e1000_card *c);
/* The time env.alarm() was told has come, or any other. */
void hv_e1000_alarm(struct hv_e1000_card *c);

/* Statistics. */
void hv_e1000_count(struct hv_e1000_card *c, uint32_t reg, uint32_t n);
/* bytes: of a frame, FCS included. seen: every frame that came; rx: a good one that was taken; tx:
 * `frames` of one size. */
void hv_e1000_count_seen(struct hv_e1000_card *c, uint32_t bytes);
void hv_e1000_count_rx(struct hv_e1000_card *c, const uint8_t *dst, uint32_t bytes);
void hv_e1000_count_tx(struct hv_e1000_card *c, const uint8_t *dst, uint32_t bytes,
		       uint32_t frames);

/* Would the card take this frame (3.2.1, receive filters)? head: the first 18 bytes, zeros where
 * the frame is shorter. */
bool hv_e1000_accepts(const struct hv_e1000_card *c, const uint8_t head[18]);

/* A ring's place in memory; n 0: there is none that could be used. */
struct hv_e1000_ring {
	uint64_t base;
	uint32_t n, head, tail;
};
struct hv_e1000_ring hv_e1000_ring(const struct hv_e1000_card *c, uint32_t base_reg);

/* One frame, or one context descriptor, or one received frame. False: nothing can be done now. */
bool hv_e1000_tx_step(struct hv_e1000_card *c);
bool hv_e1000_rx_step(struct hv_e1000_card *c);

void hv_e1000_card_save(const struct hv_e1000_card *c, struct hv_out *out);
/* Values out of range mark `in` as bad. */
void hv_e1000_card_load(struct hv_e1000_card *c, struct hv_in *in);

#endif
