// The client on gRPC's generic stub.
#include "examples/sandbox/pubsub/tests/caller.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <chrono>
#include <stdexcept>
#include <vector>

namespace sandbox::pubsub {

namespace {

constexpr auto kPatience = std::chrono::seconds(60);

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Dump(&slices).ok()) return out;
  for (const auto& slice : slices) out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return out;
}

std::string text_of(const std::multimap<grpc::string_ref, grpc::string_ref>& trailers, const char* name) {
  const auto found = trailers.find(name);
  return found == trailers.end() ? "" : std::string(found->second.data(), found->second.size());
}

}  // namespace

struct Stream::Parts {
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call;

  ~Parts() {
    queue.Shutdown();
    void* tag = nullptr;
    bool good = false;
    while (queue.Next(&tag, &good)) {
    }
  }
  bool done() {
    void* tag = nullptr;
    bool good = false;
    return queue.Next(&tag, &good) && good;
  }
};

struct Caller::Parts {
  std::shared_ptr<grpc::Channel> channel;  // the library's
  std::unique_ptr<grpc::GenericStub> stub;
};

Stream::Stream(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&& from) noexcept {
  std::swap(parts_, from.parts_);
  return *this;
}

Stream::~Stream() {
  if (parts_) parts_->context.TryCancel();
}

void Stream::write(const std::string& message) {
  const grpc::Slice slice(message);
  parts_->call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  parts_->done();
}

void Stream::no_more() {
  parts_->call->WritesDone(nullptr);
  parts_->done();
}

std::optional<std::string> Stream::read() {
  grpc::ByteBuffer buffer;
  parts_->call->Read(&buffer, nullptr);
  if (!parts_->done()) return std::nullopt;
  return bytes_of(buffer);
}

Ended Stream::finish() {
  grpc::Status status;
  parts_->call->Finish(&status, nullptr);
  parts_->done();
  const auto& trailers = parts_->context.GetServerTrailingMetadata();
  std::string code = text_of(trailers, "error-code");
  const std::string prefix = "sfdc.platform.eventbus.grpc.";
  if (code.starts_with(prefix)) code = code.substr(prefix.size());
  return {status.error_code(), status.error_message(), code, text_of(trailers, "rpc-id")};
}

void Stream::cancel() {
  parts_->context.TryCancel();
}

Caller::Caller(const std::string& endpoint, const std::string& ca_pem) : parts_(std::make_unique<Parts>()) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ca_pem;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  parts_->channel = grpc::CreateCustomChannel(endpoint, grpc::SslCredentials(tls), arguments);
  parts_->stub = std::make_unique<grpc::GenericStub>(parts_->channel);
}

Caller::~Caller() = default;

Stream Caller::open(const std::string& method) const {
  auto parts = std::make_unique<Stream::Parts>();
  for (const auto& [name, value] : metadata) parts->context.AddMetadata(name, value);
  parts->context.set_deadline(std::chrono::system_clock::now() + kPatience);
  parts->call = parts_->stub->PrepareCall(&parts->context, "/eventbus.v1.PubSub/" + method, &parts->queue);
  parts->call->StartCall(nullptr);
  parts->done();
  return Stream(std::move(parts));
}

std::string Caller::ask(const std::string& method, const std::string& message, Ended& ended) const {
  Stream stream = open(method);
  stream.write(message);
  stream.no_more();
  const auto answer = stream.read();
  ended = stream.finish();
  return answer.value_or("");
}

}  // namespace sandbox::pubsub
