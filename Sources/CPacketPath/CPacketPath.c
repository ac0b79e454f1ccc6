#define _GNU_SOURCE
#include "CPacketPath.h"

#include <stdint.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

static void *map(size_t size) {
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

void *packetpath_map(size_t size) {
	if (size < HUGE_PAGE || size > SIZE_MAX - HUGE_PAGE)
		return map(size);
	char *memory = map(size + HUGE_PAGE);
	if (memory == NULL)
		return NULL;
	// Cut off what stands before the first huge page, and what is left after the last byte asked for.
	size_t head = -(uintptr_t)memory & (HUGE_PAGE - 1);
	if (head != 0)
		munmap(memory, head);
	munmap(memory + head + size, HUGE_PAGE - head);
	// Advice only: a kernel without transparent huge pages refuses it, and small pages work as well.
	(void)madvise(memory + head, size, MADV_HUGEPAGE);
	return memory + head;
}

void packetpath_unmap(void *memory, size_t size) {
	munmap(memory, size);
}
