#ifndef RIVALS_SHARED_H
#define RIVALS_SHARED_H

#include "include/Rivals.h"

enum { RIVAL_BATCH = 32 };

#ifdef __cplusplus
extern "C" {
#endif
extern const rival_table rival_dpdk, rival_dpdk_most, rival_dpdk_padded, rival_urcu, rival_ck, rival_absl;

/// The hash that the libraries are given which take one: two multiplications, as ours.
static inline __attribute__((always_inline)) uint64_t rival_fold(uint64_t a, uint64_t b) {
	unsigned __int128 product = (unsigned __int128)a * b;
	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}
static inline __attribute__((always_inline)) uint64_t rival_hash(bool ipv6, const uint64_t *key) {
	uint64_t first = ipv6 ? rival_fold(key[0] + 0x9e3779b97f4a7c15u, key[1] + 0xbf58476d1ce4e5b9u)
			      : rival_fold(key[0] + 0x9e3779b97f4a7c15u, 0xbf58476d1ce4e5b9u);
	return rival_fold(first + 0x94d049bb133111ebu, 0xd1b54a32d192ed03u);
}

#define RIVAL_MISSING(variable, title, package)                                                                    \
	static void *make_missing(bool ipv6, const uint64_t *keys, const uint64_t *values, size_t count) {         \
		(void)ipv6, (void)keys, (void)values, (void)count;                                                 \
		return NULL;                                                                                       \
	}                                                                                                          \
	static void find_missing(void *t, bool ipv6, const uint64_t *keys, uint64_t *values, size_t count) {       \
		(void)t, (void)ipv6, (void)keys, (void)values, (void)count;                                        \
	}                                                                                                          \
	static void free_missing(void *t, bool ipv6) { (void)t, (void)ipv6; }                                      \
	const rival_table variable = { title, "pkg-config finds no " package, false, make_missing, find_missing,   \
		free_missing };
#ifdef __cplusplus
}
#endif
#endif
