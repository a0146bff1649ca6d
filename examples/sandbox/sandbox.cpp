// Start order, restoring, and the end.
#include "examples/sandbox/sandbox.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/control/control.hpp"
#include "examples/sandbox/salesforce/control.hpp"

namespace sandbox {

namespace {

whmcs::Switches switches_of(const Options& options) {
  whmcs::Switches switches;
  switches.credentials[options.whmcs_identifier].secret = options.whmcs_secret;
  if (!options.new_client_invoices.empty()) switches.new_client_invoices = options.new_client_invoices;
  if (options.bind != "127.0.0.1" && options.bind != "::1") switches.allowed_ips = {"*"};
  return switches;
}

freebit::Switches freebit_switches_of(const Options& options) {
  freebit::Switches switches;
  switches.oem_id = options.freebit_oem_id;
  switches.oem_key = options.freebit_oem_key;
  return switches;
}

/// The address as a browser on this machine writes it.
std::string url_host(const std::string& bind) {
  if (bind == "0.0.0.0" || bind == "::") return "127.0.0.1";
  return bind.find(':') == std::string::npos ? bind : "[" + bind + "]";
}

/// The signing key's file: as said, or beside the state file; "" keeps it in memory.
std::string salesforce_key_of(const Options& options) {
  if (!options.salesforce_key.empty() || options.state_file.empty()) return options.salesforce_key;
  return std::filesystem::absolute(options.state_file).replace_filename("salesforce_key.pem").string();
}

/// The folder of the event bus's certificates: as said, or beside the state file; "" keeps them in memory.
std::string pubsub_tls_of(const Options& options) {
  if (!options.pubsub_tls.empty() || options.state_file.empty()) return options.pubsub_tls;
  return std::filesystem::absolute(options.state_file).replace_filename("pubsub_tls").string();
}

}  // namespace

Sandbox::Sandbox(const Options& options)
    : clock_(options.utc_offset_minutes),
      state_(options.state_file),
      faults_(options.seed),
      whmcs_(switches_of(options), clock_, faults_, state_),
      salesforce_(clock_, faults_, state_, salesforce_key_of(options),
                  options.state_file.empty() ? "" : options.state_file + ".files"),
      pubsub_(clock_, faults_, salesforce_, state_,
              options.state_file.empty() ? "" : options.state_file + ".events"),
      freebit_(freebit_switches_of(options), options.freebit_files, clock_, faults_, state_),
      mailbox_(clock_, state_) {
  state_.set_snapshot([this] { return snapshot(); });
  if (const auto kept = state_.load()) {
    const auto& root = kept->as_object();
    std::int64_t offset_ms = 0;
    take(root, "clock_offset_ms", offset_ms);
    clock_.set_offset_ms(offset_ms);
    whmcs_.restore(root.at("whmcs").as_object());
    // A file of an earlier program has no such room.
    if (const auto* room = root.if_contains("freebit")) freebit_.restore(room->as_object());
    mailbox_.restore(root.at("mail").as_object());
    if (const auto* salesforce = root.if_contains("salesforce")) salesforce_.restore(salesforce->as_object());
    if (const auto* pubsub = root.if_contains("pubsub")) pubsub_.restore(pubsub->as_object());
    // What the command line says wins over what an earlier run kept.
    boost::json::object said;
    auto switches = whmcs_.switches();
    switches.credentials[options.whmcs_identifier].secret = options.whmcs_secret;
    said["credentials"] = switches.to_json().at("credentials");
    if (!options.new_client_invoices.empty()) said["new_client_invoices"] = options.new_client_invoices;
    whmcs_.change_switches(said);
  } else {
    state_.commit();
  }
  whmcs_.mount(router_);
  salesforce_.mount(router_);
  salesforce::mount_control(salesforce_, router_);
  pubsub_.mount(router_);
  freebit_.mount(router_);
  mailbox_.mount(router_);
  mount_control(*this, router_);
  pubsub_.start(options.bind, options.pubsub_port, pubsub_tls_of(options));
  smtp_ = std::make_unique<mail::SmtpServer>(options.bind, options.smtp_port, mailbox_, faults_);
  http_ = std::make_unique<HttpServer>(options.bind, options.port, router_);
  whmcs_.set_system_url(options.whmcs_system_url.empty()
                            ? fmt::format("http://{}:{}/whmcs", url_host(options.bind), http_->port())
                            : options.whmcs_system_url);
  salesforce_.set_base_url(fmt::format("http://{}:{}", url_host(options.bind), http_->port()));
}

Sandbox::~Sandbox() {
  stop();
}

void Sandbox::set_clock_offset(std::int64_t offset_ms) {
  clock_.set_offset_ms(offset_ms);
  pubsub_.clock_moved();
  state_.commit();
}

void Sandbox::reset() {
  faults_.clear();
  clock_.set_offset_ms(0);
  pubsub_.clock_moved();
  whmcs_.reset();
  salesforce_.reset();
  pubsub_.reset();
  freebit_.reset();
  mailbox_.clear();
}

void Sandbox::stop() {
  faults_.shut_down();
  smtp_->stop();
  http_->stop();
  pubsub_.stop();
}

boost::json::value Sandbox::snapshot() {
  return boost::json::object{{"version", 1},
                             {"clock_offset_ms", clock_.offset_ms()},
                             {"whmcs", whmcs_.to_json()},
                             {"salesforce", salesforce_.to_json()},
                             {"pubsub", pubsub_.to_json()},
                             {"freebit", freebit_.to_json()},
                             {"mail", mailbox_.to_json()}};
}

}  // namespace sandbox
