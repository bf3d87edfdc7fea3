// One worker's data plane: the calls of src/native/addon.ts on memory shared with TypeScript. Nothing here knows of Node.
// Every index and length that TypeScript wrote is checked against the buffers before it is used.
#pragma once
#include <poll.h>

#include <cstddef>
#include <cstdint>

#include "merge.h"
#include "receive.h"
#include "send.h"
#include "slot.h"

namespace tombolo {

struct EngineSetup {
  int tun_fd;  // -1: none
  int wake_fd;
  Socket sockets[max_sockets];
  size_t socket_count;
  SlotTable table;
  Shared net;  // whole buffers; the engine leaves the craft parts alone
  Shared tun;
};

class Engine final : PacketSink, SendReport {
 public:
  explicit Engine(const EngineSetup& setup);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  int32_t poll(int32_t timeout_ms);
  int32_t net_receive(int32_t socket);
  void verify_ayiya(int32_t count);
  int32_t tun_send(int32_t count);
  int32_t tun_receive();
  int32_t encap(int32_t count, uint32_t epoch_sec);

 private:
  // The slot used last in a call: packets of one tunnel come in runs.
  struct SlotRun {
    int32_t index = -1;
    int error = 0;
    Slot slot;
  };

  int write(const iovec* pieces, int count) override;
  void sent(size_t record, size_t datagrams) override;
  void failed(size_t record, int error) override;

  const Slot* find_slot(SlotRun& run, int32_t index) const;
  int encap_one(size_t record, SlotRun& run, uint32_t epoch_sec);
  int target_of(const int32_t* words, const Slot& slot, Target& target) const;
  Checksums checksums_of(int32_t socket) const;
  ssize_t read_tun(size_t offset, int32_t* words);

  EngineSetup setup_;
  pollfd waits_[2 + max_sockets];
  int32_t sent_ = 0;
  Merger merger_;
  Sender sender_;
};

}  // namespace tombolo
