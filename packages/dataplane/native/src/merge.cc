#include "merge.h"

#include <cstring>

#include "bytes.h"
#include "checksum.h"
#include "packets.h"

namespace tombolo {
namespace {

constexpr size_t flow_ports = ip6::header_bytes;  // source and destination port, four bytes

// RFC 8200 section 5: every link carries this much.
constexpr size_t minimum_mtu_bytes = 1280;

VnetHeader plain_header{};

enum class Shape { other_flow, tcp, hidden };

// `hidden`: extension headers, fragments or a cut TCP header, behind which any flow may stand.
Shape shape_of(const uint8_t* packet, size_t bytes) {
  if (bytes < ip6::header_bytes || !ip6::is_version(packet)) return Shape::other_flow;
  switch (packet[ip6::next_header]) {
    case protocol::tcp:
      return bytes >= ip6::header_bytes + tcp::header_bytes ? Shape::tcp : Shape::hidden;
    case 0:    // hop-by-hop options
    case 43:   // routing
    case 44:   // fragment
    case 51:   // authentication
    case 60:   // destination options
    case 135:  // mobility
    case 139:  // host identity
    case 140:  // shim6
      return Shape::hidden;
    default:
      return Shape::other_flow;
  }
}

// A CE mark (RFC 3168 section 5) tells of one packet; spread over a super-packet it would tell of all.
bool is_congestion_marked(const uint8_t* packet) { return (packet[1] >> 4 & 3) == 3; }

bool checksum_right(const uint8_t* packet, size_t transport_bytes) {
  const uint64_t sum = pseudo_header(packet, transport_bytes, packet[ip6::next_header]) +
                       sum_bytes(packet + ip6::header_bytes, transport_bytes);
  return fold(sum) == 0xffff;
}

size_t header_bytes_of(const uint8_t* packet) {
  if (packet[ip6::next_header] == protocol::udp) return ip6::header_bytes + udp::header_bytes;
  return ip6::header_bytes + (packet[ip6::header_bytes + tcp::data_offset] >> 4) * size_t{4};
}

size_t checksum_at(const uint8_t* packet) { return packet[ip6::next_header] == protocol::udp ? udp::checksum : tcp::checksum; }

// TCP or UDP without extension headers whose checksum field holds the sum of the pseudo-header and nothing more.
bool is_partial(const uint8_t* packet, size_t bytes) {
  if (bytes < ip6::header_bytes || !ip6::is_version(packet)) return false;
  const size_t transport_bytes = load16(packet + ip6::payload_length);
  const uint8_t number = packet[ip6::next_header];
  const size_t minimum = number == protocol::tcp ? tcp::header_bytes : udp::header_bytes;
  if ((number != protocol::tcp && number != protocol::udp) || transport_bytes < minimum ||
      transport_bytes > bytes - ip6::header_bytes || header_bytes_of(packet) > ip6::header_bytes + transport_bytes) {
    return false;
  }
  uint8_t partial[2];
  store_partial(partial, pseudo_header(packet, transport_bytes, number));
  return memcmp(partial, packet + ip6::header_bytes + checksum_at(packet), 2) == 0 && !checksum_right(packet, transport_bytes);
}

// Whether a TCP packet may be merged at all; fills `segment` when so.
bool read_segment(uint8_t* packet, size_t bytes, TcpSegment& segment) {
  const size_t total = ip6::header_bytes + load16(packet + ip6::payload_length);
  if (total > bytes || is_congestion_marked(packet)) return false;  // bytes behind the packet are tolerated and left out
  const uint8_t* header = packet + ip6::header_bytes;
  if ((header[tcp::data_offset] & 0x0f) != 0) return false;  // reserved bits, and the AE flag of accurate ECN
  const size_t header_bytes = ip6::header_bytes + (header[tcp::data_offset] >> 4) * size_t{4};
  if (header_bytes < ip6::header_bytes + tcp::header_bytes || header_bytes >= total) return false;
  const uint8_t flags = header[tcp::flags];
  if ((flags & ~tcp::push) != tcp::ack) return false;
  if (!checksum_right(packet, total - ip6::header_bytes)) return false;  // merged, it would get a good one
  segment = {packet, header_bytes, total - header_bytes, load32(header + tcp::sequence), (flags & tcp::push) != 0};
  return true;
}

// Everything that a receiver sees, but for length, sequence, PSH and checksum. The flow is the same already.
bool same_headers(const TcpSegment& a, const TcpSegment& b) {
  const uint8_t* x = a.packet + ip6::header_bytes;
  const uint8_t* y = b.packet + ip6::header_bytes;
  return a.header_bytes == b.header_bytes &&
         memcmp(a.packet, b.packet, 4) == 0 &&  // traffic class and flow label
         a.packet[ip6::hop_limit] == b.packet[ip6::hop_limit] &&
         memcmp(x + tcp::acknowledgement, y + tcp::acknowledgement, 4) == 0 &&
         memcmp(x + tcp::window, y + tcp::window, 2) == 0 && memcmp(x + tcp::urgent, y + tcp::urgent, 2) == 0 &&
         memcmp(x + tcp::header_bytes, y + tcp::header_bytes, a.header_bytes - ip6::header_bytes - tcp::header_bytes) == 0;
}

}  // namespace

void Merger::push(uint8_t* packet, size_t bytes, Checksums checksums) {
  const Shape shape = shape_of(packet, bytes);
  if (shape == Shape::hidden) flush();  // order within every flow stays, whatever it is
  const bool partial = checksums == Checksums::maybe_partial && is_partial(packet, bytes);
  if (shape != Shape::tcp) return partial ? write_partial(packet, bytes) : write_alone(packet, bytes);
  Group* group = find(packet);
  if (partial) {
    if (group != nullptr) close(*group);
    return write_partial(packet, bytes);
  }
  TcpSegment segment;
  const bool mergeable = read_segment(packet, bytes, segment);
  if (group != nullptr) {
    if (mergeable && append(*group, segment)) return;
    close(*group);
  }
  // PSH asks for delivery now, so nothing may follow it: no group to open.
  if (mergeable && !segment.push) return open(segment);
  write_alone(packet, bytes);
}

void Merger::flush() {
  for (Group& group : groups_) close(group);
}

Merger::Group* Merger::find(const uint8_t* packet) {
  for (Group& group : groups_) {
    if (group.pieces > 0 && memcmp(group.first.packet + ip6::source, packet + ip6::source, 32 + 4) == 0) return &group;
  }
  return nullptr;
}
static_assert(ip6::source + 32 == flow_ports, "addresses and ports stand together");

Merger::Group& Merger::take_free() {
  Group* oldest = &groups_[0];
  for (Group& group : groups_) {
    if (group.pieces == 0) return group;
    if (static_cast<int32_t>(group.opened - oldest->opened) < 0) oldest = &group;
  }
  close(*oldest);
  return *oldest;
}

void Merger::open(const TcpSegment& segment) {
  Group& group = take_free();
  group.first = segment;
  group.payload_bytes = segment.payload_bytes;
  group.next_sequence = segment.sequence + static_cast<uint32_t>(segment.payload_bytes);
  group.opened = clock_++;
  group.push = false;
  group.vector[1] = {segment.packet, segment.header_bytes + segment.payload_bytes};
  group.pieces = 2;  // the first is the virtio header, filled when written
}

bool Merger::append(Group& group, const TcpSegment& segment) {
  if (segment.sequence != group.next_sequence || segment.payload_bytes > group.first.payload_bytes ||
      group.first.header_bytes + group.payload_bytes + segment.payload_bytes >= max_packet_bytes ||
      !same_headers(group.first, segment)) {
    return false;
  }
  group.vector[group.pieces++] = {segment.packet + segment.header_bytes, segment.payload_bytes};
  group.payload_bytes += segment.payload_bytes;
  group.next_sequence += static_cast<uint32_t>(segment.payload_bytes);
  group.push = segment.push;
  const bool last = segment.push || segment.payload_bytes < group.first.payload_bytes || group.pieces == max_pieces;
  if (last) close(group);
  return true;
}

void Merger::close(Group& group) {
  if (group.pieces == 0) return;
  const int pieces = group.pieces;
  group.pieces = 0;
  VnetHeader vnet{};
  if (pieces > 2) {
    uint8_t* packet = group.first.packet;
    const size_t transport_bytes = group.first.header_bytes - ip6::header_bytes + group.payload_bytes;
    store16(packet + ip6::payload_length, static_cast<uint32_t>(transport_bytes));
    if (group.push) packet[ip6::header_bytes + tcp::flags] |= tcp::push;
    store_partial(packet + ip6::header_bytes + tcp::checksum, pseudo_header(packet, transport_bytes, protocol::tcp));
    vnet = {vnet::needs_checksum,
            vnet::gso_tcp6,
            static_cast<uint16_t>(group.first.header_bytes),
            static_cast<uint16_t>(group.first.payload_bytes),
            ip6::header_bytes,
            tcp::checksum};
  }
  group.vector[0] = {&vnet, sizeof vnet};
  count(sink_.write(group.vector, pieces), static_cast<size_t>(pieces) - 1);
}

void Merger::write_alone(uint8_t* packet, size_t bytes) {
  const iovec pieces[2] = {{&plain_header, sizeof plain_header}, {packet, bytes}};
  count(sink_.write(pieces, 2), 1);
}

// The kernel is to finish the checksum. It did not tell the size of the segments that it had merged; cut for the smallest MTU
// there is they pass wherever those would have.
void Merger::write_partial(uint8_t* packet, size_t bytes) {
  const size_t total = ip6::header_bytes + load16(packet + ip6::payload_length);
  const size_t header_bytes = header_bytes_of(packet);
  const bool is_super = packet[ip6::next_header] == protocol::tcp && total > minimum_mtu_bytes;
  VnetHeader vnet{vnet::needs_checksum, vnet::gso_none, static_cast<uint16_t>(header_bytes), 0,
                  ip6::header_bytes,    static_cast<uint16_t>(checksum_at(packet))};
  if (is_super) {
    vnet.gso_type = vnet::gso_tcp6;
    vnet.segment_bytes = static_cast<uint16_t>(minimum_mtu_bytes - header_bytes);
  }
  const iovec pieces[2] = {{&vnet, sizeof vnet}, {packet, total < bytes ? total : bytes}};
  count(sink_.write(pieces, 2), 1);
}

void Merger::count(int error, size_t packets) {
  if (error == 0) {
    written_ += packets;
  } else if (first_error_ == 0) {
    first_error_ = error;
  }
}

}  // namespace tombolo
