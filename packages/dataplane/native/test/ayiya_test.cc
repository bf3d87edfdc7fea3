#include "../src/ayiya.h"

#include <algorithm>

#include "check.h"

using namespace tombolo;

// The worked examples A to D of the AYIYA sheet, section 4.
static const ByteVector key = from_hex("5ec7fae6e1e0bbc6ffb40837a5c26b2855dc7fba");
static const ByteVector client = from_hex("20010db802ff00010000000000000002");
static const ByteVector pop = from_hex("20010db802ff00010000000000000001");

static const char example_a[] =
    "4152103b43b71b8020010db802ff00010000000000000002e2b6e7d09aaa75056a31fd9175fd589a38278144";
static const char example_b[] =
    "4152112943b71b8020010db802ff00010000000000000002049b564f4c34e1180d118d5eae9f5077f7bbbdae"
    "6000000000103a4020010db802ff0001000000000000000220010db802ff000100000000000000018000cc06123400015369785853212121";
static const char example_c[] =
    "4152112943b71b8120010db802ff0001000000000000000184a17ce5b56c9b1542d574a7da26b7edba82c558"
    "6000000000103a4020010db802ff0001000000000000000120010db802ff000100000000000000028100cb06123400015369785853212121";
static const char example_d[] =
    "4152103b6b00680d20010db802ff00010000000000000002c3e463d51200eabe633c4ca85bbdfc3f2b186577";

static std::string write_and_sign(const AyiyaHeader& header, const ByteVector& payload) {
  ByteVector packet(ayiya::header_bytes);
  write_ayiya(packet.data(), header);
  packet.insert(packet.end(), payload.begin(), payload.end());
  sign_ayiya(packet.data(), 1, packet.size());
  return to_hex(packet.data(), packet.size());
}

static ByteVector payload_of(const char* example) {
  const ByteVector packet = from_hex(example);
  return {packet.begin() + ayiya::header_bytes, packet.end()};
}

TEST("the SHA-1 of the secret is the key of the worked examples") {
  const std::string secret = "f3d47c2de40fb698e1ab15d757a09bfc";
  uint8_t digest[sha1_bytes];
  sha1(reinterpret_cast<const uint8_t*>(secret.data()), secret.size(), digest);
  CHECK(to_hex(digest, sizeof digest) == to_hex(key.data(), key.size()));
}

TEST("a beat and forwarded packets come out as in the worked examples A to D") {
  CHECK(write_and_sign({0, false, 0x43b71b80, client.data(), key.data()}, {}) == example_a);
  CHECK(write_and_sign({1, true, 0x43b71b80, client.data(), key.data()}, payload_of(example_b)) == example_b);
  CHECK(write_and_sign({1, true, 0x43b71b81, pop.data(), key.data()}, payload_of(example_c)) == example_c);
  CHECK(write_and_sign({0, false, 0x6b00680d, client.data(), key.data()}, {}) == example_d);
}

TEST("packets signed back to back carry the signatures that each would have alone") {
  Random random{3};
  for (size_t count = 1; count <= 40; count++) {
    const size_t length = ayiya::header_bytes + random.below(1400);
    ByteVector together = random.bytes(count * length), alone = together;
    sign_ayiya(together.data(), count, length);
    for (size_t i = 0; i < count; i++) sign_ayiya(alone.data() + i * length, 1, length);
    CHECK(together == alone);
  }
}

TEST("the worked examples verify, and no packet with one bit flipped does") {
  for (const char* example : {example_a, example_b, example_c, example_d}) {
    ByteVector packet = from_hex(example);
    const auto verifies = [&packet] {
      AyiyaChecks checks;
      checks.add(packet.data(), packet.size(), key.data());
      bool right;
      checks.settle(&right);
      return right;
    };
    CHECK(verifies());
    CHECK(to_hex(packet.data(), packet.size()) == example);  // the signature is back in its place
    for (size_t bit = 0; bit < packet.size() * 8; bit++) {
      packet[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      CHECK(!verifies());
      packet[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    }
  }
}

TEST("of many packets checked at once only the damaged ones are refused, and all get their signatures back") {
  Random random{4};
  for (size_t count = 1; count <= sha1_batch; count++) {
    const size_t length = 200;
    ByteVector packets = random.bytes(count * length);
    for (size_t i = 0; i < count; i++) std::copy(key.begin(), key.end(), &packets[i * length + ayiya::signature]);
    sign_ayiya(packets.data(), count, length);
    const size_t damaged = random.below(count);
    packets[damaged * length + random.below(length)] ^= 0x40;
    const ByteVector before = packets;
    AyiyaChecks checks;
    for (size_t i = 0; i < count; i++) {
      CHECK(checks.fits(&packets[i * length], length));
      checks.add(&packets[i * length], length, key.data());
    }
    CHECK_EQUAL(checks.is_full(), count == sha1_batch);
    bool right[sha1_batch];
    checks.settle(right);
    for (size_t i = 0; i < count; i++) CHECK_EQUAL(right[i], i != damaged);
    CHECK(packets == before);
  }
}

TEST("a packet of another length, or one that overlaps, does not join a check") {
  ByteVector packets(300);
  AyiyaChecks checks;
  checks.add(&packets[100], 100, key.data());
  CHECK(checks.fits(&packets[200], 100));
  CHECK(!checks.fits(&packets[200], 99));
  CHECK(!checks.fits(&packets[199], 100));
  CHECK(!checks.fits(&packets[100], 100));
  CHECK(!checks.fits(&packets[0], 100));
  bool right;
  checks.settle(&right);
  CHECK(checks.fits(&packets[0], 44));
}
