// The reading operations of the mobile contract.
#pragma once

#include <functional>
#include <portico/contracts/mobile.hpp>

#include "client/api.hpp"
#include "mapping/calendar.hpp"

namespace freebit {

class Lines {
 public:
  Lines(Api& api, std::function<Seconds()> now) : api_(api), now_(std::move(now)) {}

  portico::mobile::Line get(const portico::mobile::LineRef& ref);
  /// Nothing where the enabler has no such line.
  std::optional<portico::mobile::Line> find(const std::string& account);
  portico::mobile::Usage usage(const portico::mobile::Pool& pool);
  portico::mobile::TopUpList history(const portico::mobile::TopUpQuery& query);

 private:
  Api& api_;
  const std::function<Seconds()> now_;
};

/// The account of exactly one line or group. errors: Problem 422 request.invalid
std::string account_of(const portico::mobile::Pool& pool);
std::string account_of(const portico::mobile::PhoneNumber& number);

/// A refusal of a reading call in the contract's words.
portico::Problem problem_of(const Refusal& refusal);

}  // namespace freebit
