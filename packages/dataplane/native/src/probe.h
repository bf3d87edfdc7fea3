// What this kernel and processor can do, found by trying.
#pragma once

namespace tombolo {

struct Capabilities {
  bool sha_ni, udp_segment, udp_gro, tun_udp_segments;
};

// Opens (and closes) a TUN device of a name of its own; without the right to do so, tun_udp_segments is false.
Capabilities probe();

}  // namespace tombolo
