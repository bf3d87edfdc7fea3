#include "../src/receive.h"

#include "../src/layout.h"
#include "check.h"

using namespace tombolo;

namespace {

struct Records {
  std::vector<int32_t> words;
  Shared shared;

  explicit Records(size_t count) : words(count * net_words, 99), shared{nullptr, 0, words.data(), count} {}
  int32_t at(size_t record, size_t word) const { return words[record * net_words + word]; }
};

}  // namespace

TEST("a bundle becomes one record per datagram, the last of which may be shorter") {
  Records records(8);
  CHECK_EQUAL(record_bundle(records.shared, 2, {640, 250, 100, 0xc0000201, 5072, 3, 1}), 5);
  const int32_t offsets[] = {640, 740, 840}, lengths[] = {100, 100, 50};
  for (size_t i = 0; i < 3; i++) {
    CHECK_EQUAL(records.at(2 + i, net_word::offset), offsets[i]);
    CHECK_EQUAL(records.at(2 + i, net_word::length), lengths[i]);
    CHECK_EQUAL(static_cast<uint32_t>(records.at(2 + i, net_word::source_ip)), 0xc0000201);
    CHECK_EQUAL(records.at(2 + i, net_word::source_port), 5072);
    CHECK_EQUAL(records.at(2 + i, net_word::tos), 3);
    CHECK_EQUAL(records.at(2 + i, net_word::socket), 1);
    CHECK_EQUAL(records.at(2 + i, net_word::verdict), net_verdicts::drop);
    CHECK_EQUAL(records.at(2 + i, net_word::slot), -1);
  }
  CHECK_EQUAL(records.at(1, net_word::offset), 99);
  CHECK_EQUAL(records.at(5, net_word::offset), 99);
}

TEST("an empty datagram is one record of length 0") {
  Records records(2);
  CHECK_EQUAL(record_bundle(records.shared, 0, {0, 0, 0, 1, 1, -1, 0}), 1);
  CHECK_EQUAL(records.at(0, net_word::length), 0);
}

TEST("more datagrams than records are cut off at the last record") {
  Records records(3);
  CHECK_EQUAL(record_bundle(records.shared, 0, {0, 1000, 1, 1, 1, -1, 0}), 3);
  CHECK_EQUAL(record_bundle(records.shared, 3, {0, 1000, 1, 1, 1, -1, 0}), 3);
}

TEST("the outer IPv4 header, options too, is taken off and tells source and TOS") {
  ByteVector packet = from_hex("4f02 0050 0000 0000 4029 0000 c0000201 c0000202");
  packet.resize(80);
  Bundle bundle{0, packet.size(), 0, 0, 7, -1, 0};
  CHECK(strip_ipv4(packet.data(), bundle));
  CHECK_EQUAL(bundle.offset, 60);
  CHECK_EQUAL(bundle.bytes, 20);
  CHECK_EQUAL(bundle.source_ip, 0xc0000201);
  CHECK_EQUAL(bundle.source_port, 0);
  CHECK_EQUAL(bundle.tos, 2);
}

TEST("a raw packet that is no IPv4 packet, or ends inside its header, is refused") {
  const ByteVector right = from_hex("46000018000000004029 0000 c0000201 c0000202 00000000");
  for (size_t length = 0; length <= right.size(); length++) {
    const ByteVector packet(right.begin(), right.begin() + static_cast<long>(length));
    Bundle bundle{0, length, 0, 0, 0, -1, 0};
    CHECK_EQUAL(strip_ipv4(packet.data(), bundle), length >= 24);
  }
  for (const int first : {0x44, 0x40, 0x65, 0x4f}) {
    ByteVector packet = right;
    packet[0] = static_cast<uint8_t>(first);
    Bundle bundle{0, packet.size(), 0, 0, 0, -1, 0};
    CHECK(!strip_ipv4(packet.data(), bundle));
  }
}

TEST("the filter's shares are even enough and leave no source without an owner") {
  for (const uint32_t count : {1u, 2u, 3u, 8u}) {
    std::vector<uint32_t> share(count);
    for (uint32_t i = 0; i < 8000; i++) {
      const uint32_t owner = proto41_owner(0xc0000200 + i, count);
      CHECK(owner < count);
      share[owner]++;
    }
    for (const uint32_t got : share) CHECK(got > 8000 / count / 2);
  }
}
