#include "split.h"

#include <cerrno>
#include <cstring>

#include "bytes.h"
#include "checksum.h"
#include "layout.h"
#include "packets.h"

namespace tombolo {

int Segments::open(const SuperPacket& packet) {
  packet_ = packet;
  done_ = 0;
  left_ = 0;
  if (packet.length > max_packet_bytes) return -EINVAL;
  return packet.kind == segment_kinds::none ? open_whole() : open_cut();
}

int Segments::open_whole() {
  // The field lies behind the start of what it covers, wholly inside; so the sum has at least two bytes.
  if (packet_.needs_checksum && (packet_.checksum_start > packet_.length || packet_.checksum_offset > packet_.length ||
                                 packet_.checksum_start + packet_.checksum_offset + 2 > packet_.length)) {
    return -EINVAL;
  }
  left_ = 1;
  return 0;
}

int Segments::open_cut() {
  const bool is_tcp = packet_.kind == segment_kinds::tcp6;
  if (!is_tcp && packet_.kind != segment_kinds::udp6) return -EINVAL;
  // The kernel tells where the transport header stands; with extension headers that is not 40.
  transport_ = packet_.needs_checksum ? packet_.checksum_start : ip6::header_bytes;
  const size_t minimum = is_tcp ? tcp::header_bytes : udp::header_bytes;
  if (packet_.segment_bytes == 0 || packet_.length < ip6::header_bytes || transport_ < ip6::header_bytes ||
      transport_ > packet_.length || packet_.length - transport_ < minimum || !ip6::is_version(packet_.bytes)) {
    return -EINVAL;
  }
  // hdr_len of the virtio header is a hint only; the data offset is the truth.
  const size_t transport_header = is_tcp ? (packet_.bytes[transport_ + tcp::data_offset] >> 4) * size_t{4} : minimum;
  if (transport_header < minimum || packet_.length - transport_ < transport_header) return -EINVAL;
  header_bytes_ = transport_ + transport_header;
  const size_t payload = packet_.length - header_bytes_;
  left_ = payload == 0 ? 1 : (payload + packet_.segment_bytes - 1) / packet_.segment_bytes;
  addresses_ = sum_bytes(packet_.bytes + ip6::source, 32);
  return 0;
}

size_t Segments::next_bytes() const {
  if (packet_.kind == segment_kinds::none) return packet_.length;
  const size_t rest = packet_.length - header_bytes_ - done_;
  return header_bytes_ + (rest < packet_.segment_bytes ? rest : packet_.segment_bytes);
}

void Segments::write_next(uint8_t* to) {
  const size_t bytes = next_bytes();
  if (packet_.kind == segment_kinds::none) {
    if (bytes > 0) memcpy(to, packet_.bytes, bytes);
    if (packet_.needs_checksum) finish_whole(to);
    left_ = 0;
    return;
  }
  memcpy(to, packet_.bytes, header_bytes_);
  memcpy(to + header_bytes_, packet_.bytes + header_bytes_ + done_, bytes - header_bytes_);
  store16(to + ip6::payload_length, static_cast<uint32_t>(bytes - ip6::header_bytes));
  if (packet_.kind == segment_kinds::tcp6) {
    finish_tcp(to, bytes - transport_);
  } else {
    finish_udp(to, bytes - transport_);
  }
  done_ += bytes - header_bytes_;
  left_--;
}

void Segments::finish_whole(uint8_t* to) const {
  uint8_t* start = to + packet_.checksum_start;
  const bool is_udp = packet_.checksum_offset == udp::checksum;
  // The field holds the sum of the pseudo-header, so summing over it adds just that.
  store_final(start + packet_.checksum_offset, sum_bytes(start, packet_.length - packet_.checksum_start), is_udp);
}

void Segments::finish_tcp(uint8_t* to, size_t transport_bytes) const {
  uint8_t* header = to + transport_;
  store32(header + tcp::sequence, load32(header + tcp::sequence) + static_cast<uint32_t>(done_));
  if (left_ > 1) header[tcp::flags] &= static_cast<uint8_t>(~(tcp::fin | tcp::push));
  if (done_ > 0) header[tcp::flags] &= static_cast<uint8_t>(~tcp::cwr);
  store16(header + tcp::checksum, 0);
  const uint64_t lengths = __builtin_bswap32(static_cast<uint32_t>(transport_bytes)) + (uint64_t{protocol::tcp} << 24);
  store_final(header + tcp::checksum, addresses_ + lengths + sum_bytes(header, transport_bytes), false);
}

void Segments::finish_udp(uint8_t* to, size_t transport_bytes) const {
  uint8_t* header = to + transport_;
  store16(header + udp::length, static_cast<uint32_t>(transport_bytes));
  store16(header + udp::checksum, 0);
  const uint64_t lengths = __builtin_bswap32(static_cast<uint32_t>(transport_bytes)) + (uint64_t{protocol::udp} << 24);
  store_final(header + udp::checksum, addresses_ + lengths + sum_bytes(header, transport_bytes), true);
}

}  // namespace tombolo
