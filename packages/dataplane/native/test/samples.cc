#include "samples.h"

#include <cstring>

#include "../src/bytes.h"
#include "../src/layout.h"
#include "../src/packets.h"

using namespace tombolo;

uint16_t naive_checksum(const uint8_t* packet, size_t transport, size_t end, uint8_t protocol) {
  ByteVector covered;
  if (protocol != 0) {
    covered.assign(packet + 8, packet + 40);
    const auto length = static_cast<uint32_t>(end - transport);
    for (const int shift : {24, 16, 8, 0}) covered.push_back(static_cast<uint8_t>(length >> shift));
    for (const int byte : {0, 0, 0, static_cast<int>(protocol)}) covered.push_back(static_cast<uint8_t>(byte));
  }
  covered.insert(covered.end(), packet + transport, packet + end);
  if (covered.size() % 2 != 0) covered.push_back(0);
  uint32_t sum = 0;
  for (size_t i = 0; i < covered.size(); i += 2) {
    sum += static_cast<uint32_t>(covered[i] << 8 | covered[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<uint16_t>(~sum);
}

static ByteVector make_ip6(uint8_t next_header, uint8_t source, uint8_t destination, size_t payload_bytes) {
  ByteVector packet = from_hex("60000000 0000 00 40 20010db8000000000000000000000000 20010db8000000000000000000000000");
  store16(&packet[ip6::payload_length], static_cast<uint32_t>(payload_bytes));
  packet[ip6::next_header] = next_header;
  packet[23] = source;
  packet[39] = destination;
  return packet;
}

ByteVector make_tcp(const TcpSample& sample) {
  const size_t header_bytes = tcp::header_bytes + sample.options.size();
  ByteVector packet = make_ip6(protocol::tcp, sample.source, sample.destination, header_bytes + sample.payload.size());
  store32(&packet[0], uint32_t{6} << 28 | static_cast<uint32_t>(sample.traffic_class) << 20 | sample.flow_label);
  packet[ip6::hop_limit] = sample.hop_limit;
  packet.resize(40 + tcp::header_bytes);
  uint8_t* header = &packet[40];
  store16(header, sample.source_port);
  store16(header + 2, sample.destination_port);
  store32(header + tcp::sequence, sample.sequence);
  store32(header + tcp::acknowledgement, sample.acknowledgement);
  header[tcp::data_offset] = static_cast<uint8_t>(header_bytes / 4 << 4 | sample.reserved);
  header[tcp::flags] = sample.flags;
  store16(header + tcp::window, sample.window);
  store16(header + tcp::urgent, sample.urgent);
  packet.insert(packet.end(), sample.options.begin(), sample.options.end());
  packet.insert(packet.end(), sample.payload.begin(), sample.payload.end());
  store16(&packet[40 + tcp::checksum], naive_checksum(packet.data(), 40, packet.size(), protocol::tcp));
  return packet;
}

ByteVector make_udp(const ByteVector& payload, uint16_t source_port) {
  ByteVector packet = make_ip6(protocol::udp, 1, 2, udp::header_bytes + payload.size());
  packet.resize(48);
  store16(&packet[40], source_port);
  store16(&packet[42], 53);
  store16(&packet[44], static_cast<uint32_t>(udp::header_bytes + payload.size()));
  packet.insert(packet.end(), payload.begin(), payload.end());
  const uint16_t sum = naive_checksum(packet.data(), 40, packet.size(), protocol::udp);
  store16(&packet[46], sum == 0 ? 0xffff : sum);
  return packet;
}

bool is_sound(const ByteVector& packet) {
  if (packet.size() < 48 || packet[0] >> 4 != 6 || load16(&packet[4]) != packet.size() - 40) return false;
  const uint8_t number = packet[6];
  if (number == protocol::udp && (load16(&packet[44]) != packet.size() - 40 || load16(&packet[46]) == 0)) return false;
  // Over a packet with its checksum in place the sum is all ones, and so its complement zero.
  return naive_checksum(packet.data(), 40, packet.size(), number) == 0;
}

int MemorySink::write(const iovec* pieces, int count) {
  WrittenPacket written{};
  memcpy(&written.vnet, pieces[0].iov_base, sizeof written.vnet);
  for (int i = 1; i < count; i++) {
    const auto* from = static_cast<const uint8_t*>(pieces[i].iov_base);
    written.bytes.insert(written.bytes.end(), from, from + pieces[i].iov_len);
  }
  packets.push_back(written);
  return answer;
}

std::vector<ByteVector> cut(const WrittenPacket& written) {
  const bool is_tcp = written.vnet.gso_type == vnet::gso_tcp6;
  Segments segments;
  const int error = segments.open({written.bytes.data(), written.bytes.size(), is_tcp ? segment_kinds::tcp6 : segment_kinds::none,
                                   written.vnet.segment_bytes, (written.vnet.flags & vnet::needs_checksum) != 0,
                                   written.vnet.checksum_start, written.vnet.checksum_offset});
  std::vector<ByteVector> packets;
  while (error == 0 && segments.more()) {
    packets.emplace_back(segments.next_bytes());
    segments.write_next(packets.back().data());
  }
  return packets;
}

std::map<std::string, std::vector<ByteVector>> by_flow(const std::vector<ByteVector>& packets) {
  std::map<std::string, std::vector<ByteVector>> flows;
  for (ByteVector packet : packets) {
    if (packet.empty()) continue;
    std::string flow = "short";
    if (packet.size() >= 40 && packet[0] >> 4 == 6) {
      const size_t whole = 40 + size_t{load16(&packet[4])};
      if (whole < packet.size()) packet.resize(whole);
      const bool has_ports = (packet[6] == protocol::tcp || packet[6] == protocol::udp) && packet.size() >= 44;
      flow = to_hex(&packet[6], 1) + to_hex(&packet[8], has_ports ? 36 : 32);
    }
    flows[flow].push_back(packet);
  }
  return flows;
}

std::string merge_and_compare(const std::vector<ByteVector>& packets, size_t* writes) {
  MemorySink sink;
  Merger merger(sink);
  std::vector<ByteVector> kept = packets;  // the merger changes headers in place
  for (ByteVector& packet : kept) merger.push(packet.data(), packet.size());
  merger.flush();
  std::vector<ByteVector> out;
  for (const WrittenPacket& written : sink.packets) {
    if (written.bytes.size() > 65'535) return "a super-packet is too long";
    const std::vector<ByteVector> segments = cut(written);
    if (segments.empty()) return "what was written can't be cut";
    out.insert(out.end(), segments.begin(), segments.end());
  }
  if (writes != nullptr) *writes = sink.packets.size();
  if (merger.written() != packets.size()) return "the count of written packets is wrong";
  return by_flow(out) == by_flow(packets) ? "" : "a flow differs from what went in";
}
