// Wires the WHMCS client to the operations of the billing contract.
#include <memory>
#include <portico/contracts/billing_orders.hpp>
#include <portico/contracts/billing_payments.hpp>
#include <portico/plugin.hpp>

#include "client/host_transport.hpp"
#include "mapping/check.hpp"
#include "mapping/customers.hpp"
#include "mapping/invoice_words.hpp"
#include "mapping/invoice_writes.hpp"
#include "mapping/invoices.hpp"
#include "mapping/orders.hpp"
#include "mapping/payments.hpp"
#include "mapping/subscriptions.hpp"

namespace {

using namespace std::chrono_literals;
namespace contract = portico::billing;

struct Settings {
  std::string base_url;
  std::optional<std::string> public_url;
  std::string identifier;
  std::string secret;
  std::optional<std::string> access_key;
  std::string reference_field = "Portal reference";
};
BOOST_DESCRIBE_STRUCT(Settings, (), (base_url, public_url, identifier, secret, access_key, reference_field))

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
        desk{client, whmcs::Zone::load(host.config().portal().time_zone),
             [&host] { return std::chrono::floor<std::chrono::seconds>(host.clock().now()); },
             [this, &host](const std::string& id) { return currency_of(host, id); }},
        invoices(desk, public_origin(settings)),
        invoice_writes(desk, invoices),
        orders(desk, settings.reference_field),
        subscriptions(desk, settings.reference_field),
        payments(desk, invoices),
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
  whmcs::Desk desk;
  whmcs::Invoices invoices;
  whmcs::InvoiceWrites invoice_writes;
  whmcs::Orders orders;
  whmcs::Subscriptions subscriptions;
  whmcs::Payments payments;
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
    provide_orders(host, p);
    provide_payments(host, p);
    host.tasks().every(
        "whmcs.check", 60s, [&p] { p.check.run(); }, portico::Replicas::every);
  }

  static void provide_orders(portico::Host& host, Parts& p) {
    host.provide(contract::list_products,
                 [&p](const contract::ProductQuery& in) { return p.orders.products(in); });
    host.provide(contract::place_order, [&p](const contract::NewOrder& in) { return p.orders.place(in); });
    host.provide(contract::get_order, [&p](const contract::OrderRef& in) { return p.orders.get(in); });
    host.provide(contract::list_orders, [&p](const contract::OrderQuery& in) { return p.orders.list(in); });
    host.provide(contract::accept_order, [&p](const contract::OrderRef& in) { return p.orders.accept(in); });
    host.provide(contract::cancel_order, [&p](const contract::OrderRef& in) { return p.orders.cancel(in); });
    host.provide(contract::list_subscriptions,
                 [&p](const contract::SubscriptionQuery& in) { return p.subscriptions.list(in); });
    host.provide(contract::get_subscription,
                 [&p](const contract::SubscriptionRef& in) { return p.subscriptions.get(in); });
    host.provide(contract::change_subscription,
                 [&p](const contract::SubscriptionChange& in) { return p.subscriptions.change(in); });
    host.provide(contract::run_command,
                 [&p](const contract::SubscriptionCommand& in) { return p.subscriptions.run(in); });
    host.provide(contract::upgrade_subscription,
                 [&p](const contract::Upgrade& in) { return p.subscriptions.upgrade(in); });
    host.provide(contract::request_cancellation,
                 [&p](const contract::Cancellation& in) { return p.subscriptions.request_cancellation(in); });
  }

  static void provide_payments(portico::Host& host, Parts& p) {
    host.provide(contract::list_gateways, [&p](const contract::NoInput&) { return p.payments.gateways(); });
    host.provide(contract::list_payment_methods,
                 [&p](const contract::CustomerRef& in) { return p.payments.methods(in); });
    host.provide(contract::remove_payment_method,
                 [&p](const contract::PaymentMethodRef& in) { return p.payments.remove_method(in); });
    host.provide(contract::set_default_payment_method,
                 [&p](const contract::PaymentMethodRef& in) { return p.payments.set_default_method(in); });
    host.provide(contract::list_transactions,
                 [&p](const contract::TransactionQuery& in) { return p.payments.transactions(in); });
    host.provide(contract::record_payment,
                 [&p](const contract::NewPayment& in) { return p.payments.record(in); });
    host.provide(contract::get_credit,
                 [&p](const contract::CustomerRef& in) { return p.payments.credit(in); });
    host.provide(contract::add_credit,
                 [&p](const contract::NewCredit& in) { return p.payments.add_credit(in); });
    host.provide(contract::use_credit,
                 [&p](const contract::CreditUse& in) { return p.payments.use_credit(in); });
    host.provide(contract::create_invoice,
                 [&p](const contract::NewInvoice& in) { return p.invoice_writes.create(in); });
    host.provide(contract::cancel_invoice,
                 [&p](const contract::InvoiceRef& in) { return p.invoice_writes.cancel(in); });
  }

  std::unique_ptr<Parts> parts_;
};

}  // namespace

PORTICO_PLUGIN(Whmcs)
