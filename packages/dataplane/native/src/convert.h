// JavaScript values to C++ and back, on plain Node-API. A failed conversion leaves an exception pending and answers false.
#pragma once
#include <node_api.h>

#include <cstddef>
#include <cstdint>

namespace tombolo {

// A kernel's error thrown as Error with `code` ("EPERM"), `errno` and `syscall`, as Node's own are.
void throw_system(napi_env env, const char* syscall, int error);

bool to_int(napi_env env, napi_value from, int32_t& into);
bool to_uint(napi_env env, napi_value from, uint32_t& into);
bool to_bool(napi_env env, napi_value from, bool& into);
// The length counts the terminator; longer text is an error, not cut.
bool to_text(napi_env env, napi_value from, char* into, size_t room);

struct Bytes {
  uint8_t* data;
  size_t bytes;
};
// Uint8Array over ArrayBuffer or SharedArrayBuffer.
bool to_bytes(napi_env env, napi_value from, Bytes& into);

struct Words {
  int32_t* words;
  size_t count;
};
bool to_words(napi_env env, napi_value from, Words& into);

bool get_property(napi_env env, napi_value object, const char* name, napi_value& into);
bool get_int(napi_env env, napi_value object, const char* name, int32_t& into);

napi_value from_int(napi_env env, int64_t value);
napi_value from_bool(napi_env env, bool value);
napi_value from_text(napi_env env, const char* value);
napi_value make_object(napi_env env);
void set_property(napi_env env, napi_value object, const char* name, napi_value value);

// The first `count` arguments of a call; missing ones are undefined. Answers the function's data.
void* arguments(napi_env env, napi_callback_info info, napi_value* into, size_t count);

}  // namespace tombolo
