#ifndef CPACKETPATH_H
#define CPACKETPATH_H

#include <stddef.h>

/// Asks the processor for the cache line at `address`. A hint: any address is allowed, nothing is read.
static inline __attribute__((always_inline)) void
packetpath_prefetch(const void *_Nonnull address) {
	__builtin_prefetch(address, 0, 3);
}

/// Zeroed memory of `size` bytes, aligned to a page, and to 2 MiB from 2 MiB on, where huge pages are asked for:
/// a table that is read at random spends most of its time in the TLB otherwise. NULL when there is none.
void *_Nullable packetpath_map(size_t size);

/// Gives back what `packetpath_map` returned for the same `size`.
void packetpath_unmap(void *_Nonnull memory, size_t size);

#endif
