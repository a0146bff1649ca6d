// The hooks an action calls, in their order, and what the hook file posts of them.
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServer.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/StreamCopier.h>
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "examples/sandbox/testing/running.hpp"

namespace sandbox::testing {

namespace json = boost::json;

namespace {

constexpr const char* kSecret = "whsec_c2FuZGJveC1ob29rLXNlY3JldC0wMDAwMDAx";

/// "InvoiceCreation InvoiceCreated" of what ran since the last look.
std::string hooks(Running& running) {
  std::string out;
  const auto ran = running.get("/control/whmcs/hooks").json();
  for (const auto& hook : ran.at("hooks").as_array())
    out += (out.empty() ? "" : " ") + std::string(hook.at("hook").as_string());
  running.control("DELETE", "/control/whmcs/hooks", nullptr);
  return out;
}

std::string id_of(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : json::serialize(value);
}

/// Keeps what is posted to it.
class Receiver {
 public:
  struct Post {
    std::string id, timestamp, signature, body;
  };

  Receiver() : socket_(Poco::Net::SocketAddress("127.0.0.1", 0)) {
    Poco::Net::HTTPServerParams::Ptr params = new Poco::Net::HTTPServerParams;
    params->setKeepAlive(false);
    server_ = std::make_unique<Poco::Net::HTTPServer>(new Factory(*this), socket_, params);
    server_->start();
  }
  ~Receiver() { server_->stopAll(true); }
  std::string url() const {
    return fmt::format("http://127.0.0.1:{}/api/webhooks/whmcs", socket_.address().port());
  }
  std::vector<Post> posts() {
    const std::lock_guard lock(mutex_);
    return posts_;
  }
  std::string events() {
    std::string out;
    for (const auto& post : posts())
      out += (out.empty() ? "" : " ") + std::string(json::parse(post.body).at("event").as_string());
    return out;
  }

 private:
  struct Handler : Poco::Net::HTTPRequestHandler {
    explicit Handler(Receiver& to) : to(to) {}
    void handleRequest(Poco::Net::HTTPServerRequest& request,
                       Poco::Net::HTTPServerResponse& response) override {
      Post post{request.get("Webhook-Id", ""),
                request.get("Webhook-Timestamp", ""),
                request.get("Webhook-Signature", ""),
                {}};
      Poco::StreamCopier::copyToString(request.stream(), post.body);
      {
        const std::lock_guard lock(to.mutex_);
        to.posts_.push_back(std::move(post));
      }
      response.setStatus(Poco::Net::HTTPResponse::HTTP_NO_CONTENT);
      response.setContentLength(0);
      response.send();
    }
    Receiver& to;
  };
  struct Factory : Poco::Net::HTTPRequestHandlerFactory {
    explicit Factory(Receiver& to) : to(to) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override {
      return new Handler(to);
    }
    Receiver& to;
  };

  Poco::Net::ServerSocket socket_;
  std::mutex mutex_;
  std::vector<Post> posts_;
  std::unique_ptr<Poco::Net::HTTPServer> server_;
};

void post_to(Running& running, const Receiver& receiver, const char* delivery) {
  REQUIRE(running
              .control("PUT", "/control/whmcs/switches",
                       {{"hook_url", receiver.url()}, {"hook_secret", kSecret}, {"hook_delivery", delivery}})
              .status == 200);
}

}  // namespace

TEST_CASE("actions call their hooks in order") {
  Running running;
  running.post_form(sign_up_form("hooks@sample.example"));
  CHECK(hooks(running) == "UserAdd ClientAdd");
  running.ask("UpdateClient", {{"clientid", "102"}, {"city", "Sakai"}});
  CHECK(hooks(running) == "ClientEdit");
  const auto sim =
      running.ask("AddOrder", {{"clientid", "102"}, {"paymentmethod", "stripe"}, {"pid[]", "22"}});
  CHECK(hooks(running) == "InvoiceCreation InvoiceCreationPreEmail InvoiceCreated AfterShoppingCartCheckout");
  running.ask("AcceptOrder", {{"orderid", id_of(sim.at("orderid"))}});
  CHECK(hooks(running) == "AcceptOrder PreModuleCreate AfterModuleCreate");
  running.ask(
      "AddInvoicePayment",
      {{"invoiceid", id_of(sim.at("invoiceid"))}, {"transid", "t1"}, {"gateway", "stripe"}, {"amount", "1"}});
  CHECK(hooks(running) == "AddTransaction AddInvoicePayment");
  running.ask("AddInvoicePayment",
              {{"invoiceid", id_of(sim.at("invoiceid"))}, {"transid", "t2"}, {"gateway", "stripe"}});
  CHECK(hooks(running) == "AddTransaction AddInvoicePayment InvoicePaidPreEmail InvoicePaid OrderPaid");
  const auto vpn =
      running.ask("AddOrder", {{"clientid", "102"}, {"paymentmethod", "stripe"}, {"pid[]", "32"}});
  hooks(running);
  running.ask("AddInvoicePayment",
              {{"invoiceid", id_of(vpn.at("invoiceid"))}, {"transid", "t3"}, {"gateway", "stripe"}});
  CHECK(hooks(running) ==
        "AddTransaction AddInvoicePayment InvoicePaidPreEmail PreModuleCreate AfterModuleCreate InvoicePaid "
        "OrderPaid");
  const auto lost =
      running.ask("AddOrder", {{"clientid", "102"}, {"paymentmethod", "stripe"}, {"pid[]", "12"}});
  hooks(running);
  running.ask("CancelOrder", {{"orderid", id_of(lost.at("orderid"))}});
  CHECK(hooks(running) == "CancelOrder InvoiceCancelled");
  running.control("PUT", "/control/whmcs/switches", {{"module_failure", "no"}});
  running.call("ModuleSuspend", {{"serviceid", "3601"}});
  CHECK(hooks(running) == "PreModuleSuspend AfterModuleSuspendFailed");
  running.call("GetOrders");
  running.call("ModuleSuspend", {{"serviceid", "1"}});
  CHECK(hooks(running).empty());
}

TEST_CASE("the hook file posts signed ids and nothing else") {
  Receiver receiver;
  Running running;
  post_to(running, receiver, "once");
  running.post_form(sign_up_form("posted@sample.example"));
  running.ask("ModuleSuspend", {{"serviceid", "3601"}});
  const auto posts = receiver.posts();
  CHECK(receiver.events() ==
        "ClientAdd AfterModuleSuspend");  // UserAdd and PreModuleSuspend are not forwarded
  for (const auto& post : posts) {
    const auto body = json::parse(post.body).as_object();
    CHECK(body.at("id").as_string() == post.id);
    CHECK(post.signature == whmcs::signature_of({post.id, post.body, std::stoll(post.timestamp)}, kSecret));
    for (const auto& id : body.at("ids").as_object()) CHECK(id.value().is_int64());
    CHECK(post.body.find("Sample") == std::string::npos);
  }
  CHECK(json::serialize(json::parse(posts.at(1).body).at("ids")) == R"({"service_id":3601,"client_id":101})");
  // The text a receiver has to sign, computed once by hand with openssl.
  CHECK(whmcs::signature_of({"evt_1", "{}", 1'700'000'000}, kSecret) ==
        "v1,tPqeJPh2UGvie56Bg+UWx2Ij1N6uKjhmomw4PPKCBFw=");
}

TEST_CASE("events may be lost, doubled or turned around by switch, and a dead portal stops nobody") {
  Running running;
  const auto order = [&] {
    return running.ask("AddOrder", {{"clientid", "102"}, {"paymentmethod", "stripe"}, {"pid[]", "12"}});
  };
  const std::pair<const char*, const char*> rows[] = {
      {"once", "InvoiceCreated AfterShoppingCartCheckout"},
      {"drop", "InvoiceCreated"},
      {"duplicate", "InvoiceCreated InvoiceCreated AfterShoppingCartCheckout AfterShoppingCartCheckout"},
      {"reorder", "AfterShoppingCartCheckout InvoiceCreated"}};
  for (const auto& [delivery, expected] : rows) {
    INFO(delivery);
    Receiver receiver;
    post_to(running, receiver, delivery);
    order();
    CHECK(receiver.events() == expected);
    if (std::string(delivery) == "duplicate") CHECK(receiver.posts().at(0).id == receiver.posts().at(1).id);
  }
  CHECK(order().at("result") == "success");  // the last receiver is gone
  CHECK(running.control("PUT", "/control/whmcs/switches", {{"hook_secret", "plain"}}).status == 400);
  CHECK(running.control("PUT", "/control/whmcs/switches", {{"hook_url", "ftp://x"}}).status == 400);
}

}  // namespace sandbox::testing
