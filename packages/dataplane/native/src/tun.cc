#include "tun.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "vnet.h"

#ifndef TUN_F_USO4  // headers older than Linux 6.2
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

namespace tombolo {
namespace {

int set_up(int fd, const char* name, bool multi_queue, TunDevice& device) {
  ifreq request{};
  request.ifr_flags = static_cast<short>(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | (multi_queue ? IFF_MULTI_QUEUE : 0));
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &request) < 0) return -errno;
  int header_bytes = sizeof(VnetHeader);
  if (ioctl(fd, TUNSETVNETHDRSZ, &header_bytes) < 0) return -errno;
  constexpr unsigned long base = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
  device.udp_segments = ioctl(fd, TUNSETOFFLOAD, base | TUN_F_USO4 | TUN_F_USO6) == 0;
  if (!device.udp_segments && ioctl(fd, TUNSETOFFLOAD, base) < 0) return -errno;
  memcpy(device.name, request.ifr_name, IFNAMSIZ);
  device.name[IFNAMSIZ - 1] = 0;
  device.fd = fd;
  return 0;
}

}  // namespace

int open_tun(const char* name, bool multi_queue, TunDevice& device) {
  if (strlen(name) >= IFNAMSIZ) return -ENAMETOOLONG;
  const int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -errno;
  const int error = set_up(fd, name, multi_queue, device);
  if (error < 0) close(fd);
  return error;
}

}  // namespace tombolo
