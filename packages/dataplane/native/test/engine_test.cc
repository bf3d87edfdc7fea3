// The whole engine without root: a socket pair stands in for the TUN device (it keeps packet borders as that does), and the
// datagrams travel over the loopback interface.
#include "../src/engine.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <algorithm>
#include <memory>

#include "../src/ayiya.h"
#include "../src/bytes.h"
#include "../src/layout.h"
#include "../src/packets.h"
#include "samples.h"

using namespace tombolo;

namespace {

constexpr uint32_t loopback = 0x7f000001;

struct End {
  int tun[2];  // the engine's side, the kernel's side
  int wake_fd = open_wake();
  uint16_t port = 0;
  int fd = open_udp(loopback, 0, false, port);
  ByteVector slots = ByteVector(2 * slot_bytes);
  ByteVector net_data = ByteVector(limits::net_data_bytes), tun_data = ByteVector(limits::tun_data_bytes);
  std::vector<int32_t> net_words_ = std::vector<int32_t>(limits::net_packets * net_words);
  std::vector<int32_t> tun_words_ = std::vector<int32_t>(limits::tun_packets * tun_words);
  std::unique_ptr<Engine> engine;

  End() {
    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, tun);
    const int room = 4 << 20;
    for (const int end : tun) setsockopt(end, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    EngineSetup setup{};
    setup.tun_fd = tun[0];
    setup.wake_fd = wake_fd;
    setup.sockets[0] = {fd, SocketKind::udp};
    setup.socket_count = 1;
    setup.table = {slots.data(), 2};
    setup.net = {net_data.data(), net_data.size(), net_words_.data(), limits::net_packets};
    setup.tun = {tun_data.data(), tun_data.size(), tun_words_.data(), limits::tun_packets};
    engine = std::make_unique<Engine>(setup);
  }
  ~End() {
    for (const int open : {tun[0], tun[1], wake_fd, fd}) close(open);
  }

  uint32_t& slot_word(size_t at, size_t slot = 0) { return *reinterpret_cast<uint32_t*>(&slots[slot * slot_bytes + at]); }
  int32_t& net(size_t record, size_t word) { return net_words_[record * net_words + word]; }
  int32_t& out(size_t record, size_t word) { return tun_words_[record * tun_words + word]; }

  void send_to(const End& peer, uint32_t encapsulation) {
    slot_word(slot_at::flags) = slot_flags::used | slot_flags::enabled | slot_flags::has_endpoint;
    slot_word(slot_at::encapsulation) = encapsulation;
    slot_word(slot_at::endpoint_ip) = loopback;
    slot_word(slot_at::endpoint_port) = peer.port;
    memset(&slots[slot_at::local], 0x33, 16);
    memset(&slots[slot_at::key], 0x44, 20);
  }

  // Puts one packet of the engine's own into record `at`.
  void craft(size_t at, const ByteVector& packet) {
    const size_t offset = at * 2048;
    std::copy(packet.begin(), packet.end(), tun_data.begin() + static_cast<long>(offset));
    for (size_t word = 0; word < tun_words; word++) out(at, word) = 0;
    out(at, tun_word::offset) = static_cast<int32_t>(offset);
    out(at, tun_word::length) = static_cast<int32_t>(packet.size());
    out(at, tun_word::opcode) = 1;
  }

  bool kernel_sends(const VnetHeader& vnet, const ByteVector& packet) {
    ByteVector whole(sizeof vnet);
    memcpy(whole.data(), &vnet, sizeof vnet);
    whole.insert(whole.end(), packet.begin(), packet.end());
    return send(tun[1], whole.data(), whole.size(), 0) == static_cast<ssize_t>(whole.size());
  }

  std::vector<WrittenPacket> kernel_gets() {
    std::vector<WrittenPacket> got;
    ByteVector room(70'000);
    ssize_t bytes;
    while ((bytes = recv(tun[1], room.data(), room.size(), 0)) > 0) {
      WrittenPacket packet{};
      memcpy(&packet.vnet, room.data(), sizeof packet.vnet);
      packet.bytes.assign(room.begin() + sizeof packet.vnet, room.begin() + bytes);
      got.push_back(packet);
    }
    return got;
  }

  // Receives what has come, with the verdict and inner bounds that the TypeScript engine would set.
  int32_t receive(size_t header_bytes, int32_t verdict) {
    engine->poll(1000);
    const int32_t count = engine->net_receive(0);
    for (int32_t i = 0; i < count; i++) {
      const auto at = static_cast<size_t>(i);
      net(at, net_word::slot) = 0;
      net(at, net_word::verdict) = verdict;
      net(at, net_word::inner_offset) = net(at, net_word::offset) + static_cast<int32_t>(header_bytes);
      net(at, net_word::inner_length) = net(at, net_word::length) - static_cast<int32_t>(header_bytes);
    }
    return count;
  }
};

TcpSample stream(size_t payload_bytes) {
  TcpSample sample;
  sample.payload = Random{payload_bytes}.bytes(payload_bytes);
  return sample;
}

// The datagrams that a plain socket gets, undone of any bundling.
std::vector<ByteVector> plain_datagrams(int fd) {
  const int off = 0;
  setsockopt(fd, SOL_UDP, UDP_GRO, &off, sizeof off);
  std::vector<ByteVector> got;
  ByteVector room(70'000);
  ssize_t bytes;
  while ((bytes = recv(fd, room.data(), room.size(), MSG_DONTWAIT)) >= 0) got.emplace_back(room.begin(), room.begin() + bytes);
  return got;
}

}  // namespace

TEST("a TCP super-packet crosses from kernel to kernel, signed, and arrives as super-packets again") {
  End a, b;
  a.send_to(b, encapsulations::ayiya);
  b.send_to(a, encapsulations::ayiya);
  const ByteVector whole = make_tcp(stream(60'000));
  CHECK(a.kernel_sends({1, vnet::gso_tcp6 | 0x80, 60, 1220, 40, 16}, whole));  // with the ECN bit, which says nothing here
  CHECK_EQUAL(a.engine->poll(1000), ready::tun);
  CHECK_EQUAL(a.engine->tun_receive(), 1);
  CHECK_EQUAL(a.out(0, tun_word::segment_kind), segment_kinds::tcp6);
  CHECK_EQUAL(a.out(0, tun_word::slot), -1);
  CHECK_EQUAL(a.engine->encap(1, 7), 0);  // no slot yet: dropped
  a.out(0, tun_word::slot) = 0;
  CHECK_EQUAL(a.engine->encap(1, 0x43b71b80), 50);
  CHECK_EQUAL(a.out(0, tun_word::result), 50);
  std::vector<ByteVector> segments;
  for (int32_t round = 0; round < 50 && segments.size() < 50; round++) {
    const int32_t count = b.receive(ayiya::header_bytes, net_verdicts::verify);
    CHECK(count > 0);
    b.engine->verify_ayiya(count);
    for (int32_t i = 0; i < count; i++) {
      const auto at = static_cast<size_t>(i);
      CHECK_EQUAL(b.net(at, net_word::verdict), net_verdicts::accept);
      CHECK_EQUAL(static_cast<uint32_t>(b.net(at, net_word::source_ip)), loopback);
      CHECK_EQUAL(b.net(at, net_word::source_port), a.port);
      const uint8_t* datagram = &b.net_data[static_cast<size_t>(b.net(at, net_word::offset))];
      CHECK(to_hex(datagram, 8) == "4152112943b71b80");
      CHECK(to_hex(datagram + 8, 16) == to_hex(ByteVector(16, 0x33).data(), 16));
    }
    CHECK_EQUAL(b.engine->tun_send(count), count);
    for (const WrittenPacket& packet : b.kernel_gets()) {
      for (const ByteVector& segment : cut(packet)) segments.push_back(segment);
    }
  }
  CHECK_EQUAL(segments.size(), 50);
  ByteVector joined;
  for (const ByteVector& segment : segments) {
    CHECK(is_sound(segment));
    joined.insert(joined.end(), segment.begin() + 60, segment.end());
  }
  CHECK(joined == stream(60'000).payload);
}

TEST("equal packets of several records leave in one send, each counted for its record") {
  End a, b;
  a.send_to(b, encapsulations::udp);
  for (size_t i = 0; i < 10; i++) a.craft(i, make_udp(ByteVector(i == 9 ? 50 : 100, static_cast<uint8_t>(i))));
  CHECK_EQUAL(a.engine->encap(10, 0), 10);
  for (size_t i = 0; i < 10; i++) CHECK_EQUAL(a.out(i, tun_word::result), 1);
  CHECK_EQUAL(b.receive(0, net_verdicts::accept), 10);
  for (size_t i = 0; i < 10; i++) {
    CHECK_EQUAL(b.net(i, net_word::length), i == 9 ? 98 : 148);
    CHECK_EQUAL(b.net_data[static_cast<size_t>(b.net(i, net_word::offset)) + 48], i);
  }
}

TEST("packets of any sizes and order arrive whole and in order") {
  End a, b;
  a.send_to(b, encapsulations::ayiya);
  b.send_to(a, encapsulations::ayiya);
  Random random{11};
  for (int round = 0; round < 20; round++) {
    std::vector<ByteVector> packets;
    for (size_t i = 0; i < 100; i++) {
      packets.push_back(make_udp(random.bytes(random.below(3) == 0 ? random.below(1400) : 300)));
      a.craft(i, packets.back());
    }
    CHECK_EQUAL(a.engine->encap(100, 0), 100);
    std::vector<ByteVector> got;
    while (got.size() < 100) {
      const int32_t count = b.receive(ayiya::header_bytes, net_verdicts::verify);
      CHECK(count > 0);
      b.engine->verify_ayiya(count);
      CHECK_EQUAL(b.engine->tun_send(count), count);
      for (const WrittenPacket& packet : b.kernel_gets()) got.push_back(packet.bytes);
    }
    CHECK(got == packets);
  }
}

TEST("a beat is 44 bytes with next header 59 and the opcode asked for") {
  End a, b;
  a.send_to(b, encapsulations::ayiya);
  a.craft(0, {});
  a.out(0, tun_word::opcode) = 0;
  CHECK_EQUAL(a.engine->encap(1, 0x43b71b80), 1);
  const auto got = plain_datagrams(b.fd);
  CHECK_EQUAL(got.size(), 1);
  CHECK_EQUAL(got[0].size(), 44);
  CHECK(to_hex(got[0].data(), 8) == "4152103b43b71b80");
}

TEST("an echo response carries its payload as it is, with next header 59: nobody shall deliver it") {
  End a, b;
  a.send_to(b, encapsulations::ayiya);
  const auto packet = make_udp({});
  a.craft(0, packet);
  a.out(0, tun_word::opcode) = 4;
  CHECK_EQUAL(a.engine->encap(1, 0x43b71b80), 1);
  const auto got = plain_datagrams(b.fd);
  CHECK_EQUAL(got.size(), 1);
  CHECK_EQUAL(got[0].size(), 44 + packet.size());
  CHECK(to_hex(got[0].data(), 8) == "4152143b43b71b80");
}

TEST("an override goes to the candidate and not to the slot's endpoint, and its port is its own") {
  End a, b, candidate;
  a.send_to(b, encapsulations::udp);
  a.craft(0, make_udp({1}));
  a.craft(1, make_udp({2}));
  a.out(1, tun_word::override_ip) = static_cast<int32_t>(loopback);
  a.out(1, tun_word::override_port) = candidate.port;
  CHECK_EQUAL(a.engine->encap(2, 0), 2);
  CHECK_EQUAL(plain_datagrams(b.fd).size(), 1);
  CHECK_EQUAL(plain_datagrams(candidate.fd).size(), 1);
}

TEST("the outer TOS byte is sent and received") {
  End a, b;
  a.send_to(b, encapsulations::udp);
  for (size_t i = 0; i < 4; i++) {
    a.craft(i, make_udp({1}));
    a.out(i, tun_word::tos) = i < 2 ? 3 : 0xb9;
  }
  CHECK_EQUAL(a.engine->encap(4, 0), 4);
  CHECK_EQUAL(b.receive(0, net_verdicts::accept), 4);
  for (size_t i = 0; i < 4; i++) CHECK_EQUAL(b.net(i, net_word::tos), i < 2 ? 3 : 0xb9);
}

TEST("a slot that can't be sent through gives its reason and stops nobody else") {
  End a, b;
  const auto result_with = [&](size_t at, uint32_t value) {
    a.send_to(b, encapsulations::ayiya);
    a.slot_word(slot_at::socket) = 0;
    a.slot_word(at) = value;
    a.craft(0, make_udp({1}));
    a.engine->encap(1, 0);
    return a.out(0, tun_word::result);
  };
  CHECK_EQUAL(result_with(slot_at::flags, slot_flags::has_endpoint), -ENOENT);
  CHECK_EQUAL(result_with(slot_at::flags, slot_flags::used), -EDESTADDRREQ);
  CHECK_EQUAL(result_with(slot_at::encapsulation, encapsulations::none), -EPROTONOSUPPORT);
  CHECK_EQUAL(result_with(slot_at::encapsulation, 77), -EPROTONOSUPPORT);
  CHECK_EQUAL(result_with(slot_at::encapsulation, encapsulations::proto41), -EPROTOTYPE);
  CHECK_EQUAL(result_with(slot_at::socket, 1), -EBADF);
  CHECK_EQUAL(result_with(slot_at::socket, UINT32_MAX), -EBADF);
  CHECK_EQUAL(result_with(slot_at::sequence, 1), -EAGAIN);
  CHECK_EQUAL(result_with(slot_at::sequence, 2), 1);
  CHECK_EQUAL(result_with(slot_at::endpoint_port, 0), -EINVAL);  // the kernel's answer
  a.send_to(b, encapsulations::ayiya);
  a.craft(0, make_udp({1}));
  a.craft(1, make_udp({2}));
  a.out(0, tun_word::slot) = 1;  // unused
  CHECK_EQUAL(a.engine->encap(2, 0), 1);
  CHECK_EQUAL(a.out(0, tun_word::result), -ENOENT);
  CHECK_EQUAL(a.out(1, tun_word::result), 1);
}

TEST("a packet too long for a datagram is refused with EMSGSIZE") {
  End a, b;
  a.send_to(b, encapsulations::ayiya);
  a.craft(0, {});
  a.out(0, tun_word::length) = 65'507 - 43;
  CHECK_EQUAL(a.engine->encap(1, 0), 0);
  CHECK_EQUAL(a.out(0, tun_word::result), -EMSGSIZE);
  a.out(0, tun_word::length) = 65'507 - 44;
  CHECK_EQUAL(a.engine->encap(1, 0), 1);
}

TEST("a packet with a wrong signature, a cut one and one of an unknown slot are told apart from good ones") {
  End a, b;
  a.send_to(b, encapsulations::ayiya);
  b.send_to(a, encapsulations::ayiya);
  for (size_t i = 0; i < 6; i++) a.craft(i, make_udp(ByteVector(100)));
  CHECK_EQUAL(a.engine->encap(6, 0), 6);
  CHECK_EQUAL(b.receive(ayiya::header_bytes, net_verdicts::verify), 6);
  b.net_data[static_cast<size_t>(b.net(1, net_word::offset)) + 100] ^= 1;
  b.net(2, net_word::length) = 43;
  b.net(3, net_word::slot) = 1;
  b.net(4, net_word::verdict) = net_verdicts::drop;
  b.engine->verify_ayiya(6);
  const int32_t expected[] = {net_verdicts::accept,        net_verdicts::bad_signature, net_verdicts::bad_signature,
                              net_verdicts::bad_signature, net_verdicts::drop,          net_verdicts::accept};
  for (size_t i = 0; i < 6; i++) CHECK_EQUAL(b.net(i, net_word::verdict), expected[i]);
  CHECK_EQUAL(b.engine->tun_send(6), 2);
}

TEST("no index or length that TypeScript could write reaches past a buffer") {
  End a, b;
  a.send_to(b, encapsulations::udp);
  b.send_to(a, encapsulations::ayiya);
  const int32_t odd[] = {INT32_MIN, -65'536, -1, 0, 1, 43, 44, 65'535, 524'287, 524'288, 524'289, INT32_MAX};
  for (const int32_t offset : odd) {
    for (const int32_t length : odd) {
      a.craft(0, {});
      a.out(0, tun_word::offset) = offset;
      a.out(0, tun_word::length) = length;
      const bool fits = offset >= 0 && length >= 0 && int64_t{offset} + length <= 524'288;
      a.engine->encap(1, 0);
      if (!fits) CHECK_EQUAL(a.out(0, tun_word::result), -EINVAL);
      b.net(0, net_word::verdict) = net_verdicts::verify;
      b.net(0, net_word::offset) = offset;
      b.net(0, net_word::length) = length;
      b.engine->verify_ayiya(1);
      CHECK_EQUAL(b.net(0, net_word::verdict), net_verdicts::bad_signature);
      b.net(0, net_word::verdict) = net_verdicts::accept;
      b.net(0, net_word::inner_offset) = offset;
      b.net(0, net_word::inner_length) = length;
      const int32_t written = b.engine->tun_send(1);
      if (!fits) CHECK_EQUAL(written, 0);
      b.kernel_gets();
    }
  }
  for (const int32_t count : {INT32_MIN, -1, 257, INT32_MAX}) {  // more than there are records
    for (size_t i = 0; i < limits::tun_packets; i++) a.out(i, tun_word::slot) = -1;
    CHECK_EQUAL(a.engine->encap(count, 0), 0);
    b.engine->verify_ayiya(count);
    b.engine->tun_send(count);
  }
  for (const int32_t socket : {-1, 1, 28, INT32_MAX}) CHECK_EQUAL(a.engine->net_receive(socket), -EBADF);
}

TEST("receiving stops before the craft parts of the buffers") {
  End a, b;
  for (int i = 0; i < 300; i++) a.kernel_sends({}, make_udp(ByteVector(10)));
  const int32_t count = a.engine->tun_receive();
  CHECK(count > 100 && count <= static_cast<int32_t>(limits::tun_packets - limits::craft_packets));
  while (a.engine->tun_receive() > 0) {
  }
  for (int i = 0; i < 40; i++) a.kernel_sends({}, ByteVector(60'000));
  const int32_t large = a.engine->tun_receive();
  CHECK(large > 1);
  const auto last = static_cast<size_t>(large - 1);
  CHECK(static_cast<size_t>(a.out(last, tun_word::offset) + a.out(last, tun_word::length)) <=
        limits::tun_data_bytes - limits::craft_bytes);
  b.send_to(a, encapsulations::udp);
  size_t sent = 0;
  for (int round = 0; round < 4; round++) {
    for (size_t i = 0; i < 100; i++) b.craft(i, make_udp(ByteVector(100)));
    sent += static_cast<size_t>(b.engine->encap(100, 0));
  }
  size_t received = 0;
  while (received < sent) {
    const int32_t part = a.receive(0, net_verdicts::drop);
    CHECK(part > 0 && part <= static_cast<int32_t>(limits::net_packets - limits::craft_packets));
    received += static_cast<size_t>(part);
  }
  CHECK_EQUAL(received, sent);
}

TEST("poll tells TUN, sockets and wake-ups apart, and drains the wake-up") {
  End a, b;
  CHECK_EQUAL(a.engine->poll(0), 0);
  wake(a.wake_fd);
  wake(a.wake_fd);
  CHECK_EQUAL(a.engine->poll(1000), ready::wake);
  CHECK_EQUAL(a.engine->poll(0), 0);
  a.kernel_sends({}, {1});
  b.send_to(a, encapsulations::udp);
  b.craft(0, make_udp({1}));
  b.engine->encap(1, 0);
  CHECK_EQUAL(a.engine->poll(1000), ready::tun | ready::socket);
}

TEST("an engine without a TUN device says so") {
  EngineSetup setup{};
  setup.tun_fd = -1;
  setup.wake_fd = -1;
  const auto engine = std::make_unique<Engine>(setup);
  CHECK_EQUAL(engine->tun_send(1), -EBADF);
  CHECK_EQUAL(engine->tun_receive(), -EBADF);
  CHECK_EQUAL(engine->poll(0), 0);
}
