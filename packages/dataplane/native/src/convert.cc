#include "convert.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace tombolo {
namespace {

// Only those that the calls of this addon meet. strerrorname_np would tie a built addon to glibc 2.32.
struct ErrorName {
  int error;
  const char* name;
};
constexpr ErrorName error_names[] = {
    {EPERM, "EPERM"},
    {ENOENT, "ENOENT"},
    {EINTR, "EINTR"},
    {EIO, "EIO"},
    {ENXIO, "ENXIO"},
    {EBADF, "EBADF"},
    {EAGAIN, "EAGAIN"},
    {ENOMEM, "ENOMEM"},
    {EACCES, "EACCES"},
    {EFAULT, "EFAULT"},
    {EBUSY, "EBUSY"},
    {EEXIST, "EEXIST"},
    {ENODEV, "ENODEV"},
    {EINVAL, "EINVAL"},
    {ENFILE, "ENFILE"},
    {EMFILE, "EMFILE"},
    {ENAMETOOLONG, "ENAMETOOLONG"},
    {ENOPROTOOPT, "ENOPROTOOPT"},
    {EPROTONOSUPPORT, "EPROTONOSUPPORT"},
    {EOPNOTSUPP, "EOPNOTSUPP"},
    {EAFNOSUPPORT, "EAFNOSUPPORT"},
    {EADDRINUSE, "EADDRINUSE"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
    {ENETDOWN, "ENETDOWN"},
    {ENOBUFS, "ENOBUFS"},
    {EBADFD, "EBADFD"},
};

const char* name_of(int error) {
  for (const ErrorName& known : error_names) {
    if (known.error == error) return known.name;
  }
  return "EUNKNOWN";
}

bool expect(napi_env env, napi_status status, const char* what) {
  if (status == napi_ok) return true;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", what);
  return false;
}

bool to_view(napi_env env, napi_value from, napi_typedarray_type wanted, void** data, size_t* length, const char* what) {
  napi_typedarray_type type;
  napi_value buffer;
  size_t offset;
  bool is_view = false;
  napi_is_typedarray(env, from, &is_view);
  if (!is_view) return expect(env, napi_invalid_arg, what);
  if (!expect(env, napi_get_typedarray_info(env, from, &type, length, data, &buffer, &offset), what)) return false;
  return expect(env, type == wanted ? napi_ok : napi_invalid_arg, what);
}

}  // namespace

void throw_system(napi_env env, const char* syscall, int error) {
  char text[256];
  snprintf(text, sizeof text, "%s: %s, %s", name_of(error), strerror(error), syscall);
  napi_value thrown;
  if (napi_create_error(env, from_text(env, name_of(error)), from_text(env, text), &thrown) != napi_ok) return;
  set_property(env, thrown, "errno", from_int(env, -error));
  set_property(env, thrown, "syscall", from_text(env, syscall));
  napi_throw(env, thrown);
}

bool to_int(napi_env env, napi_value from, int32_t& into) {
  return expect(env, napi_get_value_int32(env, from, &into), "a number is expected");
}

bool to_uint(napi_env env, napi_value from, uint32_t& into) {
  return expect(env, napi_get_value_uint32(env, from, &into), "a number is expected");
}

bool to_bool(napi_env env, napi_value from, bool& into) {
  return expect(env, napi_get_value_bool(env, from, &into), "a boolean is expected");
}

bool to_text(napi_env env, napi_value from, char* into, size_t room) {
  size_t length;
  if (!expect(env, napi_get_value_string_utf8(env, from, nullptr, 0, &length), "a string is expected")) return false;
  if (length >= room) return expect(env, napi_invalid_arg, "the string is too long");
  return expect(env, napi_get_value_string_utf8(env, from, into, room, &length), "a string is expected");
}

bool to_bytes(napi_env env, napi_value from, Bytes& into) {
  void* data;
  if (!to_view(env, from, napi_uint8_array, &data, &into.bytes, "a Uint8Array is expected")) return false;
  into.data = static_cast<uint8_t*>(data);
  return true;
}

bool to_words(napi_env env, napi_value from, Words& into) {
  void* data;
  if (!to_view(env, from, napi_int32_array, &data, &into.count, "an Int32Array is expected")) return false;
  into.words = static_cast<int32_t*>(data);
  return true;
}

bool get_property(napi_env env, napi_value object, const char* name, napi_value& into) {
  return expect(env, napi_get_named_property(env, object, name, &into), "an object is expected");
}

bool get_int(napi_env env, napi_value object, const char* name, int32_t& into) {
  napi_value value;
  return get_property(env, object, name, value) && to_int(env, value, into);
}

napi_value from_int(napi_env env, int64_t value) {
  napi_value result = nullptr;
  napi_create_int64(env, value, &result);
  return result;
}

napi_value from_bool(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value from_text(napi_env env, const char* value) {
  napi_value result = nullptr;
  napi_create_string_utf8(env, value, NAPI_AUTO_LENGTH, &result);
  return result;
}

napi_value make_object(napi_env env) {
  napi_value result = nullptr;
  napi_create_object(env, &result);
  return result;
}

void set_property(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

void* arguments(napi_env env, napi_callback_info info, napi_value* into, size_t count) {
  void* data = nullptr;
  napi_get_cb_info(env, info, &count, into, nullptr, &data);
  return data;
}

}  // namespace tombolo
