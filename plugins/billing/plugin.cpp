// Invoices and payment links for customers, on whatever billing system is connected.
#include <portico/plugin.hpp>

#include "http/invoice_routes.hpp"

namespace {

class Billing final : public portico::Plugin {
  void start(portico::Host& host) override {
    billing::add_invoice_routes(host);
    host.pages().page("/billing/invoices", {"Invoices", "請求書"});
    host.pages().page("/billing/invoices/{id}", {"Invoice", "請求書の詳細"});
    host.pages().navigation("/billing/invoices", {"Invoices", "請求書"}, 20);
    host.pages().card("billing.due", 10);
  }
};

}  // namespace

PORTICO_PLUGIN(Billing)
