#ifndef GATEHOUSE_CMAXMINDDB_H
#define GATEHOUSE_CMAXMINDDB_H

/* netinet/in.h first: see CNetfilter's shim. */
#include <netinet/in.h>
#include <maxminddb.h>

#endif
