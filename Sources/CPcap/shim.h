#ifndef GATEHOUSE_CPCAP_H
#define GATEHOUSE_CPCAP_H

/* netinet/in.h first: see CNetfilter's shim. */
#include <netinet/in.h>
#include <pcap/pcap.h>

#endif
