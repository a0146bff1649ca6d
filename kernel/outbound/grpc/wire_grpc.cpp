// gRPC behind wire.hpp: the one source that includes it, and the whole of portico_grpc.so.
#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <mutex>

#include "kernel/outbound/grpc/wire.hpp"

namespace kernel::outbound::rpc {

namespace {

grpc::ByteBuffer buffer_of(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

/// False where the buffer holds nothing that can be read.
bool take(grpc::ByteBuffer& buffer, std::string& out) {
  grpc::Slice whole;
  if (!buffer.DumpToSingleSlice(&whole).ok()) return false;
  out.assign(reinterpret_cast<const char*>(whole.begin()), whole.size());
  buffer.Clear();
  return true;
}

bool is_binary(const grpc::string_ref& name) {
  return name.ends_with("-bin");
}

WireStatus status_of(const grpc::Status& status, const grpc::ClientContext& context) {
  WireStatus out{status.error_code(), status.error_message(), {}};
  for (const auto& [name, value] : context.GetServerTrailingMetadata())
    if (!is_binary(name))
      out.trailers.emplace_back(std::string(name.data(), name.size()),
                                std::string(value.data(), value.size()));
  return out;
}

void add(grpc::ClientContext& context, const Fields& metadata) {
  for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
}

/// Lives until its callback has run, whoever else has let it go.
class Call final : public WireCall, public std::enable_shared_from_this<Call> {
 public:
  Call(const Fields& metadata, const std::string& message, std::chrono::system_clock::time_point deadline)
      : request_(buffer_of(message)) {
    add(context_, metadata);
    context_.set_deadline(deadline);
  }

  void start(grpc::GenericStub& stub, const std::string& method, WireChannel::Done done) {
    stub.UnaryCall(&context_, method, {}, &request_, &reply_,
                   [self = shared_from_this(), done = std::move(done)](const grpc::Status& status) {
                     std::string message;
                     auto said = status_of(status, self->context_);
                     if (status.ok() && !take(self->reply_, message))
                       said = {grpc::StatusCode::INTERNAL, "the message could not be read", {}};
                     done(std::move(said), std::move(message));
                   });
  }
  void cancel() noexcept override { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  grpc::ByteBuffer request_, reply_;
};

/// Holds itself from start to OnDone. What the holder starts from outside of the callbacks is covered by one
/// hold of gRPC's, given back with the first failed read: nothing is started afterwards.
class Stream final : public WireStream, public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Stream(const Fields& metadata, std::shared_ptr<WireReader> reader) : reader_(std::move(reader)) {
    add(context_, metadata);
  }

  void begin(grpc::GenericStub& stub, const std::string& method, std::shared_ptr<Stream> self) {
    self_ = std::move(self);
    stub.PrepareBidiStreamingCall(&context_, method, {}, this);
    AddHold();
    StartRead(&in_);
    StartCall();
  }

  void write(const std::string& bytes) override {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    out_ = buffer_of(bytes);
    StartWrite(&out_);
  }
  void read_next() override {
    const std::lock_guard lock(mutex_);
    if (!over_) StartRead(&in_);
  }
  void finish() override {
    const std::lock_guard lock(mutex_);
    if (!over_) StartWritesDone();
  }
  void cancel() noexcept override {
    context_.TryCancel();
    // Without a read under way nobody would give the hold back.
    const std::lock_guard lock(mutex_);
    let_go();
  }

  void OnReadInitialMetadataDone(bool ok) override {
    if (ok) reader_->on_connected();
  }
  void OnReadDone(bool ok) override {
    std::string bytes;
    if (ok && take(in_, bytes)) return reader_->on_message(std::move(bytes));
    if (ok) context_.TryCancel();
    const std::lock_guard lock(mutex_);
    let_go();
  }
  void OnWriteDone(bool ok) override { reader_->on_written(ok); }
  void OnDone(const grpc::Status& status) override {
    const auto self = std::move(self_);
    reader_->on_end(status_of(status, context_));
    reader_.reset();
  }

 private:
  void let_go() {
    if (std::exchange(over_, true)) return;
    RemoveHold();
  }

  grpc::ClientContext context_;
  grpc::ByteBuffer in_, out_;
  std::shared_ptr<WireReader> reader_;
  std::shared_ptr<Stream> self_;
  std::mutex mutex_;
  bool over_ = false;
};

class Channel final : public WireChannel {
 public:
  explicit Channel(std::shared_ptr<grpc::Channel> channel) : stub_(std::move(channel)) {}

  std::shared_ptr<WireCall> call(const std::string& method, const Fields& metadata,
                                 const std::string& message, std::chrono::system_clock::time_point deadline,
                                 Done done) override {
    auto call = std::make_shared<Call>(metadata, message, deadline);
    call->start(stub_, method, std::move(done));
    return call;
  }

  std::shared_ptr<WireStream> open(const std::string& method, const Fields& metadata,
                                   std::shared_ptr<WireReader> reader) override {
    auto stream = std::make_shared<Stream>(metadata, std::move(reader));
    stream->begin(stub_, method, stream);
    return stream;
  }

 private:
  grpc::GenericStub stub_;
};

class Grpc final : public Wire {
 public:
  Grpc() : keeper_(grpc::CreateCustomChannel("", nullptr, {})) {
    gpr_set_log_function(
        [](gpr_log_func_args*) {});  // failures are told by statuses; addresses stay out of logs
    grpc_init();                     // for as long as the process lives
    // With its last channel gRPC joins its callback threads, and a call's context, which holds its channel,
    // ends on such a thread: it would wait for itself, and go on with what it has freed. A channel that leads
    // nowhere and is never closed keeps them; its first call is what makes it use them.
    std::make_shared<Call>(Fields(), std::string(), std::chrono::system_clock::now())
        ->start(keeper_, "/portico.Keeper/Keep", [](WireStatus, std::string) {});
  }

  std::unique_ptr<WireChannel> connect(const WireSettings& s) override {
    grpc::ChannelArguments arguments;
    const auto ms = [](std::chrono::milliseconds time) { return static_cast<int>(time.count()); };
    arguments.SetMaxReceiveMessageSize(static_cast<int>(s.message_limit));
    arguments.SetMaxSendMessageSize(static_cast<int>(s.message_limit));
    arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(s.metadata_limit));
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, ms(s.connect_timeout));
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, std::min(500, ms(s.longest_backoff)));
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, ms(s.longest_backoff));
    if (s.keep_alive.count() > 0) {
      arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, ms(s.keep_alive));
      arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, ms(s.keep_alive_wait));
      arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    }
    // One layer retries, and only what is configured here counts: no proxy, no configuration from DNS.
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    auto credentials = grpc::InsecureChannelCredentials();
    if (s.tls) {
      grpc::SslCredentialsOptions options;
      options.pem_root_certs = s.ca;
      credentials = grpc::SslCredentials(options);
    }
    return std::make_unique<Channel>(
        grpc::CreateCustomChannel("dns:///" + s.address, credentials, arguments));
  }

 private:
  grpc::GenericStub keeper_;
};

}  // namespace

}  // namespace kernel::outbound::rpc

extern "C" __attribute__((visibility("default"))) kernel::outbound::rpc::Wire* portico_grpc_wire_1() {
  static auto* const wire =
      new kernel::outbound::rpc::Grpc;  // never torn down: threads of its own may still run
  return wire;
}
