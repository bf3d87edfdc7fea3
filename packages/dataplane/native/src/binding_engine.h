#pragma once
#include <node_api.h>

namespace tombolo {

// makeEngine(setup): an object with the six calls of AddonEngine.
napi_value make_engine(napi_env env, napi_callback_info info);

}  // namespace tombolo
