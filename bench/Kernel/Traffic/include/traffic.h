#ifndef GATEHOUSE_BENCH_TRAFFIC_H
#define GATEHOUSE_BENCH_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

/* Packets made inside the kernel and handed to an interface as if they had come from its wire, so that their whole cost
   is the forwarding thread's own (BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES, since Linux 5.18). */

/* What a packet is made of. Ethernet, IPv4 or IPv6, and 20 bytes of TCP. */
typedef struct {
  /* 54 or 74 bytes. The address that varies holds the first of its range. */
  uint8_t bytes[74];
  uint32_t length;
  /* Whether the source varies, or the destination. */
  int varies_source;
  /* The range's size: each packet draws one of so many addresses. */
  uint32_t addresses;
} traffic_packet;

/* A program that makes such packets; its descriptor, or -1 and errno. */
int traffic_load(const traffic_packet *_Nonnull packet);

/* Makes the interface (a veth) able to take such frames. The descriptor keeps it so; -1 and errno. */
int traffic_open_interface(uint32_t interface);

/* Sends so many; 0, or -1 and errno. Returns when the last has gone all its way. */
int traffic_run(int program, uint32_t interface, uint32_t count);

/* A netlink socket for nf_tables in the calling thread's network namespace; -1 and errno. */
int traffic_open_netlink(void);

/* Sends a batch and waits for its one acknowledgement; 0, or -1 and errno. */
int traffic_ask(int socket, const uint8_t *_Nonnull bytes, size_t count);

/* TCP sockets in the calling thread's network namespace, addresses in either family's text; -1 and errno. */
int traffic_listen(const char *_Nonnull address, uint16_t port);
int traffic_connect(const char *_Nonnull address, uint16_t port);

/* So many bytes from one connected socket to the other, both in this process, until the last is there; 0, or -1 and
   errno. */
int traffic_stream(int from, int to, size_t bytes);

/* Processor time of the calling thread, in seconds. */
double traffic_thread_seconds(void);

/* Lines are printed as they come, also into a file. */
void traffic_print_lines(void);

/* Binds the calling thread to one processor; 0, or -1 and errno. */
int traffic_pin(int processor);

#endif
