// absl::flat_hash_map under a std::shared_mutex, which readers take shared once a batch of 32.
#include "shared.h"

#ifdef BENCH_ABSL
#include <absl/container/flat_hash_map.h>
#include <shared_mutex>
#include <utility>

namespace {

template <typename Key>
struct Table {
	std::shared_mutex mutex;
	absl::flat_hash_map<Key, uint64_t> map;

	Table(const Key *keys, const uint64_t *values, size_t count) {
		map.reserve(count);
		for (size_t i = 0; i < count; i++)
			map.emplace(keys[i], values[i]);
	}

	void find(const Key *keys, uint64_t *values, size_t count) {
		for (size_t first = 0; first < count; first += RIVAL_BATCH) {
			std::shared_lock lock(mutex);
			const size_t end = first + RIVAL_BATCH < count ? first + RIVAL_BATCH : count;
			for (size_t i = first; i < end; i++) {
				auto found = map.find(keys[i]);
				values[i] = found != map.end() ? found->second : 0;
			}
		}
	}
};

using IPv6 = std::pair<uint64_t, uint64_t>;
using Table4 = Table<uint64_t>;
using Table6 = Table<IPv6>;

void *make(bool ipv6, const uint64_t *keys, const uint64_t *values, size_t count) {
	if (ipv6)
		return new Table6(reinterpret_cast<const IPv6 *>(keys), values, count);
	return new Table4(keys, values, count);
}

void find(void *table, bool ipv6, const uint64_t *keys, uint64_t *values, size_t count) {
	if (ipv6)
		static_cast<Table6 *>(table)->find(reinterpret_cast<const IPv6 *>(keys), values, count);
	else
		static_cast<Table4 *>(table)->find(keys, values, count);
}

void destroy(void *table, bool ipv6) {
	if (ipv6)
		delete static_cast<Table6 *>(table);
	else
		delete static_cast<Table4 *>(table);
}

} // namespace

const rival_table rival_absl = { "absl flat_hash_map, shared_mutex", nullptr, false, make, find, destroy };
#else
RIVAL_MISSING(rival_absl, "absl flat_hash_map, shared_mutex", "absl_flat_hash_map")
#endif
