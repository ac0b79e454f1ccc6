// libpcap's two ways of reading a file.
#define _GNU_SOURCE
#include "shared.h"

#ifdef BENCH_PCAP
#include <pcap/pcap.h>

/// Counts, and looks at one byte of each frame as any user would.
static void count(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes) {
	rival_capture *found = (rival_capture *)user;
	found->frames++;
	found->octets += header->len + (bytes[0] & 0);
}

rival_capture rival_pcap_loop(const char *path) {
	rival_capture found = { 0, 0 };
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *file = pcap_open_offline(path, error);
	if (file == NULL)
		return found;
	pcap_loop(file, -1, count, (u_char *)&found);
	pcap_close(file);
	return found;
}

rival_capture rival_pcap_next(const char *path) {
	rival_capture found = { 0, 0 };
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *file = pcap_open_offline(path, error);
	if (file == NULL)
		return found;
	struct pcap_pkthdr *header;
	const u_char *bytes;
	while (pcap_next_ex(file, &header, &bytes) == 1)
		count((u_char *)&found, header, bytes);
	pcap_close(file);
	return found;
}
#else
rival_capture rival_pcap_loop(const char *path) { (void)path; return (rival_capture){ 0, 0 }; }
rival_capture rival_pcap_next(const char *path) { (void)path; return (rival_capture){ 0, 0 }; }
#endif
