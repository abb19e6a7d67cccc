// An interop server on gRPC's C++ library, for the cases that look at the compressed flag of messages.

#include <grpcpp/grpcpp.h>
#include <signal.h>

#include <iostream>
#include <memory>
#include <string>

#include "flags.h"
#include "grpc/testing/test.grpc.pb.h"
#include "message_flags.h"

using grpc::ServerContext;
using grpc::Status;
using namespace grpc::testing;

namespace {

// A request that claims another compression than it came with has its call fail. The suite asks this of a claim of
// `true` alone; a false claim of `false` is held to the same here.
template <typename Request>
Status CheckClaim(const ServerContext& context, const Request& request) {
  if (!request.has_expect_compressed()) return Status::OK;
  const bool came = LastMessageCameCompressed(context);
  if (came == request.expect_compressed().value()) return Status::OK;
  return {grpc::StatusCode::INVALID_ARGUMENT,
          came ? "the request came compressed" : "the request did not come compressed"};
}

class TestServer final : public TestService::Service {
  Status EmptyCall(ServerContext*, const Empty*, Empty*) override { return Status::OK; }

  Status UnaryCall(ServerContext* context, const SimpleRequest* request, SimpleResponse* response) override {
    const Status claim = CheckClaim(*context, *request);
    if (!claim.ok()) return claim;
    if (request->response_compressed().value()) context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    response->mutable_payload()->set_body(std::string(request->response_size(), '\0'));
    return Status::OK;
  }

  Status StreamingInputCall(ServerContext* context, grpc::ServerReader<StreamingInputCallRequest>* reader,
                            StreamingInputCallResponse* response) override {
    StreamingInputCallRequest request;
    size_t total = 0;
    while (reader->Read(&request)) {
      const Status claim = CheckClaim(*context, request);
      if (!claim.ok()) return claim;
      total += request.payload().body().size();
    }
    response->set_aggregated_payload_size(static_cast<int32_t>(total));
    return Status::OK;
  }

  Status StreamingOutputCall(ServerContext* context, const StreamingOutputCallRequest* request,
                             grpc::ServerWriter<StreamingOutputCallResponse>* writer) override {
    // The algorithm is the call's; each message may then stay out of it.
    context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    for (const ResponseParameters& wanted : request->response_parameters()) {
      StreamingOutputCallResponse response;
      response.mutable_payload()->set_body(std::string(wanted.size(), '\0'));
      grpc::WriteOptions options;
      if (!wanted.compressed().value()) options.set_no_compression();
      if (!writer->Write(response, options)) break;
    }
    return Status::OK;
  }
};

std::shared_ptr<grpc::ServerCredentials> Credentials(const Flags& flags) {
  if (!flags.Bool("use_tls")) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({flags.Contents("tls_key_file"), flags.Contents("tls_cert_file")});
  return grpc::SslServerCredentials(options);
}

}  // namespace

int main(int count, char** words) {
  const Flags flags(count, words);

  // Blocked before any thread starts, so that all threads leave these signals to the wait below.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  TestServer service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:" + flags.Text("port", "0"), Credentials(flags), &port);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server || port == 0) {
    std::cerr << "cannot listen" << std::endl;
    return 1;
  }
  std::cout << "listening " << port << std::endl;

  int received = 0;
  sigwait(&ends, &received);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
}
