#include "engine.h"

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

#include "ayiya.h"
#include "layout.h"
#include "split.h"
#include "vnet.h"

namespace tombolo {
namespace {

constexpr size_t alignment = 64;

size_t clamp(int32_t count, const Shared& shared) {
  if (count < 0) return 0;
  return static_cast<size_t>(count) < shared.records ? static_cast<size_t>(count) : shared.records;
}

bool inside(int32_t offset, int32_t length, const Shared& shared) {
  return offset >= 0 && length >= 0 && static_cast<size_t>(offset) + static_cast<size_t>(length) <= shared.data_bytes;
}

size_t less(size_t whole, size_t part) { return whole > part ? whole - part : 0; }

// What the addon may fill: all but the part that is the TypeScript engine's own.
Shared without_craft(const Shared& shared) {
  return {shared.data, less(shared.data_bytes, limits::craft_bytes), shared.words, less(shared.records, limits::craft_packets)};
}

int32_t segment_kind_of(const VnetHeader& header) {
  switch (header.gso_type & vnet::gso_kind_mask) {
    case vnet::gso_tcp6:
      return segment_kinds::tcp6;
    case vnet::gso_udp:
      return segment_kinds::udp6;
    default:  // IPv4 super-packets too: the engine drops what is not IPv6
      return segment_kinds::none;
  }
}

}  // namespace

Engine::Engine(const EngineSetup& setup) : setup_(setup), merger_(*this), sender_(setup_.sockets, *this) {
  waits_[0] = {setup.tun_fd, POLLIN, 0};  // poll(2) passes over negative descriptors
  waits_[1] = {setup.wake_fd, POLLIN, 0};
  for (size_t i = 0; i < setup.socket_count; i++) waits_[2 + i] = {setup.sockets[i].fd, POLLIN, 0};
}

int32_t Engine::poll(int32_t timeout_ms) {
  const int found = ::poll(waits_, 2 + setup_.socket_count, timeout_ms < 0 ? -1 : timeout_ms);
  if (found < 0) return errno == EINTR ? 0 : -errno;
  int32_t bits = 0;
  if (waits_[0].revents != 0) bits |= ready::tun;
  if (waits_[1].revents != 0) {
    bits |= ready::wake;
    uint64_t times;
    while (read(setup_.wake_fd, &times, sizeof times) < 0 && errno == EINTR) {
    }
  }
  for (size_t i = 0; i < setup_.socket_count; i++) {
    if (waits_[2 + i].revents != 0) bits |= ready::socket << i;
  }
  return bits;
}

int32_t Engine::net_receive(int32_t socket) {
  if (socket < 0 || static_cast<size_t>(socket) >= setup_.socket_count) return -EBADF;
  const auto index = static_cast<size_t>(socket);
  return static_cast<int32_t>(receive_all(setup_.sockets[index], index, without_craft(setup_.net)));
}

const Slot* Engine::find_slot(SlotRun& run, int32_t index) const {
  if (run.index != index || index < 0) {
    run.index = index;
    run.error = read_slot(setup_.table, index, run.slot);
  }
  return run.error == 0 ? &run.slot : nullptr;
}

void Engine::verify_ayiya(int32_t count) {
  const size_t records = clamp(count, setup_.net);
  SlotRun run;
  AyiyaChecks checks;
  int32_t* waiting[sha1_batch];
  const auto settle = [&] {
    bool right[sha1_batch];
    const size_t settled = checks.count();
    checks.settle(right);
    for (size_t i = 0; i < settled; i++) {
      waiting[i][net_word::verdict] = right[i] ? net_verdicts::accept : net_verdicts::bad_signature;
    }
  };
  for (size_t i = 0; i < records; i++) {
    int32_t* words = setup_.net.words + i * net_words;
    if (words[net_word::verdict] != net_verdicts::verify) continue;
    words[net_word::verdict] = net_verdicts::bad_signature;
    const int32_t offset = words[net_word::offset], length = words[net_word::length];
    const Slot* slot = find_slot(run, words[net_word::slot]);
    if (slot == nullptr || length < static_cast<int32_t>(ayiya::header_bytes) || !inside(offset, length, setup_.net)) continue;
    uint8_t* packet = setup_.net.data + offset;
    // Records that overlap (an error of the caller's) must not see each other's key: they do not fit either.
    if (!checks.fits(packet, static_cast<size_t>(length))) settle();
    waiting[checks.count()] = words;
    checks.add(packet, static_cast<size_t>(length), slot->key);
  }
  settle();
}

int32_t Engine::tun_send(int32_t count) {
  if (setup_.tun_fd < 0) return -EBADF;
  const size_t records = clamp(count, setup_.net);
  merger_.reset_counts();
  for (size_t i = 0; i < records; i++) {
    const int32_t* words = setup_.net.words + i * net_words;
    if (words[net_word::verdict] != net_verdicts::accept) continue;
    const int32_t offset = words[net_word::inner_offset], length = words[net_word::inner_length];
    if (length <= 0 || !inside(offset, length, setup_.net)) continue;
    merger_.push(setup_.net.data + offset, static_cast<size_t>(length), checksums_of(words[net_word::socket]));
  }
  merger_.flush();
  return merger_.written() == 0 && merger_.first_error() < 0 ? merger_.first_error() : static_cast<int32_t>(merger_.written());
}

Checksums Engine::checksums_of(int32_t socket) const {
  const bool is_raw = socket >= 0 && static_cast<size_t>(socket) < setup_.socket_count &&
                      setup_.sockets[socket].kind == SocketKind::proto41;
  return is_raw ? Checksums::maybe_partial : Checksums::complete;
}

int Engine::write(const iovec* pieces, int count) {
  ssize_t wrote;
  do {
    wrote = writev(setup_.tun_fd, pieces, count);
  } while (wrote < 0 && errno == EINTR);
  return wrote < 0 ? -errno : 0;
}

int32_t Engine::tun_receive() {
  if (setup_.tun_fd < 0) return -EBADF;
  const Shared room = without_craft(setup_.tun);
  size_t records = 0, offset = 0;
  while (records < room.records && offset + receive_room <= room.data_bytes) {
    const ssize_t got = read_tun(offset, room.words + records * tun_words);
    if (got == -EINTR) continue;
    if (got < 0) return records == 0 && got != -EAGAIN ? static_cast<int32_t>(got) : static_cast<int32_t>(records);
    records++;
    offset = (offset + static_cast<size_t>(got) + alignment - 1) & ~(alignment - 1);
  }
  return static_cast<int32_t>(records);
}

ssize_t Engine::read_tun(size_t offset, int32_t* words) {
  VnetHeader header{};
  const iovec pieces[2] = {{&header, sizeof header}, {setup_.tun.data + offset, receive_room}};
  const ssize_t got = readv(setup_.tun_fd, pieces, 2);
  if (got < 0) return -errno;
  // The kernel tells the packet's own length even when it did not fit; with this much room it does.
  const size_t length = less(static_cast<size_t>(got), sizeof header);
  words[tun_word::offset] = static_cast<int32_t>(offset);
  words[tun_word::length] = static_cast<int32_t>(length <= receive_room ? length : 0);
  words[tun_word::segment_kind] = segment_kind_of(header);
  words[tun_word::segment_bytes] = header.segment_bytes;
  words[tun_word::needs_checksum] = header.flags & vnet::needs_checksum;
  words[tun_word::checksum_start] = header.checksum_start;
  words[tun_word::checksum_offset] = header.checksum_offset;
  words[tun_word::slot] = -1;
  words[tun_word::override_ip] = 0;
  words[tun_word::override_port] = 0;
  words[tun_word::opcode] = 1;
  words[tun_word::tos] = 0;
  words[tun_word::result] = 0;
  return words[tun_word::length];
}

int32_t Engine::encap(int32_t count, uint32_t epoch_sec) {
  const size_t records = clamp(count, setup_.tun);
  SlotRun run;
  sent_ = 0;
  for (size_t i = 0; i < records; i++) {
    int32_t* words = setup_.tun.words + i * tun_words;
    words[tun_word::result] = 0;
    if (words[tun_word::slot] == -1) continue;
    const int error = encap_one(i, run, epoch_sec);
    if (error < 0) failed(i, error);
  }
  sender_.flush();
  return sent_;
}

int Engine::encap_one(size_t record, SlotRun& run, uint32_t epoch_sec) {
  const int32_t* words = setup_.tun.words + record * tun_words;
  if (!inside(words[tun_word::offset], words[tun_word::length], setup_.tun)) return -EINVAL;
  const Slot* slot = find_slot(run, words[tun_word::slot]);
  if (slot == nullptr) return run.error;
  Target target;
  if (const int error = target_of(words, *slot, target); error < 0) return error;
  Segments segments;
  // Negative words become sizes that no packet has.
  const SuperPacket packet{
      .bytes = setup_.tun.data + words[tun_word::offset],
      .length = static_cast<size_t>(words[tun_word::length]),
      .kind = words[tun_word::segment_kind],
      .segment_bytes = static_cast<uint32_t>(words[tun_word::segment_bytes]),
      .needs_checksum = words[tun_word::needs_checksum] != 0,
      .checksum_start = static_cast<uint32_t>(words[tun_word::checksum_start]),
      .checksum_offset = static_cast<uint32_t>(words[tun_word::checksum_offset]),
  };
  if (const int error = segments.open(packet); error < 0) return error;
  const size_t header_bytes = target.is_signed ? ayiya::header_bytes : 0;
  const AyiyaHeader header{static_cast<uint8_t>(words[tun_word::opcode]), packet.length > 0, epoch_sec, slot->local, slot->key};
  while (segments.more()) {
    uint8_t* to = sender_.place(target, header_bytes + segments.next_bytes(), record);
    if (to == nullptr) return -EMSGSIZE;
    if (target.is_signed) write_ayiya(to, header);
    segments.write_next(to + header_bytes);
  }
  return 0;
}

int Engine::target_of(const int32_t* words, const Slot& slot, Target& target) const {
  const bool is_raw = slot.encapsulation == encapsulations::proto41;
  if (!is_raw && slot.encapsulation != encapsulations::ayiya && slot.encapsulation != encapsulations::udp) return -EPROTONOSUPPORT;
  if (slot.socket >= setup_.socket_count) return -EBADF;
  if ((setup_.sockets[slot.socket].kind == SocketKind::proto41) != is_raw) return -EPROTOTYPE;
  const bool overridden = words[tun_word::override_ip] != 0;
  if (!overridden && !(slot.flags & slot_flags::has_endpoint)) return -EDESTADDRREQ;
  target.ip = overridden ? static_cast<uint32_t>(words[tun_word::override_ip]) : slot.endpoint_ip;
  const uint32_t port = overridden ? static_cast<uint32_t>(words[tun_word::override_port]) : slot.endpoint_port;
  target.port = is_raw ? 0 : static_cast<uint16_t>(port);
  target.socket = static_cast<uint8_t>(slot.socket);
  target.tos = static_cast<uint8_t>(words[tun_word::tos]);
  target.is_signed = slot.encapsulation == encapsulations::ayiya;
  return 0;
}

void Engine::sent(size_t record, size_t datagrams) {
  setup_.tun.words[record * tun_words + tun_word::result] += static_cast<int32_t>(datagrams);
  sent_ += static_cast<int32_t>(datagrams);
}

void Engine::failed(size_t record, int error) {
  int32_t& result = setup_.tun.words[record * tun_words + tun_word::result];
  if (result == 0) result = error;
}

}  // namespace tombolo
