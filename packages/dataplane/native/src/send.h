// Datagrams gathered into as few sends as the kernel allows.
#pragma once
#include <cstddef>
#include <cstdint>

#include "sockets.h"

namespace tombolo {

inline constexpr size_t max_sockets = 28;  // as many bits as `ready` has left

struct Socket {
  int fd;
  SocketKind kind;
};

struct Target {
  uint32_t ip;
  uint16_t port;
  uint8_t socket;
  uint8_t tos;
  bool is_signed;  // AYIYA: the key stands in the signature's place; signing happens when the datagram is sent

  bool operator==(const Target&) const = default;
};

// Told what became of the datagrams that a record (an index of the caller's) gave.
struct SendReport {
  virtual void sent(size_t record, size_t datagrams) = 0;
  virtual void failed(size_t record, int error) = 0;

 protected:
  ~SendReport() = default;
};

class Sender {
 public:
  Sender(const Socket* sockets, SendReport& report);

  // Room for one datagram, to be filled before the next call; sent by flush(), or earlier when the next one does not follow on.
  // Null when it is longer than a datagram may be.
  uint8_t* place(const Target& target, size_t bytes, size_t record);
  void flush();

 private:
  // UDP_SEGMENT takes 64 segments (UDP_MAX_SEGMENTS of older kernels) and what fits one IPv4 packet.
  static constexpr size_t max_datagrams = 60, max_batch_bytes = 65'000, max_datagram_bytes = 65'507;
  // After EIO (a route whose device can't do it) this many batches leave one by one, then it is tried again.
  static constexpr uint32_t pause_batches = 1024;

  struct Run {
    size_t record, datagrams;
  };

  bool follows(const Target& target, size_t bytes) const;
  void sign();
  bool send_segmented();
  void send_singly();
  void report_all(int error);
  size_t bytes_of(size_t datagram) const { return datagram + 1 < count_ ? each_bytes_ : last_bytes_; }
  void note(size_t record);

  const Socket* sockets_;
  SendReport& report_;
  bool kernel_segments_;
  uint32_t paused_[max_sockets] = {};

  Target target_{};
  size_t count_ = 0, each_bytes_ = 0, last_bytes_ = 0, total_bytes_ = 0;
  size_t runs_ = 0;
  Run run_[max_datagrams];
  alignas(64) uint8_t buffer_[max_datagram_bytes];
};

}  // namespace tombolo
