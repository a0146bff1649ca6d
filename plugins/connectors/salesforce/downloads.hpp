// Files on their way to a browser: a link for one person and one file, and the route behind it.
#pragma once

#include <portico/plugin.hpp>

#include "mapping/cases.hpp"

namespace salesforce {

class Downloads {
 public:
  Downloads(portico::Host& host, Files& files) : host_(host), files_(files) {}

  /// Registers the route.
  void start();

  portico::crm::FileLink link(const portico::crm::FileLinkRequest& wanted);

 private:
  portico::Handled send(const portico::Request& request);

  portico::Host& host_;
  Files& files_;
};

}  // namespace salesforce
