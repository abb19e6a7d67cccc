// client --port N --seconds S --connections C --concurrency M [--stream COUNT]: a closed loop of M calls at a time over
// C connections, one completion queue, one thread. Prints one JSON line.
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "echo.grpc.pb.h"

using Clock = std::chrono::steady_clock;
using Stub = echo::EchoService::Stub;

static grpc::CompletionQueue queue;
static const std::string text(100, 'x');
static uint32_t count = 0;
static bool measuring = false, draining = false;
static int open_calls = 0;
static long calls = 0, messages = 0, errors = 0;
static std::vector<uint32_t> latencies;

static double CPU() {
  rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/// One of the M places of the loop: when its call ends it starts the next.
struct Place {
  explicit Place(Stub* stub) : stub(stub) {}
  virtual ~Place() {}
  virtual void Proceed(bool ok) = 0;
  virtual void Start() = 0;

  void Begin() {
    context = std::make_unique<grpc::ClientContext>();
    status = grpc::Status();
    started = Clock::now();
    ++open_calls;
    Start();
  }
  void End(bool good) {
    --open_calls;
    if (!good || !status.ok()) {
      if (errors++ == 0) fprintf(stderr, "call failed: %d %s\n", status.error_code(), status.error_message().c_str());
    } else if (measuring) {
      ++calls;
      latencies.push_back(
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - started).count());
    }
    if (!draining) Begin();
  }

  Stub* stub;
  std::unique_ptr<grpc::ClientContext> context;
  grpc::Status status;
  echo::Echo reply;
  Clock::time_point started;
};

struct Unary : Place {
  using Place::Place;
  void Start() override {
    request.set_text(text);
    reader = stub->AsyncSay(context.get(), request, &queue);
    reader->Finish(&reply, &status, this);
  }
  void Proceed(bool ok) override {
    if (measuring && status.ok()) ++messages;
    reader.reset();  // before its context: both lie in the call's memory
    End(ok && reply.text() == text);
  }
  echo::Echo request;
  std::unique_ptr<grpc::ClientAsyncResponseReader<echo::Echo>> reader;
};

struct Streaming : Place {
  using Place::Place;
  void Start() override {
    request.set_count(count);
    request.set_text(text);
    got = 0;
    good = true;
    state = starting;
    reader = stub->AsyncStream(context.get(), request, &queue, this);
  }
  void Proceed(bool ok) override {
    if (state == finishing) {
      reader.reset();  // before its context: both lie in the call's memory
      End(ok && good && got == count);
      return;
    }
    if (state == reading && ok) {
      ++got;
      if (measuring) ++messages;
      if (reply.text().size() != text.size()) good = false;
    }
    if (!ok) {
      state = finishing;
      reader->Finish(&status, this);
      return;
    }
    state = reading;
    reader->Read(&reply, this);
  }
  enum { starting, reading, finishing } state = starting;
  echo::StreamReq request;
  uint32_t got = 0;
  bool good = true;
  std::unique_ptr<grpc::ClientAsyncReader<echo::Echo>> reader;
};

static void RunUntil(Clock::time_point end) {
  void* tag;
  bool ok;
  while (Clock::now() < end && queue.Next(&tag, &ok)) static_cast<Place*>(tag)->Proceed(ok);
}

static double Option(int argc, char** argv, const char* name, double otherwise) {
  for (int i = 1; i + 1 < argc; i += 2)
    if (strcmp(argv[i], name) == 0) return atof(argv[i + 1]);
  return otherwise;
}

int main(int argc, char** argv) {
  const int port = Option(argc, argv, "--port", 9002), connections = Option(argc, argv, "--connections", 4),
            concurrency = Option(argc, argv, "--concurrency", 128);
  const double seconds = Option(argc, argv, "--seconds", 5);
  count = Option(argc, argv, "--stream", 0);
  std::vector<std::unique_ptr<Stub>> stubs;
  for (int i = 0; i < connections; i++) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // else all the channels share one connection
    stubs.push_back(echo::EchoService::NewStub(grpc::CreateCustomChannel(
        "127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials(), arguments)));
  }
  std::vector<std::unique_ptr<Place>> places;
  for (int i = 0; i < concurrency; i++) {
    Stub* stub = stubs[i % connections].get();
    if (count)
      places.push_back(std::make_unique<Streaming>(stub));
    else
      places.push_back(std::make_unique<Unary>(stub));
    places.back()->Begin();
  }
  auto span = [](double s) { return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(s)); };
  RunUntil(Clock::now() + span(std::min(1.0, seconds / 4)));

  measuring = true;
  const auto start = Clock::now();
  const double cpu = CPU();
  RunUntil(start + span(seconds));
  const double used = CPU() - cpu, took = std::chrono::duration<double>(Clock::now() - start).count();
  measuring = false;

  draining = true;
  void* tag;
  bool ok;
  while (open_calls > 0 && queue.Next(&tag, &ok)) static_cast<Place*>(tag)->Proceed(ok);
  std::sort(latencies.begin(), latencies.end());
  auto at = [](double share) { return latencies.empty() ? 0 : latencies[size_t(latencies.size() * share)]; };
  printf("{\"calls\": %ld, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"p50_us\": %u, \"p99_us\": %u, "
         "\"messages\": %ld, \"errors\": %ld}\n",
         calls, took, used, at(.5), at(.99), messages, errors);
  return errors > 0;
}
