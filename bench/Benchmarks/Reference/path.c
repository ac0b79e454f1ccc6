// The packet path in C: decode, look up, judge, count, report, in batches of 64.
//
// Layouts and algorithms are those of Sources/PacketPath. Left out, because no packet of the workload gets there:
// link layers beside Ethernet and raw IP, packets quoted in ICMP errors, the coverage question for fragments without
// ports (they are answered "cannot tell"), sessions looked for at the other end, and the writer's half of the table
// beyond insertion.
#define _GNU_SOURCE
#include "include/Reference.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef REFERENCE_TABLE
#define REFERENCE_TABLE reference_plain
#endif

typedef unsigned __int128 u128;
typedef _Atomic uint64_t word;

#define INLINE static inline __attribute__((always_inline))
#define relaxed(p) atomic_load_explicit(&(p), memory_order_relaxed)
#define acquired(p) atomic_load_explicit(&(p), memory_order_acquire)
#define released(p, v) atomic_store_explicit(&(p), (v), memory_order_release)

enum { BATCH = 64, LONGEST_PATH = 32, LINES_WORTH_PREFETCHING = 1 << 13, HUGE_PAGE = 2 << 20 };

// Memory

/// Zeroed, and of huge pages where it is large, as packetpath_map's.
static void *map(size_t size) {
	size = (size + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
	char *memory = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	size_t head = -(uintptr_t)memory & (HUGE_PAGE - 1);
	if (head != 0)
		munmap(memory, head);
	munmap(memory + head + size, HUGE_PAGE - head);
	(void)madvise(memory + head, size, MADV_HUGEPAGE);
	return memory + head;
}

static void unmap(void *memory, size_t size) {
	if (memory != NULL)
		munmap(memory, (size + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1));
}

/// Zeroed small pages, as Swift's allocate and initializeMemory give.
static void *allocate(size_t size) {
	void *memory = aligned_alloc(128, (size + 127) & ~(size_t)127);
	if (memory != NULL)
		memset(memory, 0, size);
	return memory;
}

// Decoding

enum drop {
	NONE, TOO_SHORT, TRUNCATED, BAD_LINK, TOO_MANY_TAGS, NOT_IP, BAD_VERSION, BAD_HEADER, BAD_TOTAL,
	TOO_MANY_EXTENSIONS, SHORT_FRAGMENT,
};
enum fragment { WHOLE, FIRST, LATER };
enum traits { OPTIONS = 1, ROUTING = 2 };

typedef struct {
	uint64_t source_high, source_low, destination_high, destination_low;
	uint32_t length, payload_length, quote_offset, quote_length;
	uint16_t source_port, destination_port;
	uint8_t family, protocol, tcp_flags, icmp_type, icmp_code, hop_limit, traits, fragment, drop;
	bool has_ports, has_icmp_type;
} packet;

/// A frame's bytes: where the captured ones end, and where the packet did on the wire.
typedef struct {
	const uint8_t *bytes;
	size_t captured, wire;
} view;

INLINE uint16_t get16(const uint8_t *p) { uint16_t v; memcpy(&v, p, 2); return __builtin_bswap16(v); }
INLINE uint32_t get32(const uint8_t *p) { uint32_t v; memcpy(&v, p, 4); return __builtin_bswap32(v); }
INLINE uint64_t get64(const uint8_t *p) { uint64_t v; memcpy(&v, p, 8); return __builtin_bswap64(v); }
INLINE uint8_t shortage(view v, size_t end) { return end <= v.wire ? TRUNCATED : TOO_SHORT; }

INLINE uint8_t need(view v, size_t end, const packet *p) {
	if (end <= v.captured)
		return NONE;
	return p->fragment == FIRST && end > v.wire ? SHORT_FRAGMENT : shortage(v, end);
}

INLINE uint8_t decode_icmp(view v, size_t at, packet *p) {
	if (at + 2 <= v.captured) {
		p->icmp_type = v.bytes[at];
		p->icmp_code = v.bytes[at + 1];
		p->has_icmp_type = true;
	}
	uint8_t drop = need(v, at + 8, p);
	if (drop != NONE)
		return drop;
	uint8_t t = p->icmp_type;
	if (p->family == 6 ? t < 128 : t == 3 || t == 4 || t == 5 || t == 11 || t == 12) {
		p->quote_offset = (uint32_t)at + 8;
		p->quote_length = (uint32_t)(v.captured - at - 8);
	}
	return NONE;
}

INLINE uint8_t decode_transport(view v, size_t at, packet *p) {
	uint8_t kind = p->protocol;
	if (kind == 6 || kind == 17) {
		if (at + 4 <= v.captured) {
			p->source_port = get16(v.bytes + at);
			p->destination_port = get16(v.bytes + at + 2);
			p->has_ports = true;
		}
		if (kind == 17)
			return need(v, at + 8, p);
		if (at + 14 <= v.captured)
			p->tcp_flags = v.bytes[at + 13];
		return need(v, at + 20, p);
	}
	return kind == (p->family == 4 ? 1 : 58) ? decode_icmp(v, at, p) : NONE;
}

INLINE bool is_extension(uint8_t n) { return n == 0 || n == 43 || n == 44 || n == 51 || n == 60; }
INLINE uint8_t later_fragment(unsigned offset, uint8_t protocol) {
	return offset == 1 && protocol == 6 ? SHORT_FRAGMENT : NONE;
}

INLINE uint8_t decode_extensions(view v, size_t at, packet *p) {
	for (int count = 0; is_extension(p->protocol); count++) {
		if (count == 8)
			return TOO_MANY_EXTENSIONS;
		uint8_t drop = need(v, at + 8, p);
		if (drop != NONE)
			return drop;
		uint8_t kind = p->protocol;
		size_t units = v.bytes[at + 1];
		size_t length = kind == 44 ? 8 : kind == 51 ? (units + 2) * 4 : (units + 1) * 8;
		if ((drop = need(v, at + length, p)) != NONE)
			return drop;
		p->protocol = v.bytes[at];
		if (kind == 43)
			p->traits = ROUTING;
		if (kind == 44) {
			unsigned place = get16(v.bytes + at + 2);
			if (place >> 3 != 0) {
				p->fragment = LATER;
				p->payload_length = (uint32_t)(v.wire - at - 8);
				return later_fragment(place >> 3, p->protocol);
			}
			if (place & 1)
				p->fragment = FIRST;
		}
		at += length;
		p->payload_length = (uint32_t)(v.wire - at);
	}
	return decode_transport(v, at, p);
}

static __attribute__((noinline)) uint8_t bad_length(view v, size_t at, packet *p) {
	if (p->family == 6)
		(void)decode_extensions(v, at, p);
	else if (p->fragment != LATER)
		(void)decode_transport(v, at, p);
	return BAD_TOTAL;
}

INLINE uint8_t decode_ipv4(view v, size_t at, packet *p) {
	if (at + 20 > v.captured)
		return shortage(v, at + 20);
	const uint8_t *h = v.bytes + at;
	if (h[0] >> 4 != 4)
		return BAD_VERSION;
	size_t header = (h[0] & 15) * 4, total = get16(h + 2);
	if (header < 20)
		return BAD_HEADER;
	if (at + header > v.captured)
		return shortage(v, at + header);
	if (total < header)
		return BAD_TOTAL;
	unsigned fragment = get16(h + 6) & 0x3fff;
	p->family = 4;
	p->hop_limit = h[8];
	p->protocol = h[9];
	if (header != 20)
		p->traits = OPTIONS;
	p->source_low = get32(h + 12);
	p->destination_low = get32(h + 16);
	if (fragment != 0)
		p->fragment = (fragment & 0x1fff) == 0 ? FIRST : LATER;
	p->length = (uint32_t)total;
	p->payload_length = (uint32_t)(total - header);
	if (at + total > v.wire)
		return bad_length(v, at + header, p);
	v.wire = at + total;
	v.captured = v.captured < v.wire ? v.captured : v.wire;
	if (p->fragment == LATER)
		return later_fragment(fragment & 0x1fff, p->protocol);
	return decode_transport(v, at + header, p);
}

INLINE uint8_t decode_ipv6(view v, size_t at, packet *p) {
	size_t body = at + 40;
	if (body > v.captured)
		return shortage(v, body);
	const uint8_t *h = v.bytes + at;
	if (h[0] >> 4 != 6)
		return BAD_VERSION;
	size_t payload = get16(h + 4);
	p->family = 6;
	p->protocol = h[6];
	p->hop_limit = h[7];
	p->source_high = get64(h + 8);
	p->source_low = get64(h + 16);
	p->destination_high = get64(h + 24);
	p->destination_low = get64(h + 32);
	p->length = (uint32_t)payload + 40;
	p->payload_length = (uint32_t)payload;
	if (body + payload > v.wire)
		return bad_length(v, body, p);
	v.wire = body + payload;
	v.captured = v.captured < v.wire ? v.captured : v.wire;
	if (is_extension(p->protocol))
		return decode_extensions(v, body, p);
	return decode_transport(v, body, p);
}

static __attribute__((noinline)) uint8_t decode_tags(view v, unsigned type, packet *p) {
	size_t at = 14;
	while (type == 0x8100 || type == 0x88a8 || type == 0x9100) {
		if (at == 14 + 12)
			return TOO_MANY_TAGS;
		if (at + 4 > v.captured)
			return shortage(v, at + 4);
		type = get16(v.bytes + at + 2);
		at += 4;
	}
	return type == 0x0800 ? decode_ipv4(v, at, p) : type == 0x86dd ? decode_ipv6(v, at, p) : NOT_IP;
}

INLINE void decode_ethernet(const reference_frame *f, packet *p) {
	view v = { f->bytes, f->captured, f->wire };
	memset(p, 0, sizeof *p);
	if (v.captured < 14) {
		p->drop = shortage(v, 14);
		return;
	}
	unsigned type = get16(v.bytes + 12);
	p->drop = type == 0x0800 ? decode_ipv4(v, 14, p) : type == 0x86dd ? decode_ipv6(v, 14, p) : decode_tags(v, type, p);
}

static uint64_t decode_many(const reference_frame *frames, size_t count) {
	uint64_t sum = 0;
	for (size_t i = 0; i < count; i++) {
		packet p;
		decode_ethernet(&frames[i], &p);
		sum += p.source_low ^ p.source_high ^ p.destination_low ^ p.destination_high;
		sum += p.source_port + p.destination_port + p.protocol + p.tcp_flags + p.length + p.drop;
	}
	return sum;
}

// The session table

typedef struct {
	uint64_t a, b, c, d;
} seed;

typedef struct {
	word *words;
	uint64_t pair_shift, pair_mask;
	seed seed;
} lines;

INLINE uint64_t fold(uint64_t a, uint64_t b) {
	u128 product = (u128)a * b;
	return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

static uint64_t mixed(uint64_t w) {
	w = (w ^ w >> 30) * 0xbf58476d1ce4e5b9u;
	w = (w ^ w >> 27) * 0x94d049bb133111ebu;
	return w ^ w >> 31;
}

static seed make_seed(uint64_t k0, uint64_t k1) {
	uint64_t state = k0 ^ mixed(k1), w[4];
	for (int i = 0; i < 4; i++)
		w[i] = mixed(state += 0x9e3779b97f4a7c15u) ^ k1;
	return (seed){ w[0], w[1] | 1, w[2], w[3] };
}

/// Of the word that a table keeps: a whole IPv4 key, an IPv6 key's fingerprint. Never 0.
INLINE uint64_t hash_of(uint64_t key, const seed *s) { return fold(fold(key + s->a, s->b) + s->c, s->d); }

INLINE uint64_t fingerprint(const reference_key6 *key, const seed *secret) {
	u128 product = (u128)(key->high + secret->a) * (key->low + secret->b);
	uint64_t print = fold((uint64_t)(product >> 64) + secret->c + ((uint64_t)key->interface << 32),
	    (uint64_t)product + secret->d);
	return print == 0 ? 1 : print;
}

INLINE size_t home_line(const lines *t, uint64_t hash) { return (hash >> t->pair_shift) * 2 | (hash & 1); }

INLINE void prefetch_home_pair(const lines *t, uint64_t hash) {
	size_t home = home_line(t, hash);
	__builtin_prefetch(t->words + home * 8, 0, 3);
	__builtin_prefetch(t->words + (home ^ 1) * 8, 0, 3);
}

INLINE size_t path_line(const lines *t, uint64_t hash, unsigned step) {
	uint64_t pair = ((hash >> t->pair_shift) + (step >> 1) * (hash >> 1 | 1)) & t->pair_mask;
	return pair * 2 | ((hash ^ step) & 1);
}

typedef struct {
	uint64_t value;
	bool has_empty;
} answer;

INLINE answer search(word *line, uint64_t key) {
	uint64_t k0 = relaxed(line[1]), k1 = relaxed(line[3]), k2 = relaxed(line[5]), k3 = relaxed(line[7]);
	unsigned matches = (k0 == key ? 1 : 0) | (k1 == key ? 2 : 0) | (k2 == key ? 4 : 0) | 8;
	unsigned slot = (unsigned)__builtin_ctz(matches) * 2;
	uint64_t value = acquired(line[slot]);
	uint64_t low = k0 < k1 ? k0 : k1, high = k2 < k3 ? k2 : k3;
	return (answer){ relaxed(line[slot + 1]) == key ? value : 0, (low < high ? low : high) == 0 };
}

static __attribute__((noinline)) uint64_t find_further(const lines *t, uint64_t key, uint64_t hash) {
	for (unsigned step = 1; step < LONGEST_PATH; step++) {
		answer a = search(t->words + path_line(t, hash, step) * 8, key);
		if (a.value != 0 || a.has_empty)
			return a.value;
	}
	return 0;
}

INLINE uint64_t find(const lines *t, uint64_t key, uint64_t hash) {
	answer a = search(t->words + home_line(t, hash) * 8, key);
	return a.value != 0 || a.has_empty ? a.value : find_further(t, key, hash);
}

enum { SLOTS_PER_LINE = 4 };

/// As many lines as Swift's index has with so many keys: half full at most.
static bool make_lines(lines *t, size_t keys, seed s) {
	size_t slots = (size_t)LONGEST_PATH * SLOTS_PER_LINE;
	while (keys > slots / 2)
		slots *= 2;
	uint64_t pairs = slots / SLOTS_PER_LINE / 2;
	*t = (lines){ map(pairs * 128), 64 - (uint64_t)__builtin_ctzll(pairs), pairs - 1, s };
	return t->words != NULL;
}

static bool put(lines *t, uint64_t key, uint64_t value) {
	uint64_t h = hash_of(key, &t->seed);
	for (unsigned step = 0; step < LONGEST_PATH; step++) {
		word *line = t->words + path_line(t, h, step) * 8;
		for (unsigned slot = 0; slot < 8; slot += 2)
			if (relaxed(line[slot + 1]) == 0) {
				line[slot + 1] = key;
				released(line[slot], value);
				return true;
			}
	}
	return false;
}

// Scopes

typedef struct {
	uint32_t tree, inner_layers, lists;
} slab_header;

/// One family of a scope, in a line of its own; offsets are in bytes from the block's start.
typedef struct {
	uint32_t exact_count, exact_offset, exact_mask, exact_shift;
	uint64_t multiplier;
	slab_header ranges;
	uint32_t padding[7];
} half;

typedef struct {
	const char *block;
} scope;

INLINE size_t exact_home(uint64_t key, const half *h) { return (key * h->multiplier) >> h->exact_shift; }
INLINE uint64_t exact_key4(uint32_t address, uint32_t service) {
	return (uint64_t)address << 32 | (uint64_t)service << 8 | 1;
}
INLINE uint64_t exact_fold6(uint64_t high, uint64_t low, uint32_t service) {
	low ^= (uint64_t)service << 40;
	uint64_t m = (low ^ low >> 29) * 0xbf58476d1ce4e5b9u;
	return high ^ m ^ m >> 32;
}

/// How many of a tree's keys are below `key`: nodes of four keys, all compared, as many as are below telling the child.
#define COUNT_BELOW(name, type)                                                                                 \
	INLINE size_t name##_in_node(type key, const type *keys) {                                              \
		return (size_t)((keys[0] < key) + (keys[1] < key) - (keys[2] >= key) - (keys[3] >= key) + 2);   \
	}                                                                                                       \
	INLINE size_t name(type key, const char *tree, uint32_t inner_layers) {                                 \
		const uint32_t *offset = (const uint32_t *)tree;                                                \
		size_t node = 0;                                                                                \
		for (; inner_layers != 0; inner_layers--, offset++)                                             \
			node = node * 5 + name##_in_node(key, (const type *)(tree + *offset) + node * 4);       \
		return node * 4 + name##_in_node(key, (const type *)(tree + *offset) + node * 4);               \
	}
COUNT_BELOW(count_below, uint32_t)
COUNT_BELOW(count_below_wide, u128)

typedef int32_t int4 __attribute__((vector_size(16)));

/// Up to four intervals, compared at once; longer lists are not in the workload.
INLINE bool list_holds(const char *block, uint32_t list, uint32_t service) {
	const int4 *intervals = (const int4 *)(block + list);
	int32_t s = (int32_t)service;
	int4 wanted = { s, s, s, s };
	return (u128)((intervals[0] <= wanted) & (intervals[1] >= wanted)) != 0;
}

INLINE bool permits4(scope s, uint32_t address, uint32_t service) {
	const half *h = (const half *)s.block;
	if (h->exact_count != 0) {
		const uint64_t *slots = (const uint64_t *)(s.block + h->exact_offset);
		uint64_t key = exact_key4(address, service);
		for (size_t i = exact_home(key, h); slots[i] != 0; i = (i + 1) & h->exact_mask)
			if (slots[i] == key)
				return true;
	}
	if (h->ranges.lists == 0)
		return false;
	size_t slab = count_below(address, s.block + h->ranges.tree, h->ranges.inner_layers);
	return list_holds(s.block, ((const uint32_t *)(s.block + h->ranges.lists))[slab], service);
}

INLINE bool permits6(scope s, uint64_t high, uint64_t low, uint32_t service) {
	const half *h = (const half *)(s.block + 64);
	u128 address = (u128)high << 64 | low;
	if (h->exact_count != 0) {
		const u128 *slots = (const u128 *)(s.block + h->exact_offset);
		u128 tag = (u128)service << 8 | 1;
		size_t i = exact_home(exact_fold6(high, low, service), h);
		for (; slots[i * 2 + 1] != 0; i = (i + 1) & h->exact_mask)
			if (slots[i * 2 + 1] == tag && slots[i * 2] == address)
				return true;
	}
	if (h->ranges.lists == 0)
		return false;
	size_t slab = count_below_wide(address, s.block + h->ranges.tree, h->ranges.inner_layers);
	return list_holds(s.block, ((const uint32_t *)(s.block + h->ranges.lists))[slab], service);
}

/// Grows a block that is built once; everything in it begins at a line.
typedef struct {
	char *bytes;
	size_t length;
} builder;

static size_t reserve(builder *b, size_t size) {
	size_t at = b->length;
	b->length += (size + 63) & ~(size_t)63;
	b->bytes = realloc(b->bytes, b->length);
	memset(b->bytes + at, 0, b->length - at);
	return at;
}

INLINE bool is_exact(const reference_grant *g) {
	return g->first_high == g->last_high && g->first_low == g->last_low && g->first_service == g->last_service;
}

static void add_exact(builder *b, size_t half_at, const reference_grant *grants, size_t count, bool is_ipv6) {
	size_t own = 0;
	for (size_t i = 0; i < count; i++)
		own += grants[i].is_ipv6 == is_ipv6 && is_exact(&grants[i]);
	if (own == 0)
		return;
	unsigned bits = 2;
	while ((size_t)1 << bits < own * 2)
		bits++;
	size_t at = reserve(b, (is_ipv6 ? 32 : 8) << bits);
	half *h = (half *)(b->bytes + half_at);
	*h = (half){ (uint32_t)own, (uint32_t)at, (1u << bits) - 1, 64 - bits, 0x9e3779b97f4a7c15u, { 0, 0, 0 }, { 0 } };
	for (size_t n = 0; n < count; n++) {
		const reference_grant *g = &grants[n];
		if (g->is_ipv6 != is_ipv6 || !is_exact(g))
			continue;
		if (is_ipv6) {
			u128 *slots = (u128 *)(b->bytes + at);
			size_t i = exact_home(exact_fold6(g->first_high, g->first_low, g->first_service), h);
			for (; slots[i * 2 + 1] != 0; i = (i + 1) & h->exact_mask) {}
			slots[i * 2] = (u128)g->first_high << 64 | g->first_low;
			slots[i * 2 + 1] = (u128)g->first_service << 8 | 1;
		} else {
			uint64_t *slots = (uint64_t *)(b->bytes + at);
			uint64_t key = exact_key4((uint32_t)g->first_low, g->first_service);
			size_t i = exact_home(key, h);
			for (; slots[i] != 0; i = (i + 1) & h->exact_mask) {}
			slots[i] = key;
		}
	}
}

static void put_key(builder *b, size_t at, size_t index, bool is_ipv6, u128 key) {
	if (is_ipv6)
		((u128 *)(b->bytes + at))[index] = key;
	else
		((uint32_t *)(b->bytes + at))[index] = (uint32_t)key;
}

/// The tree of sorted keys, from the root's layer to the keys' own; places without a key hold the largest value.
static void add_tree(builder *b, slab_header *header, const u128 *keys, size_t count, bool is_ipv6) {
	size_t width = is_ipv6 ? 16 : 4, nodes[16], layers = 1;
	nodes[0] = count / 4 + 1;
	for (; nodes[layers - 1] > 1; layers++)
		nodes[layers] = (nodes[layers - 1] + 4) / 5;
	size_t tree = reserve(b, layers * 4), keys_of_child = 1;
	header->tree = (uint32_t)tree;
	header->inner_layers = (uint32_t)layers - 1;
	for (size_t layer = 0; layer < layers; layer++, keys_of_child *= layer == 1 ? 4 : 5) {
		size_t at = reserve(b, nodes[layer] * 4 * width);
		((uint32_t *)(b->bytes + tree))[layers - 1 - layer] = (uint32_t)(at - tree);
		for (size_t i = 0; i < nodes[layer] * 4; i++) {
			// Each key is the last below its right neighbour's first.
			size_t last = layer == 0 ? i : (i / 4 * 5 + i % 4 + 1) * keys_of_child - 1;
			put_key(b, at, i, is_ipv6, last < count ? keys[last] : ~(u128)0);
		}
	}
}

/// The ranges, which come sorted by address and do not touch; before, between and after them lies the empty list.
static void add_ranges(builder *b, size_t half_at, const reference_grant *grants, size_t count, bool is_ipv6) {
	u128 *ends = calloc(count * 2, sizeof *ends);
	uint32_t *lists = calloc(count * 2 + 1, sizeof *lists);
	size_t own = 0, empty = reserve(b, 32);
	int4 none[2] = { { INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX }, { 0, 0, 0, 0 } };
	memcpy(b->bytes + empty, none, 32);
	lists[0] = (uint32_t)empty;
	for (size_t i = 0; i < count; i++) {
		const reference_grant *g = &grants[i];
		if (g->is_ipv6 != is_ipv6 || is_exact(g))
			continue;
		ends[own * 2] = ((u128)g->first_high << 64 | g->first_low) - 1;
		ends[own * 2 + 1] = (u128)g->last_high << 64 | g->last_low;
		lists[own * 2 + 1] = (uint32_t)reserve(b, 32);
		lists[own * 2 + 2] = (uint32_t)empty;
		int4 one[2] = { none[0], none[1] };
		one[0][0] = (int32_t)g->first_service;
		one[1][0] = (int32_t)g->last_service;
		memcpy(b->bytes + lists[own * 2 + 1], one, 32);
		own++;
	}
	slab_header header = { 0, 0, 0 };
	if (own != 0) {
		add_tree(b, &header, ends, own * 2, is_ipv6);
		header.lists = (uint32_t)reserve(b, (own * 2 + 1) * 4);
		memcpy(b->bytes + header.lists, lists, (own * 2 + 1) * 4);
	}
	((half *)(b->bytes + half_at))->ranges = header;
	free(ends);
	free(lists);
}

static scope make_scope(const reference_grant *grants, size_t count) {
	builder b = { NULL, 0 };
	(void)reserve(&b, 2 * sizeof(half));
	for (int is_ipv6 = 0; is_ipv6 < 2; is_ipv6++) {
		add_exact(&b, (size_t)is_ipv6 * 64, grants, count, is_ipv6);
		add_ranges(&b, (size_t)is_ipv6 * 64, grants, count, is_ipv6);
	}
	char *block = aligned_alloc(64, b.length);
	memcpy(block, b.bytes, b.length);
	free(b.bytes);
	return (scope){ block };
}

// The image

typedef struct {
	uint32_t number;
	scope scope;
} scope_slot;

struct reference_image {
	lines ipv4, ipv6;
	seed secret;
	size_t scope_mask;
	scope_slot scopes[2 * (reference_scope_limit + 1)];
};

static reference_image *image_new(uint64_t k0, uint64_t k1, size_t ipv4, size_t ipv6) {
	reference_image *image = allocate(sizeof *image);
	if (image == NULL)
		return NULL;
	image->scope_mask = 2 * (reference_scope_limit + 1) - 1;
	image->secret = make_seed(k1, ~k0);
	if (make_lines(&image->ipv4, ipv4, make_seed(k0, k1)) && make_lines(&image->ipv6, ipv6, make_seed(~k1, k0)))
		return image;
	return NULL;
}

static void image_free(reference_image *image) {
	unmap(image->ipv4.words, (image->ipv4.pair_mask + 1) * 128);
	unmap(image->ipv6.words, (image->ipv6.pair_mask + 1) * 128);
	for (size_t i = 0; i <= image->scope_mask; i++)
		free((void *)image->scopes[i].scope.block);
	free(image);
}

static bool put4(reference_image *image, uint64_t key, uint64_t value) { return put(&image->ipv4, key, value); }

static bool put6(reference_image *image, reference_key6 key, uint64_t value) {
	return put(&image->ipv6, fingerprint(&key, &image->secret), value);
}

static void set_scope(reference_image *image, uint32_t number, const reference_grant *grants, size_t count) {
	size_t i = number & image->scope_mask;
	while (image->scopes[i].number != 0 && image->scopes[i].number != number)
		i = (i + 1) & image->scope_mask;
	image->scopes[i] = (scope_slot){ number, make_scope(grants, count) };
}

INLINE scope scope_of(const reference_image *image, uint32_t number) {
	for (size_t i = number & image->scope_mask;; i = (i + 1) & image->scope_mask) {
		if (image->scopes[i].number == number && image->scopes[i].scope.block != NULL)
			return image->scopes[i].scope;
		if (image->scopes[i].number == 0)
			return (scope){ NULL };
	}
}

/// `make` makes the key's word, which waits with the hash until its line has come. Line n + 64 is asked for before line
/// n is looked at.
#define ASK(n, make)                                                      \
	do {                                                              \
		uint64_t key = make(keys[n]), h = hash_of(key, &t.seed); \
		prefetch_home_pair(&t, h);                                \
		words[(n) % BATCH] = key;                                 \
		hashes[(n) % BATCH] = h;                                  \
	} while (0)
#define FIND_MANY(name, table, type, make)                                                              \
	static void name(const reference_image *image, const type *keys, uint64_t *values, size_t count) { \
		lines t = image->table;                                                                    \
		seed secret = image->secret;                                                               \
		(void)secret;                                                                              \
		if ((t.pair_mask + 1) * 2 < LINES_WORTH_PREFETCHING) {                                     \
			for (size_t i = 0; i < count; i++) {                                               \
				uint64_t key = make(keys[i]);                                              \
				values[i] = find(&t, key, hash_of(key, &t.seed));                          \
			}                                                                                  \
			return;                                                                            \
		}                                                                                          \
		uint64_t words[BATCH], hashes[BATCH];                                                      \
		size_t ahead = count < BATCH ? count : BATCH;                                              \
		for (size_t i = 0; i < ahead; i++)                                                         \
			ASK(i, make);                                                                      \
		for (size_t i = 0; i < count; i++) {                                                       \
			uint64_t word = words[i % BATCH], hash = hashes[i % BATCH];                        \
			if (i + BATCH < count)                                                             \
				ASK(i + BATCH, make);                                                      \
			values[i] = find(&t, word, hash);                                                  \
		}                                                                                          \
	}
#define WHOLE_KEY(key) (key)
#define FINGERPRINT(key) fingerprint(&(key), &secret)
FIND_MANY(find4_many, ipv4, uint64_t, WHOLE_KEY)
FIND_MANY(find6_many, ipv6, reference_key6, FINGERPRINT)

static uint64_t permits4_many(const reference_image *image, const uint32_t *scopes, const uint32_t *addresses,
    const uint32_t *services, size_t count) {
	uint64_t permitted = 0;
	for (size_t i = 0; i < count; i++) {
		scope s = scope_of(image, scopes[i]);
		permitted += s.block != NULL && permits4(s, addresses[i], services[i]);
	}
	return permitted;
}

static uint64_t permits6_many(const reference_image *image, const uint32_t *scopes, const uint64_t *addresses,
    const uint32_t *services, size_t count) {
	uint64_t permitted = 0;
	for (size_t i = 0; i < count; i++) {
		scope s = scope_of(image, scopes[i]);
		permitted += s.block != NULL && permits6(s, addresses[i * 2], addresses[i * 2 + 1], services[i]);
	}
	return permitted;
}

// Counters, scans, events

enum field { GENERATION, LAST_SEEN, OUTWARD, TOWARD = 4, DENIED = 6, LAST_USED };
enum reason { PERMITTED, NO_SCOPE, OPTIONS_DENIED = 4, ROUTING_DENIED, HEADERS, TRUNCATED_DENIED, DESTINATION, ICMP_TYPE,
	OPENING, NO_ANSWER, CANNOT_TELL = 128 };

typedef struct {
	uint64_t generation, window, told_in, now[2], before[2], padding;
} scan_record;

typedef struct {
	uint64_t source_high, source_low, destination_high, destination_low, tick;
	uint32_t slot, scope;
	uint16_t source_port, destination_port;
	uint8_t kind, reason, protocol, is_ipv6;
	uint64_t detail;
} event;

typedef struct {
	uint64_t before[15];
	word value;
	uint64_t after[15];
} padded;

struct reference_worker {
	const reference_image *image;
	size_t slots, mapped;
	word *words;
	_Atomic uint32_t *reasons;
	word *totals;
	word *quiescent;
	scan_record *scans;
	uint64_t scan_key[2], window_ticks, threshold;
	uint16_t estimates[129];
	event *events;
	uint64_t event_mask, next, last_read, lost, position;
	padded written, read;
	packet packets[BATCH];
	uint64_t sessions[BATCH], hashes[BATCH], keys[BATCH];
	uint32_t ipv4[BATCH], ipv6[BATCH];
	uint8_t ways[BATCH], outcomes[BATCH];
};

INLINE void increment(word *w, uint64_t by) { released(*w, relaxed(*w) + by); }

static reference_worker *worker_new(const reference_image *image, size_t slots, size_t events) {
	reference_worker *w = allocate(sizeof *w);
	if (w == NULL)
		return NULL;
	w->image = image;
	w->slots = slots;
	w->mapped = (slots + 1) * 128 + 256 + 128;
	char *block = map(w->mapped);
	memset(block, 0, w->mapped);
	w->totals = (word *)block;
	w->words = (word *)(block + 256);
	w->reasons = (_Atomic uint32_t *)(block + 256 + (slots + 1) * 64);
	w->quiescent = (word *)(block + 256 + (slots + 1) * 128);
	w->scans = allocate(slots * sizeof(scan_record));
	w->events = allocate(events * sizeof(event));
	w->event_mask = events - 1;
	w->scan_key[0] = 0x0123456789abcdefu;
	w->scan_key[1] = 0xfedcba9876543210u;
	w->window_ticks = 60;
	w->threshold = 32;
	double sum = 0;
	for (int set = 0; set < 128; set++) {
		sum += 128.0 / (128 - (set < 127 ? set : 126));
		w->estimates[set + 1] = (uint16_t)(set < 127 ? sum + 0.5 : 567);
	}
	return w;
}

static void worker_free(reference_worker *w) {
	unmap(w->totals, w->mapped);
	free(w->scans);
	free(w->events);
	free(w);
}

static __attribute__((noinline)) void begin_slot(reference_worker *w, size_t slot, uint64_t generation) {
	word *record = w->words + slot * 8;
	atomic_store_explicit(&record[0], 0, memory_order_relaxed);
	for (int i = 1; i < 8; i++)
		released(record[i], 0);
	for (int i = 0; i < 16; i++)
		released(w->reasons[slot * 16 + i], 0);
	released(record[0], generation);
}

static __attribute__((noinline)) void count_denied(reference_worker *w, word *record, size_t slot, uint8_t reason) {
	increment(record + DENIED, 1);
	_Atomic uint32_t *count = w->reasons + slot * 16 + reason;
	released(*count, relaxed(*count) + 1);
}

INLINE void count_session(reference_worker *w, uint64_t session, uint8_t way, uint32_t octets, uint64_t tick,
    uint8_t reason) {
	uint64_t generation = session >> 24 & 0xffff;
	size_t slot = session & 0xffffff;
	if (generation == 0 || slot >= w->slots)
		return;
	word *record = w->words + slot * 8;
	if (relaxed(record[GENERATION]) != generation)
		begin_slot(w, slot, generation);
	released(record[LAST_SEEN], tick);
	word *fields = record + (way == 0 ? OUTWARD : TOWARD);
	increment(fields, 1);
	increment(fields + 1, octets);
	if (reason == 0)
		released(record[LAST_USED], tick);
	else
		count_denied(w, record, slot, reason);
}

static void append(reference_worker *w, const event *e) {
	if (w->next - w->last_read > w->event_mask) {
		w->last_read = acquired(w->read.value);
		if (w->next - w->last_read > w->event_mask) {
			w->lost++;
			return;
		}
	}
	w->events[w->next & w->event_mask] = *e;
	released(w->written.value, ++w->next);
}

static size_t drain(reference_worker *w) {
	uint64_t end = acquired(w->written.value), count = end - w->position;
	uint64_t sum = 0;
	for (; w->position != end; w->position++)
		sum += w->events[w->position & w->event_mask].destination_low;
	released(w->read.value, end);
	return sum == 1 ? 0 : count;
}

/// 1 when the destination was refused before in this window, else 0; the estimate when the session scans.
static uint64_t refused(reference_worker *w, uint64_t session, const packet *p, uint64_t tick) {
	size_t slot = session & 0xffffff;
	uint64_t generation = session >> 24 & 0xffff, window = tick / w->window_ticks + 1;
	if (slot >= w->slots)
		return 0;
	scan_record r = w->scans[slot];
	if (r.generation != generation)
		r = (scan_record){ .generation = generation };
	if (r.window != window) {
		bool follows = window == r.window + 1;
		r.before[0] = follows ? r.now[0] : 0;
		r.before[1] = follows ? r.now[1] : 0;
		r.now[0] = r.now[1] = 0;
		r.window = window;
	}
	uint64_t low = p->destination_low ^ w->scan_key[0], high = p->destination_high ^ w->scan_key[1];
	uint32_t service = (uint32_t)p->protocol << 16 | p->destination_port;
	uint64_t first = fold(low, 0x9e3779b97f4a7c15u ^ high);
	uint64_t hash = fold(first ^ service ^ w->scan_key[1], 0xbf58476d1ce4e5b9u ^ w->scan_key[0]) ^
	    high * 0x94d049bb133111ebu;
	unsigned bit = hash >> 57;
	uint64_t mask = (uint64_t)1 << (bit & 63), *now = &r.now[bit >> 6];
	bool is_new = (*now & mask) == 0;
	*now |= mask;
	uint64_t result = is_new ? 0 : 1;
	if (is_new && (r.told_in == 0 || r.told_in + 1 < window)) {
		unsigned set = (unsigned)(__builtin_popcountll(r.now[0] | r.before[0]) +
		    __builtin_popcountll(r.now[1] | r.before[1]));
		if (w->estimates[set] >= w->threshold) {
			r.told_in = window;
			result = w->estimates[set];
		}
	}
	w->scans[slot] = r;
	return result;
}

static __attribute__((noinline)) void report(reference_worker *w, size_t place, uint8_t reason, uint64_t tick,
    uint32_t interface) {
	increment(w->totals + reason, 1);
	const packet *p = &w->packets[place];
	uint64_t session = w->sessions[place];
	event e = { p->source_high, p->source_low, p->destination_high, p->destination_low, tick, session & 0xffffff,
		(uint32_t)(session >> 40), p->source_port, p->destination_port, session == 0 ? 2 : 1, reason, p->protocol,
		p->family == 6, session == 0 ? interface : 0 };
	if (session != 0 && w->ways[place] == 0) {
		uint64_t finding = refused(w, session, p, tick);
		if (finding == 1)
			return;
		if (finding > 1) {
			event scan = e;
			scan.kind = 3;
			scan.detail = finding;
			append(w, &scan);
		}
	}
	append(w, &e);
}

// Judging

INLINE bool is_common(const packet *p) {
	return (p->protocol == 6 || p->protocol == 17) && p->fragment == WHOLE && p->traits == 0;
}

INLINE uint8_t judge(const packet *p, uint8_t way, scope s) {
	uint32_t service = (uint32_t)p->protocol << 16 | (way == 0 ? p->destination_port : p->source_port);
	uint64_t high = way == 0 ? p->destination_high : p->source_high;
	uint64_t low = way == 0 ? p->destination_low : p->source_low;
	bool permits = p->family == 6 ? permits6(s, high, low, service) : permits4(s, (uint32_t)low, service);
	return permits ? PERMITTED : DESTINATION;
}

static __attribute__((noinline)) uint8_t judge_uncommon(const packet *p, uint8_t way, scope s) {
	if (s.block == NULL)
		return NO_SCOPE;
	if (way == 1)
		return PERMITTED;
	if (p->fragment != WHOLE && !p->has_ports)
		return CANNOT_TELL;
	if (p->traits != 0)
		return p->traits & OPTIONS ? OPTIONS_DENIED : ROUTING_DENIED;
	if (p->payload_length < 4)
		return TRUNCATED_DENIED;
	if (p->protocol == (p->family == 6 ? 58 : 1)) {
		if (p->icmp_type != (p->family == 6 ? 128 : 8))
			return ICMP_TYPE;
		packet echo = *p;
		echo.source_port = (uint16_t)(p->icmp_type << 8 | p->icmp_code);
		return judge(&echo, way, s);
	}
	return judge(p, way, s);
}

// The passes

INLINE uint64_t key4(const reference_worker *w, const reference_frame *frames, size_t place) {
	const packet *p = &w->packets[place];
	uint64_t address = frames[place].way == 1 ? p->destination_low : p->source_low;
	return (uint64_t)frames[place].interface << 32 | (uint32_t)address;
}

INLINE uint64_t key6(const reference_worker *w, const reference_frame *frames, size_t place, const seed *secret) {
	const packet *p = &w->packets[place];
	bool toward = frames[place].way == 1;
	reference_key6 key = { toward ? p->destination_high : p->source_high,
		toward ? p->destination_low : p->source_low, frames[place].interface };
	return fingerprint(&key, secret);
}

INLINE void note(reference_worker *w, const reference_frame *frames, size_t place, uint64_t found, bool is_large) {
	w->ways[place] = frames[place].way;
	w->sessions[place] = found;
	if (found != 0 && is_large)
		__builtin_prefetch(w->words + (found & 0xffffff) * 8, 0, 3);
}

typedef struct {
	uint64_t packets[2], octets[2], denied;
} batch_count;

INLINE void finish(reference_worker *w, const reference_frame *frames, size_t place, uint8_t outcome, uint64_t tick,
    batch_count *sum) {
	uint8_t reason = outcome < CANNOT_TELL ? outcome : 0, way = w->ways[place];
	uint32_t octets = w->packets[place].length;
	w->outcomes[place] = outcome;
	uint64_t outward = way == 0;
	sum->packets[0] += outward;
	sum->octets[0] += octets * outward;
	sum->packets[1] += 1 - outward;
	sum->octets[1] += octets * (1 - outward);
	sum->denied += reason != 0;
	count_session(w, w->sessions[place], way, octets, tick, reason);
	if (reason != 0)
		report(w, place, reason, tick, frames[place].interface);
}

#define JUDGE_AND_FINISH(list, count, permits_call)                                                    \
	for (size_t i = 0; i < count; i++) {                                                           \
		size_t place = w->list[i];                                                             \
		const packet *p = &w->packets[place];                                                  \
		uint64_t session = w->sessions[place];                                                 \
		scope s = session == 0 ? (scope){ NULL } : scope_of(image, (uint32_t)(session >> 40)); \
		uint32_t service = (uint32_t)p->protocol << 16 | p->destination_port;                  \
		uint8_t outcome;                                                                       \
		if (s.block == NULL || !is_common(p) || w->ways[place] != 0)                           \
			outcome = judge_uncommon(p, w->ways[place], s);                                \
		else                                                                                   \
			outcome = permits_call ? PERMITTED : DESTINATION;                              \
		finish(w, frames, place, outcome, tick, &sum);                                         \
	}

/// The keys' words and hashes first, then, when their lines have come, the answers.
INLINE void look_up(reference_worker *w, const reference_frame *frames, const lines *table, const uint32_t *list,
    size_t count, bool is_ipv6) {
	lines t = *table;
	seed secret = w->image->secret;
	bool is_large = (t.pair_mask + 1) * 2 >= LINES_WORTH_PREFETCHING;
	for (size_t i = 0; i < count; i++) {
		w->keys[i] = is_ipv6 ? key6(w, frames, list[i], &secret) : key4(w, frames, list[i]);
		w->hashes[i] = hash_of(w->keys[i], &t.seed);
		if (is_large)
			prefetch_home_pair(&t, w->hashes[i]);
	}
	for (size_t i = 0; i < count; i++)
		note(w, frames, list[i], find(&t, w->keys[i], w->hashes[i]), is_large);
}

INLINE void process_batch(reference_worker *w, const reference_frame *frames, size_t count, uint64_t tick) {
	const reference_image *image = w->image;
	size_t ipv4 = 0, ipv6 = 0;
	for (size_t i = 0; i < count; i++) {
		packet *p = &w->packets[i];
		decode_ethernet(&frames[i], p);
		if (p->drop != NONE) {
			w->sessions[i] = 0;
			increment(w->totals + 16 + p->drop, 1);
			continue;
		}
		w->ipv4[ipv4] = (uint32_t)i;
		w->ipv6[ipv6] = (uint32_t)i;
		size_t is_ipv6 = p->family == 6;
		ipv6 += is_ipv6;
		ipv4 += 1 - is_ipv6;
	}

	look_up(w, frames, &image->ipv4, w->ipv4, ipv4, false);
	look_up(w, frames, &image->ipv6, w->ipv6, ipv6, true);

	batch_count sum = { 0 };
	JUDGE_AND_FINISH(ipv4, ipv4, permits4(s, (uint32_t)p->destination_low, service))
	JUDGE_AND_FINISH(ipv6, ipv6, permits6(s, p->destination_high, p->destination_low, service))

	word *record = w->words + w->slots * 8;
	if (sum.packets[0] + sum.packets[1] == 0)
		return;
	released(record[LAST_SEEN], tick);
	if (sum.packets[0] + sum.packets[1] != sum.denied)
		released(record[LAST_USED], tick);
	increment(record + OUTWARD, sum.packets[0]);
	increment(record + OUTWARD + 1, sum.octets[0]);
	increment(record + TOWARD, sum.packets[1]);
	increment(record + TOWARD + 1, sum.octets[1]);
	increment(record + DENIED, sum.denied);
}

static void process(reference_worker *w, const reference_frame *frames, size_t count, uint64_t tick) {
	for (size_t first = 0; first < count; first += BATCH)
		process_batch(w, frames + first, count - first < BATCH ? count - first : BATCH, tick);
	released(*w->quiescent, tick);
}

static reference_totals totals(const reference_worker *w) {
	const word *record = w->words + w->slots * 8;
	uint64_t dropped = 0;
	for (int i = 16; i < 32; i++)
		dropped += relaxed(w->totals[i]);
	return (reference_totals){ relaxed(record[OUTWARD]), relaxed(record[OUTWARD + 1]), relaxed(record[DENIED]), dropped,
		w->next, w->lost };
}

const reference_functions *REFERENCE_TABLE(void) {
	static const reference_functions functions = { image_new, image_free, put4, put6, set_scope, find4_many, find6_many,
		permits4_many, permits6_many, decode_many, worker_new, worker_free, process, drain, totals };
	return &functions;
}
