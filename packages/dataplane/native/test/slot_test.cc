#include "../src/slot.h"

#include <cerrno>
#include <cstring>
#include <thread>

#include "check.h"

using namespace tombolo;

namespace {

struct Table {
  alignas(8) uint8_t bytes[3 * slot_bytes] = {};
  SlotTable table{bytes, 3};

  uint32_t& word(size_t slot, size_t at) { return *reinterpret_cast<uint32_t*>(bytes + slot * slot_bytes + at); }
};

}  // namespace

TEST("a slot is read field by field") {
  Table table;
  table.word(1, slot_at::sequence) = 4;
  table.word(1, slot_at::flags) = slot_flags::used | slot_flags::has_endpoint;
  table.word(1, slot_at::encapsulation) = encapsulations::udp;
  table.word(1, slot_at::mtu_bytes) = 1280;
  table.word(1, slot_at::endpoint_ip) = 0xc0000201;
  table.word(1, slot_at::endpoint_port) = 5072;
  table.word(1, slot_at::socket) = 2;
  memset(table.bytes + slot_bytes + slot_at::local, 0x11, 16);
  memset(table.bytes + slot_bytes + slot_at::key, 0x22, 20);
  Slot slot;
  CHECK_EQUAL(read_slot(table.table, 1, slot), 0);
  CHECK_EQUAL(slot.flags, slot_flags::used | slot_flags::has_endpoint);
  CHECK_EQUAL(slot.encapsulation, encapsulations::udp);
  CHECK_EQUAL(slot.mtu_bytes, 1280);
  CHECK_EQUAL(slot.endpoint_ip, 0xc0000201);
  CHECK_EQUAL(slot.endpoint_port, 5072);
  CHECK_EQUAL(slot.socket, 2);
  CHECK(to_hex(slot.local, 16) == to_hex(ByteVector(16, 0x11).data(), 16));
  CHECK(to_hex(slot.key, 20) == to_hex(ByteVector(20, 0x22).data(), 20));
}

TEST("an unused slot and an index outside the table are not found") {
  Table table;
  Slot slot;
  for (const int32_t index : {0, 2, 3, -1, INT32_MIN, INT32_MAX}) CHECK_EQUAL(read_slot(table.table, index, slot), -ENOENT);
}

TEST("a slot whose writer never comes out is given up") {
  Table table;
  table.word(0, slot_at::flags) = slot_flags::used;
  table.word(0, slot_at::sequence) = 7;
  Slot slot;
  CHECK_EQUAL(read_slot(table.table, 0, slot), -EAGAIN);
}

TEST("a reader never sees half of a change") {
  static Table table;
  table.word(0, slot_at::flags) = slot_flags::used;
  bool stop = false;
  std::thread writer([&stop] {
    for (uint32_t value = 1; !__atomic_load_n(&stop, __ATOMIC_RELAXED); value++) {
      uint32_t* words = &table.word(0, 0);
      __atomic_fetch_add(words, 1, __ATOMIC_SEQ_CST);
      for (size_t at = slot_at::local; at < slot_at::key + 20; at += 4) __atomic_store_n(words + at / 4, value, __ATOMIC_SEQ_CST);
      __atomic_fetch_add(words, 1, __ATOMIC_SEQ_CST);
      if (value % 16 == 0) std::this_thread::yield();
    }
  });
  size_t halves = 0, seen = 0;
  for (int i = 0; i < 100'000; i++) {
    Slot slot;
    if (read_slot(table.table, 0, slot) < 0) continue;
    seen++;
    uint32_t first, last;
    memcpy(&first, slot.local, 4);
    memcpy(&last, slot.key + 16, 4);
    if (first != last) halves++;
  }
  __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
  writer.join();
  CHECK_EQUAL(halves, 0);
  CHECK(seen > 0);
}
