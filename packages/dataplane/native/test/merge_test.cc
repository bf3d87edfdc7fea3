#include "../src/merge.h"

#include <cerrno>

#include "../src/bytes.h"
#include "../src/packets.h"
#include "samples.h"

using namespace tombolo;

namespace {

TcpSample sample_at(uint32_t sequence, size_t payload_bytes) {
  TcpSample sample;
  sample.sequence = sequence;
  sample.payload = Random{sequence}.bytes(payload_bytes);
  return sample;
}

// How many writes the packets take, or -1 when what comes out differs from what went in.
int writes_of(const std::vector<ByteVector>& packets) {
  size_t writes = 0;
  const std::string difference = merge_and_compare(packets, &writes);
  if (difference.empty()) return static_cast<int>(writes);
  fprintf(stderr, "%s\n", difference.c_str());
  return -1;
}

// Two segments in a row, the second changed by the test: 1 when they were merged, 2 when not.
template <typename Change>
int writes_with(Change change) {
  TcpSample first = sample_at(1000, 100), second = sample_at(1100, 100);
  change(first, second);
  return writes_of({make_tcp(first), make_tcp(second)});
}

}  // namespace

TEST("two segments that follow on become one super-packet") {
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample&) {}), 1);
}

TEST("a super-packet tells the kernel its segment size, its headers and a partial checksum") {
  MemorySink sink;
  Merger merger(sink);
  TcpSample first = sample_at(1000, 100), second = sample_at(1100, 60);
  first.options = second.options = ByteVector(12, 1);
  second.flags |= 0x08;
  ByteVector a = make_tcp(first), b = make_tcp(second);
  merger.push(a.data(), a.size());
  merger.push(b.data(), b.size());
  merger.flush();
  CHECK_EQUAL(sink.packets.size(), 1);
  const auto& [vnet, bytes] = sink.packets[0];
  CHECK_EQUAL(vnet.flags, 1);
  CHECK_EQUAL(vnet.gso_type, 4);
  CHECK_EQUAL(vnet.header_bytes, 72);
  CHECK_EQUAL(vnet.segment_bytes, 100);
  CHECK_EQUAL(vnet.checksum_start, 40);
  CHECK_EQUAL(vnet.checksum_offset, 16);
  CHECK_EQUAL(bytes.size(), 72 + 160);
  CHECK_EQUAL(load16(&bytes[4]), 32 + 160);
  CHECK_EQUAL(bytes[53], 0x18);  // PSH of the last
  ByteVector finished = bytes;   // the kernel, or its device, finishes what stands in the field
  store16(&finished[56], naive_checksum(finished.data(), 40, finished.size(), 0));
  CHECK(is_sound(finished));
}

TEST("a packet alone is written with an empty virtio header and untouched") {
  MemorySink sink;
  Merger merger(sink);
  const ByteVector packet = make_tcp(sample_at(1, 100));
  ByteVector kept = packet;
  merger.push(kept.data(), kept.size());
  merger.flush();
  CHECK_EQUAL(sink.packets.size(), 1);
  CHECK(sink.packets[0].bytes == packet);
  CHECK_EQUAL(sink.packets[0].vnet.flags | sink.packets[0].vnet.gso_type | sink.packets[0].vnet.segment_bytes, 0);
}

TEST("a gap, a repetition or a step back in sequence is not merged") {
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.sequence = 1101; }), 2);
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.sequence = 1000; }), 2);
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.sequence = 900; }), 2);
}

TEST("sequence numbers may wrap inside a super-packet") {
  CHECK_EQUAL(writes_with([](TcpSample& first, TcpSample& second) {
                first.sequence = 0xffffffce;
                second.sequence = 50;
              }),
              1);
}

TEST("another acknowledgement, window or urgent pointer is not merged") {
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.acknowledgement++; }), 2);
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.window++; }), 2);
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.urgent++; }), 2);
}

TEST("other option bytes or another number of them are not merged") {
  const auto with_options = [](ByteVector a, ByteVector b) {
    return writes_with([&](TcpSample& first, TcpSample& second) { first.options = a, second.options = b; });
  };
  const ByteVector stamp = from_hex("0101080a0000000100000002"), later = from_hex("0101080a0000000100000003");
  CHECK_EQUAL(with_options(stamp, stamp), 1);
  CHECK_EQUAL(with_options(stamp, later), 2);
  CHECK_EQUAL(with_options(stamp, {}), 2);
  CHECK_EQUAL(with_options({}, stamp), 2);
  CHECK_EQUAL(with_options(ByteVector(40, 1), ByteVector(40, 1)), 1);
}

TEST("another hop limit, traffic class or flow label is not merged") {
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.hop_limit--; }), 2);
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.traffic_class = 0x20; }), 2);
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.flow_label = 1; }), 2);
}

TEST("another address or port is another flow") {
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.source = 9; }), 2);
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.destination = 9; }), 2);
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.source_port++; }), 2);
  CHECK_EQUAL(writes_with([](TcpSample&, TcpSample& second) { second.destination_port++; }), 2);
}

TEST("flags other than ACK are not merged") {
  for (const int flag : {0x01, 0x02, 0x04, 0x20, 0x40, 0x80}) {  // FIN SYN RST URG ECE CWR
    const auto flags = static_cast<uint8_t>(0x10 | flag);
    CHECK_EQUAL(writes_with([&](TcpSample&, TcpSample& second) { second.flags = flags; }), 2);
    CHECK_EQUAL(writes_with([&](TcpSample& first, TcpSample&) { first.flags = flags; }), 2);
    CHECK_EQUAL(writes_with([&](TcpSample& first, TcpSample& second) { first.flags = second.flags = flags; }), 2);
  }
  CHECK_EQUAL(writes_with([](TcpSample& first, TcpSample& second) { first.flags = second.flags = 0; }), 2);
  CHECK_EQUAL(writes_with([](TcpSample& first, TcpSample& second) { first.reserved = second.reserved = 1; }), 2);
}

TEST("PSH is taken in and ends the super-packet") {
  TcpSample a = sample_at(1000, 100), b = sample_at(1100, 100), c = sample_at(1200, 100);
  b.flags |= 0x08;
  CHECK_EQUAL(writes_of({make_tcp(a), make_tcp(b), make_tcp(c)}), 2);
  CHECK_EQUAL(writes_with([](TcpSample& first, TcpSample&) { first.flags |= 0x08; }), 2);
}

TEST("a shorter segment ends the super-packet, a longer one is not taken in") {
  CHECK_EQUAL(writes_of({make_tcp(sample_at(0, 100)), make_tcp(sample_at(100, 40)), make_tcp(sample_at(140, 40))}), 2);
  CHECK_EQUAL(writes_of({make_tcp(sample_at(0, 100)), make_tcp(sample_at(100, 101))}), 2);
}

TEST("an acknowledgement without payload is never merged") {
  CHECK_EQUAL(writes_of({make_tcp(sample_at(0, 0)), make_tcp(sample_at(0, 0))}), 2);
  CHECK_EQUAL(writes_of({make_tcp(sample_at(0, 100)), make_tcp(sample_at(100, 0)), make_tcp(sample_at(100, 100))}), 3);
}

TEST("a congestion mark is not spread over other packets") {
  const auto marked = [](uint8_t first_class, uint8_t second_class) {
    return writes_with([&](TcpSample& first, TcpSample& second) {
      first.traffic_class = first_class;
      second.traffic_class = second_class;
    });
  };
  CHECK_EQUAL(marked(2, 2), 1);  // ECT(0), not marked
  CHECK_EQUAL(marked(2, 3), 2);
  CHECK_EQUAL(marked(3, 3), 2);
}

TEST("a segment with a wrong checksum is handed on as it is") {
  ByteVector a = make_tcp(sample_at(0, 100)), b = make_tcp(sample_at(100, 100)), c = make_tcp(sample_at(200, 100));
  b[80] ^= 1;
  CHECK_EQUAL(writes_of({a, b, c}), 3);
  a[80] ^= 1;
  CHECK_EQUAL(writes_of({a, b, c}), 3);
}

TEST("bytes behind the IPv6 payload do not hinder merging and are left out") {
  ByteVector a = make_tcp(sample_at(0, 100)), b = make_tcp(sample_at(100, 100));
  a.resize(a.size() + 3);
  b.resize(b.size() + 5);
  CHECK_EQUAL(writes_of({a, b}), 1);
}

TEST("cut, malformed and foreign packets are written one by one") {
  const ByteVector good = make_tcp(sample_at(0, 100));
  for (size_t length = 1; length < good.size(); length++) {
    const ByteVector part(good.begin(), good.begin() + static_cast<long>(length));
    CHECK_EQUAL(writes_of({part, part}), 2);
  }
  for (const int words : {0, 4, 15}) {
    ByteVector packet = make_tcp(sample_at(0, 8));
    packet[52] = static_cast<uint8_t>(words << 4);
    CHECK_EQUAL(writes_of({packet, packet}), 2);
  }
  ByteVector jumbo = good;
  store16(&jumbo[4], 0);
  ByteVector version4 = good;
  version4[0] = 0x45;
  CHECK_EQUAL(writes_of({jumbo, jumbo, version4, version4, make_udp({1, 2, 3}), make_udp({1, 2, 3})}), 6);
}

TEST("many segments become super-packets that end below 65,535 bytes") {
  std::vector<ByteVector> packets;
  for (uint32_t i = 0; i < 200; i++) packets.push_back(make_tcp(sample_at(i * 1220, 1220)));
  CHECK_EQUAL(writes_of(packets), 4);  // 53 of 1220 bytes fit
}

TEST("many small segments stay within what one write may gather") {
  std::vector<ByteVector> packets;
  for (uint32_t i = 0; i < 200; i++) packets.push_back(make_tcp(sample_at(i * 10, 10)));
  CHECK_EQUAL(writes_of(packets), 4);  // 63 per write
}

TEST("eight flows interleaved are merged each, and more still come out whole") {
  for (const uint16_t flows : {2, 8, 9, 30}) {
    std::vector<ByteVector> packets;
    for (uint32_t i = 0; i < 20; i++) {
      for (uint16_t flow = 0; flow < flows; flow++) {
        TcpSample sample = sample_at(i * 50, 50);
        sample.source_port = static_cast<uint16_t>(1000 + flow);
        packets.push_back(make_tcp(sample));
      }
    }
    const int writes = writes_of(packets);
    CHECK(writes > 0);
    if (flows <= 8) CHECK_EQUAL(writes, flows);
  }
}

TEST("a fragment or an extension header keeps its place between segments of what may be its flow") {
  const ByteVector before = make_tcp(sample_at(0, 100)), after = make_tcp(sample_at(100, 100));
  ByteVector hidden = make_tcp(sample_at(100, 100));
  hidden[6] = 44;
  MemorySink sink;
  Merger merger(sink);
  std::vector<ByteVector> packets = {before, hidden, after};
  for (ByteVector& packet : packets) merger.push(packet.data(), packet.size());
  merger.flush();
  CHECK_EQUAL(sink.packets.size(), 3);
  CHECK(sink.packets[0].bytes == before && sink.packets[1].bytes == hidden && sink.packets[2].bytes == after);
}

TEST("random streams come out as they went in, whatever is lost, repeated, marked or damaged on the way") {
  Random random{10};
  for (int round = 0; round < 300; round++) {
    std::vector<ByteVector> packets;
    uint32_t sequence[12];
    for (uint32_t& start : sequence) start = static_cast<uint32_t>(random.next());
    const size_t flows = 1 + random.below(12), each = 1 + random.below(1400);
    for (size_t i = 0; i < 150; i++) {
      const size_t flow = random.below(flows);
      TcpSample sample = sample_at(sequence[flow], random.below(20) == 0 ? random.below(each + 1) : each);
      sample.source_port = static_cast<uint16_t>(flow);
      if (random.below(20) == 0) sample.flags |= 0x08;
      if (random.below(40) == 0) sample.flags = static_cast<uint8_t>(random.next());
      if (random.below(40) == 0) sample.acknowledgement++;
      if (random.below(40) == 0) sample.traffic_class = static_cast<uint8_t>(random.next());
      if (random.below(3) == 0) sample.options = ByteVector(12, 1);
      packets.push_back(make_tcp(sample));
      if (random.below(40) == 0) packets.back()[random.below(packets.back().size())] ^= 0x10;
      if (random.below(30) == 0) packets.push_back(packets[random.below(packets.size())]);
      if (random.below(30) != 0) sequence[flow] += static_cast<uint32_t>(sample.payload.size());
    }
    CHECK(writes_of(packets) > 0);
  }
}

// The checksum field as a sender leaves it that counts on its device: the pseudo-header's sum, nothing more.
static ByteVector unfinished(ByteVector packet) {
  const size_t field = packet[6] == protocol::udp ? 46 : 56;
  ByteVector pseudo = {0, 0, packet[4], packet[5], 0, 0, 0, packet[6]};  // length and number
  pseudo.insert(pseudo.end(), packet.begin() + 8, packet.begin() + 40);
  store16(&packet[field], static_cast<uint16_t>(~naive_checksum(pseudo.data(), 0, pseudo.size(), 0)));
  return packet;
}

static MemorySink push_all(std::vector<ByteVector> packets, Checksums checksums) {
  MemorySink sink;
  Merger merger(sink);
  for (ByteVector& packet : packets) merger.push(packet.data(), packet.size(), checksums);
  merger.flush();
  return sink;
}

TEST("a super-packet off a raw socket is cut again, for the smallest MTU, with right checksums") {
  const TcpSample sample = sample_at(5, 20'000);
  const MemorySink sink = push_all({unfinished(make_tcp(sample))}, Checksums::maybe_partial);
  CHECK_EQUAL(sink.packets.size(), 1);
  CHECK_EQUAL(sink.packets[0].vnet.gso_type, 4);
  ByteVector joined;
  for (const ByteVector& segment : cut(sink.packets[0])) {
    CHECK(is_sound(segment) && segment.size() <= 1280);
    joined.insert(joined.end(), segment.begin() + 60, segment.end());
  }
  CHECK(joined == sample.payload);
}

TEST("a small packet off a raw socket whose checksum was left to a device gets it finished") {
  for (const ByteVector& right : {make_tcp(sample_at(5, 100)), make_udp(ByteVector(100, 3))}) {
    const MemorySink sink = push_all({unfinished(right)}, Checksums::maybe_partial);
    CHECK_EQUAL(sink.packets.size(), 1);
    CHECK_EQUAL(sink.packets[0].vnet.gso_type, 0);
    CHECK(cut(sink.packets[0]) == std::vector<ByteVector>{right});
  }
}

TEST("an unfinished super-packet keeps its place in its flow") {
  const ByteVector before = make_tcp(sample_at(0, 100)), after = make_tcp(sample_at(20'100, 100));
  const MemorySink sink = push_all({before, unfinished(make_tcp(sample_at(100, 20'000))), after}, Checksums::maybe_partial);
  CHECK_EQUAL(sink.packets.size(), 3);
  CHECK(sink.packets[0].bytes == before && sink.packets[2].bytes == after);
}

TEST("a wrong checksum is not mended: neither one off a raw socket, nor an unfinished one that came in UDP") {
  ByteVector damaged = make_tcp(sample_at(0, 100));
  damaged[90] ^= 1;
  const ByteVector partial = unfinished(make_tcp(sample_at(0, 100)));
  CHECK(push_all({damaged}, Checksums::maybe_partial).packets[0].bytes == damaged);
  CHECK_EQUAL(push_all({damaged}, Checksums::maybe_partial).packets[0].vnet.flags, 0);
  CHECK_EQUAL(push_all({partial}, Checksums::complete).packets[0].vnet.flags, 0);
}

TEST("complete packets off a raw socket are merged like any others") {
  CHECK_EQUAL(push_all({make_tcp(sample_at(0, 100)), make_tcp(sample_at(100, 100))}, Checksums::maybe_partial).packets.size(), 1);
}

TEST("a failed write is told and does not stop the others") {
  MemorySink sink;
  sink.answer = -EIO;
  Merger merger(sink);
  ByteVector a = make_tcp(sample_at(0, 100)), b = make_udp({1});
  merger.push(a.data(), a.size());
  merger.push(b.data(), b.size());
  merger.flush();
  CHECK_EQUAL(sink.packets.size(), 2);
  CHECK_EQUAL(merger.written(), 0);
  CHECK_EQUAL(merger.first_error(), -EIO);
}
