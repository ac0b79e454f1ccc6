#ifndef REFERENCE_H
#define REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The packet path once more, in C: what the Swift one is measured against. Same data, same work, same passes; what
/// it leaves out is said in path.c.

/// Laid out as Swift's `IPv6SessionKey`.
typedef struct {
	uint64_t high, low;
	uint32_t interface;
} reference_key6;

/// Laid out as Swift's `PathFrame`.
typedef struct {
	const uint8_t *_Nonnull bytes;
	uint32_t captured, wire, interface;
	/// 0 when the session is the source, 1 when it is the destination.
	uint8_t way;
} reference_frame;

/// One range of addresses with one interval of services (protocol << 16 | port), both ends included. An exact grant
/// is a range of one. Addresses of ranges must not overlap.
typedef struct {
	uint64_t first_high, first_low, last_high, last_low;
	uint32_t first_service, last_service;
	bool is_ipv6;
} reference_grant;

typedef struct {
	uint64_t outward_packets, outward_octets, denied, dropped, events, lost;
} reference_totals;

typedef struct reference_image reference_image;
typedef struct reference_worker reference_worker;

/// The functions of one build of path.c: one for the processor that Swift builds for, one for the one at hand.
typedef struct {
	/// An image with room for so many sessions of each family, as full as Swift's index is with as many. The key is
	/// the hash's secret. NULL when there is no memory.
	reference_image *_Nullable (*_Nonnull image_new)(uint64_t key0, uint64_t key1, size_t ipv4, size_t ipv6);
	void (*_Nonnull image_free)(reference_image *_Nonnull image);
	/// False when the path of the key is full.
	bool (*_Nonnull put4)(reference_image *_Nonnull image, uint64_t key, uint64_t value);
	bool (*_Nonnull put6)(reference_image *_Nonnull image, reference_key6 key, uint64_t value);
	/// Scopes are numbered from 1 to `scope_limit`.
	void (*_Nonnull set_scope)(reference_image *_Nonnull image, uint32_t number,
	    const reference_grant *_Nonnull grants, size_t count);

	/// `values[n]` for `keys[n]`, 0 when not found.
	void (*_Nonnull find4)(const reference_image *_Nonnull image, const uint64_t *_Nonnull keys,
	    uint64_t *_Nonnull values, size_t count);
	void (*_Nonnull find6)(const reference_image *_Nonnull image, const reference_key6 *_Nonnull keys,
	    uint64_t *_Nonnull values, size_t count);
	/// How many of the packets of a family the scopes permit.
	uint64_t (*_Nonnull permits4)(const reference_image *_Nonnull image, const uint32_t *_Nonnull scopes,
	    const uint32_t *_Nonnull addresses, const uint32_t *_Nonnull services, size_t count);
	uint64_t (*_Nonnull permits6)(const reference_image *_Nonnull image, const uint32_t *_Nonnull scopes,
	    const uint64_t *_Nonnull addresses, const uint32_t *_Nonnull services, size_t count);
	/// Decodes Ethernet frames; the sum of what was found, so that nothing is left out.
	uint64_t (*_Nonnull decode)(const reference_frame *_Nonnull frames, size_t count);

	reference_worker *_Nullable (*_Nonnull worker_new)(const reference_image *_Nonnull image, size_t slots,
	    size_t events);
	void (*_Nonnull worker_free)(reference_worker *_Nonnull worker);
	void (*_Nonnull process)(reference_worker *_Nonnull worker, const reference_frame *_Nonnull frames,
	    size_t count, uint64_t tick);
	/// Takes all events out of the ring; how many there were.
	size_t (*_Nonnull drain)(reference_worker *_Nonnull worker);
	reference_totals (*_Nonnull totals)(const reference_worker *_Nonnull worker);
} reference_functions;

enum { reference_scope_limit = 1023 };

const reference_functions *_Nonnull reference_plain(void);

#endif
