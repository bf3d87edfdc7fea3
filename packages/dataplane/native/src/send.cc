#include "send.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "ayiya.h"

namespace tombolo {
namespace {

// A message's control part: at most the TOS byte and the segment size.
struct Control {
  alignas(cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint16_t))];
  size_t used = 0;

  template <typename Value>
  void add(int level, int type, Value value) {
    auto* head = reinterpret_cast<cmsghdr*>(bytes + used);
    memset(head, 0, CMSG_SPACE(sizeof value));
    head->cmsg_level = level;
    head->cmsg_type = type;
    head->cmsg_len = CMSG_LEN(sizeof value);
    memcpy(CMSG_DATA(head), &value, sizeof value);
    used += CMSG_SPACE(sizeof value);
  }

  void attach(msghdr& message) {
    message.msg_control = used > 0 ? bytes : nullptr;
    message.msg_controllen = used;
  }
};

sockaddr_in address_of(const Target& target) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(target.ip);
  address.sin_port = htons(target.port);
  return address;
}

// The kernel's way to say that this route, this size or this device goes without segmentation.
bool is_refusal(int error) { return error == EINVAL || error == EMSGSIZE || error == EIO || error == EOPNOTSUPP; }

// No room now; the datagrams behind would find none either.
bool is_full(int error) { return error == EAGAIN || error == ENOBUFS || error == ENOMEM; }

}  // namespace

Sender::Sender(const Socket* sockets, SendReport& report)
    : sockets_(sockets), report_(report), kernel_segments_(has_udp_segment()) {}

uint8_t* Sender::place(const Target& target, size_t bytes, size_t record) {
  if (bytes > max_datagram_bytes) return nullptr;
  if (!follows(target, bytes)) flush();
  if (count_ == 0) {
    target_ = target;
    each_bytes_ = bytes;
  }
  uint8_t* to = buffer_ + total_bytes_;
  last_bytes_ = bytes;
  total_bytes_ += bytes;
  count_++;
  note(record);
  return to;
}

bool Sender::follows(const Target& target, size_t bytes) const {
  return count_ > 0 && count_ < max_datagrams && target == target_ && last_bytes_ == each_bytes_ && bytes > 0 &&
         bytes <= each_bytes_ && total_bytes_ + bytes <= max_batch_bytes;
}

void Sender::note(size_t record) {
  if (runs_ > 0 && run_[runs_ - 1].record == record) {
    run_[runs_ - 1].datagrams++;
  } else {
    run_[runs_++] = {record, 1};
  }
}

void Sender::flush() {
  if (count_ == 0) return;
  if (target_.is_signed) sign();
  uint32_t& paused = paused_[target_.socket];
  const bool can_segment = count_ > 1 && kernel_segments_ && sockets_[target_.socket].kind == SocketKind::udp;
  if (can_segment && paused > 0) paused--;
  if (!can_segment || paused > 0 || !send_segmented()) send_singly();
  count_ = runs_ = total_bytes_ = 0;
}

void Sender::sign() {
  const size_t equal = last_bytes_ == each_bytes_ ? count_ : count_ - 1;
  sign_ayiya(buffer_, equal, each_bytes_);
  if (equal < count_) sign_ayiya(buffer_ + equal * each_bytes_, 1, last_bytes_);
}

// False when the kernel refuses to segment here; everything else is settled.
bool Sender::send_segmented() {
  sockaddr_in address = address_of(target_);
  iovec piece{buffer_, total_bytes_};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  Control control;
  control.add(SOL_UDP, UDP_SEGMENT, static_cast<uint16_t>(each_bytes_));
  if (target_.tos != 0) control.add(IPPROTO_IP, IP_TOS, static_cast<int>(target_.tos));
  control.attach(message);
  ssize_t sent;
  do {
    sent = sendmsg(sockets_[target_.socket].fd, &message, MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && is_refusal(errno)) {
    if (errno == EIO) paused_[target_.socket] = pause_batches;
    return false;
  }
  report_all(sent < 0 ? -errno : 0);
  return true;
}

void Sender::report_all(int error) {
  for (size_t i = 0; i < runs_; i++) {
    if (error < 0) {
      report_.failed(run_[i].record, error);
    } else {
      report_.sent(run_[i].record, run_[i].datagrams);
    }
  }
}

void Sender::send_singly() {
  sockaddr_in address = address_of(target_);
  Control control;
  if (target_.tos != 0) control.add(IPPROTO_IP, IP_TOS, static_cast<int>(target_.tos));
  mmsghdr messages[max_datagrams];
  iovec pieces[max_datagrams];
  size_t record_of[max_datagrams];
  size_t filled = 0;
  for (size_t run = 0; run < runs_; run++) {
    for (size_t i = 0; i < run_[run].datagrams; i++) record_of[filled++] = run_[run].record;
  }
  for (size_t i = 0; i < count_; i++) {
    pieces[i] = {buffer_ + i * each_bytes_, bytes_of(i)};
    messages[i] = {};
    msghdr& message = messages[i].msg_hdr;
    message.msg_name = &address;
    message.msg_namelen = sizeof address;
    message.msg_iov = &pieces[i];
    message.msg_iovlen = 1;
    control.attach(message);
  }
  // sendmmsg stops at the first failure and tells which one it was by failing on it alone.
  for (size_t i = 0; i < count_;) {
    const int sent = sendmmsg(sockets_[target_.socket].fd, messages + i, static_cast<unsigned>(count_ - i), MSG_DONTWAIT);
    if (sent > 0) {
      for (const size_t end = i + static_cast<size_t>(sent); i < end; i++) report_.sent(record_of[i], 1);
      continue;
    }
    const int error = errno;
    if (error == EINTR) continue;
    do {
      report_.failed(record_of[i++], -error);
    } while (is_full(error) && i < count_);
  }
}

}  // namespace tombolo
