// DPDK: rte_hash with its lock-free readers and bulk look-up, and rte_acl.
//
// Bulk look-up is measured with 32 keys and with 64, the most that it takes. Keys of 8 bytes it compares by a call of
// memcmp, keys of 16 by its own code; so IPv4 is measured padded to 16 as well, which is what who knows it would do.
#define _GNU_SOURCE
#include "shared.h"

#ifdef BENCH_DPDK
#include <rte_acl.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

/// Once a process; 0 when it failed. No devices, no huge page file system, and the thread stays where it may run.
static int start(void) {
	static int state = -1;
	if (state >= 0)
		return state;
	cpu_set_t before;
	sched_getaffinity(0, sizeof before, &before);
	char *arguments[] = { "bench", "--no-huge", "--no-pci", "--no-telemetry", "--no-shconf", "-m", "1536", "-l", "0",
		"--log-level", "error", NULL };
	state = rte_eal_init(sizeof arguments / sizeof *arguments - 1, arguments) >= 0;
	sched_setaffinity(0, sizeof before, &before);
	return state;
}

static void *make_any(bool ipv6, bool padded, const uint64_t *keys, const uint64_t *values, size_t count) {
	static int serial;
	if (!start())
		return NULL;
	char name[32];
	snprintf(name, sizeof name, "sessions%d", serial++);
	struct rte_hash_parameters parameters = {
		.name = name,
		// A third more, so that cuckoo displacement has room: as DPDK's own guide advises.
		.entries = (uint32_t)(count + count / 3 + 64),
		.key_len = ipv6 || padded ? 16 : 8,
		.hash_func = rte_hash_crc,
		.extra_flag = RTE_HASH_EXTRA_FLAGS_RW_CONCURRENCY_LF,
	};
	struct rte_hash *table = rte_hash_create(&parameters);
	if (table == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const uint64_t *key = keys + i * (ipv6 ? 2 : 1);
		const uint64_t whole[2] = { key[0], ipv6 ? key[1] : 0 };
		if (rte_hash_add_key_data(table, whole, (void *)values[i]) < 0)
			return NULL;
	}
	return table;
}

static void *make(bool ipv6, const uint64_t *keys, const uint64_t *values, size_t count) {
	return make_any(ipv6, false, keys, values, count);
}

static void *make_padded(bool ipv6, const uint64_t *keys, const uint64_t *values, size_t count) {
	return ipv6 ? NULL : make_any(ipv6, true, keys, values, count);
}

static inline __attribute__((always_inline)) void find_any(void *table, bool ipv6, bool padded, size_t bulk,
    const uint64_t *keys, uint64_t *values, size_t count) {
	const size_t stride = ipv6 ? 2 : 1;
	uint64_t whole[RTE_HASH_LOOKUP_BULK_MAX][2] = { 0 };
	for (size_t first = 0; first < count; first += bulk) {
		const void *pointers[RTE_HASH_LOOKUP_BULK_MAX];
		void *data[RTE_HASH_LOOKUP_BULK_MAX];
		uint64_t hits = 0;
		size_t n = count - first < bulk ? count - first : bulk;
		for (size_t i = 0; i < n; i++) {
			pointers[i] = padded ? whole[i] : keys + (first + i) * stride;
			if (padded)
				whole[i][0] = keys[first + i];
		}
		rte_hash_lookup_bulk_data(table, pointers, (uint32_t)n, &hits, data);
		for (size_t i = 0; i < n; i++)
			values[first + i] = hits >> i & 1 ? (uint64_t)data[i] : 0;
	}
}

static void find(void *table, bool ipv6, const uint64_t *keys, uint64_t *values, size_t count) {
	find_any(table, ipv6, false, RIVAL_BATCH, keys, values, count);
}

static void find_most(void *table, bool ipv6, const uint64_t *keys, uint64_t *values, size_t count) {
	find_any(table, ipv6, false, RTE_HASH_LOOKUP_BULK_MAX, keys, values, count);
}

static void find_padded(void *table, bool ipv6, const uint64_t *keys, uint64_t *values, size_t count) {
	find_any(table, ipv6, true, RTE_HASH_LOOKUP_BULK_MAX, keys, values, count);
}

static void destroy(void *table, bool ipv6) {
	(void)ipv6;
	rte_hash_free(table);
}

const rival_table rival_dpdk = { "DPDK rte_hash, bulk 32", NULL, true, make, find, destroy };
const rival_table rival_dpdk_most = { "DPDK rte_hash, bulk 64", NULL, true, make, find_most, destroy };
const rival_table rival_dpdk_padded = { "DPDK rte_hash, bulk 64, padded", NULL, true, make_padded, find_padded, destroy };

// rte_acl

struct tuple {
	uint8_t protocol;
	uint8_t padding[3];
	uint32_t address;
	uint16_t port, zero;
};

static struct rte_acl_field_def fields[] = {
	{ RTE_ACL_FIELD_TYPE_BITMASK, 1, 0, 0, 0 },
	{ RTE_ACL_FIELD_TYPE_RANGE, 4, 1, 1, 4 },
	{ RTE_ACL_FIELD_TYPE_RANGE, 2, 2, 2, 8 },
	{ RTE_ACL_FIELD_TYPE_RANGE, 2, 3, 2, 10 },
};
RTE_ACL_RULE_DEF(acl_rule, 4);

void *rival_acl_make(const rival_rule *rules, size_t count) {
	static int serial;
	if (!start())
		return NULL;
	char name[32];
	snprintf(name, sizeof name, "scope%d", serial++);
	struct rte_acl_param parameters = { .name = name, .socket_id = SOCKET_ID_ANY, .rule_size = RTE_ACL_RULE_SZ(4),
		.max_rule_num = (uint32_t)count + 1 };
	struct rte_acl_ctx *acl = rte_acl_create(&parameters);
	if (acl == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct acl_rule rule = { .data = { .category_mask = 1, .priority = 1, .userdata = 1 } };
		rule.field[0].value.u8 = rules[i].protocol;
		rule.field[0].mask_range.u8 = 0xff;
		rule.field[1].value.u32 = rules[i].first_address;
		rule.field[1].mask_range.u32 = rules[i].last_address;
		rule.field[2].value.u16 = rules[i].first_port;
		rule.field[2].mask_range.u16 = rules[i].last_port;
		rule.field[3].mask_range.u16 = 0xffff;
		if (rte_acl_add_rules(acl, (const struct rte_acl_rule *)&rule, 1) != 0)
			return NULL;
	}
	struct rte_acl_config config = { .num_categories = 1, .num_fields = 4 };
	for (int i = 0; i < 4; i++)
		config.defs[i] = fields[i];
	return rte_acl_build(acl, &config) == 0 ? acl : NULL;
}

uint64_t rival_acl_permits(void *acl, const uint32_t *addresses, const uint32_t *services, size_t count) {
	uint64_t permitted = 0;
	for (size_t first = 0; first < count; first += RIVAL_BATCH) {
		struct tuple tuples[RIVAL_BATCH];
		const uint8_t *pointers[RIVAL_BATCH];
		uint32_t results[RIVAL_BATCH];
		size_t n = count - first < RIVAL_BATCH ? count - first : RIVAL_BATCH;
		for (size_t i = 0; i < n; i++) {
			tuples[i].protocol = (uint8_t)(services[first + i] >> 16);
			tuples[i].address = __builtin_bswap32(addresses[first + i]);
			tuples[i].port = __builtin_bswap16((uint16_t)services[first + i]);
			tuples[i].zero = 0;
			pointers[i] = (const uint8_t *)&tuples[i];
		}
		rte_acl_classify(acl, pointers, results, (uint32_t)n, 1);
		for (size_t i = 0; i < n; i++)
			permitted += results[i] != 0;
	}
	return permitted;
}

void rival_acl_free(void *acl) {
	rte_acl_free(acl);
}
#else
RIVAL_MISSING(rival_dpdk, "DPDK rte_hash, bulk 32", "libdpdk")
const rival_table rival_dpdk_most = { "DPDK rte_hash, bulk 64", "pkg-config finds no libdpdk", false, make_missing,
	find_missing, free_missing };
const rival_table rival_dpdk_padded = { "DPDK rte_hash, bulk 64, padded", "pkg-config finds no libdpdk", false,
	make_missing, find_missing, free_missing };
void *rival_acl_make(const rival_rule *rules, size_t count) {
	(void)rules, (void)count;
	return NULL;
}
uint64_t rival_acl_permits(void *acl, const uint32_t *addresses, const uint32_t *services, size_t count) {
	(void)acl, (void)addresses, (void)services, (void)count;
	return 0;
}
void rival_acl_free(void *acl) { (void)acl; }
#endif
