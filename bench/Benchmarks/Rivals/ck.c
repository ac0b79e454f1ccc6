// Concurrency Kit's ck_ht, one writer and many readers.
#include "shared.h"

#ifdef BENCH_CK
#include <ck_ht.h>
#include <stdlib.h>

struct table {
	ck_ht_t ht;
	uint64_t *keys;
};

static void *ck_allocate(size_t size) { return malloc(size); }
static void ck_release(void *memory, size_t size, bool defer) {
	(void)size, (void)defer;
	free(memory);
}
static struct ck_malloc allocator = { .malloc = ck_allocate, .free = ck_release };

static void hash4(ck_ht_hash_t *h, const void *key, size_t length, uint64_t seed) {
	(void)length, (void)seed;
	h->value = rival_hash(false, key);
}
static void hash6(ck_ht_hash_t *h, const void *key, size_t length, uint64_t seed) {
	(void)length, (void)seed;
	h->value = rival_hash(true, key);
}

static void *make(bool ipv6, const uint64_t *keys, const uint64_t *values, size_t count) {
	struct table *t = calloc(1, sizeof *t);
	unsigned mode = ipv6 ? CK_HT_MODE_BYTESTRING : CK_HT_MODE_DIRECT;
	if (!ck_ht_init(&t->ht, mode, ipv6 ? hash6 : hash4, &allocator, count * 2, 1))
		return NULL;
	// Bytestring entries point at their keys, which a real user keeps with its sessions.
	t->keys = malloc(count * 16);
	for (size_t i = 0; i < count; i++) {
		ck_ht_hash_t h;
		ck_ht_entry_t entry;
		if (ipv6) {
			uint64_t *key = t->keys + i * 2;
			key[0] = keys[i * 2];
			key[1] = keys[i * 2 + 1];
			ck_ht_hash(&h, &t->ht, key, 16);
			ck_ht_entry_set(&entry, h, key, 16, (void *)values[i]);
		} else {
			ck_ht_hash_direct(&h, &t->ht, keys[i]);
			ck_ht_entry_set_direct(&entry, h, keys[i], values[i]);
		}
		if (!ck_ht_put_spmc(&t->ht, h, &entry))
			return NULL;
	}
	return t;
}

static void find(void *table, bool ipv6, const uint64_t *keys, uint64_t *values, size_t count) {
	struct table *t = table;
	for (size_t i = 0; i < count; i++) {
		ck_ht_hash_t h;
		ck_ht_entry_t entry;
		if (ipv6) {
			ck_ht_hash(&h, &t->ht, keys + i * 2, 16);
			ck_ht_entry_key_set(&entry, keys + i * 2, 16);
			values[i] = ck_ht_get_spmc(&t->ht, h, &entry) ? (uint64_t)ck_ht_entry_value(&entry) : 0;
		} else {
			ck_ht_hash_direct(&h, &t->ht, keys[i]);
			ck_ht_entry_key_set_direct(&entry, keys[i]);
			values[i] = ck_ht_get_spmc(&t->ht, h, &entry) ? ck_ht_entry_value_direct(&entry) : 0;
		}
	}
}

static void destroy(void *table, bool ipv6) {
	(void)ipv6;
	struct table *t = table;
	ck_ht_destroy(&t->ht);
	free(t->keys);
	free(t);
}

const rival_table rival_ck = { "Concurrency Kit ck_ht", NULL, true, make, find, destroy };
#else
RIVAL_MISSING(rival_ck, "Concurrency Kit ck_ht", "ck")
#endif
