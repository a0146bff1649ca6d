// Wires the WHMCS client to the operations of the billing contract.
#include <memory>
#include <portico/contracts/billing.hpp>
#include <portico/plugin.hpp>

#include "client/host_transport.hpp"
#include "mapping/check.hpp"
#include "mapping/customers.hpp"
#include "mapping/invoice_words.hpp"
#include "mapping/invoices.hpp"

namespace {

using namespace std::chrono_literals;
namespace contract = portico::billing;

struct Settings {
  std::string base_url;
  std::optional<std::string> public_url;
  std::string identifier;
  std::string secret;
  std::optional<std::string> access_key;
};
BOOST_DESCRIBE_STRUCT(Settings, (), (base_url, public_url, identifier, secret, access_key))

struct Currency {
  std::string code;
};
BOOST_DESCRIBE_STRUCT(Currency, (), (code))

std::optional<std::string> unless_empty(const std::optional<std::string>& text) {
  return text && !text->empty() ? text : std::nullopt;
}

std::string public_origin(const Settings& settings) {
  const auto origin = whmcs::origin_of(unless_empty(settings.public_url).value_or(settings.base_url));
  if (!origin)
    throw portico::Problem(500, "config.invalid", "base_url or public_url of whmcs is no http(s) address");
  return *origin;
}

/// 32 letters, digits and signs from 24 random bytes' worth of bits.
std::string new_password(portico::Host& host) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  auto bytes = host.crypto().random(32);
  for (char& c : bytes) c = kAlphabet[static_cast<unsigned char>(c) & 63];
  return bytes;
}

/// Everything that lives from start to stop.
struct Parts {
  Parts(portico::Host& host, const Settings& settings)
      : transport(host),
        watcher(host),
        client(transport, watcher, {settings.identifier, settings.secret, unless_empty(settings.access_key)}),
        customers(client, host.config().portal().default_language, [&host] { return new_password(host); }),
        invoices(client, whmcs::Zone::load(host.config().portal().time_zone),
                 {public_origin(settings),
                  [&host] { return std::chrono::floor<std::chrono::seconds>(host.clock().now()); },
                  [this, &host](const std::string& id) { return currency_of(host, id); }}),
        check(client) {}

  std::string currency_of(portico::Host& host, const std::string& id) {
    const portico::CachePolicy policy{10min, 1h, 24h, {"customer:" + id}};
    return host.cache()
        .get_or_load("currency:" + id, policy, [&] { return Currency{customers.get({id}).currency}; })
        .code;
  }

  whmcs::HostTransport transport;
  whmcs::HostWatcher watcher;
  whmcs::Client client;
  whmcs::Customers customers;
  whmcs::Invoices invoices;
  whmcs::Check check;
};

class Whmcs final : public portico::Plugin {
  void start(portico::Host& host) override {
    parts_ = std::make_unique<Parts>(host, host.config().read<Settings>());
    auto& p = *parts_;
    host.provide(contract::create_customer,
                 [&p](const contract::NewCustomer& in) { return p.customers.create(in); });
    host.provide(contract::get_customer,
                 [&p](const contract::CustomerRef& in) { return p.customers.get(in); });
    host.provide(contract::update_customer, [&p, &host](const contract::CustomerChange& in) {
      auto customer = p.customers.update(in);
      host.cache().bust("customer:" + in.customer_id);
      return customer;
    });
    host.provide(contract::verify_login,
                 [&p](const contract::Login& in) { return p.customers.verify_login(in); });
    host.provide(contract::list_invoices,
                 [&p](const contract::InvoiceQuery& in) { return p.invoices.list(in); });
    host.provide(contract::get_invoice, [&p](const contract::InvoiceRef& in) { return p.invoices.get(in); });
    host.provide(contract::create_payment_link,
                 [&p](const contract::InvoiceRef& in) { return p.invoices.link(in); });
    host.tasks().every(
        "whmcs.check", 60s, [&p] { p.check.run(); }, portico::Replicas::every);
  }

  std::unique_ptr<Parts> parts_;
};

}  // namespace

PORTICO_PLUGIN(Whmcs)
