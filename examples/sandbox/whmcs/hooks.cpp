// The table of forwarded ids, the signature, and the post.
#include "examples/sandbox/whmcs/hooks.hpp"

#include <Poco/Base64Decoder.h>
#include <Poco/Base64Encoder.h>
#include <Poco/Exception.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/NullStream.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "examples/sandbox/common/text.hpp"

namespace sandbox::whmcs {

namespace json = boost::json;

namespace {

constexpr std::size_t kKept = 2000;

struct Forwarded {
  std::string_view var, as;  // "params.serviceid" reads vars["params"]["serviceid"]
};
struct Row {
  std::string_view hook;
  std::vector<Forwarded> ids;
};

const std::vector<Row>& rows() {
  const std::vector<Forwarded> invoice{{"invoiceid", "invoice_id"}};
  const std::vector<Forwarded> order{{"orderid", "order_id"}};
  const std::vector<Forwarded> module{{"params.serviceid", "service_id"}, {"params.userid", "client_id"}};
  static const std::vector<Row> kRows{
      {"InvoiceCreated", invoice},
      {"InvoicePaid", invoice},
      {"InvoiceCancelled", invoice},
      {"InvoiceRefunded", invoice},
      {"InvoiceUnpaid", invoice},
      {"AddInvoicePayment", invoice},
      {"UpdateInvoiceTotal", invoice},
      {"InvoiceChangeGateway", invoice},
      {"AddTransaction",
       {{"id", "transaction_id"}, {"userid", "client_id"}, {"invocieid", "invoice_id"}}},  // WHMCS's spelling
      {"ClientAdd", {{"client_id", "client_id"}, {"user_id", "user_id"}}},
      {"ClientEdit", {{"userid", "client_id"}}},
      {"ClientClose", {{"userid", "client_id"}}},
      {"AcceptOrder", order},
      {"CancelOrder", order},
      {"PendingOrder", order},
      {"FraudOrder", order},
      {"DeleteOrder", order},
      {"OrderPaid", {{"orderId", "order_id"}, {"userId", "client_id"}, {"invoiceId", "invoice_id"}}},
      {"AfterShoppingCartCheckout", {{"OrderID", "order_id"}, {"InvoiceID", "invoice_id"}}},
      {"AfterModuleCreate", module},
      {"AfterModuleSuspend", module},
      {"AfterModuleUnsuspend", module},
      {"AfterModuleTerminate", module},
      {"AfterModuleChangePackage", module},
      {"AfterModuleCreateFailed", module},
      {"AfterModuleSuspendFailed", module},
      {"AfterModuleUnsuspendFailed", module},
      {"AfterModuleTerminateFailed", module},
      {"AfterModuleChangePackageFailed", module},
      {"ServiceEdit", {{"serviceid", "service_id"}, {"userid", "client_id"}}},
      {"ServiceDelete", {{"serviceid", "service_id"}, {"userid", "client_id"}}},
      {"CancellationRequest", {{"relid", "service_id"}, {"userid", "client_id"}}},
      {"AfterProductUpgrade", {{"upgradeid", "upgrade_id"}}},
      {"AfterConfigOptionsUpgrade", {{"upgradeid", "upgrade_id"}}},
      {"ProductEdit", {{"pid", "product_id"}}},
      {"ProductDelete", {{"pid", "product_id"}}},
      {"DailyCronJob", {}},
  };
  return kRows;
}

const json::value* var_of(const json::object& vars, std::string_view path) {
  const auto dot = path.find('.');
  const auto* found = vars.if_contains(path.substr(0, dot));
  if (dot == std::string_view::npos || found == nullptr) return found;
  const auto* inner = found->if_object();
  return inner == nullptr ? nullptr : var_of(*inner, path.substr(dot + 1));
}

std::string base64(std::string_view bytes) {
  std::ostringstream out;
  Poco::Base64Encoder encoder(out);
  encoder.rdbuf()->setLineLength(0);
  encoder << bytes;
  encoder.close();
  return out.str();
}

std::string key_of(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  if (!secret.starts_with(kPrefix)) throw std::runtime_error("a hook secret begins with whsec_");
  std::istringstream in{std::string(secret.substr(kPrefix.size()))};
  Poco::Base64Decoder decoder(in);
  std::ostringstream out;
  try {
    decoder.exceptions(std::ios::badbit);
    out << decoder.rdbuf();
  } catch (const std::exception&) {
    throw std::runtime_error("a hook secret is base64 behind whsec_");
  }
  return out.str();
}

/// The status, or 0 where nobody answered in time.
int post(const HookEvent& event, const HookTarget& target) {
  try {
    const Poco::URI uri(target.url);
    Poco::Net::HTTPClientSession session(uri.getHost(), uri.getPort());
    constexpr std::int64_t kUs = 1000;
    session.setTimeout(Poco::Timespan(target.timeout_ms * kUs));
    Poco::Net::HTTPRequest request("POST", uri.getPathEtc().empty() ? "/" : uri.getPathEtc(), "HTTP/1.1");
    request.set("Content-Type", "application/json");
    request.set("Webhook-Id", event.id);
    request.set("Webhook-Timestamp", std::to_string(event.timestamp));
    request.set("Webhook-Signature", signature_of(event, target.secret));
    request.setContentLength(static_cast<std::streamsize>(event.body.size()));
    session.sendRequest(request) << event.body;
    Poco::Net::HTTPResponse response;
    auto& body = session.receiveResponse(response);
    Poco::NullOutputStream nowhere;
    Poco::StreamCopier::copyStream(body, nowhere);
    return response.getStatus();
  } catch (const std::exception&) {
    return 0;  // at most once: nobody hears of it
  }
}

}  // namespace

json::object forwarded_ids() {
  json::object out;
  for (const auto& row : rows()) {
    json::array names;
    for (const auto& id : row.ids) names.push_back(json::value(id.as));
    out[row.hook] = std::move(names);
  }
  return out;
}

std::optional<json::object> ids_of(const HookCall& call) {
  const auto row =
      std::find_if(rows().begin(), rows().end(), [&](const Row& r) { return r.hook == call.name; });
  if (row == rows().end()) return std::nullopt;
  json::object out;
  for (const auto& [var, as] : row->ids) {
    const auto* value = var_of(call.vars, var);
    if (value == nullptr) continue;
    const Id id = value->is_string()  ? php_int(value->get_string())
                  : value->is_int64() ? value->get_int64()
                                      : 0;
    if (id > 0) out[as] = id;
  }
  return out;
}

std::optional<HookEvent> event_of(const HookCall& call, std::string id, std::int64_t timestamp) {
  auto ids = ids_of(call);
  if (!ids) return std::nullopt;
  HookEvent out;
  const auto moment = TimePoint(std::chrono::seconds(timestamp));
  constexpr std::size_t kSeconds = 19;  // "2026-11-22T09:20:41"
  out.body = json::serialize(json::object{{"id", id},
                                          {"event", call.name},
                                          {"occurred_at", utc_text(moment).substr(0, kSeconds) + "Z"},
                                          {"ids", std::move(*ids)}});
  out.id = std::move(id);
  out.timestamp = timestamp;
  return out;
}

std::string signature_of(const HookEvent& event, std::string_view secret) {
  const auto key = key_of(secret);
  const auto text = fmt::format("{}.{}.{}", event.id, event.timestamp, event.body);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
  return "v1," + base64({reinterpret_cast<const char*>(digest), size});
}

void HookFile::run(const HookCalls& calls, const HookTarget& target, const Clock& clock) {
  struct Due {
    HookEvent event;
    Ran ran;
  };
  std::vector<Due> due;
  constexpr std::int64_t kMs = 1000;
  const auto now_s = clock.now().time_since_epoch().count() / kMs;
  for (const auto& call : calls) {
    auto event = event_of(call, "evt_" + random_hex(16), now_s);
    Ran ran{call.name, event ? "no target" : "not forwarded", nullptr};
    if (event) ran.ids = *ids_of(call);
    due.push_back({event.value_or(HookEvent{}), std::move(ran)});
  }
  if (target.delivery == "reorder") std::reverse(due.begin(), due.end());
  for (auto& [event, ran] : due) {
    if (!event.id.empty() && !target.url.empty()) {
      const bool dropped = target.delivery == "drop" && posted_.fetch_add(1) % 2 == 1;
      if (dropped) {
        ran.outcome = "dropped";
      } else {
        const int status = post(event, target);
        if (target.delivery == "duplicate") post(event, target);
        ran.outcome = status == 0 ? "no answer" : fmt::format("{}", status);
      }
    }
    note(std::move(ran));
  }
}

void HookFile::note(Ran ran) {
  const std::lock_guard lock(mutex_);
  ran_.push_back(std::move(ran));
  if (ran_.size() > kKept) ran_.pop_front();
}

json::array HookFile::list() const {
  const std::lock_guard lock(mutex_);
  json::array out;
  for (const auto& ran : ran_)
    out.push_back(json::object{{"hook", ran.name}, {"ids", ran.ids}, {"outcome", ran.outcome}});
  return out;
}

void HookFile::clear() {
  const std::lock_guard lock(mutex_);
  ran_.clear();
  posted_ = 0;
}

}  // namespace sandbox::whmcs
