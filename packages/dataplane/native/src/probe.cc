#include "probe.h"

#include <unistd.h>

#include "sha1.h"
#include "sockets.h"
#include "tun.h"

namespace tombolo {

Capabilities probe() {
  TunDevice device;
  const bool opened = open_tun("tmbl-probe%d", false, device) == 0;
  if (opened) close(device.fd);
  return {sha1_has_ni(), has_udp_segment(), has_udp_gro(), opened && device.udp_segments};
}

}  // namespace tombolo
