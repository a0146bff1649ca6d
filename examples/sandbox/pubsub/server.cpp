// One reactor for every kind of call: gRPC's generic service in its callback form.
#include "examples/sandbox/pubsub/server.hpp"

#include <fmt/format.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>

namespace sandbox::pubsub {

namespace {

constexpr int kLargestMessage = 4 << 20;  // bytes of one request
constexpr int kPingIntervalMs = 1000;     // callers may ask for a sign of life this often

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string out;
  if (!buffer.Dump(&slices).ok()) return out;
  for (const auto& slice : slices) out.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return out;
}

grpc::ByteBuffer buffer_of(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

/// The library keeps it until OnDone. What handlers send is queued: one write is under way at a time.
class Reactor final : public grpc::ServerGenericBidiReactor {
 public:
  /// Outlives the reactor for handlers that still hold it.
  class Way final : public Wire {
   public:
    explicit Way(Reactor& reactor) : reactor_(&reactor) {}
    void send(std::string message) override {
      const std::lock_guard lock(mutex_);
      if (reactor_ == nullptr || reactor_->end_) return;
      reactor_->queue_.push_back(std::move(message));
      reactor_->write_next();
    }
    void finish(End end) override {
      const std::lock_guard lock(mutex_);
      if (reactor_ == nullptr || reactor_->end_) return;
      reactor_->end_ = std::move(end);
      reactor_->write_next();
    }

   private:
    friend class Reactor;
    std::mutex mutex_;
    Reactor* reactor_;  // under mutex_, and so is what of it is marked; null when the call is over
  };

  Reactor(grpc::GenericCallbackServerContext& context, const Accept& accept)
      : context_(context), way_(std::make_shared<Way>(*this)) {
    Incoming call{context.method(), {}};
    for (const auto& [name, value] : context.client_metadata())
      call.metadata.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    handler_ = accept(call, way_);
    const std::lock_guard lock(way_->mutex_);
    read_next();
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      handler_->half_closed();
      return;
    }
    handler_->received(bytes_of(in_));
    const std::lock_guard lock(way_->mutex_);
    read_next();
  }

  void OnWriteDone(bool ok) override {
    bool idle = false;
    {
      const std::lock_guard lock(way_->mutex_);
      writing_ = false;
      if (!ok) queue_.clear();
      write_next();
      idle = ok && !writing_ && !end_;
    }
    if (idle) handler_->sent();
  }

  void OnCancel() override { way_->finish({grpc::StatusCode::CANCELLED, "", {}, false}); }

  void OnDone() override {
    {
      const std::lock_guard lock(way_->mutex_);
      way_->reactor_ = nullptr;
    }
    handler_->gone();
    delete this;
  }

 private:
  void read_next() {
    if (!finished_) StartRead(&in_);
  }

  /// The next message of the queue, or the end behind it.
  void write_next() {
    if (writing_ || finished_) return;
    if (end_ && end_->reset) {
      finished_ = true;
      context_.TryCancel();
      Finish(grpc::Status::CANCELLED);
    } else if (!queue_.empty()) {
      out_ = buffer_of(queue_.front());
      queue_.pop_front();
      writing_ = true;
      StartWrite(&out_);
    } else if (end_) {
      finished_ = true;
      for (const auto& [name, value] : end_->trailers) context_.AddTrailingMetadata(name, value);
      Finish({static_cast<grpc::StatusCode>(end_->status), end_->message});
    }
  }

  grpc::GenericCallbackServerContext& context_;
  const std::shared_ptr<Way> way_;  // shared with the handler
  std::shared_ptr<Handler> handler_;
  grpc::ByteBuffer in_, out_;
  std::deque<std::string> queue_;  // these four under the way's mutex
  std::optional<End> end_;
  bool writing_ = false;
  bool finished_ = false;
};

class Service final : public grpc::CallbackGenericService {
 public:
  explicit Service(Accept accept) : accept_(std::move(accept)) {}
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Reactor(*context, accept_);  // deletes itself in OnDone
  }

 private:
  Accept accept_;
};

}  // namespace

struct Server::Parts {
  explicit Parts(Accept accept) : service(std::move(accept)) {}
  Service service;
  std::unique_ptr<grpc::Server> server;
};

Server::Server(const std::string& address, std::uint16_t port, const Certificate& certificate, Accept accept)
    : parts_(std::make_unique<Parts>(std::move(accept))) {
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({certificate.key_pem, certificate.server_pem});
  grpc::ServerBuilder builder;
  const bool colons = address.find(':') != std::string::npos;
  int bound = 0;
  builder.AddListeningPort(fmt::format(fmt::runtime(colons ? "[{}]:{}" : "{}:{}"), address, port),
                           grpc::SslServerCredentials(tls), &bound);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);  // a taken port is an error
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingIntervalMs);
  builder.SetMaxReceiveMessageSize(kLargestMessage);
  builder.RegisterCallbackGenericService(&parts_->service);
  parts_->server = builder.BuildAndStart();
  if (!parts_->server || bound == 0)
    throw std::runtime_error(fmt::format("the event bus cannot listen on {}:{}", address, port));
  port_ = static_cast<std::uint16_t>(bound);
}

Server::~Server() {
  stop();
}

void Server::stop() {
  parts_->server->Shutdown(std::chrono::system_clock::now());
}

}  // namespace sandbox::pubsub
