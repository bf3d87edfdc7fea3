// The engine's calls on any datagrams and on any words that TypeScript might write. No packet leaves: what stands in for the
// UDP socket is a socket of another family, which refuses every address, and the TUN device is /dev/null.
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "../src/engine.h"
#include "../test/check.h"
#include "fuzz.h"

using namespace tombolo;

namespace {

constexpr size_t data_bytes = 4096, records = 8;

// Small buffers on the heap, so that the sanitizers see one byte too many.
struct World {
  ByteVector slots = ByteVector(4 * slot_bytes), net_data = ByteVector(data_bytes), tun_data = ByteVector(data_bytes);
  std::vector<int32_t> net_words_ = std::vector<int32_t>(records * net_words);
  std::vector<int32_t> tun_words_ = std::vector<int32_t>(records * tun_words);
  std::unique_ptr<Engine> engine;

  World() {
    EngineSetup setup{};
    setup.tun_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    setup.wake_fd = -1;
    setup.sockets[0] = {socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), SocketKind::udp};
    setup.sockets[1] = {setup.sockets[0].fd, SocketKind::proto41};
    setup.socket_count = 2;
    setup.table = {slots.data(), 4};
    setup.net = {net_data.data(), data_bytes, net_words_.data(), records};
    setup.tun = {tun_data.data(), data_bytes, tun_words_.data(), records};
    engine = std::make_unique<Engine>(setup);
  }
};

// Mostly words near what is right: far ones are refused by the first check.
int32_t take_word(Taker& taker) {
  const uint32_t how = taker.take(1);
  if (how < 200) return static_cast<int32_t>(how % 100) - 1;
  if (how < 240) return static_cast<int32_t>(taker.take(2));
  return static_cast<int32_t>(taker.take(4));
}

void check_bundle(Taker& taker, World& world) {
  Bundle bundle{taker.take(1), taker.take(2) % (data_bytes - 255), taker.take(1), 0, 0, -1, 0};
  strip_ipv4(world.net_data.data(), bundle);
  FUZZ_CHECK(bundle.offset + bundle.bytes <= data_bytes);
  const Shared shared{world.net_data.data(), data_bytes, world.net_words_.data(), records};
  const size_t next = record_bundle(shared, taker.take(1) % records, bundle);
  FUZZ_CHECK(next > 0 && next <= records);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static World world;
  Taker taker{data, size};
  for (int32_t& word : world.net_words_) word = take_word(taker);
  for (int32_t& word : world.tun_words_) word = take_word(taker);
  for (uint8_t& byte : world.slots) byte = static_cast<uint8_t>(taker.take(1));
  // Even sequence words: a slot that seems to be written for ever only costs time. Three of four slots can be sent through.
  for (size_t i = 0; i < 4; i++) {
    world.slots[i * slot_bytes] &= 0xfe;
    if (i == 0) continue;
    const uint32_t words[] = {slot_flags::used | slot_flags::has_endpoint, static_cast<uint32_t>(i)};
    memcpy(&world.slots[i * slot_bytes + slot_at::flags], words, sizeof words);
    world.slots[i * slot_bytes + slot_at::socket] = i == encapsulations::proto41;
    memset(&world.slots[i * slot_bytes + slot_at::socket + 1], 0, 3);
  }
  for (size_t i = 0; i < data_bytes; i++) {
    world.net_data[i] = world.tun_data[i] = taker.left > 0 ? static_cast<uint8_t>(taker.take(1)) : static_cast<uint8_t>(i * 7);
  }
  const ByteVector before = world.net_data;
  world.engine->verify_ayiya(records);
  FUZZ_CHECK(world.net_data == before);  // every signature is back in its place
  for (size_t i = 0; i < records; i++) FUZZ_CHECK(world.net_words_[i * net_words + net_word::verdict] != net_verdicts::verify);
  const int32_t written = world.engine->tun_send(records);
  FUZZ_CHECK(written >= 0 && written <= static_cast<int32_t>(records));
  FUZZ_CHECK(world.engine->encap(records, taker.take(4)) == 0);
  check_bundle(taker, world);
  return 0;
}

std::vector<ByteVector> fuzz_seeds() {
  std::vector<ByteVector> seeds;
  for (uint64_t i = 0; i < 8; i++) seeds.push_back(Random{i}.bytes(1000));
  // Records of verdict `verify` with good bounds, and packets to send through slots 1 to 3.
  ByteVector likely;
  for (size_t i = 0; i < records; i++) {
    for (const int value : {5, 80, 1, 1, 0, 0, 1, 49, 36, 1, 0, 0}) likely.push_back(static_cast<uint8_t>(value + 1));
  }
  for (size_t i = 0; i < records; i++) {
    for (const int value : {0, 90, static_cast<int>(i % 3), 7, 1, 40, 16, static_cast<int>(1 + i % 3), 0, 0, 1, 0, 0, 0}) {
      likely.push_back(static_cast<uint8_t>(value + 1));
    }
  }
  seeds.push_back(likely);
  return seeds;
}
