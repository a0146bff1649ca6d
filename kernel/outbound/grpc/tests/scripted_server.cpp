// Reactors of the generic callback service.
#include "kernel/outbound/grpc/tests/scripted_server.hpp"

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <mutex>

namespace kernel::outbound::rpc::test {

namespace {

grpc::ByteBuffer buffer_of(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

std::string text_of(grpc::ByteBuffer& buffer) {
  grpc::Slice whole;
  if (!buffer.DumpToSingleSlice(&whole).ok()) return {};
  return {reinterpret_cast<const char*>(whole.begin()), whole.size()};
}

class Reactor final : public grpc::ServerGenericBidiReactor {
 public:
  Reactor(ScriptedServer& server, grpc::GenericCallbackServerContext& context)
      : server_(server), context_(context), what_(context.method().substr(context.method().rfind('/') + 1)) {
    ++server_.calls;
    context_.AddTrailingMetadata("rpc-id", "test-1");
    if (what_ == "Flaky" && server_.flaky-- > 0) {
      end({grpc::StatusCode::UNAVAILABLE, "not now"});
      return;
    }
    if (what_ != "Deaf") StartRead(&in_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return end(grpc::Status::OK);
    const auto text = text_of(in_);
    if (what_ == "Slow") return;
    if (what_ == "Refuse") {
      context_.AddTrailingMetadata("error-code", "test.auth");
      return end({grpc::StatusCode::UNAUTHENTICATED, "who are you?"});
    }
    if (what_ == "Stream" && text == "end") return end(grpc::Status::OK);
    if (what_ == "Stream" && text == "refuse")
      return end({grpc::StatusCode::INVALID_ARGUMENT, "no such thing"});
    if (what_ == "Big") return write(std::string(5 << 20, 'x'));
    if (what_ == "Flood") return write(std::string(100'000, 'x'));
    if (what_ == "Who") {
      const auto found = context_.client_metadata().find("accesstoken");
      return write(found == context_.client_metadata().end()
                       ? ""
                       : std::string(found->second.data(), found->second.size()));
    }
    write(text);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return end(grpc::Status::CANCELLED);
    if (what_ == "Flood") {
      if (++server_.flooded < 200) return write(std::string(100'000, 'x'));
      return end(grpc::Status::OK);
    }
    if (what_ == "Stream") return StartRead(&in_);
    end(grpc::Status::OK);
  }
  void OnCancel() override {
    ++server_.cancelled;
    end(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  void write(const std::string& text) {
    out_ = buffer_of(text);
    StartWrite(&out_);
  }
  void end(const grpc::Status& status) {
    if (!ended_.exchange(true)) Finish(status);
  }

  ScriptedServer& server_;
  grpc::GenericCallbackServerContext& context_;
  const std::string what_;
  grpc::ByteBuffer in_, out_;
  std::atomic<bool> ended_{false};
};

class Service final : public grpc::CallbackGenericService {
 public:
  explicit Service(ScriptedServer& server) : server_(server) {}
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Reactor(server_, *context);
  }

 private:
  ScriptedServer& server_;
};

std::string pem(auto write) {
  BIO* const out = BIO_new(BIO_s_mem());
  write(out);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(out);
  return text;
}

}  // namespace

Identity::Identity() {
  EVP_PKEY* const pair = EVP_EC_gen("P-256");
  X509* const c = X509_new();
  X509_set_version(c, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
  X509_gmtime_adj(X509_getm_notBefore(c), -3600);
  X509_gmtime_adj(X509_getm_notAfter(c), 3600);
  X509_set_pubkey(c, pair);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(c, X509_get_subject_name(c));
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, c, c, nullptr, nullptr, 0);
  for (const auto& [nid, value] : {std::pair{NID_subject_alt_name, "DNS:localhost"},
                                   std::pair{NID_basic_constraints, "critical,CA:TRUE"}}) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    X509_add_ext(c, extension, -1);
    X509_EXTENSION_free(extension);
  }
  X509_sign(c, pair, EVP_sha256());
  certificate = pem([&](BIO* out) { PEM_write_bio_X509(out, c); });
  key = pem([&](BIO* out) { PEM_write_bio_PrivateKey(out, pair, nullptr, nullptr, 0, nullptr, nullptr); });
  X509_free(c);
  EVP_PKEY_free(pair);
}

struct ScriptedServer::Parts {
  explicit Parts(ScriptedServer& server) : service(server) {}
  Service service;
  std::unique_ptr<grpc::Server> server;
};

ScriptedServer::ScriptedServer(const Identity* identity)
    : parts_(std::make_unique<Parts>(*this)), tls_(identity != nullptr) {
  grpc::ServerBuilder builder;
  auto credentials = grpc::InsecureServerCredentials();
  if (identity) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs.push_back({identity->key, identity->certificate});
    credentials = grpc::SslServerCredentials(options);
  }
  builder.AddListeningPort("127.0.0.1:0", credentials, &port_);
  builder.RegisterCallbackGenericService(&parts_->service);
  parts_->server = builder.BuildAndStart();
}

ScriptedServer::~ScriptedServer() {
  cut();
}

std::string ScriptedServer::url() const {
  return std::string(tls_ ? "https" : "http") + "://localhost:" + std::to_string(port_);
}

void ScriptedServer::cut() {
  if (!parts_->server) return;
  parts_->server->Shutdown(std::chrono::system_clock::now());
  parts_->server->Wait();
  parts_->server.reset();
}

}  // namespace kernel::outbound::rpc::test
