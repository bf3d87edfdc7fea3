#include "receive.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "bytes.h"
#include "layout.h"

namespace tombolo {
namespace {

constexpr size_t alignment = 64;
// Errors that the kernel reports once and clears; more in a row mean that the socket itself is of no use.
constexpr int max_errors = 8;

struct Message {
  sockaddr_in source;
  iovec piece;
  alignas(cmsghdr) uint8_t control[128];
  msghdr head;

  Message(uint8_t* to, size_t room) : piece{to, room}, head{} {
    head.msg_name = &source;
    head.msg_namelen = sizeof source;
    head.msg_iov = &piece;
    head.msg_iovlen = 1;
    head.msg_control = control;
    head.msg_controllen = sizeof control;
  }
};

void read_control(msghdr& head, Bundle& bundle) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&head); part != nullptr; part = CMSG_NXTHDR(&head, part)) {
    if (part->cmsg_level == SOL_UDP && part->cmsg_type == UDP_GRO) {
      int each;
      memcpy(&each, CMSG_DATA(part), sizeof each);
      bundle.each_bytes = each > 0 ? static_cast<size_t>(each) : 0;
    } else if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_TOS) {
      bundle.tos = *CMSG_DATA(part);
    }
  }
}

// The number of bytes, -EAGAIN when the socket is empty, another -errno when this receive gave nothing.
ssize_t receive_one(const Socket& socket, const Shared& shared, Bundle& bundle) {
  Message message(shared.data + bundle.offset, receive_room);
  const ssize_t got = recvmsg(socket.fd, &message.head, MSG_DONTWAIT);
  if (got < 0) return errno == EWOULDBLOCK ? -EAGAIN : -errno;
  bundle.bytes = static_cast<size_t>(got);
  // Larger than any datagram can be: not a whole one, so nothing of it is worth having.
  if ((message.head.msg_flags & MSG_TRUNC) != 0 || bundle.bytes > receive_room) return -EMSGSIZE;
  if (socket.kind == SocketKind::proto41) return strip_ipv4(shared.data, bundle) ? got : -EBADMSG;
  bundle.source_ip = ntohl(message.source.sin_addr.s_addr);
  bundle.source_port = ntohs(message.source.sin_port);
  read_control(message.head, bundle);
  return got;
}

}  // namespace

size_t receive_all(const Socket& socket, size_t index, const Shared& shared) {
  const size_t needed = socket.kind == SocketKind::udp ? max_bundle : 1;
  size_t records = 0, offset = 0;
  int errors = 0;
  while (offset + receive_room <= shared.data_bytes && records + needed <= shared.records && errors < max_errors) {
    Bundle bundle{offset, 0, 0, 0, 0, -1, index};
    const ssize_t got = receive_one(socket, shared, bundle);
    if (got == -EAGAIN) break;
    if (got < 0) {
      errors++;
      continue;
    }
    errors = 0;
    records = record_bundle(shared, records, bundle);
    offset = (bundle.offset + bundle.bytes + alignment - 1) & ~(alignment - 1);
  }
  return records;
}

size_t record_bundle(const Shared& shared, size_t next, const Bundle& bundle) {
  const size_t each = bundle.each_bytes > 0 ? bundle.each_bytes : bundle.bytes;
  size_t done = 0;
  do {
    if (next == shared.records) break;
    const size_t rest = bundle.bytes - done;
    const size_t length = rest < each ? rest : each;
    int32_t* record = shared.words + next++ * net_words;
    record[net_word::offset] = static_cast<int32_t>(bundle.offset + done);
    record[net_word::length] = static_cast<int32_t>(length);
    record[net_word::source_ip] = static_cast<int32_t>(bundle.source_ip);
    record[net_word::source_port] = bundle.source_port;
    record[net_word::tos] = bundle.tos;
    record[net_word::socket] = static_cast<int32_t>(bundle.socket);
    record[net_word::verdict] = net_verdicts::drop;
    record[net_word::inner_offset] = 0;
    record[net_word::inner_length] = 0;
    record[net_word::slot] = -1;
    done += length;
  } while (done < bundle.bytes);
  return next;
}

bool strip_ipv4(const uint8_t* data, Bundle& bundle) {
  constexpr size_t minimum = 20, tos_at = 1, source_at = 12;
  if (bundle.bytes < minimum) return false;
  const uint8_t* header = data + bundle.offset;
  const size_t header_bytes = (header[0] & 0x0f) * size_t{4};
  if (header[0] >> 4 != 4 || header_bytes < minimum || header_bytes > bundle.bytes) return false;
  bundle.tos = header[tos_at];
  bundle.source_ip = load32(header + source_at);
  bundle.source_port = 0;
  bundle.offset += header_bytes;
  bundle.bytes -= header_bytes;
  return true;
}

}  // namespace tombolo
