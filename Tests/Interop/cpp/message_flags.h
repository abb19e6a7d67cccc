#ifndef WIRE_INTEROP_MESSAGE_FLAGS_H
#define WIRE_INTEROP_MESSAGE_FLAGS_H

#include <grpcpp/client_context.h>
#include <grpcpp/server_context.h>

#include <cstdint>

// gRPC exports this for its own tests and declares it in no installed header. It gives the flags of the message
// that a call received last.
uint32_t grpc_call_test_only_get_message_flags(grpc_call* call);

// Of those flags, the one that says the message came with its compressed bit set.
constexpr uint32_t kCameCompressed = 0x40000000u;

namespace grpc::testing {

// ServerContext befriends a class of this name, so that interop servers can reach its call.
class InteropServerContextInspector {
 public:
  static grpc_call* Call(const ServerContext& context) {
    const ServerContextBase& base = context;
    return base.call_.call;
  }
};

}  // namespace grpc::testing

inline bool LastMessageCameCompressed(const grpc::ServerContext& context) {
  grpc_call* call = grpc::testing::InteropServerContextInspector::Call(context);
  return grpc_call_test_only_get_message_flags(call) & kCameCompressed;
}

inline bool LastMessageCameCompressed(grpc::ClientContext& context) {
  return grpc_call_test_only_get_message_flags(context.c_call()) & kCameCompressed;
}

#endif
