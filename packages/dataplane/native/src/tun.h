// TUN devices with a virtio header before each packet. Every function answers a value, or -errno.
#pragma once
#include <net/if.h>

#include <cstddef>

namespace tombolo {

struct TunDevice {
  int fd;
  char name[IFNAMSIZ];
  bool udp_segments;  // the kernel also gives and takes UDP super-packets (6.2 and later)
};

// An empty name lets the kernel choose. The same name again, multi-queue, opens the next queue. Needs CAP_NET_ADMIN.
int open_tun(const char* name, bool multi_queue, TunDevice& device);

}  // namespace tombolo
