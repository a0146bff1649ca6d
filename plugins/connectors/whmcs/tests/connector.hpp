// The whole connector but the host, as plugin.cpp joins it, against a running sandbox.
#pragma once

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "mapping/customers.hpp"
#include "mapping/invoice_words.hpp"
#include "mapping/invoice_writes.hpp"
#include "mapping/orders.hpp"
#include "mapping/payments.hpp"
#include "mapping/subscriptions.hpp"
#include "tests/running_sandbox.hpp"

namespace whmcs {

class SilentWatcher final : public Watcher {
 public:
  void answered() override {}
  void barred(std::string_view, std::string_view) override {}
  void nonsense(std::string_view, std::string_view) override {}
  void unreachable(std::string_view, std::string_view) override {}
};

/// The parts as plugin.cpp joins them.
struct Connector {
  explicit Connector(const RunningSandbox& sandbox, std::string secret = "sandboxSecret0000000000000000001")
      : transport(sandbox.url("/whmcs")),
        client(transport, watcher, {"sandboxIdentifier000000000000001", std::move(secret), {}}),
        customers(client, "ja", [] { return std::string("a-Random-Password-42"); }),
        desk{client, Zone::load("Asia/Tokyo"),
             [] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); },
             [this](const std::string& id) { return customers.get({id}).currency; }},
        invoices(desk, *origin_of(sandbox.url("/whmcs"))),
        invoice_writes(desk, invoices),
        orders(desk, "Portal reference"),
        subscriptions(desk, "Portal reference"),
        payments(desk, invoices) {}
  CurlTransport transport;
  SilentWatcher watcher;
  Client client;
  Customers customers;
  Desk desk;
  Invoices invoices;
  InvoiceWrites invoice_writes;
  Orders orders;
  Subscriptions subscriptions;
  Payments payments;
};

template <class F>
std::string code_of(F&& fn) {
  try {
    fn();
  } catch (const portico::Problem& problem) {
    return fmt::format("{} {}", problem.status, problem.code);
  }
  return {};
}

inline void order_fault(const RunningSandbox& sandbox, const std::string& action, const std::string& kind,
                        int after = 0) {
  sandbox.control("PUT", "/faults",
                  fmt::format(R"({{"vendor":"whmcs","action":"{}","kind":"{}","after":{},"next":1}})", action,
                              kind, after));
}

}  // namespace whmcs
