#define _GNU_SOURCE
#include "shared.h"

#include <stdio.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

const rival_table *rival_tables(int index) {
	static const rival_table *const tables[rival_table_count] = { &rival_dpdk, &rival_dpdk_most, &rival_dpdk_padded,
		&rival_urcu, &rival_ck, &rival_absl };
	return tables[index];
}

void rivals_use_huge_pages(void) {
	FILE *maps = fopen("/proc/self/maps", "r");
	if (maps == NULL)
		return;
	char line[512];
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long start, end, inode;
		char mode[8], path[256] = "";
		if (sscanf(line, "%lx-%lx %7s %*x %*s %lu %255s", &start, &end, mode, &inode, path) < 4)
			continue;
		if (mode[0] != 'r' || mode[1] != 'w' || end - start < 2 << 20 || (path[0] == '[' && path[1] != 'h'))
			continue;
		// Files other than DPDK's memory are none of this; the kernel refuses what it cannot do.
		if (inode != 0 && path[1] != 'm')
			continue;
		(void)madvise((void *)start, end - start, MADV_HUGEPAGE);
		(void)madvise((void *)start, end - start, MADV_COLLAPSE);
	}
	fclose(maps);
}
