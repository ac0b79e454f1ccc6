#ifndef GATEHOUSE_CLINUX_H
#define GATEHOUSE_CLINUX_H

/* Calls that Swift's Glibc module lacks, because it is built without _GNU_SOURCE or because they are variadic or
   macros. Each returns what the call returns and leaves errno as the call left it. */

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* unshare(CLONE_NEWNET) on the calling thread. Never call it on a thread of a pool: the thread stays changed. */
int gh_unshare_network(void);

/* setns(fd, CLONE_NEWNET) on the calling thread; the same warning. */
int gh_enter_network_namespace(int fd);

/* The credentials of the peer of a connected Unix socket (SO_PEERCRED), as they were when it connected. */
int gh_peer_credentials(int fd, int32_t *_Nonnull pid, uint32_t *_Nonnull uid, uint32_t *_Nonnull gid);

/* The supplementary groups of the peer of a connected Unix socket (SO_PEERGROUPS, Linux 4.13), as they were when it
   connected. Returns how many there are, or -1 and errno. */
int gh_peer_groups(int fd, uint32_t *_Nonnull groups, uint32_t capacity);

/* The index of the network interface, in the network namespace that the socket (of any kind) was made in; 0 for none. */
uint32_t gh_interface_index(int fd, const char *_Nonnull name);

/* Makes the tun interface (no packet information, not persistent) in the calling thread's network namespace and returns
   its descriptor, non-blocking: one read or write is one IP packet. -1 and errno when it fails. */
int gh_open_tunnel(const char *_Nonnull name);

/* Takes every capability from the calling thread but one (a CAP_ number, or -1 for none): permitted, effective and
   inheritable (capset(2) is a matter of threads). There is no way back. */
int gh_keep_capability(int capability);

/* A new event descriptor (eventfd, non-blocking): readable from the first write of a number on. -1 and errno. */
int gh_open_event(void);

/* One instruction of a classic BPF program, laid out as the kernel's struct sock_filter and libpcap's struct bpf_insn. */
typedef struct {
    uint16_t code;
    uint8_t jump_true, jump_false;
    uint32_t operand;
} gh_filter_instruction;

/* Has the kernel run the program on each packet of the socket, in place of the one before (SO_ATTACH_FILTER). */
int gh_attach_filter(int fd, const gh_filter_instruction *_Nonnull instructions, uint16_t count);

/* How many instructions the socket's program has in the kernel (SO_GET_FILTER); 0 for no program, -1 and errno. */
int gh_filter_length(int fd);

/* Returns when every thread and every interrupt of the machine that was in an RCU read-side section of the kernel when it
   was called has left it (membarrier(2), MEMBARRIER_CMD_GLOBAL, which is the kernel's synchronize_rcu). Takes up to some
   hundredths of a second; where the call is not to be had, it waits for as long as that takes at most. */
void gh_wait_for_readers(void);

/* Sets the receive buffer, past the system's limit (SO_RCVBUFFORCE; needs CAP_NET_ADMIN). */
int gh_force_receive_buffer(int fd, int size);

/* Puts up to `count` bytes into the buffer and returns how many, 0 at the end, -1 for an error. */
typedef ssize_t (*gh_stream_reader)(void *_Nullable context, char *_Nullable buffer, size_t count);

/* A stream without a buffer that reads by calling `reader` (fopencookie). NULL and errno when there is no memory. */
FILE *_Nullable gh_open_stream(void *_Nullable context, gh_stream_reader _Nonnull reader);

/* A file in memory, of no folder, with these bytes; sealed, so that nobody can change its bytes or its length any more
   (memfd_create, F_ADD_SEALS). Its descriptor, or -1 and errno. */
int gh_make_sealed_file(const char *_Nonnull name, const void *_Nonnull bytes, size_t count);

/* Gives free memory that malloc keeps back to the system (malloc_trim). Takes milliseconds. */
void gh_return_free_memory(void);

/* Has every thread allocate from one arena (mallopt, M_ARENA_MAX), so that what one frees serves the others: what a burst
   leaves behind is not kept once for each thread. 0, or -1. To be called before there are threads. */
int gh_use_one_arena(void);

/* Whether the interface is up, and its MTU, in the network namespace of the socket. -1 and errno when there is none. */
int gh_interface_state(int fd, const char *_Nonnull name, int *_Nonnull is_up, int *_Nonnull mtu);

/* Whether large receive offload of the interface is on (ETHTOOL_GFLAGS); -1 and errno when it cannot be told. */
int gh_large_receive_offload(int fd, const char *_Nonnull name);

/* The kernel's own view of the clock (adjtimex, which changes nothing): 1 when it is kept right, 0 when not, -1 and errno;
   and the kernel's bound of the error in microseconds. */
int gh_clock_state(int64_t *_Nonnull error_bound);

/* Gives the calling thread a name (pthread_setname_np), of which the kernel keeps 15 bytes. Foundation's does not always
   arrive there. */
void gh_name_thread(const char *_Nonnull name);

#endif
