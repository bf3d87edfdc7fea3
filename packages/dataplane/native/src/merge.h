// TCP segments of one flow merged into super-packets for the TUN device, so that a plain receiver could not tell.
#pragma once
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

#include "vnet.h"

namespace tombolo {

// Where merged packets go: writev on the TUN device, or a test's memory. Answers 0 or -errno.
struct PacketSink {
  virtual int write(const iovec* pieces, int count) = 0;

 protected:
  ~PacketSink() = default;
};

// A packet that may be merged: TCP over IPv6 without extension headers, flags ACK or ACK+PSH, payload, checksum right.
struct TcpSegment {
  uint8_t* packet;
  size_t header_bytes;  // IPv6 and TCP
  size_t payload_bytes;
  uint32_t sequence;
  bool push;
};

// What a packet's transport checksum may be when it is not right.
enum class Checksums {
  complete,
  // Off a raw socket. The kernel's own receive coalescing looks into protocol 41 and hands super-packets to the socket without
  // their virtio header, checksum unfinished; so do senders on this host that leave the checksum to a device.
  maybe_partial,
};

class Merger {
 public:
  explicit Merger(PacketSink& sink) : sink_(sink) {}

  // Takes one IPv6 packet; its header may be changed and its bytes must stay until flush().
  void push(uint8_t* packet, size_t bytes, Checksums checksums = Checksums::complete);
  // Writes what is still open. Waiting for the next batch would add latency and gain nothing.
  void flush();

  size_t written() const { return written_; }
  int first_error() const { return first_error_; }
  void reset_counts() { written_ = 0, first_error_ = 0; }

 private:
  static constexpr size_t max_groups = 8, max_pieces = 64;

  struct Group {
    TcpSegment first;  // the segment that opened it
    size_t payload_bytes = 0;
    uint32_t next_sequence = 0;
    uint32_t opened = 0;   // the larger, the younger
    int pieces = 0;        // 0: free
    bool push = false;
    iovec vector[max_pieces];
  };

  Group* find(const uint8_t* packet);
  Group& take_free();
  bool append(Group& group, const TcpSegment& segment);
  void open(const TcpSegment& segment);
  void close(Group& group);
  void write_alone(uint8_t* packet, size_t bytes);
  void write_partial(uint8_t* packet, size_t bytes);
  void count(int error, size_t packets);

  PacketSink& sink_;
  Group groups_[max_groups];
  uint32_t clock_ = 0;
  size_t written_ = 0;
  int first_error_ = 0;
};

}  // namespace tombolo
