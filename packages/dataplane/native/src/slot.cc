#include "slot.h"

#include <sched.h>

#include <cerrno>
#include <cstring>

namespace tombolo {
namespace {

// The writer holds a slot for a few hundred nanoseconds, unless it loses the processor meanwhile: then give ours away.
constexpr int quick_attempts = 64, attempts = 256;

constexpr size_t copied_words = (slot_at::key + sizeof(Slot::key)) / 4;

// Word by word, because another thread may write meanwhile; the fences of a sequence lock's reader stand around it.
bool copy_once(const uint32_t* from, uint32_t* words) {
  const uint32_t before = __atomic_load_n(from, __ATOMIC_ACQUIRE);
  if (before & 1) return false;
  for (size_t i = 1; i < copied_words; i++) words[i] = __atomic_load_n(from + i, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  return __atomic_load_n(from, __ATOMIC_RELAXED) == before;
}

}  // namespace

int read_slot(const SlotTable& table, int32_t index, Slot& into) {
  if (index < 0 || static_cast<size_t>(index) >= table.count) return -ENOENT;
  const auto* from = reinterpret_cast<const uint32_t*>(table.slots + static_cast<size_t>(index) * slot_bytes);
  uint32_t words[copied_words];
  int attempt = 0;
  while (!copy_once(from, words)) {
    if (++attempt == attempts) return -EAGAIN;
    if (attempt > quick_attempts) sched_yield();
  }
  into.flags = words[slot_at::flags / 4];
  into.encapsulation = words[slot_at::encapsulation / 4];
  into.mtu_bytes = words[slot_at::mtu_bytes / 4];
  into.endpoint_ip = words[slot_at::endpoint_ip / 4];
  into.endpoint_port = words[slot_at::endpoint_port / 4];
  into.socket = words[slot_at::socket / 4];
  memcpy(into.local, words + slot_at::local / 4, sizeof into.local);
  memcpy(into.key, words + slot_at::key / 4, sizeof into.key);
  return into.flags & slot_flags::used ? 0 : -ENOENT;
}

}  // namespace tombolo
