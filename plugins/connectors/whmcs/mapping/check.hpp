// A question asked now and then, so that a wrong credential or role shows before a customer meets it.
#pragma once

#include <atomic>

#include "client/api.hpp"

namespace whmcs {

/// Asks one reading action after the other about an id that cannot exist. The client's watcher hears the
/// outcome; a refusal by the action itself ("Client Not Found") is the good answer.
class Check {
 public:
  explicit Check(Api& api) : api_(api) {}
  void run();

 private:
  Api& api_;
  std::atomic<unsigned> turn_{0};
};

}  // namespace whmcs
