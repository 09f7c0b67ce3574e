/* SPDX-License-Identifier: BSD-3-Clause */
#include "hv-core/device/i8042.h"

#include <stdlib.h>

/* Status: bits 0 and 2 are said, the others need a keyboard. */
#define STATUS_OUTPUT_FULL 0x01
#define STATUS_SYSTEM	   0x04 /* the self test was passed */

#define CMD_READ_MODE	 0x20
#define CMD_WRITE_MODE	 0x60
#define CMD_MOUSE_OFF	 0xa7
#define CMD_MOUSE_ON	 0xa8
#define CMD_MOUSE_TEST	 0xa9
#define CMD_SELF_TEST	 0xaa
#define CMD_KBD_TEST	 0xab
#define CMD_KBD_OFF	 0xad
#define CMD_KBD_ON	 0xae
#define CMD_READ_OUTPUT	 0xd0
#define CMD_WRITE_OUTPUT 0xd1
#define CMD_KBD_LOOP	 0xd2
#define CMD_MOUSE_LOOP	 0xd3
#define CMD_PULSE	 0xf0 /* to 0xff: pulls those of the output port's low 4 bits down */

#define MODE_SYSTEM    0x04
#define MODE_KBD_OFF   0x10
#define MODE_MOUSE_OFF 0x20

#define OUTPUT_RUN 0x01 /* 0 resets the machine */
#define OUTPUT_A20 0x02

#define SELF_TEST_PASSED 0x55
#define CLOCK_STUCK_HIGH 0x02 /* the mouse's interface test: nothing is connected */

struct i8042 {
	struct hv_device dev;
	struct hv_vm *vm;
	pthread_mutex_t lock;
	uint8_t mode;
	uint8_t output;	      /* a byte for the guest, */
	bool full;	      /* if there is one */
	uint8_t parameter_of; /* the command whose parameter comes by the data port; 0: none */
};

static void answer(struct i8042 *c, uint8_t v)
{
	c->output = v;
	c->full = true;
}

static uint64_t data_read(void *self, uint64_t off, unsigned int len)
{
	struct i8042 *c = self;

	c->full = false;
	return c->output;
}

static uint64_t status_read(void *self, uint64_t off, unsigned int len)
{
	const struct i8042 *c = self;

	return (c->full ? STATUS_OUTPUT_FULL : 0) | (c->mode & MODE_SYSTEM ? STATUS_SYSTEM : 0);
}

static void reset(struct i8042 *c)
{
	hv_vm_end(c->vm, HV_END_RESET, NULL);
}

static void data_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct i8042 *c = self;
	uint8_t v = (uint8_t)value, command = c->parameter_of;

	c->parameter_of = 0;
	switch (command) {
	case CMD_WRITE_MODE:
		c->mode = v;
		break;
	case CMD_WRITE_OUTPUT:
		if (!(v & OUTPUT_RUN))
			reset(c);
		break;
	case CMD_KBD_LOOP:
	case CMD_MOUSE_LOOP: /* comes back without the mouse's mark: there is no such port */
		answer(c, v);
		break;
	default: /* to the keyboard: nobody is there to answer */
		break;
	}
}

static void command_write(void *self, uint64_t off, unsigned int len, uint64_t value)
{
	struct i8042 *c = self;
	uint8_t command = (uint8_t)value;

	c->parameter_of = 0;
	switch (command) {
	case CMD_READ_MODE:
		answer(c, c->mode);
		break;
	case CMD_WRITE_MODE:
	case CMD_WRITE_OUTPUT:
	case CMD_KBD_LOOP:
	case CMD_MOUSE_LOOP:
		c->parameter_of = command;
		break;
	case CMD_MOUSE_OFF:
		c->mode |= MODE_MOUSE_OFF;
		break;
	case CMD_MOUSE_ON:
		c->mode &= (uint8_t)~MODE_MOUSE_OFF;
		break;
	case CMD_MOUSE_TEST:
		answer(c, CLOCK_STUCK_HIGH);
		break;
	case CMD_SELF_TEST:
		c->mode |= MODE_SYSTEM;
		answer(c, SELF_TEST_PASSED);
		break;
	case CMD_KBD_TEST:
		answer(c, 0);
		break;
	case CMD_KBD_OFF:
		c->mode |= MODE_KBD_OFF;
		break;
	case CMD_KBD_ON:
		c->mode &= (uint8_t)~MODE_KBD_OFF;
		break;
	case CMD_READ_OUTPUT:
		answer(c, OUTPUT_RUN | OUTPUT_A20);
		break;
	default:
		if (command >= CMD_PULSE && !(command & OUTPUT_RUN))
			reset(c);
		break;
	}
}

static const struct hv_io_ops data_ops = {.read = data_read, .write = data_write};
static const struct hv_io_ops command_ops = {.read = status_read, .write = command_write};

static void save(void *self, struct hv_out *out)
{
	const struct i8042 *c = self;

	hv_out_u8(out, c->mode);
	hv_out_u8(out, c->output);
	hv_out_u8(out, c->full);
	hv_out_u8(out, c->parameter_of);
}

static int load(void *self, struct hv_in *in, uint32_t version, struct err *e)
{
	struct i8042 *c = self;

	c->mode = hv_in_u8(in);
	c->output = hv_in_u8(in);
	uint8_t full = hv_in_u8(in);
	c->parameter_of = hv_in_u8(in);
	if (full > 1)
		in->bad = true;
	c->full = full;
	return hv_in_end(in, c->dev.id, e);
}

static void destroy(void *self)
{
	struct i8042 *c = self;

	hv_bus_del(c->vm->pio, HV_PORT_I8042_COMMAND, c);
	hv_bus_del(c->vm->pio, HV_PORT_I8042_DATA, c);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static const struct hv_device_ops ops = {
	.kind = "i8042", .version = 1, .save = save, .load = load, .destroy = destroy};

int hv_i8042_create(struct hv_vm *vm, struct err *e)
{
	struct i8042 *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return err_set(e, -ENOMEM, "no memory for the keyboard controller");
	c->vm = vm;
	pthread_mutex_init(&c->lock, NULL);
	r = hv_bus_add(vm->pio, HV_PORT_I8042_DATA, 1, &data_ops, c, &c->lock, "i8042", e);
	if (r != 0)
		goto destroy_lock;
	r = hv_bus_add(vm->pio, HV_PORT_I8042_COMMAND, 1, &command_ops, c, &c->lock, "i8042", e);
	if (r != 0)
		goto del_data;
	r = hv_vm_add(vm, &c->dev, &ops, c, "i8042", e);
	if (r != 0)
		goto del_command;
	return 0;

del_command:
	hv_bus_del(vm->pio, HV_PORT_I8042_COMMAND, c);
del_data:
	hv_bus_del(vm->pio, HV_PORT_I8042_DATA, c);
destroy_lock:
	pthread_mutex_destroy(&c->lock);
	free(c);
	return r;
}
