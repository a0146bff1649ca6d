// The customer operations of the billing contract, played on WHMCS.
#pragma once

#include <functional>
#include <portico/contracts/billing.hpp>

#include "client/api.hpp"

namespace whmcs {

class Customers {
 public:
  /// new_password   makes the password of a WHMCS login that nobody is told
  Customers(Api& api, std::string portal_language, std::function<std::string()> new_password)
      : api_(api), portal_language_(std::move(portal_language)), new_password_(std::move(new_password)) {}

  /// Looks for the marker first, so that a repeat after a crash finds its client; looks again where AddClient
  /// says the address is taken and where nobody knows whether it ran. errors    as the contract; 503
  /// upstream.unavailable after an unknown outcome: repeat
  portico::billing::CustomerRef create(const portico::billing::NewCustomer& customer);
  portico::billing::Customer get(const portico::billing::CustomerRef& ref);
  portico::billing::Customer update(const portico::billing::CustomerChange& change);
  portico::billing::LoginResult verify_login(const portico::billing::Login& login);

 private:
  std::optional<std::string> find_made(const portico::billing::NewCustomer& customer);
  std::optional<std::string> find_after_unknown(const portico::billing::NewCustomer& customer);
  std::vector<std::int64_t> clients_with(const std::string& email);

  Api& api_;
  const std::string portal_language_;
  const std::function<std::string()> new_password_;
};

}  // namespace whmcs
