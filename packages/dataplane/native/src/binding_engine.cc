#include "binding_engine.h"

#include <cstring>
#include <initializer_list>
#include <new>

#include "convert.h"
#include "engine.h"

namespace tombolo {
namespace {

// The five arrays of AddonEngineSetup, in this order.
enum View { slots, net_data, net_packets, tun_data, tun_packets, view_count };
constexpr const char* view_names[view_count] = {"slots", "netData", "netPackets", "tunData", "tunPackets"};

// The engine, the arrays it works on (held, so that their memory stays) and the functions that reach it.
struct Holder {
  Engine engine;
  napi_ref views[view_count] = {};
  const void* memory[view_count] = {};
  int functions = 0;  // the last one collected takes the holder along

  explicit Holder(const EngineSetup& setup) : engine(setup) {}
};

void release(napi_env env, void* data, void*) {
  auto* holder = static_cast<Holder*>(data);
  if (--holder->functions > 0) return;
  for (napi_ref view : holder->views) {
    if (view != nullptr) napi_delete_reference(env, view);
  }
  delete holder;
}

// A transferred ArrayBuffer has lost its memory to somebody else: an error in the caller, not a crash.
bool still_there(napi_env env, const Holder& holder, View data, View words) {
  for (const View view : {data, words}) {
    napi_value array;
    void* memory = nullptr;
    if (napi_get_reference_value(env, holder.views[view], &array) != napi_ok ||
        napi_get_typedarray_info(env, array, nullptr, nullptr, &memory, nullptr, nullptr) != napi_ok ||
        memory != holder.memory[view]) {
      napi_throw_error(env, "ERR_INVALID_STATE", "a buffer of the engine was transferred");
      return false;
    }
  }
  return true;
}

Holder* holder_of(napi_env env, napi_callback_info info, napi_value* arguments_, size_t count) {
  return static_cast<Holder*>(arguments(env, info, arguments_, count));
}

napi_value poll(napi_env env, napi_callback_info info) {
  napi_value argument;
  Holder* holder = holder_of(env, info, &argument, 1);
  int32_t timeout_ms;
  return to_int(env, argument, timeout_ms) ? from_int(env, holder->engine.poll(timeout_ms)) : nullptr;
}

napi_value net_receive(napi_env env, napi_callback_info info) {
  napi_value argument;
  Holder* holder = holder_of(env, info, &argument, 1);
  int32_t socket;
  if (!to_int(env, argument, socket) || !still_there(env, *holder, net_data, net_packets)) return nullptr;
  return from_int(env, holder->engine.net_receive(socket));
}

napi_value verify_ayiya(napi_env env, napi_callback_info info) {
  napi_value argument;
  Holder* holder = holder_of(env, info, &argument, 1);
  int32_t count;
  if (to_int(env, argument, count) && still_there(env, *holder, net_data, net_packets)) holder->engine.verify_ayiya(count);
  return nullptr;
}

napi_value tun_send(napi_env env, napi_callback_info info) {
  napi_value argument;
  Holder* holder = holder_of(env, info, &argument, 1);
  int32_t count;
  if (!to_int(env, argument, count) || !still_there(env, *holder, net_data, net_packets)) return nullptr;
  return from_int(env, holder->engine.tun_send(count));
}

napi_value tun_receive(napi_env env, napi_callback_info info) {
  Holder* holder = holder_of(env, info, nullptr, 0);
  if (!still_there(env, *holder, tun_data, tun_packets)) return nullptr;
  return from_int(env, holder->engine.tun_receive());
}

napi_value encap(napi_env env, napi_callback_info info) {
  napi_value argument[2];
  Holder* holder = holder_of(env, info, argument, 2);
  int32_t count;
  uint32_t epoch_sec;
  if (!to_int(env, argument[0], count) || !to_uint(env, argument[1], epoch_sec) ||
      !still_there(env, *holder, tun_data, tun_packets)) {
    return nullptr;
  }
  return from_int(env, holder->engine.encap(count, epoch_sec));
}

bool read_socket(napi_env env, napi_value list, uint32_t index, Socket& into) {
  napi_value item, kind;
  char name[16];
  if (napi_get_element(env, list, index, &item) != napi_ok || !get_int(env, item, "fd", into.fd) ||
      !get_property(env, item, "kind", kind) || !to_text(env, kind, name, sizeof name)) {
    return false;
  }
  if (strcmp(name, "udp") != 0 && strcmp(name, "proto41") != 0) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_VALUE", "a socket's kind is udp or proto41");
    return false;
  }
  into.kind = name[0] == 'u' ? SocketKind::udp : SocketKind::proto41;
  return true;
}

bool read_sockets(napi_env env, napi_value from, EngineSetup& setup) {
  napi_value list;
  uint32_t count = 0;
  if (!get_property(env, from, "sockets", list)) return false;
  if (napi_get_array_length(env, list, &count) != napi_ok || count > max_sockets) {
    napi_throw_range_error(env, "ERR_OUT_OF_RANGE", "sockets is an array of at most 28");
    return false;
  }
  setup.socket_count = count;
  for (uint32_t i = 0; i < count; i++) {
    if (!read_socket(env, list, i, setup.sockets[i])) return false;
  }
  return true;
}

bool read_shared(napi_env env, napi_value data, napi_value words, size_t words_each, Shared& into) {
  Bytes bytes;
  Words records;
  if (!to_bytes(env, data, bytes) || !to_words(env, words, records)) return false;
  // Offsets are 32-bit words.
  if (bytes.bytes == 0 || bytes.bytes > INT32_MAX || records.count < words_each) {
    napi_throw_range_error(env, "ERR_OUT_OF_RANGE", "a buffer of the engine has no use at this size");
    return false;
  }
  into = {bytes.data, bytes.bytes, records.words, records.count / words_each};
  return true;
}

bool read_table(napi_env env, napi_value from, SlotTable& into) {
  Bytes bytes;
  if (!to_bytes(env, from, bytes)) return false;
  if (reinterpret_cast<uintptr_t>(bytes.data) % 4 != 0) {
    napi_throw_range_error(env, "ERR_OUT_OF_RANGE", "slots must begin at a multiple of four bytes");
    return false;
  }
  into = {bytes.data, bytes.bytes / slot_bytes};
  return true;
}

bool read_setup(napi_env env, napi_value from, napi_value* views, EngineSetup& setup) {
  if (!get_int(env, from, "tunFd", setup.tun_fd) || !get_int(env, from, "wakeFd", setup.wake_fd)) return false;
  if (!read_sockets(env, from, setup)) return false;
  for (int i = 0; i < view_count; i++) {
    if (!get_property(env, from, view_names[i], views[i])) return false;
  }
  return read_table(env, views[slots], setup.table) &&
         read_shared(env, views[net_data], views[net_packets], net_words, setup.net) &&
         read_shared(env, views[tun_data], views[tun_packets], tun_words, setup.tun);
}

void add_call(napi_env env, napi_value object, const char* name, napi_callback call, Holder* holder) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, call, holder, &function) != napi_ok) return;
  if (napi_add_finalizer(env, function, holder, release, nullptr, nullptr) != napi_ok) return;
  holder->functions++;
  set_property(env, object, name, function);
}

}  // namespace

napi_value make_engine(napi_env env, napi_callback_info info) {
  napi_value argument;
  arguments(env, info, &argument, 1);
  EngineSetup setup{};
  napi_value views[view_count];
  if (!read_setup(env, argument, views, setup)) return nullptr;
  auto* holder = new (std::nothrow) Holder(setup);
  if (holder == nullptr) {
    napi_throw_error(env, "ENOMEM", "no memory for an engine");
    return nullptr;
  }
  const void* memory[view_count] = {setup.table.slots, setup.net.data, setup.net.words, setup.tun.data, setup.tun.words};
  for (int i = 0; i < view_count; i++) {
    napi_create_reference(env, views[i], 1, &holder->views[i]);
    holder->memory[i] = memory[i];
  }
  napi_value engine = make_object(env);
  add_call(env, engine, "poll", poll, holder);
  add_call(env, engine, "netReceive", net_receive, holder);
  add_call(env, engine, "verifyAyiya", verify_ayiya, holder);
  add_call(env, engine, "tunSend", tun_send, holder);
  add_call(env, engine, "tunReceive", tun_receive, holder);
  add_call(env, engine, "encap", encap, holder);
  return engine;
}

}  // namespace tombolo
