// A packet off the TUN device cut into what travels: itself, or the segments of a TCP or UDP super-packet.
#pragma once
#include <cstddef>
#include <cstdint>

namespace tombolo {

// What the kernel said about a packet in its virtio_net_hdr; nothing here is trusted before segments_open looked at it.
struct SuperPacket {
  const uint8_t* bytes;
  size_t length;
  int32_t kind;           // segment_kinds
  size_t segment_bytes;   // payload of each segment but the last
  bool needs_checksum;
  size_t checksum_start, checksum_offset;
};

class Segments {
 public:
  // 0, or -EINVAL for bounds that do not fit the packet. Reads nothing outside it.
  int open(const SuperPacket& packet);
  bool more() const { return left_ > 0; }
  // Length of the next segment, headers included.
  size_t next_bytes() const;
  // Writes the next segment, complete with checksum, to next_bytes() bytes that do not overlap the packet.
  void write_next(uint8_t* to);

 private:
  int open_whole();
  int open_cut();
  void finish_whole(uint8_t* to) const;
  void finish_tcp(uint8_t* to, size_t transport_bytes) const;
  void finish_udp(uint8_t* to, size_t transport_bytes) const;

  SuperPacket packet_;
  size_t transport_ = 0;     // offset of the TCP or UDP header
  size_t header_bytes_ = 0;  // IPv6 header to the end of the TCP or UDP header
  size_t done_ = 0;          // payload bytes written
  size_t left_ = 0;          // segments to come
  uint64_t addresses_ = 0;   // their part of the pseudo-header's sum
};

}  // namespace tombolo
