#define _GNU_SOURCE
#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { ethernet = 14 };

typedef struct {
  struct bpf_insn list[160];
  uint32_t count;
} code;

static void put(code *code, uint8_t op, uint8_t to, uint8_t from, int16_t offset, int32_t value) {
  code->list[code->count++] =
      (struct bpf_insn){.code = op, .dst_reg = to, .src_reg = from, .off = offset, .imm = value};
}

static int load(const code *code) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.prog_type = BPF_PROG_TYPE_XDP;
  attr.insns = (uint64_t)(uintptr_t)code->list;
  attr.insn_cnt = code->count;
  attr.license = (uint64_t)(uintptr_t) "GPL";
  return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
}

static uint16_t word(const uint8_t *bytes) { return (uint16_t)(bytes[0] << 8 | bytes[1]); }

int traffic_load(const traffic_packet *packet) {
  int six = packet->bytes[12] == 0x86;
  /* The last four bytes of the address, and the sum of the IPv4 header without them and without the sum. */
  uint32_t offset = ethernet + (six ? (packet->varies_source ? 20 : 36) : (packet->varies_source ? 12 : 16));
  uint32_t base = (uint32_t)word(packet->bytes + offset) << 16 | word(packet->bytes + offset + 2);
  uint32_t sum = 0;
  for (uint32_t at = ethernet; at < ethernet + 20; at += 2) {
    if (at != ethernet + 10 && at != offset && at != offset + 2) { sum += word(packet->bytes + at); }
  }

  code code = {.count = 0};
  put(&code, BPF_LDX | BPF_MEM | BPF_W, 6, 1, 0, 0); /* data */
  put(&code, BPF_LDX | BPF_MEM | BPF_W, 7, 1, 4, 0); /* data_end */
  put(&code, BPF_ALU64 | BPF_MOV | BPF_X, 2, 6, 0, 0);
  put(&code, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, (int32_t)packet->length);
  put(&code, BPF_JMP | BPF_JLE | BPF_X, 2, 7, 2, 0);
  put(&code, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_DROP);
  put(&code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  /* Pages come back as the last packet left them: everything is written anew. */
  for (uint32_t at = 0; at < packet->length; at += 2) {
    uint16_t value;
    memcpy(&value, packet->bytes + at, sizeof value);
    put(&code, BPF_ST | BPF_MEM | BPF_H, 6, 0, (int16_t)at, value);
  }
  put(&code, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_prandom_u32);
  put(&code, BPF_ALU | BPF_MOD | BPF_K, 0, 0, 0, (int32_t)packet->addresses);
  put(&code, BPF_ALU | BPF_ADD | BPF_K, 0, 0, 0, (int32_t)base);
  put(&code, BPF_ALU64 | BPF_MOV | BPF_X, 3, 0, 0, 0);
  put(&code, BPF_ALU | BPF_END | BPF_TO_BE, 0, 0, 0, 32);
  put(&code, BPF_STX | BPF_MEM | BPF_H, 6, 0, (int16_t)offset, 0);
  put(&code, BPF_ALU64 | BPF_RSH | BPF_K, 0, 0, 0, 16);
  put(&code, BPF_STX | BPF_MEM | BPF_H, 6, 0, (int16_t)(offset + 2), 0);
  if (!six) {
    put(&code, BPF_ALU64 | BPF_MOV | BPF_X, 4, 3, 0, 0);
    put(&code, BPF_ALU64 | BPF_RSH | BPF_K, 4, 0, 0, 16);
    put(&code, BPF_ALU64 | BPF_AND | BPF_K, 3, 0, 0, 0xffff);
    put(&code, BPF_ALU64 | BPF_ADD | BPF_X, 3, 4, 0, 0);
    put(&code, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, (int32_t)sum);
    for (int fold = 0; fold < 2; fold++) {
      put(&code, BPF_ALU64 | BPF_MOV | BPF_X, 4, 3, 0, 0);
      put(&code, BPF_ALU64 | BPF_RSH | BPF_K, 4, 0, 0, 16);
      put(&code, BPF_ALU64 | BPF_AND | BPF_K, 3, 0, 0, 0xffff);
      put(&code, BPF_ALU64 | BPF_ADD | BPF_X, 3, 4, 0, 0);
    }
    put(&code, BPF_ALU64 | BPF_XOR | BPF_K, 3, 0, 0, 0xffff);
    put(&code, BPF_ALU | BPF_END | BPF_TO_BE, 3, 0, 0, 16);
    put(&code, BPF_STX | BPF_MEM | BPF_H, 6, 3, ethernet + 10, 0);
  }
  put(&code, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS);
  put(&code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  return load(&code);
}

int traffic_open_interface(uint32_t interface) {
  code code = {.count = 0};
  put(&code, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS);
  put(&code, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  int program = load(&code);
  if (program < 0) { return -1; }
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.link_create.prog_fd = (uint32_t)program;
  attr.link_create.target_ifindex = interface;
  attr.link_create.attach_type = BPF_XDP;
  int link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof attr);
  int error = errno;
  close(program);
  errno = error;
  return link;
}

int traffic_run(int program, uint32_t interface, uint32_t count) {
  uint8_t room[80] = {0};
  struct xdp_md context = {.data_end = sizeof room, .ingress_ifindex = interface};
  union bpf_attr attr;
  long result;
  do {
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = (uint32_t)program;
    attr.test.data_in = (uint64_t)(uintptr_t)room;
    attr.test.data_size_in = sizeof room;
    attr.test.ctx_in = (uint64_t)(uintptr_t)&context;
    attr.test.ctx_size_in = sizeof context;
    attr.test.repeat = count;
    attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    attr.test.batch_size = 64;
    result = syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof attr);
  } while (result < 0 && errno == EINTR);
  return (int)result;
}

int traffic_open_netlink(void) {
  int descriptor = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
  struct sockaddr_nl address = {.nl_family = AF_NETLINK};
  if (descriptor >= 0 && bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
    close(descriptor);
    return -1;
  }
  return descriptor;
}

int traffic_ask(int socket, const uint8_t *bytes, size_t count) {
  uint8_t answer[4096];
  if (send(socket, bytes, count, 0) < 0) { return -1; }
  ssize_t length = recv(socket, answer, sizeof answer, 0);
  if (length < (ssize_t)(sizeof(struct nlmsghdr) + sizeof(int))) { return -1; }
  int error;
  memcpy(&error, answer + sizeof(struct nlmsghdr), sizeof error);
  errno = -error;
  return error == 0 ? 0 : -1;
}

static int open_stream(const char *address, uint16_t port, struct sockaddr_storage *peer, socklen_t *length) {
  struct sockaddr_in *four = (struct sockaddr_in *)peer;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)peer;
  memset(peer, 0, sizeof *peer);
  if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    *length = sizeof *four;
  } else if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    *length = sizeof *six;
  } else {
    errno = EINVAL;
    return -1;
  }
  return socket(peer->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int traffic_listen(const char *address, uint16_t port) {
  struct sockaddr_storage peer;
  socklen_t length;
  int descriptor = open_stream(address, port, &peer, &length);
  if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&peer, length) != 0 || listen(descriptor, 1) != 0) { return -1; }
  return descriptor;
}

int traffic_connect(const char *address, uint16_t port) {
  struct sockaddr_storage peer;
  socklen_t length;
  int descriptor = open_stream(address, port, &peer, &length);
  struct timeval limit = {.tv_sec = 10};
  if (descriptor < 0) { return -1; }
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return connect(descriptor, (struct sockaddr *)&peer, length) == 0 ? descriptor : -1;
}

int traffic_stream(int from, int to, size_t bytes) {
  static uint8_t room[1 << 17];
  size_t sent = 0, received = 0;
  while (received < bytes) {
    if (sent < bytes) {
      size_t size = bytes - sent < sizeof room ? bytes - sent : sizeof room;
      ssize_t count = send(from, room, size, MSG_DONTWAIT);
      if (count > 0) { sent += (size_t)count; }
      else if (errno != EAGAIN) { return -1; }
    }
    ssize_t count = recv(to, room, sizeof room, MSG_DONTWAIT);
    if (count > 0) { received += (size_t)count; }
    else if (count == 0) { errno = EPIPE; return -1; }
    else if (errno != EAGAIN) { return -1; }
  }
  return 0;
}

double traffic_thread_seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void traffic_print_lines(void) { setvbuf(stdout, NULL, _IOLBF, 0); }

int traffic_pin(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  return sched_setaffinity(0, sizeof set, &set);
}
