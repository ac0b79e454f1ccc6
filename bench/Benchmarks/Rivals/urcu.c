// liburcu's lock-free resizable hash table, read under QSBR: its cheapest reader.
#include "shared.h"

#ifdef BENCH_URCU
#define _LGPL_SOURCE
#include <urcu/urcu-qsbr.h>
#include <urcu/rculfhash.h>
#include <stdlib.h>

struct node {
	struct cds_lfht_node node;
	uint64_t key[2], value;
};

struct table {
	struct cds_lfht *lfht;
	struct node *nodes;
};

static int match4(struct cds_lfht_node *n, const void *key) {
	return caa_container_of(n, struct node, node)->key[0] == *(const uint64_t *)key;
}

static int match6(struct cds_lfht_node *n, const void *key) {
	const struct node *found = caa_container_of(n, struct node, node);
	const uint64_t *wanted = key;
	return ((found->key[0] ^ wanted[0]) | (found->key[1] ^ wanted[1])) == 0;
}

static void *make(bool ipv6, const uint64_t *keys, const uint64_t *values, size_t count) {
	size_t buckets = 64;
	while (buckets < count)
		buckets *= 2;
	struct table *t = malloc(sizeof *t);
	urcu_qsbr_register_thread();
	t->lfht = cds_lfht_new_flavor(buckets, buckets, 0, 0, &urcu_qsbr_flavor, NULL);
	t->nodes = aligned_alloc(64, (count * sizeof(struct node) + 63) & ~(size_t)63);
	for (size_t i = 0; i < count; i++) {
		const uint64_t *key = keys + i * (ipv6 ? 2 : 1);
		struct node *n = &t->nodes[i];
		cds_lfht_node_init(&n->node);
		n->key[0] = key[0];
		n->key[1] = ipv6 ? key[1] : 0;
		n->value = values[i];
		cds_lfht_add(t->lfht, rival_hash(ipv6, key), &n->node);
	}
	urcu_qsbr_unregister_thread();
	return t;
}

static void find(void *table, bool ipv6, const uint64_t *keys, uint64_t *values, size_t count) {
	struct table *t = table;
	urcu_qsbr_register_thread();
	for (size_t i = 0; i < count; i++) {
		const uint64_t *key = keys + i * (ipv6 ? 2 : 1);
		struct cds_lfht_iter iter;
		cds_lfht_lookup(t->lfht, rival_hash(ipv6, key), ipv6 ? match6 : match4, key, &iter);
		struct cds_lfht_node *n = cds_lfht_iter_get_node(&iter);
		values[i] = n != NULL ? caa_container_of(n, struct node, node)->value : 0;
		if ((i & (RIVAL_BATCH - 1)) == RIVAL_BATCH - 1)
			urcu_qsbr_quiescent_state();
	}
	urcu_qsbr_unregister_thread();
}

/// The nodes are freed; the table itself is only taken down when it is empty, which nobody waits for here.
static void destroy(void *table, bool ipv6) {
	(void)ipv6;
	struct table *t = table;
	urcu_qsbr_register_thread();
	struct cds_lfht_iter iter;
	struct cds_lfht_node *n;
	cds_lfht_for_each(t->lfht, &iter, n)
		cds_lfht_del(t->lfht, n);
	urcu_qsbr_quiescent_state();
	urcu_qsbr_unregister_thread();
	cds_lfht_destroy(t->lfht, NULL);
	free(t->nodes);
	free(t);
}

const rival_table rival_urcu = { "liburcu rculfhash", NULL, true, make, find, destroy };
#else
RIVAL_MISSING(rival_urcu, "liburcu rculfhash", "liburcu-qsbr and liburcu-cds")
#endif
