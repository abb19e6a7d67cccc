// server_async PORT [CERT KEY]: gRPC C++ with one completion queue and one thread that polls it.
#include <grpcpp/grpcpp.h>

#include <string>

#include "credentials.h"
#include "echo.grpc.pb.h"

static echo::EchoService::AsyncService service;
static grpc::ServerCompletionQueue* queue;

struct Tag {
  virtual void Proceed(bool ok) = 0;
  virtual ~Tag() {}
};

struct SayCall : Tag {
  grpc::ServerContext context;
  echo::Echo request, reply;
  grpc::ServerAsyncResponseWriter<echo::Echo> writer{&context};
  bool done = false;
  SayCall() { service.RequestSay(&context, &request, &writer, queue, queue, this); }
  void Proceed(bool ok) override {
    if (done || !ok) { delete this; return; }
    new SayCall();
    done = true;
    reply.set_text(request.text());
    writer.Finish(reply, grpc::Status::OK, this);
  }
};

struct StreamCall : Tag {
  grpc::ServerContext context;
  echo::StreamReq request;
  echo::Echo reply;
  grpc::ServerAsyncWriter<echo::Echo> writer{&context};
  enum { waiting, writing, finished } state = waiting;
  uint32_t left = 0;
  StreamCall() { service.RequestStream(&context, &request, &writer, queue, queue, this); }
  void Proceed(bool ok) override {
    if (!ok || state == finished) { delete this; return; }
    if (state == waiting) {
      new StreamCall();
      state = writing;
      left = request.count();
      reply.set_text(request.text());
    }
    if (left == 0) {
      state = finished;
      writer.Finish(grpc::Status::OK, this);
      return;
    }
    --left;
    writer.Write(reply, this);
  }
};

int main(int argc, char** argv) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(std::string("127.0.0.1:") + (argc > 1 ? argv[1] : "9002"), Credentials(argc, argv));
  builder.RegisterService(&service);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1000);
  auto owned = builder.AddCompletionQueue();
  queue = owned.get();
  auto server = builder.BuildAndStart();
  if (!server) return 1;
  for (int i = 0; i < 256; i++) new SayCall();
  for (int i = 0; i < 16; i++) new StreamCall();
  void* tag;
  bool ok;
  while (queue->Next(&tag, &ok)) static_cast<Tag*>(tag)->Proceed(ok);
}
