#include "../src/split.h"

#include <cerrno>

#include "../src/bytes.h"
#include "../src/layout.h"
#include "../src/packets.h"
#include "samples.h"

using namespace tombolo;

static std::vector<ByteVector> split(const SuperPacket& packet) {
  std::vector<ByteVector> out;
  Segments segments;
  if (segments.open(packet) < 0) return out;
  while (segments.more()) {
    out.emplace_back(segments.next_bytes());
    segments.write_next(out.back().data());
  }
  return out;
}

static int open_error(const SuperPacket& packet) {
  Segments segments;
  const int error = segments.open(packet);
  return segments.more() ? 1 : error;
}

TEST("a TCP super-packet becomes segments of the asked size that say together what it said") {
  Random random{6};
  for (int round = 0; round < 200; round++) {
    TcpSample sample;
    sample.sequence = static_cast<uint32_t>(random.next());  // wraps now and then
    sample.flags = 0x10 | 0x08 | 0x01 | 0x80;                // ACK, PSH, FIN, CWR
    sample.options = random.bytes(4 * random.below(11));
    sample.payload = random.bytes(1 + random.below(20'000));
    const size_t each = 1 + random.below(3000);
    const ByteVector whole = make_tcp(sample);
    const auto segments = split({whole.data(), whole.size(), segment_kinds::tcp6, each, true, 40, 16});
    CHECK_EQUAL(segments.size(), (sample.payload.size() + each - 1) / each);
    ByteVector joined;
    for (size_t i = 0; i < segments.size(); i++) {
      const ByteVector& segment = segments[i];
      const size_t header_bytes = 60 + sample.options.size();
      CHECK(is_sound(segment));
      CHECK_EQUAL(load32(&segment[44]), static_cast<uint32_t>(sample.sequence + joined.size()));
      const bool is_first = i == 0, is_last = i + 1 == segments.size();
      CHECK_EQUAL(segment[53], 0x10 | (is_last ? 0x08 | 0x01 : 0) | (is_first ? 0x80 : 0));
      CHECK(ByteVector(segment.begin() + 60, segment.begin() + static_cast<long>(header_bytes)) == sample.options);
      joined.insert(joined.end(), segment.begin() + static_cast<long>(header_bytes), segment.end());
    }
    CHECK(joined == sample.payload);
  }
}

TEST("a UDP super-packet becomes datagrams with length and checksum of their own") {
  Random random{7};
  for (int round = 0; round < 100; round++) {
    const ByteVector payload = random.bytes(1 + random.below(20'000));
    const size_t each = 1 + random.below(2000);
    const ByteVector whole = make_udp(payload);
    const auto segments = split({whole.data(), whole.size(), segment_kinds::udp6, each, true, 40, 6});
    CHECK_EQUAL(segments.size(), (payload.size() + each - 1) / each);
    ByteVector joined;
    for (const ByteVector& segment : segments) {
      CHECK(is_sound(segment));
      joined.insert(joined.end(), segment.begin() + 48, segment.end());
    }
    CHECK(joined == payload);
  }
}

TEST("a checksum left to be finished is finished, and nothing else changes") {
  Random random{8};
  for (int round = 0; round < 200; round++) {
    const bool is_udp = round % 2 == 0;
    TcpSample sample;
    sample.payload = random.bytes(random.below(3000));
    const ByteVector right = is_udp ? make_udp(sample.payload) : make_tcp(sample);
    const size_t field = is_udp ? 6 : 16;
    ByteVector partial = right;
    // The kernel leaves the pseudo-header's sum in the field.
    store16(&partial[40 + field], 0);
    const auto whole = naive_checksum(partial.data(), 40, partial.size(), right[6]);
    const auto rest = naive_checksum(partial.data(), 40, partial.size(), 0);
    uint32_t pseudo = static_cast<uint32_t>(static_cast<uint16_t>(~whole)) + rest;
    store16(&partial[40 + field], (pseudo & 0xffff) + (pseudo >> 16));
    const auto finished = split({partial.data(), partial.size(), segment_kinds::none, 0, true, 40, field});
    CHECK_EQUAL(finished.size(), 1);
    CHECK(is_sound(finished[0]));
    CHECK(finished[0] == right);
  }
}

TEST("a packet that needs nothing leaves as it came, and nothing at all leaves as one empty piece") {
  const ByteVector packet = {1, 2, 3};
  CHECK(split({packet.data(), 3, segment_kinds::none, 0, false, 0, 0}) == std::vector<ByteVector>{packet});
  CHECK(split({packet.data(), 0, segment_kinds::none, 0, false, 0, 0}) == std::vector<ByteVector>{ByteVector{}});
}

TEST("the TCP header may stand behind extension headers") {
  TcpSample sample;
  sample.payload = Random{9}.bytes(500);
  ByteVector packet = make_tcp(sample);
  const ByteVector hop_by_hop = {protocol::tcp, 0, 1, 4, 0, 0, 0, 0};
  packet.insert(packet.begin() + 40, hop_by_hop.begin(), hop_by_hop.end());
  packet[6] = 0;
  const auto segments = split({packet.data(), packet.size(), segment_kinds::tcp6, 200, true, 48, 16});
  CHECK_EQUAL(segments.size(), 3);
  for (const ByteVector& segment : segments) {
    CHECK_EQUAL(load16(&segment[4]), segment.size() - 40);
    CHECK_EQUAL(naive_checksum(segment.data(), 48, segment.size(), protocol::tcp), 0);
  }
}

TEST("bounds that do not fit the packet are refused") {
  TcpSample sample;
  sample.payload = ByteVector(100);
  const ByteVector packet = make_tcp(sample);
  const size_t length = packet.size();
  const auto tcp = [&](size_t bytes, size_t each, bool needs, size_t start) {
    return open_error({packet.data(), bytes, segment_kinds::tcp6, each, needs, start, 16});
  };
  CHECK_EQUAL(tcp(length, 50, true, 40), 1);  // this one is right
  CHECK_EQUAL(tcp(length, 0, true, 40), -EINVAL);
  CHECK_EQUAL(tcp(59, 50, true, 40), -EINVAL);
  CHECK_EQUAL(tcp(0, 50, false, 0), -EINVAL);
  CHECK_EQUAL(tcp(length, 50, true, 39), -EINVAL);
  CHECK_EQUAL(tcp(length, 50, true, length - 19), -EINVAL);
  CHECK_EQUAL(tcp(length, 50, true, size_t{0xffffffff}), -EINVAL);
  CHECK_EQUAL(tcp(70'000, 50, true, 40), -EINVAL);
  CHECK_EQUAL(open_error({packet.data(), length, 3, 50, true, 40, 16}), -EINVAL);
  CHECK_EQUAL(open_error({packet.data(), length, -1, 50, true, 40, 16}), -EINVAL);
  CHECK_EQUAL(open_error({packet.data(), length, segment_kinds::none, 0, true, length - 1, 0}), -EINVAL);
  CHECK_EQUAL(open_error({packet.data(), length, segment_kinds::none, 0, true, 0, length - 1}), -EINVAL);
  CHECK_EQUAL(open_error({packet.data(), length, segment_kinds::none, 0, true, size_t{0xffffffff}, 16}), -EINVAL);
}

TEST("a data offset below five words or past the end is refused") {
  TcpSample sample;
  sample.payload = ByteVector(8);
  for (const int words : {0, 4, 15}) {
    ByteVector packet = make_tcp(sample);
    packet[52] = static_cast<uint8_t>(words << 4);
    CHECK_EQUAL(open_error({packet.data(), packet.size(), segment_kinds::tcp6, 4, true, 40, 16}), -EINVAL);
  }
}

TEST("what is not IPv6 is not cut") {
  ByteVector packet = make_tcp({});
  packet[0] = 0x45;
  CHECK_EQUAL(open_error({packet.data(), packet.size(), segment_kinds::tcp6, 4, true, 40, 16}), -EINVAL);
}
