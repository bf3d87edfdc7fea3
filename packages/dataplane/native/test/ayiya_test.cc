#include "../src/ayiya.h"

#include <cstring>

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
  sign_ayiya(packet.data(), packet.size());
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

TEST("two packets signed at once carry the signatures that each would have alone") {
  Random random{3};
  for (size_t length = ayiya::header_bytes; length < 1500; length += 7) {
    ByteVector a = random.bytes(length), b = random.bytes(length), pair_a = a, pair_b = b;
    sign_ayiya(a.data(), length);
    sign_ayiya(b.data(), length);
    sign_ayiya_pair(pair_a.data(), pair_b.data(), length);
    CHECK(a == pair_a && b == pair_b);
  }
}

TEST("the worked examples verify, and no packet with one bit flipped does") {
  for (const char* example : {example_a, example_b, example_c, example_d}) {
    ByteVector packet = from_hex(example);
    const auto verifies = [&packet] {
      AyiyaCheck check;
      check.begin(packet.data(), key.data());
      sha1(packet.data(), packet.size(), check.expected);
      return check.right();
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
