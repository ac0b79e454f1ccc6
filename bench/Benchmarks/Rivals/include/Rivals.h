#ifndef RIVALS_H
#define RIVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One table of another library. IPv4 keys are 8 bytes (interface and address), IPv6 keys 16: the address without
/// its interface, which is less than ours compares and hashes.
typedef struct {
	const char *_Nonnull name;
	/// NULL, or why there is no such row.
	const char *_Nullable missing;
	/// Readers of the table take no lock.
	bool lock_free;
	/// The table filled with `keys[n]` to `values[n]`; NULL when it cannot be, or is none for this family. Keys are two words each for IPv6.
	void *_Nullable (*_Nonnull make)(bool ipv6, const uint64_t *_Nonnull keys, const uint64_t *_Nonnull values,
	    size_t count);
	/// As a reader does it: in batches, quiescent or unlocked after each. 0 for what is not found.
	void (*_Nonnull find)(void *_Nonnull table, bool ipv6, const uint64_t *_Nonnull keys,
	    uint64_t *_Nonnull values, size_t count);
	void (*_Nonnull free)(void *_Nonnull table, bool ipv6);
} rival_table;

enum { rival_table_count = 6 };
const rival_table *_Nonnull rival_tables(int index);

/// Asks the kernel for huge pages under everything large that the process has, the rivals' tables above all: ours
/// asks for them by itself.
void rivals_use_huge_pages(void);

/// One permitted range of addresses with one of services (protocol and port), all ends included.
typedef struct {
	uint32_t first_address, last_address;
	uint16_t first_port, last_port;
	uint8_t protocol;
} rival_rule;

/// A scope as an rte_acl context, or NULL when there is no DPDK.
void *_Nullable rival_acl_make(const rival_rule *_Nonnull rules, size_t count);
/// How many of the packets it permits, in batches of 32.
uint64_t rival_acl_permits(void *_Nonnull acl, const uint32_t *_Nonnull addresses,
    const uint32_t *_Nonnull services, size_t count);
void rival_acl_free(void *_Nonnull acl);

/// What a pass over a capture file found, to be held against ours.
typedef struct {
	uint64_t frames, octets;
} rival_capture;

/// 0 frames when there is no libpcap or no such file.
rival_capture rival_pcap_loop(const char *_Nonnull path);
rival_capture rival_pcap_next(const char *_Nonnull path);

#endif
