// An interop client on gRPC's C++ library: runs one of the cases that look at the compressed flag of messages, and
// exits 0 if it held.

#include <grpcpp/grpcpp.h>

#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>

#include "flags.h"
#include "grpc/testing/test.grpc.pb.h"
#include "message_flags.h"

using grpc::ClientContext;
using grpc::Status;
using namespace grpc::testing;

namespace {

constexpr int kLargeRequest = 271828;
constexpr int kLargeResponse = 314159;

void Check(bool holds, const std::string& claim) {
  if (!holds) throw std::runtime_error(claim);
}

void CheckOk(const Status& status) {
  std::ostringstream text;
  text << "status is " << status.error_code() << ": " << status.error_message();
  Check(status.ok(), text.str());
}

void CheckRefused(const Status& status) {
  std::ostringstream text;
  text << "status is " << status.error_code() << ", not INVALID_ARGUMENT";
  Check(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT, text.str());
}

void CheckZeros(const Payload& payload, size_t size) {
  Check(payload.body() == std::string(size, '\0'), "payload is not " + std::to_string(size) + " zeros");
}

void CheckFlag(ClientContext& context, bool compressed) {
  Check(LastMessageCameCompressed(context) == compressed,
        compressed ? "the response did not come compressed" : "the response came compressed");
}

void Prepare(ClientContext& context, bool compressed) {
  // No case takes this long; it turns a hang into a failure.
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  if (compressed) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
}

SimpleRequest LargeRequest() {
  SimpleRequest request;
  request.set_response_size(kLargeResponse);
  request.mutable_payload()->set_body(std::string(kLargeRequest, '\0'));
  return request;
}

// A unary call whose request is sent `compressed` and says that it is `claimed`.
Status UnaryWithClaim(TestService::Stub& stub, bool compressed, bool claimed) {
  ClientContext context;
  Prepare(context, compressed);
  SimpleRequest request = LargeRequest();
  request.mutable_expect_compressed()->set_value(claimed);
  SimpleResponse response;
  const Status status = stub.UnaryCall(&context, request, &response);
  if (status.ok()) CheckZeros(response.payload(), kLargeResponse);
  return status;
}

void ClientCompressedUnary(TestService::Stub& stub, bool both_probes) {
  CheckRefused(UnaryWithClaim(stub, false, true));
  if (both_probes) CheckRefused(UnaryWithClaim(stub, true, false));
  CheckOk(UnaryWithClaim(stub, true, true));
  CheckOk(UnaryWithClaim(stub, false, false));
}

void ServerCompressedUnary(TestService::Stub& stub, bool) {
  for (const bool compressed : {true, false}) {
    ClientContext context;
    Prepare(context, false);
    SimpleRequest request = LargeRequest();
    request.mutable_response_compressed()->set_value(compressed);
    SimpleResponse response;
    CheckOk(stub.UnaryCall(&context, request, &response));
    CheckFlag(context, compressed);
    CheckZeros(response.payload(), kLargeResponse);
  }
}

struct Part {
  int size;
  bool compressed;
  bool claimed;
};

// A streaming call that sends `parts`; `total` gets the size the server adds up.
Status InputWithClaims(TestService::Stub& stub, std::initializer_list<Part> parts, int* total) {
  ClientContext context;
  Prepare(context, true);
  StreamingInputCallResponse response;
  const auto writer = stub.StreamingInputCall(&context, &response);
  for (const Part& part : parts) {
    StreamingInputCallRequest request;
    request.mutable_expect_compressed()->set_value(part.claimed);
    request.mutable_payload()->set_body(std::string(part.size, '\0'));
    grpc::WriteOptions options;
    if (!part.compressed) options.set_no_compression();
    // A write fails once the server has ended the call; its status says why.
    if (!writer->Write(request, options)) break;
  }
  writer->WritesDone();
  const Status status = writer->Finish();
  *total = response.aggregated_payload_size();
  return status;
}

void ClientCompressedStreaming(TestService::Stub& stub, bool both_probes) {
  int total = 0;
  CheckRefused(InputWithClaims(stub, {{27182, false, true}}, &total));
  if (both_probes) CheckRefused(InputWithClaims(stub, {{27182, true, true}, {45904, true, false}}, &total));
  CheckOk(InputWithClaims(stub, {{27182, true, true}, {45904, false, false}}, &total));
  Check(total == 73086, "aggregated size is " + std::to_string(total));
}

void ServerCompressedStreaming(TestService::Stub& stub, bool) {
  const Part parts[] = {{31415, true, true}, {92653, false, false}};
  StreamingOutputCallRequest request;
  for (const Part& part : parts) {
    ResponseParameters* wanted = request.add_response_parameters();
    wanted->set_size(part.size);
    wanted->mutable_compressed()->set_value(part.compressed);
  }
  ClientContext context;
  Prepare(context, false);
  const auto reader = stub.StreamingOutputCall(&context, request);
  StreamingOutputCallResponse response;
  for (const Part& part : parts) {
    Check(reader->Read(&response), "a response is missing");
    CheckFlag(context, part.compressed);
    CheckZeros(response.payload(), part.size);
  }
  Check(!reader->Read(&response), "there is a response too many");
  CheckOk(reader->Finish());
}

std::shared_ptr<grpc::Channel> Connect(const Flags& flags) {
  const std::string address = flags.Text("server_host", "127.0.0.1") + ":" + flags.Text("server_port");
  if (!flags.Bool("use_tls")) return grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  grpc::SslCredentialsOptions options;
  if (!flags.Text("ca_file").empty()) options.pem_root_certs = flags.Contents("ca_file");
  grpc::ChannelArguments arguments;
  const std::string name = flags.Text("server_host_override");
  if (!name.empty()) arguments.SetSslTargetNameOverride(name);
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(options), arguments);
}

}  // namespace

int main(int count, char** words) {
  const Flags flags(count, words);
  const std::map<std::string, std::function<void(TestService::Stub&, bool)>> cases = {
      {"client_compressed_unary", ClientCompressedUnary},
      {"server_compressed_unary", ServerCompressedUnary},
      {"client_compressed_streaming", ClientCompressedStreaming},
      {"server_compressed_streaming", ServerCompressedStreaming},
  };
  const std::string name = flags.Text("test_case");
  const auto found = cases.find(name);
  if (found == cases.end()) {
    std::cerr << "no such case: " << name << std::endl;
    return 2;
  }
  const auto stub = TestService::NewStub(Connect(flags));
  try {
    // Official servers need not refuse a false claim of `false`, hence the flag.
    found->second(*stub, flags.Bool("both_probes"));
  } catch (const std::exception& error) {
    std::cerr << name << " failed: " << error.what() << std::endl;
    return 1;
  }
  std::cout << name << " passed" << std::endl;
}
