// The sockets of a worker. Addresses are numbers (192.0.2.1 = 0xc0000201). Every function answers a descriptor or -errno.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tombolo {

enum class SocketKind { udp, proto41 };

// Bytes asked for in each direction; a burst of super-packets must find room while the worker is busy.
inline constexpr int socket_buffer_bytes = 4 << 20;

int open_udp(uint32_t ip, uint16_t port, bool reuse_port, uint16_t& bound_port);

// Raw sockets each get a copy of every packet; with `count` > 1 a filter leaves this one only its share, by outer source.
int open_proto41(uint32_t ip, uint32_t index, uint32_t count);

// Raw socket of ICMP that gets errors alone: destination unreachable, time exceeded, parameter problem.
int open_icmp_errors(uint32_t ip);

// Which of `count` sockets the packets of `source` go to: what the filter computes.
uint32_t proto41_owner(uint32_t source, uint32_t count);

int open_wake();
int wake(int fd);

// Whether the kernel knows these (4.18 and 5.0); asked by trying on a socket of its own.
bool has_udp_segment();
bool has_udp_gro();

}  // namespace tombolo
