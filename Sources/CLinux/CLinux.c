#define _GNU_SOURCE
#include "CLinux.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <linux/capability.h>
#include <linux/membarrier.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <sys/timex.h>
#include <unistd.h>

int gh_unshare_network(void) { return unshare(CLONE_NEWNET); }

int gh_enter_network_namespace(int fd) { return setns(fd, CLONE_NEWNET); }

int gh_peer_credentials(int fd, int32_t *pid, uint32_t *uid, uint32_t *gid) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    int result = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length);
    if (result == 0) {
        *pid = peer.pid;
        *uid = peer.uid;
        *gid = peer.gid;
    }
    return result;
}

int gh_peer_groups(int fd, uint32_t *groups, uint32_t capacity) {
    socklen_t length = capacity * sizeof *groups;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length) != 0) return -1;
    return (int)(length / sizeof *groups);
}

uint32_t gh_interface_index(int fd, const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (strlen(name) >= sizeof request.ifr_name) return 0;
    strcpy(request.ifr_name, name);
    return ioctl(fd, SIOCGIFINDEX, &request) == 0 ? (uint32_t)request.ifr_ifindex : 0;
}

int gh_open_tunnel(const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (strlen(name) >= sizeof request.ifr_name) {
        errno = EINVAL;
        return -1;
    }
    strcpy(request.ifr_name, name);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && ioctl(fd, TUNSETIFF, &request) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int gh_keep_capability(int capability) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[2] = {{0, 0, 0}, {0, 0, 0}};
    if (capability >= 0) {
        sets[CAP_TO_INDEX(capability)].effective = CAP_TO_MASK(capability);
        sets[CAP_TO_INDEX(capability)].permitted = CAP_TO_MASK(capability);
    }
    return (int)syscall(SYS_capset, &header, sets);
}

int gh_open_event(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int gh_attach_filter(int fd, const gh_filter_instruction *instructions, uint16_t count) {
    _Static_assert(sizeof *instructions == sizeof(struct sock_filter), "the kernel's instructions are eight bytes");
    struct sock_fprog program = {count, (struct sock_filter *)instructions};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int gh_filter_length(int fd) {
    socklen_t count = 0; /* in instructions, for this option */
    return getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &count) == 0 ? (int)count : -1;
}

int gh_force_receive_buffer(int fd, int size) {
    return setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
}

static int leave_open(void *context) {
    (void)context;
    return 0;
}

FILE *gh_open_stream(void *context, gh_stream_reader reader) {
    cookie_io_functions_t functions = {.read = reader, .close = leave_open};
    FILE *stream = fopencookie(context, "r", functions);
    if (stream != NULL) setvbuf(stream, NULL, _IONBF, 0);
    return stream;
}

int gh_make_sealed_file(const char *name, const void *bytes, size_t count) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -1;
    size_t done = 0;
    while (done < count) {
        ssize_t written = write(fd, (const char *)bytes + done, count - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) goto failed;
        done += (size_t)written;
    }
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0) return fd;
failed:;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

void gh_return_free_memory(void) { malloc_trim(0); }

int gh_use_one_arena(void) { return mallopt(M_ARENA_MAX, 1) == 1 ? 0 : -1; }

void gh_wait_for_readers(void) {
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0) return;
    struct timespec time = {0, 50 * 1000 * 1000};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {}
}

int gh_interface_state(int fd, const char *name, int *is_up, int *mtu) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (strlen(name) >= sizeof request.ifr_name) {
        errno = EINVAL;
        return -1;
    }
    strcpy(request.ifr_name, name);
    if (ioctl(fd, SIOCGIFFLAGS, &request) != 0) return -1;
    *is_up = (request.ifr_flags & IFF_UP) != 0;
    if (ioctl(fd, SIOCGIFMTU, &request) != 0) return -1;
    *mtu = request.ifr_mtu;
    return 0;
}

int gh_large_receive_offload(int fd, const char *name) {
    struct ethtool_value value = {.cmd = ETHTOOL_GFLAGS};
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (strlen(name) >= sizeof request.ifr_name) {
        errno = EINVAL;
        return -1;
    }
    strcpy(request.ifr_name, name);
    request.ifr_data = (char *)&value;
    if (ioctl(fd, SIOCETHTOOL, &request) != 0) return -1;
    return (value.data & ETH_FLAG_LRO) != 0;
}

int gh_clock_state(int64_t *error_bound) {
    struct timex state;
    memset(&state, 0, sizeof state);
    int result = adjtimex(&state);
    if (result < 0) return -1;
    *error_bound = state.maxerror;
    return result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

void gh_name_thread(const char *name) {
    char kept[16] = {0};
    strncpy(kept, name, sizeof kept - 1);
    pthread_setname_np(pthread_self(), kept);
}
