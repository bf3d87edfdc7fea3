#include "sockets.h"

#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace tombolo {
namespace {

// Multiplying by an odd constant and taking the upper half spreads neighbouring addresses (Knuth, volume 3, 6.4).
constexpr uint32_t spread = 0x9e3779b1;

int set_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

void grow_buffers(int fd) {
  // FORCE needs CAP_NET_ADMIN; without it the system's limit cuts what we get, which is no error.
  if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, socket_buffer_bytes) < 0) {
    set_option(fd, SOL_SOCKET, SO_RCVBUF, socket_buffer_bytes);
  }
  if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, socket_buffer_bytes) < 0) {
    set_option(fd, SOL_SOCKET, SO_SNDBUF, socket_buffer_bytes);
  }
}

sockaddr_in address_of(uint32_t ip, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(ip);
  address.sin_port = htons(port);
  return address;
}

int bind_to(int fd, uint32_t ip, uint16_t port) {
  const sockaddr_in address = address_of(ip, port);
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ? -errno : 0;
}

// No DF on what we send: the tunnel's MTU is static, larger packets are fragmented on the way (RFC 4213 section 3.2.1).
int leave_fragmenting_on(int fd) { return set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT); }

int closing(int fd, int error) {
  close(fd);
  return error;
}

int set_up_udp(int fd, uint32_t ip, uint16_t port, bool reuse_port, uint16_t& bound_port) {
  int error;
  grow_buffers(fd);
  if (reuse_port && (error = set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) < 0) return error;
  if ((error = leave_fragmenting_on(fd)) < 0) return error;
  if ((error = set_option(fd, IPPROTO_IP, IP_RECVTOS, 1)) < 0) return error;
  set_option(fd, SOL_UDP, UDP_GRO, 1);  // older kernels give single datagrams, which works as well
  if ((error = bind_to(fd, ip, port)) < 0) return error;
  sockaddr_in bound{};
  socklen_t length = sizeof bound;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) < 0) return -errno;
  bound_port = ntohs(bound.sin_port);
  return 0;
}

int attach_share(int fd, uint32_t index, uint32_t count) {
  sock_filter code[] = {
      // The filter of a raw socket sees the packet from its IPv4 header on; 12 is the source address.
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 12),
      BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, spread),
      BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, count),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, index, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  const sock_fprog program{sizeof code / sizeof code[0], code};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0 ? -errno : 0;
}

// What was queued between socket() and the filter may be another worker's.
void drain(int fd) {
  char byte;
  while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0) {
  }
}

int set_up_proto41(int fd, uint32_t ip, uint32_t index, uint32_t count) {
  int error;
  if (count > 1) {
    if ((error = attach_share(fd, index, count)) < 0) return error;
    drain(fd);
  }
  grow_buffers(fd);
  if ((error = leave_fragmenting_on(fd)) < 0) return error;
  return ip == 0 ? 0 : bind_to(fd, ip, 0);
}

bool can_set_udp(int option, int value) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  return closing(fd, set_option(fd, SOL_UDP, option, value)) == 0;
}

}  // namespace

int open_udp(uint32_t ip, uint16_t port, bool reuse_port, uint16_t& bound_port) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  const int error = set_up_udp(fd, ip, port, reuse_port, bound_port);
  return error < 0 ? closing(fd, error) : fd;
}

int open_proto41(uint32_t ip, uint32_t index, uint32_t count) {
  if (count == 0 || index >= count) return -EINVAL;
  const int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_IPV6);
  if (fd < 0) return -errno;
  const int error = set_up_proto41(fd, ip, index, count);
  return error < 0 ? closing(fd, error) : fd;
}

int open_icmp_errors(uint32_t ip) {
  const int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMP);
  if (fd < 0) return -errno;
  const icmp_filter passed{~(1u << ICMP_DEST_UNREACH | 1u << ICMP_TIME_EXCEEDED | 1u << ICMP_PARAMETERPROB)};
  int error = setsockopt(fd, SOL_RAW, ICMP_FILTER, &passed, sizeof passed) < 0 ? -errno : 0;
  if (error == 0) {
    drain(fd);  // what came before the filter
    error = ip == 0 ? 0 : bind_to(fd, ip, 0);
  }
  return error < 0 ? closing(fd, error) : fd;
}

uint32_t proto41_owner(uint32_t source, uint32_t count) { return count == 0 ? 0 : (source * spread >> 16) % count; }

int open_wake() {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int wake(int fd) {
  const uint64_t one = 1;
  // EAGAIN: the counter is full, so the worker is being woken already.
  return write(fd, &one, sizeof one) < 0 && errno != EAGAIN ? -errno : 0;
}

bool has_udp_segment() { return can_set_udp(UDP_SEGMENT, 1280); }
bool has_udp_gro() { return can_set_udp(UDP_GRO, 1); }

}  // namespace tombolo
