/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/schema.h"

/* Only in FDB_* and trace: a VLAN id, IEEE 802.1Q-2018 9.6 (0 and 4095 are reserved). */
#define VID_MIN 1
#define VID_MAX 4094

static const struct api_key switch_keys[] = {
	{"poll", API_ENUM, 0, 0, "adaptive|always", "adaptive", API_SET, NULL,
	 "always: workers never sleep; adaptive: they sleep when nothing arrives"},
	{"mtu", API_UINT, 576, 9600, NULL, "auto", API_SET, NULL,
	 "the site's MTU: what bridges get, and the most one may have; auto: 1500, and no bound"},
	{0},
};

static const struct api_key bridge_keys[] = {
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, NULL, "the bridge's name"},
	{"mtu", API_UINT, 576, 9600, NULL, "auto", API_SET, NULL,
	 "largest layer-3 packet in bytes that crosses the bridge; auto: the site's"},
	{"ageing", API_UINT, 0, 86400, NULL, "300", API_SET, NULL,
	 "seconds after which an unseen address is forgotten; 0: never"},
	{"fdb-max", API_UINT, 1024, 1048576, NULL, "131072", 0, NULL,
	 "how many addresses the bridge can hold"},
	{"mss-clamp", API_BOOL, 0, 0, NULL, "off", API_SET, NULL,
	 "lower the segment size TCP announces to what fits the MTUs of both ports"},
	{"link-local", API_BOOL, 0, 0, NULL, "off", API_SET, NULL,
	 "forward control frames to 01:80:c2:00:00:0x instead of dropping them"},
	{"chimney", API_BOOL, 0, 0, NULL, "on", API_SET, NULL,
	 "run established TCP connections of this host's applications that offer them"},
	{"chimney-max", API_UINT, 0, 100000, NULL, "10000", API_SET, NULL,
	 "how many connections may be offloaded at the same time"},
	{"chimney-ports", API_RANGES, 1, 65535, NULL, "1-65535", API_SET, NULL,
	 "offload connections of which one port is among these, as 3260,5000-5999"},
	{"chimney-addresses", API_PREFIX, 0, 0, NULL, "0.0.0.0/0,::/0", API_SET, NULL,
	 "offload connections to peers in these networks, as 192.0.2.0/24,2001:db8::/32"},
	{"chimney-min-age", API_UINT, 0, 86400000, NULL, "0", API_SET, NULL,
	 "milliseconds a connection is old before it is offloaded"},
	{"chimney-min-bytes", API_UINT, 0, INT64_C(1) << 40, NULL, "0", API_SET, NULL,
	 "bytes a connection has moved, both ways, before it is offloaded"},
	{"chimney-min-rtt", API_UINT, 0, 60000000, NULL, "0", API_SET, NULL,
	 "microseconds of round-trip time below which a connection is not offloaded"},
	{"chimney-max-rtt", API_UINT, 0, 60000000, NULL, "0", API_SET, NULL,
	 "microseconds of round-trip time above which a connection is not offloaded; 0: no limit"},
	{"chimney-idle", API_UINT, 0, 86400, NULL, "0", API_SET, NULL,
	 "seconds without traffic after which a connection goes back to the kernel; 0: never"},
	{"chimney-max-loss", API_UINT, 0, 100, NULL, "0", API_SET, NULL,
	 "percent of segments sent again above which a connection goes back to the kernel; 0: "
	 "never"},
	{"chimney-max-reordering", API_UINT, 0, 100, NULL, "0", API_SET, NULL,
	 "percent of segments that come out of order, on either way, above which a connection goes "
	 "back to the kernel; 0: never"},
	{"chimney-min-io", API_UINT, 0, 16777216, NULL, "0", API_SET, NULL,
	 "bytes that are written at a time, in the mean, below which a connection goes back to the "
	 "kernel; 0: never"},
	{0},
};

static const struct api_key port_keys[] = {
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, NULL, "the port's name"},
	{"kind", API_ENUM, 0, 0, "host|vhost|ethdev", NULL, API_REQUIRED, NULL,
	 "host: an interface of this host; vhost: a guest; ethdev: a DPDK device"},
	{"bridge", API_NAME, 1, 31, NULL, NULL, API_REQUIRED, "bridge",
	 "the bridge the port belongs to"},
	{"mtu", API_UINT, 576, 9600, NULL, "auto", API_SET, NULL,
	 "largest layer-3 packet in bytes on this port; auto: the bridge's"},
	{"vlan-mode", API_ENUM, 0, 0, "access|trunk", "access", API_SET, NULL,
	 "access: untagged frames of one VLAN; trunk: tagged frames of several"},
	{"pvid", API_UINT, 0, VID_MAX, NULL, "1", API_SET, NULL,
	 "VLAN of untagged frames (trunk: the native VLAN; 0: drop untagged frames)"},
	{"vlans", API_RANGES, VID_MIN, VID_MAX, NULL, "1-4094", API_SET, NULL,
	 "VLANs a trunk carries, as 10,20-30"},
	{"isolated", API_BOOL, 0, 0, NULL, "off", API_SET, NULL,
	 "isolated ports reach only ports that are not isolated"},
	{"learn-limit", API_UINT, 0, 1048576, NULL, "0", API_SET, NULL,
	 "how many addresses may be learned on this port; 0: no limit"},
	{"ptb", API_BOOL, 0, 0, NULL, NULL, API_SET, NULL,
	 "answer packets from here that are too large for the way with ICMP 'packet too big'; when "
	 "absent: on for host and vhost, off for ethdev"},
	{"impair", API_STR, 1, 255, NULL, "none", API_SET, NULL,
	 "make what leaves here late, or lose it, for tests: none, or words as 'loss 1% delay 10ms "
	 "jitter 2ms reorder 0.5% duplicate 0.1% rate 100mbit limit 4000 seed 7'"},
	{"queues", API_UINT, 1, 16, NULL, "1", 0, NULL, "queue pairs"},
	{"csum", API_BOOL, 0, 0, NULL, "on", 0, NULL, "offer checksum offload to the far side"},
	{"tso", API_BOOL, 0, 0, NULL, "on", 0, NULL,
	 "offer segmentation offload to the far side (needs csum)"},
	{"gro", API_ENUM, 0, 0, "on|off|rsc", "on", API_HOST | API_VHOST | API_SET, NULL,
	 "merge TCP frames from ethdev ports into units where the port takes them; rsc: more of "
	 "them, "
	 "but only where nothing is forwarded further"},
	{"ifname", API_STR, 1, 15, NULL, NULL, API_HOST, NULL,
	 "name of the host's interface; the port's name when absent"},
	{"netns", API_STR, 1, 255, NULL, NULL, API_HOST, NULL,
	 "network namespace (ip-netns(8)) the interface lives in"},
	{"mac", API_MAC, 0, 0, NULL, NULL, API_HOST, NULL, "address of the host's interface"},
	{"address", API_PREFIX, 0, 0, NULL, NULL, API_HOST, NULL,
	 "IP addresses of the host's interface, as 192.0.2.1/24,2001:db8::1/64"},
	{"persist", API_BOOL, 0, 0, NULL, "off", API_HOST, NULL,
	 "keep the interface, its addresses and routes when flued ends"},
	{"backend", API_ENUM, 0, 0, "tap|vhost-net", "tap", API_HOST, NULL,
	 "tap: read and write the TAP; vhost-net: through /dev/vhost-net"},
	{"socket", API_STR, 1, 107, NULL, NULL, API_VHOST | API_REQUIRED, NULL,
	 "path of the vhost-user socket"},
	{"mode", API_ENUM, 0, 0, "server|client", "server", API_VHOST, NULL,
	 "server: flued makes the socket; client: the guest's monitor makes it"},
	{"device", API_STR, 1, 255, NULL, NULL, API_ETHDEV | API_REQUIRED, NULL,
	 "DPDK device, as 0000:01:00.0 or net_af_xdp0,iface=eth0"},
	{0},
};

static const struct api_key fdb_keys[] = {
	{"bridge", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "bridge", "the bridge"},
	{"mac", API_MAC, 0, 0, NULL, NULL, API_ID | API_REQUIRED, NULL, "the address"},
	{"vlan", API_UINT, VID_MIN, VID_MAX, NULL, "1", API_ID, NULL, "the VLAN"},
	{"port", API_NAME, 1, 31, NULL, NULL, API_REQUIRED, "port", "the port it lives on"},
	{0},
};

static const struct api_key vlan_keys[] = {
	{"port", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "port", "the port"},
	{"vid", API_RANGES, VID_MIN, VID_MAX, NULL, NULL, API_REQUIRED, NULL,
	 "VLAN ids, as 10,20-30"},
	{"native", API_BOOL, 0, 0, NULL, "off", 0, NULL,
	 "untagged frames belong to this VLAN (one id only)"},
	{0},
};

static const struct api_key flow_keys[] = {
	{"port", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "port",
	 "the port the packets are going to"},
	{"src", API_STR, 1, 55, NULL, NULL, API_ID | API_REQUIRED, NULL,
	 "who sends them, as 192.0.2.1:40000 or [2001:db8::1]:40000"},
	{"dst", API_STR, 1, 55, NULL, NULL, API_ID | API_REQUIRED, NULL, "who they are for"},
	{"dmac", API_MAC, 0, 0, NULL, NULL, API_REQUIRED, NULL, "and at which MAC address"},
	{"vlan", API_UINT, VID_MIN, VID_MAX, NULL, NULL, 0, NULL,
	 "their VLAN; when absent: the port's pvid"},
	{0},
};

const struct api_object api_objects[] = {
	{"switch", "switch", "the switch as a whole", switch_keys},
	{"bridge", "bridges", "learning bridges", bridge_keys},
	{"port", "ports", "ports of a bridge", port_keys},
	{"fdb", "fdb", "addresses a bridge knows; in a configuration, the static ones", fdb_keys},
	{"vlan", NULL, "the VLANs a port carries", vlan_keys},
	{"vm", "guests", "guests of this host", api_vm_keys},
	{"disk", "disks", "guests' disks", api_disk_keys},
	{"nic", "nics", "guests' network cards", api_nic_keys},
	{"pf", "pfs", "physical functions of SR-IOV cards", api_pf_keys},
	{"vf", "vfs", "virtual functions", api_vf_keys},
	{"chimney", NULL, "TCP connections that the switch runs for applications", NULL},
	{"tap", NULL, "the segments of an offloaded connection: 'flue chimney tap'", NULL},
	{"mtu", NULL, "which MTU each element is to have, and has", NULL},
	{"pipeline", NULL, "the stages a packet passes", NULL},
	{"config", NULL, "the whole configuration", NULL},
	{"trace", NULL, "the way of single packets, decision by decision", NULL},
	{"flow", NULL, "TCP packets that an engine gets, or that wait, and not the FDB's port",
	 flow_keys},
	{0},
};

static const struct api_key bridge_show_keys[] = {
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID, "bridge", "this one only"},
	{0},
};

static const struct api_key port_show_keys[] = {
	{"name", API_NAME, 1, 31, NULL, NULL, API_ID, "port", "this one only"},
	{"stats", API_BOOL, 0, 0, NULL, "off", 0, NULL, "counters too (on the command line: -s)"},
	{0},
};

static const struct api_key fdb_show_keys[] = {
	{"bridge", API_NAME, 1, 31, NULL, NULL, API_ID, "bridge", "this bridge only"},
	{"port", API_NAME, 1, 31, NULL, NULL, 0, "port", "this port only"},
	{"vlan", API_UINT, VID_MIN, VID_MAX, NULL, NULL, 0, NULL, "this VLAN only"},
	{"mac", API_MAC, 0, 0, NULL, NULL, 0, NULL, "this address only"},
	{"cursor", API_UINT, 0, INT64_MAX, NULL, "0", 0, NULL,
	 "where to go on, from the last answer"},
	{"limit", API_UINT, 1, 4096, NULL, "4096", 0, NULL, "how many entries one answer may hold"},
	{0},
};

static const struct api_key fdb_flush_keys[] = {
	{"bridge", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "bridge", "the bridge"},
	{"port", API_NAME, 1, 31, NULL, NULL, 0, "port", "addresses of this port only"},
	{"vlan", API_UINT, VID_MIN, VID_MAX, NULL, NULL, 0, NULL, "this VLAN only"},
	{0},
};

static const struct api_key vlan_show_keys[] = {
	{"port", API_NAME, 1, 31, NULL, NULL, API_ID, "port", "this port only"},
	{0},
};

static const struct api_key apply_keys[] = {
	{"config", API_CONFIG, 0, 0, NULL, NULL, API_REQUIRED, NULL, "what is to be"},
	{"dry-run", API_BOOL, 0, 0, NULL, "off", 0, NULL, "say what would change; change nothing"},
	{0},
};

static const struct api_key trace_start_keys[] = {
	{"port", API_NAME, 1, 31, NULL, NULL, API_ID | API_REQUIRED, "port",
	 "follow packets that arrive here"},
	{"count", API_UINT, 1, 1000, NULL, "10", 0, NULL, "stop after so many packets"},
	{"mac", API_MAC, 0, 0, NULL, NULL, 0, NULL, "source or destination address"},
	{"vlan", API_UINT, VID_MIN, VID_MAX, NULL, NULL, 0, NULL, "this VLAN only"},
	{"ethertype", API_UINT, 0, 65535, NULL, NULL, 0, NULL,
	 "this EtherType only (2048 is IPv4)"},
	{"host", API_STR, 1, 45, NULL, NULL, 0, NULL, "source or destination IPv4 or IPv6 address"},
	{0},
};

static const struct api_key trace_read_keys[] = {
	{"after", API_UINT, 0, INT64_MAX, NULL, "0", 0, NULL, "steps numbered above this"},
	{0},
};

static const struct api_key flow_show_keys[] = {
	{"port", API_NAME, 1, 31, NULL, NULL, API_ID, "port", "flows to this port only"},
	{"limit", API_UINT, 1, 1048576, NULL, "4096", 0, NULL, "how many the answer may hold"},
	{"detail", API_BOOL, 0, 0, NULL, "off", 0, NULL, "as text: all that is known of each"},
	{0},
};

static const struct api_key flow_hold_keys[] = {
	{"packets", API_UINT, 1, 65536, NULL, "1024", 0, NULL,
	 "how many are kept; more are dropped"},
	{"bytes", API_UINT, 1, 268435456, NULL, "4194304", 0, NULL, "and how many bytes of them"},
	{0},
};

static const struct api_key flow_release_keys[] = {
	{"drop", API_BOOL, 0, 0, NULL, "off", 0, NULL,
	 "drop what was kept, instead of sending it on"},
	{0},
};

static const struct api_key chimney_upload_keys[] = {
	{"local", API_STR, 1, 63, NULL, NULL, API_ID, NULL,
	 "the connection of this local end, as 192.0.2.1:3260 or [2001:db8::1]:3260"},
	{"pid", API_UINT, 1, INT32_MAX, NULL, NULL, 0, NULL, "all of this process"},
	{"all", API_BOOL, 0, 0, NULL, "off", 0, NULL, "all there are"},
	{0},
};

static const struct api_key tap_start_keys[] = {
	{"local", API_STR, 1, 55, NULL, NULL, API_ID | API_REQUIRED, NULL,
	 "the connection of this local end, as 192.0.2.1:3260 or [2001:db8::1]:3260"},
	{"peer", API_STR, 1, 55, NULL, NULL, API_ID, NULL,
	 "and of this other one, where several have the same local end"},
	{"port", API_NAME, 1, 31, NULL, NULL, 0, "port",
	 "and of this port, where several have the same ends, in networks of their own"},
	{"snaplen", API_UINT, 64, 262144, NULL, "128", 0, NULL,
	 "bytes of each segment that are copied; 262144: all there are"},
	{0},
};

static const struct api_key tap_read_keys[] = {
	{"text", API_BOOL, 0, 0, NULL, "on", 0, NULL, "each in words"},
	{"data", API_BOOL, 0, 0, NULL, "on", 0, NULL, "the bytes that were copied, in base64"},
	{0},
};

#define ADD API_ID | API_REQUIRED
const struct api_method api_methods[] = {
	{"switch.show", "switch", 0, 0, NULL, "version, workers, memory, up time"},
	{"switch.set", "switch", ~0u, 0, NULL, "change the switch's settings"},
	{"bridge.add", "bridge", ~0u, ADD, NULL, "make a bridge"},
	{"bridge.set", "bridge", API_ID | API_SET, API_ID, NULL, "change a bridge"},
	{"bridge.del", "bridge", API_ID, API_ID, NULL, "remove a bridge that has no ports"},
	{"bridge.show", "bridge", 0, 0, bridge_show_keys, "list bridges"},
	{"port.add", "port", ~0u, ADD, NULL, "make a port"},
	{"port.set", "port", API_ID | API_SET, API_ID, NULL, "change a port"},
	{"port.del", "port", API_ID, API_ID, NULL, "remove a port"},
	{"port.show", "port", 0, 0, port_show_keys, "list ports"},
	{"fdb.add", "fdb", ~0u, ADD, NULL, "pin an address to a port"},
	{"fdb.del", "fdb", API_ID, API_REQUIRED, NULL, "forget an address"},
	{"fdb.show", "fdb", 0, 0, fdb_show_keys, "list addresses"},
	{"fdb.flush", "fdb", 0, API_REQUIRED, fdb_flush_keys, "forget learned addresses"},
	{"vlan.add", "vlan", ~0u, API_REQUIRED, NULL, "let a trunk carry VLANs"},
	{"vlan.del", "vlan", API_ID | API_REQUIRED, API_REQUIRED, NULL, "take VLANs off a trunk"},
	{"vlan.show", "vlan", 0, 0, vlan_show_keys, "list ports and their VLANs"},
	{"chimney.show", "chimney", 0, 0, NULL,
	 "list offloaded connections, and why others were not or went back"},
	{"chimney.upload", "chimney", 0, 0, chimney_upload_keys,
	 "give connections back to the kernel"},
	{"tap.start", "tap", 0, API_REQUIRED, tap_start_keys,
	 "copy the segments that an offloaded connection sends and receives"},
	{"tap.read", "tap", 0, 0, tap_read_keys, "the next that were copied"},
	{"tap.stop", "tap", 0, 0, NULL, "copy no more"},
	{"mtu.show", "mtu", 0, 0, NULL,
	 "what is planned for each element, from where, and what it has"},
	{"mtu.check", "mtu", 0, 0, NULL, "what disagrees with the plan, and what mends it"},
	{"pipeline.show", "pipeline", 0, 0, NULL, "calls, packets and cycles of each stage"},
	{"config.show", "config", 0, 0, NULL, "the configuration that leads to this state"},
	{"config.apply", "config", 0, API_REQUIRED, apply_keys,
	 "make the state this configuration's"},
	{"trace.start", "trace", 0, API_REQUIRED, trace_start_keys,
	 "follow the next packets of a port"},
	{"trace.read", "trace", 0, 0, trace_read_keys, "what was seen since"},
	{"trace.stop", "trace", 0, 0, NULL, "stop following"},
	{"flow.show", "flow", 0, 0, flow_show_keys, "list flows"},
	{"flow.hold", "flow", ~0u, API_REQUIRED, flow_hold_keys,
	 "keep the packets of one direction of a TCP connection until they are released"},
	{"flow.release", "flow", ~0u, API_REQUIRED, flow_release_keys,
	 "let what was held by hand go on, in order"},
	{"vm.show", "vm", 0, 0, api_vm_show_keys, "the guest's state, cards and disks"},
	{"vm.stop", "vm", 0, 0, api_vm_stop_keys, "press the power button"},
	{"vm.kill", "vm", 0, 0, NULL, "end the guest at once"},
	{"vm.pause", "vm", 0, 0, NULL, "hold the guest's processors and devices still"},
	{"vm.resume", "vm", 0, 0, NULL, "let a paused guest go on"},
	{"vm.snapshot", "vm", 0, API_REQUIRED, api_vm_snapshot_keys,
	 "write the guest's whole state to a file"},
	{"nic.add", "nic", ~0u, ADD, NULL, "plug a card into a running guest"},
	{"nic.del", "nic", API_ID, API_ID, NULL, "ask a running guest to let go of a card"},
	{"pf.show", "pf", 0, 0, api_pf_show_keys, "list physical functions"},
	{"pf.apply", "pf", 0, API_REQUIRED, api_pf_apply_keys,
	 "make physical and virtual functions a configuration's"},
	{"vf.show", "vf", 0, 0, api_vf_show_keys, "list virtual functions"},
	{"vf.set", "vf", API_ID | API_SET, API_ID, NULL, "change a virtual function"},
	{"vf.assign", "vf", API_ID, API_REQUIRED, api_vf_assign_keys, "give it to a guest"},
	{"vf.release", "vf", API_ID, API_ID, api_vf_release_keys, "take it back"},
	{"vf.prepare", "vf", API_ID, API_REQUIRED, api_vf_prepare_keys,
	 "make it ready for libvirt or DPDK"},
	{0},
};
