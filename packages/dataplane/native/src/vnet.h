// The ten bytes before each packet of a TUN device with IFF_VNET_HDR (virtio 1.2 section 5.1.6, without num_buffers).
#pragma once
#include <cstdint>

namespace tombolo {

struct VnetHeader {
  uint8_t flags;
  uint8_t gso_type;
  uint16_t header_bytes;
  uint16_t segment_bytes;
  uint16_t checksum_start;
  uint16_t checksum_offset;
};
static_assert(sizeof(VnetHeader) == 10);

namespace vnet {
inline constexpr uint8_t needs_checksum = 1;
inline constexpr uint8_t gso_none = 0, gso_tcp6 = 4, gso_udp = 5;
inline constexpr uint8_t gso_kind_mask = 0x3f;  // the two upper bits mark ECN
}  // namespace vnet

}  // namespace tombolo
