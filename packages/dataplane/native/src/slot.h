// One tunnel as read from the shared table.
#pragma once
#include <cstddef>
#include <cstdint>

#include "layout.h"

namespace tombolo {

struct Slot {
  uint32_t flags, encapsulation, mtu_bytes, endpoint_ip, endpoint_port, socket;
  uint8_t local[16];
  uint8_t key[20];
};

struct SlotTable {
  const uint8_t* slots;
  size_t count;
};

// 0; -ENOENT for an index outside the table or an unused slot; -EAGAIN when the writer did not come out of the slot in time.
int read_slot(const SlotTable& table, int32_t index, Slot& into);

}  // namespace tombolo
