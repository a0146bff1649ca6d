// The played org, and its records as callers read them.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "examples/sandbox/common/clock.hpp"
#include "examples/sandbox/salesforce/blobs.hpp"
#include "examples/sandbox/salesforce/store.hpp"
#include "examples/sandbox/salesforce/switches.hpp"

namespace sandbox::salesforce {

/// Everything one call works on; the room's lock guards it.
struct Org {
  const Clock& clock;
  Blobs& blobs;
  Switches switches;
  Store store;
  std::string base_url;  // "http://127.0.0.1:8090"

  const Schema& schema = Schema::standard();
  std::int64_t now_ms() const { return clock.now().time_since_epoch().count(); }
  /// The user's day for date literals.
  int today() const;
};

/// The organisation's id, 18 characters, and the user that the API signs in as.
std::string org_id();
std::string integration_user_id();
constexpr std::string_view kIntegrationUsername = "integration@portal.sample.example";
constexpr std::string_view kClientId = "3MVG9sandboxConsumerKey00000000000000000001";

/// A record and the object it belongs to.
struct Row {
  const Object* object = nullptr;
  const boost::json::object* record = nullptr;

  explicit operator bool() const { return record != nullptr; }
};

/// Reads records of an org for one version of the API.
class Reader {
 public:
  /// base  "/services/data/v60.0"
  Reader(const Org& org, std::string base) : org_(org), base_(std::move(base)) {}

  const Org& org() const { return org_; }
  const std::string& base() const { return base_; }

  /// The field as it is printed; null where there is none.
  boost::json::value value(const Row& row, const Field& field) const;
  /// What a reference field points to; records in the bin are still seen.
  Row parent(const Row& row, const Field& reference) const;
  boost::json::object attributes(const Row& row) const;
  /// With attributes and every readable field.
  boost::json::object whole(const Row& row) const;

 private:
  boost::json::value formula(const Row& row, const Field& field) const;
  boost::json::value address(const Row& row, const Field& field) const;

  const Org& org_;
  std::string base_;
};

}  // namespace sandbox::salesforce
