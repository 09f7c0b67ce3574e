/* SPDX-License-Identifier: BSD-3-Clause */
/* What a driver asks of the disk, and gets: data, cut and aligned in any way, and refusals. */
#include "hv-core/virtio/test_blk.h"

#include <linux/falloc.h>

static const uint64_t forms[] = {GOES_ON | FLUSHES, GOES_ON | FLUSHES | F(VIRTIO_F_RING_PACKED)};

static int setup(void **state)
{
	*state = make_rig(false, false);
	return 0;
}

static int setup_direct(void **state)
{
	*state = make_rig(false, true);
	return 0;
}

static int setup_readonly(void **state)
{
	*state = make_rig(true, false);
	return 0;
}

static int teardown(void **state)
{
	free_rig(*state);
	return 0;
}

static void look_at_file(struct blk_rig *r, uint64_t sector, size_t bytes, unsigned int seed)
{
	uint8_t *p = malloc(bytes);

	assert_int_equal(pread(r->file, p, bytes, (off_t)sector * SECTOR), (ssize_t)bytes);
	must_have(p, bytes, seed);
	free(p);
}

static void what_is_written_is_read(void **state)
{
	struct blk_rig *r = *state;
	struct hv_blk_stats s;

	for (unsigned int i = 0; i < 2; i++) {
		begin(r, forms[i]);
		pattern(at(r, DATA), 65536, i);
		assert_int_equal(do_one(r, VIRTIO_BLK_T_OUT, 8, DATA, 65536), VIRTIO_BLK_S_OK);
		assert_int_equal(r->len, 1);
		look_at_file(r, 8, 65536, i);
		assert_int_equal(do_one(r, VIRTIO_BLK_T_FLUSH, 0, 0, 0), VIRTIO_BLK_S_OK);
		assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, 8, DATA + (1 << 20), 65536),
				 VIRTIO_BLK_S_OK);
		assert_int_equal(r->len, 65537);
		must_have(at(r, DATA + (1 << 20)), 65536, i);
		/* The last sector, and one alone. */
		pattern(at(r, DATA), SECTOR, 7);
		assert_int_equal(do_one(r, VIRTIO_BLK_T_OUT, SECTORS - 1, DATA, SECTOR),
				 VIRTIO_BLK_S_OK);
		look_at_file(r, SECTORS - 1, SECTOR, 7);
	}
	hv_blk_stats(r->b, &s);
	assert_int_equal(s.reads, 2);
	assert_int_equal(s.writes, 4);
	assert_int_equal(s.flushes, 2);
	assert_int_equal(s.read_bytes, 2 * 65536);
	assert_int_equal(s.written_bytes, 2 * (65536 + SECTOR));
	assert_int_equal(s.errors, 0);
	assert_int_equal(hv_blk_bytes(r->b), SECTORS * SECTOR);
}

static void its_name_is_told(void **state)
{
	struct blk_rig *r = *state;

	begin(r, forms[0]);
	memset(at(r, DATA), 0xaa, 32);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_GET_ID, 0, DATA, 20), VIRTIO_BLK_S_OK);
	assert_memory_equal(at(r, DATA), "serial-0123\0\0\0\0\0\0\0\0\0", 20);
	assert_int_equal(*at(r, DATA + 20), 0xaa);
	/* Less room, and more. */
	memset(at(r, DATA), 0xaa, 32);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_GET_ID, 0, DATA, 3), VIRTIO_BLK_S_OK);
	assert_memory_equal(at(r, DATA), "ser\xaa", 4);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_GET_ID, 0, DATA, 32), VIRTIO_BLK_S_OK);
	assert_int_equal(*at(r, DATA + 20), 0xaa);
}

/* Does the file system do it at all? The disk must not do less, nor claim more. */
static uint8_t expected(struct blk_rig *r, int mode)
{
	return fallocate(r->file, mode | FALLOC_FL_KEEP_SIZE, 0, 4096) ? VIRTIO_BLK_S_UNSUPP
								       : VIRTIO_BLK_S_OK;
}

static uint8_t ask_range(struct blk_rig *r, uint32_t type, uint64_t sector, uint32_t n,
			 uint32_t flags)
{
	struct virtio_blk_discard_write_zeroes d = {
		.sector = sector, .num_sectors = n, .flags = flags};

	memcpy(at(r, DATA), &d, sizeof(d));
	return do_one(r, type, 0, DATA, sizeof(d));
}

static bool is_zero(struct blk_rig *r, uint64_t sector, size_t bytes)
{
	uint8_t *p = malloc(bytes);
	size_t i = 0;

	assert_int_equal(pread(r->file, p, bytes, (off_t)sector * SECTOR), (ssize_t)bytes);
	while (i < bytes && !p[i])
		i++;
	free(p);
	return i == bytes;
}

static void ranges_become_zero(struct blk_rig *r, uint64_t features)
{
	uint8_t punch = expected(r, FALLOC_FL_PUNCH_HOLE), zero = expected(r, FALLOC_FL_ZERO_RANGE);

	begin(r, features);
	pattern(at(r, DATA), 65536, 3);
	do_one(r, VIRTIO_BLK_T_OUT, 0, DATA, 65536);
	assert_int_equal(ask_range(r, VIRTIO_BLK_T_DISCARD, 16, 8, 0), punch);
	assert_int_equal(is_zero(r, 16, 8 * SECTOR), punch == VIRTIO_BLK_S_OK);
	assert_int_equal(ask_range(r, VIRTIO_BLK_T_WRITE_ZEROES, 32, 9, 0), zero);
	assert_int_equal(is_zero(r, 32, 9 * SECTOR), zero == VIRTIO_BLK_S_OK);
	assert_int_equal(
		ask_range(r, VIRTIO_BLK_T_WRITE_ZEROES, 64, 8, VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP),
		punch);
	assert_int_equal(is_zero(r, 64, 8 * SECTOR), punch == VIRTIO_BLK_S_OK);
	/* Around them all is as it was. */
	assert_false(is_zero(r, 15, SECTOR) || is_zero(r, 24, SECTOR) || is_zero(r, 41, SECTOR) ||
		     is_zero(r, 72, SECTOR));
}

/* With a driver that flushes, and with one that does not: zeros then are on the disk, too. */
static void ranges_are_discarded_and_zeroed(void **state)
{
	struct blk_rig *r = *state;

	ranges_become_zero(r, GOES_ON | FLUSHES);
	ranges_become_zero(r, GOES_ON);
	assert_int_equal(ask_range(r, VIRTIO_BLK_T_DISCARD, SECTORS - 4, 5, 0), VIRTIO_BLK_S_IOERR);
	assert_int_equal(ask_range(r, VIRTIO_BLK_T_DISCARD, UINT64_MAX, 5, 0), VIRTIO_BLK_S_IOERR);
	assert_int_equal(ask_range(r, VIRTIO_BLK_T_DISCARD, 0, 0, 0), VIRTIO_BLK_S_IOERR);
	assert_int_equal(ask_range(r, VIRTIO_BLK_T_DISCARD, 0, 8, 1), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(ask_range(r, VIRTIO_BLK_T_WRITE_ZEROES, 0, 8, 2), VIRTIO_BLK_S_UNSUPP);
	/* Two ranges, of which the guest was told there is one. */
	assert_int_equal(do_one(r, VIRTIO_BLK_T_DISCARD, 0, DATA, 32), VIRTIO_BLK_S_IOERR);
}

/* Adds a stretch in pieces of n, n + 1, .. bytes, the last with what is left. */
static unsigned int cut_up(struct drv_buf *b, uint64_t from, uint32_t bytes, uint32_t piece,
			   bool write)
{
	unsigned int n = 0;

	for (; bytes > piece && n < 9; bytes -= piece, from += piece++)
		b[n++] = (struct drv_buf){from, piece, write};
	b[n++] = (struct drv_buf){from, bytes, write};
	return n;
}

/* Header in crumbs, data from odd addresses in odd pieces, a status that ends a data buffer: any
 * framing is allowed (2.7.4.1). */
static void cut_in_odd_places(struct blk_rig *r, uint64_t features, bool indirect)
{
	struct drv_buf b[30];

	begin(r, features);
	for (uint32_t piece = 1; piece < 1600; piece += 77) {
		unsigned int head = 1 + piece % 5, n = cut_up(b, HEADS, 16, head, false);
		uint64_t data = DATA + piece;

		pattern(at(r, data), 8192, piece);
		n += cut_up(b + n, data, 8192, piece, false);
		b[n++] = (struct drv_buf){STATUSES, 1, true};
		ask_cut(r, 0, VIRTIO_BLK_T_OUT, 64, b, n, indirect);
		assert_int_equal(finish(r, 0), VIRTIO_BLK_S_OK);
		look_at_file(r, 64, 8192, piece);

		/* The status is what comes right after the data. */
		n = cut_up(b, HEADS, 16, head, false);
		n += cut_up(b + n, data, 8193, piece, true);
		memset(at(r, data), 0, 8193);
		*at(r, data + 8192) = 0xee;
		ask_cut(r, 0, VIRTIO_BLK_T_IN, 64, b, n, indirect);
		finish(r, 0);
		assert_int_equal(*at(r, data + 8192), VIRTIO_BLK_S_OK);
		must_have(at(r, data), 8192, piece);
	}
	/* Header and data in one buffer. */
	struct virtio_blk_outhdr h = {.type = VIRTIO_BLK_T_OUT, .sector = 8};
	memcpy(at(r, DATA), &h, sizeof(h));
	pattern(at(r, DATA + 16), 4096, 99);
	b[0] = (struct drv_buf){DATA, 16 + 4096, false};
	b[1] = (struct drv_buf){STATUSES, 1, true};
	ask_cut(r, 0, VIRTIO_BLK_T_OUT, 8, b, 2, indirect);
	assert_int_equal(finish(r, 0), VIRTIO_BLK_S_OK);
	look_at_file(r, 8, 4096, 99);
}

static void framing_is_free(void **state)
{
	for (unsigned int i = 0; i < 4; i++)
		cut_in_odd_places(*state, forms[i / 2], i % 2);
}

/* What O_DIRECT does not take goes through a buffer of ours, and back. */
static void alignment_is_free(void **state)
{
	struct blk_rig *r = *state;
	uint32_t bytes = 8 * r->b->block;

	framing_is_free(state);
	begin(r, forms[0]);
	for (uint64_t off = 0; off < 5000; off += 1237) {
		pattern(at(r, DATA + off), bytes, (unsigned int)off);
		assert_int_equal(do_one(r, VIRTIO_BLK_T_OUT, 128, DATA + off, bytes),
				 VIRTIO_BLK_S_OK);
		look_at_file(r, 128, bytes, (unsigned int)off);
		memset(at(r, DATA + off), 0, bytes);
		assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, 128, DATA + off, bytes),
				 VIRTIO_BLK_S_OK);
		must_have(at(r, DATA + off), bytes, (unsigned int)off);
	}
	assert_int_equal(r->b->copying, 0);
}

static void out_of_range_is_refused(void **state)
{
	static const struct {
		uint64_t sector;
		uint32_t bytes;
	} bad[] = {{SECTORS, 512},    {SECTORS - 1, 1024},
		   {UINT64_MAX, 512}, {UINT64_MAX - 7, 4096},
		   {1ull << 55, 512}, {0, 511},
		   {0, 513},	      {0, 0}};
	struct blk_rig *r = *state;
	struct hv_blk_stats s;

	begin(r, forms[0]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(at(r, DATA), 0x55, 8192);
		assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, bad[i].sector, DATA, bad[i].bytes),
				 VIRTIO_BLK_S_IOERR);
		assert_int_equal(*at(r, DATA), 0x55);
		assert_int_equal(do_one(r, VIRTIO_BLK_T_OUT, bad[i].sector, DATA, bad[i].bytes),
				 VIRTIO_BLK_S_IOERR);
	}
	/* More than a request may have. */
	assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, 0, DATA, BLK_DATA_MAX + 512),
			 VIRTIO_BLK_S_IOERR);
	assert_int_equal(do_one(r, 77, 0, DATA, 512), VIRTIO_BLK_S_UNSUPP);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, 0, DATA, 512), VIRTIO_BLK_S_OK);
	hv_blk_stats(r->b, &s);
	assert_int_equal(s.errors, 2 * sizeof(bad) / sizeof(bad[0]) + 2);
	assert_true(is_zero(r, 0, SECTORS * SECTOR));
}

static void a_readonly_disk_stays_as_it_is(void **state)
{
	struct blk_rig *r = *state;

	begin(r, forms[0]);
	reg(r, VIRTIO_PCI_COMMON_DFSELECT, 4, 0);
	assert_true(reg_read(r, VIRTIO_PCI_COMMON_DF, 4) & F(VIRTIO_BLK_F_RO));
	pattern(at(r, DATA), 4096, 1);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_OUT, 0, DATA, 4096), VIRTIO_BLK_S_IOERR);
	assert_int_equal(ask_range(r, VIRTIO_BLK_T_DISCARD, 0, 8, 0), VIRTIO_BLK_S_IOERR);
	assert_int_equal(ask_range(r, VIRTIO_BLK_T_WRITE_ZEROES, 0, 8, 0), VIRTIO_BLK_S_IOERR);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, 0, DATA, 4096), VIRTIO_BLK_S_OK);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_FLUSH, 0, 0, 0), VIRTIO_BLK_S_OK);
	assert_int_equal(*at(r, DATA + 9), 0);
	assert_true(is_zero(r, 0, 4096));
}

/* Somebody cut the file off while the guest has it. */
static void a_shorter_file_is_an_error(void **state)
{
	struct blk_rig *r = *state;

	begin(r, forms[0]);
	assert_int_equal(ftruncate(r->file, 100 * SECTOR + 100), 0);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, 200, DATA, 4096), VIRTIO_BLK_S_IOERR);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, 96, DATA, 4096), VIRTIO_BLK_S_IOERR);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, 0, DATA + 3, 4096), VIRTIO_BLK_S_OK);
}

/* A chain without a header, or without a byte for the status, cannot even be refused. */
static void without_header_or_status(struct blk_rig *r, uint64_t features)
{
	const struct drv_buf bad[][2] = {
		{{HEADS, 15, false}, {STATUSES, 1, true}},
		{{STATUSES, 1, true}},
		{{HEADS, 16, false}},
		{{HEADS, 16, false}, {DATA, 512, false}},
		{{DATA, 512, true}, {STATUSES, 1, true}},
		{{HEADS, 16, false}, {MEM_BYTES + 512, 512, true}},
	};
	static const unsigned int parts[] = {2, 1, 1, 2, 2, 2};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		begin(r, features);
		/* One that is right comes back all the same. */
		ask(r, 1, VIRTIO_BLK_T_IN, 0, DATA, 4096);
		ask_cut(r, 0, VIRTIO_BLK_T_OUT, 0, bad[i], parts[i], i % 2);
		kick(r);
		take_one(r);
		must_break(r);
		assert_false(hv_virtio_running(r->b->v));
		assert_int_equal(*at(r, STATUSES), 0xee);
	}
	begin(r, features);
	assert_int_equal(do_one(r, VIRTIO_BLK_T_IN, 0, DATA, 4096), VIRTIO_BLK_S_OK);
}

static void bad_chains_need_a_reset(void **state)
{
	without_header_or_status(*state, forms[0]);
	without_header_or_status(*state, forms[1]);
}

static void what_is_no_disk_is_refused(void **state)
{
	struct blk_rig *r = *state;
	struct hv_blk_options o = {
		.id = "disk:other", .serial = "x", .fd = open("/dev/null", O_RDWR)};
	struct hv_blk *other;
	struct err e = {0};

	assert_int_equal(hv_blk_create(&r->vm, r->pci, &o, &other, &e), -EINVAL);
	assert_non_null(strstr(e.text, "neither a file nor a block device"));
	o.fd = open(r->path, O_RDWR);
	assert_int_equal(ftruncate(r->file, 511), 0);
	assert_int_equal(hv_blk_create(&r->vm, r->pci, &o, &other, &e), -EINVAL);
	assert_non_null(strstr(e.text, "less than a sector"));
	o.fd = open(r->path, O_RDWR);
	o.id = "disk:test";
	assert_int_equal(hv_blk_create(&r->vm, r->pci, &o, &other, &e), -EEXIST);
	/* Made and gone at once, while its thread may not have begun yet. */
	assert_int_equal(ftruncate(r->file, 5120), 0);
	for (int i = 0; i < 50; i++) {
		unplug_disk(r);
		assert_int_equal(plug_disk(r, false, false, &e), 0);
	}
}

#define TEST(f, s) cmocka_unit_test_setup_teardown(f, s, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read, setup),
		TEST(its_name_is_told, setup),
		TEST(ranges_are_discarded_and_zeroed, setup),
		TEST(framing_is_free, setup),
		TEST(alignment_is_free, setup_direct),
		TEST(what_is_written_is_read, setup_direct),
		TEST(out_of_range_is_refused, setup),
		TEST(a_readonly_disk_stays_as_it_is, setup_readonly),
		TEST(a_shorter_file_is_an_error, setup),
		TEST(a_shorter_file_is_an_error, setup_direct),
		TEST(bad_chains_need_a_reset, setup),
		TEST(what_is_no_disk_is_refused, setup),
	};

	return no_kvm() ? 77 : cmocka_run_group_tests(tests, NULL, NULL);
}
