/* SPDX-License-Identifier: BSD-3-Clause */
/* Guests: what flue-vm(1) is told, and what `flue vm` keeps. flued knows nothing of them. */
#include "api/schema.h"

const struct api_key api_vm_keys[] = {
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "vm", "the guest's name"},
	{"kernel", API_STR, 1, 4095, NULL, NULL, 0, "file",
	 "the kernel to boot: a bzImage, or an ELF with a PVH entry"},
	{"initrd", API_STR, 1, 4095, NULL, NULL, 0, "file", "its initial RAM disk"},
	{"cmdline", API_STR, 0, 2047, NULL, NULL, 0, NULL,
	 "its command line; a micro-guest's words"},
	{"native", API_STR, 1, 4095, NULL, NULL, 0, "file",
	 "instead of a kernel: a micro-guest, which runs at full speed on any KVM"},
	{"cpus", API_UINT, 1, 64, NULL, "1", 0, NULL, "virtual processors"},
	{"memory", API_UINT, 2, 16777216, NULL, "512", 0, NULL, "memory in MiB"},
	{"page-size", API_ENUM, 0, 0, "4k|2M|1G", "4k", 0, NULL,
	 "pages the memory is made of; above 4k, huge pages must be reserved"},
	{"cpu", API_ENUM, 0, 0, "host|baseline", "host", 0, NULL,
	 "host: all that KVM offers here; baseline: what every x86-64-v2 machine has"},
	{"console", API_ENUM, 0, 0, "socket|stdio|pty|off", "socket", 0, NULL,
	 "where the serial console is; stdio: only for a flue-vm that is started by hand"},
	{"console-path", API_STR, 1, 107, NULL, NULL, 0, NULL,
	 "of the console's socket, or a link to its pty; when absent: the control socket's, with "
	 ".console at its end"},
	{"log", API_STR, 1, 4095, NULL, NULL, 0, "file", "file that gets the console's output too"},
	{"log-max", API_UINT, 1, 65536, NULL, "16", 0, NULL,
	 "MiB after which the log becomes FILE.1 and a new one begins"},
	{"restart", API_ENUM, 0, 0, "never|on-failure|always", "never", 0, NULL,
	 "start anew: on-failure: when it crashed; always: when it switched itself off, too"},
	{"stop-timeout", API_UINT, 0, 86400, NULL, "60", 0, NULL,
	 "seconds between the power button and the end by force; 0: no end by force"},
	{"autostart", API_BOOL, 0, 0, NULL, "on", 0, NULL, "flue apply starts it"},
	{0},
};

const struct api_key api_disk_keys[] = {
	{"guest", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "vm", "the guest"},
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, NULL, "the disk's name"},
	{"path", API_STR, 1, 4095, NULL, NULL, API_REQUIRED, "file",
	 "a raw image, or a block device"},
	{"readonly", API_BOOL, 0, 0, NULL, "off", 0, NULL, "the guest cannot write"},
	{"direct", API_BOOL, 0, 0, NULL, "off", 0, NULL, "past the host's page cache (O_DIRECT)"},
	{0},
};

const struct api_key api_nic_keys[] = {
	{"guest", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "vm", "the guest"},
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, NULL, "the card's name"},
	{"model", API_ENUM, 0, 0, "synthetic|emulated|direct", "synthetic", 0, NULL,
	 "synthetic: virtio-net; emulated: an 82540EM; direct: a PCI function of this host"},
	{"port", API_NAME, 1, 31, NULL, NULL, 0, "port",
	 "the vhost port it is plugged into; socket and mode follow from it"},
	{"socket", API_STR, 1, 107, NULL, NULL, 0, "file",
	 "instead of a port: path of the vhost-user socket"},
	{"mode", API_ENUM, 0, 0, "connect|serve", "connect", 0, NULL,
	 "connect: the switch makes the socket; serve: the guest's flue-vm makes it"},
	{"mac", API_MAC, 0, 0, NULL, NULL, 0, NULL,
	 "the card's address; when absent: derived from the names, always the same"},
	{"queues", API_UINT, 1, 32, NULL, "1", 0, NULL, "queue pairs"},
	{"packed", API_BOOL, 0, 0, NULL, "off", 0, NULL, "offer packed rings to the guest"},
	{"mtu", API_UINT, 576, 9600, NULL, "auto", 0, NULL,
	 "told to the guest; auto: what the switch says"},
	{"csum", API_BOOL, 0, 0, NULL, "on", 0, NULL, "offer checksum offload to the guest"},
	{"tso", API_BOOL, 0, 0, NULL, "on", 0, NULL,
	 "offer segmentation offload to the guest (needs csum)"},
	{"address", API_STR, 12, 12, NULL, NULL, 0, NULL,
	 "model direct: the function's PCI address, as 0000:01:00.0"},
	{"vf", API_STR, 3, 36, NULL, NULL, 0, NULL,
	 "or a virtual function that flue-pf hands over: its PF's name and its index, as wan/0"},
	{0},
};

const struct api_key api_vm_show_keys[] = {
	{"stats", API_BOOL, 0, 0, NULL, "off", 0, NULL, "counters too (on the command line: -s)"},
	{0},
};

const struct api_key api_vm_stop_keys[] = {
	{"timeout", API_UINT, 0, 86400, NULL, NULL, 0, NULL,
	 "seconds until it is ended by force, 0: never; when absent: the guest's stop-timeout"},
	{0},
};

const struct api_key api_vm_snapshot_keys[] = {
	{"file", API_STR, 1, 4095, NULL, NULL, API_REQUIRED, "file",
	 "where to write it; replaced when there is one"},
	{0},
};
