// The door to Node-API: converts arguments and answers, nothing else. The contract is src/native/addon.ts.
#include <node_api.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "binding_engine.h"
#include "convert.h"
#include "layout.h"
#include "probe.h"
#include "sha1.h"
#include "sockets.h"
#include "tun.h"

namespace tombolo {
namespace {

napi_value probe(napi_env env, napi_callback_info) {
  static const Capabilities found = tombolo::probe();
  napi_value answer = make_object(env);
  set_property(env, answer, "shaNi", from_bool(env, found.sha_ni));
  set_property(env, answer, "udpSegment", from_bool(env, found.udp_segment));
  set_property(env, answer, "udpGro", from_bool(env, found.udp_gro));
  set_property(env, answer, "tunUdpSegments", from_bool(env, found.tun_udp_segments));
  return answer;
}

napi_value sha1(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  arguments(env, info, argument, 2);
  Bytes bytes;
  char how[16];
  if (!to_bytes(env, argument[0], bytes) || !to_text(env, argument[1], how, sizeof how)) return nullptr;
  auto* hash = static_cast<void (*)(const uint8_t*, size_t, uint8_t*)>(tombolo::sha1);
  if (strcmp(how, "portable") == 0) hash = sha1_portable;
  if (strcmp(how, "sha-ni") == 0) {
    if (!sha1_has_ni()) {
      napi_throw_error(env, "ENOSYS", "this processor has no SHA instructions");
      return nullptr;
    }
    hash = sha1_ni;
  }
  napi_value buffer, digest;
  void* data;
  if (napi_create_arraybuffer(env, sha1_bytes, &data, &buffer) != napi_ok) return nullptr;
  hash(bytes.data, bytes.bytes, static_cast<uint8_t*>(data));
  return napi_create_typedarray(env, napi_uint8_array, sha1_bytes, buffer, 0, &digest) == napi_ok ? digest : nullptr;
}

napi_value layout(napi_env env, napi_callback_info) {
  napi_value answer = make_object(env);
  for (const LayoutNumber& number : layout_numbers) set_property(env, answer, number.name, from_int(env, number.value));
  return answer;
}

napi_value open_tun(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  arguments(env, info, argument, 2);
  char name[IFNAMSIZ];
  bool multi_queue;
  if (!to_text(env, argument[0], name, sizeof name) || !to_bool(env, argument[1], multi_queue)) return nullptr;
  TunDevice device;
  if (const int error = tombolo::open_tun(name, multi_queue, device); error < 0) {
    throw_system(env, "openTun", -error);
    return nullptr;
  }
  napi_value answer = make_object(env);
  set_property(env, answer, "fd", from_int(env, device.fd));
  set_property(env, answer, "name", from_text(env, device.name));
  set_property(env, answer, "udpSegments", from_bool(env, device.udp_segments));
  return answer;
}

// {fd}, or the error thrown.
napi_value descriptor(napi_env env, int fd, const char* syscall) {
  if (fd < 0) {
    throw_system(env, syscall, -fd);
    return nullptr;
  }
  napi_value answer = make_object(env);
  set_property(env, answer, "fd", from_int(env, fd));
  return answer;
}

napi_value open_udp(napi_env env, napi_callback_info info) {
  napi_value argument[3];
  arguments(env, info, argument, 3);
  uint32_t ip, port;
  bool reuse_port;
  if (!to_uint(env, argument[0], ip) || !to_uint(env, argument[1], port) || !to_bool(env, argument[2], reuse_port)) {
    return nullptr;
  }
  uint16_t bound_port = 0;
  const int fd = port > 0xffff ? -EINVAL : tombolo::open_udp(ip, static_cast<uint16_t>(port), reuse_port, bound_port);
  napi_value answer = descriptor(env, fd, "openUdp");
  if (answer != nullptr) set_property(env, answer, "port", from_int(env, bound_port));
  return answer;
}

napi_value open_proto41(napi_env env, napi_callback_info info) {
  napi_value argument[3];
  arguments(env, info, argument, 3);
  uint32_t ip, index, count;
  if (!to_uint(env, argument[0], ip) || !to_uint(env, argument[1], index) || !to_uint(env, argument[2], count)) return nullptr;
  return descriptor(env, tombolo::open_proto41(ip, index, count), "openProto41");
}

napi_value open_icmp_errors(napi_env env, napi_callback_info info) {
  napi_value argument;
  arguments(env, info, &argument, 1);
  uint32_t ip;
  if (!to_uint(env, argument, ip)) return nullptr;
  return descriptor(env, tombolo::open_icmp_errors(ip), "openIcmpErrors");
}

napi_value open_wake(napi_env env, napi_callback_info) { return descriptor(env, tombolo::open_wake(), "openWake"); }

napi_value wake(napi_env env, napi_callback_info info) {
  napi_value argument;
  arguments(env, info, &argument, 1);
  int32_t fd;
  if (!to_int(env, argument, fd)) return nullptr;
  if (const int error = tombolo::wake(fd); error < 0) throw_system(env, "wake", -error);
  return nullptr;
}

napi_value close_fd(napi_env env, napi_callback_info info) {
  napi_value argument;
  arguments(env, info, &argument, 1);
  int32_t fd;
  if (!to_int(env, argument, fd)) return nullptr;
  if (close(fd) < 0) throw_system(env, "close", errno);
  return nullptr;
}

struct Export {
  const char* name;
  napi_callback call;
};
constexpr Export exported[] = {
    {"probe", probe},     {"sha1", sha1},          {"layout", layout},     {"openTun", open_tun},
    {"openUdp", open_udp}, {"openProto41", open_proto41}, {"openWake", open_wake}, {"wake", wake},
    {"openIcmpErrors", open_icmp_errors}, {"close", close_fd},  {"makeEngine", make_engine},
};

}  // namespace
}  // namespace tombolo

// Loaded once per worker thread; holds no state but what was asked of the processor and the kernel.
NAPI_MODULE_INIT() {
  for (const auto& [name, call] : tombolo::exported) {
    napi_value function;
    if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function) != napi_ok) return nullptr;
    tombolo::set_property(env, exports, name, function);
  }
  return exports;
}
