// server_cb PORT [CERT KEY]: gRPC C++ with its callback API.
#include <grpcpp/grpcpp.h>

#include <string>

#include "credentials.h"
#include "echo.grpc.pb.h"

class Stream : public grpc::ServerWriteReactor<echo::Echo> {
 public:
  explicit Stream(const echo::StreamReq* request) : left(request->count()) {
    reply.set_text(request->text());
    Next();
  }
  void OnWriteDone(bool ok) override {
    if (ok) Next(); else Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  void Next() {
    if (left-- == 0) Finish(grpc::Status::OK); else StartWrite(&reply);
  }
  echo::Echo reply;
  uint32_t left;
};

class Service : public echo::EchoService::CallbackService {
  grpc::ServerUnaryReactor* Say(grpc::CallbackServerContext* context, const echo::Echo* request,
                                echo::Echo* reply) override {
    reply->set_text(request->text());
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<echo::Echo>* Stream(grpc::CallbackServerContext*, const echo::StreamReq* request) override {
    return new ::Stream(request);
  }
};

int main(int argc, char** argv) {
  Service service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + (argc > 1 ? argv[1] : "9003"), Credentials(argc, argv));
  builder.RegisterService(&service);
  auto server = builder.BuildAndStart();
  if (!server) return 1;
  server->Wait();
}
