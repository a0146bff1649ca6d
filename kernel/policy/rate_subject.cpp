// Addresses by their network form, so that two spellings of one are one.
#include "kernel/policy/rate_subject.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

namespace kernel::policy {

std::string rate_class(const loader::RouteSpec& route) {
  if (!route.rate_class.empty()) return route.rate_class;
  if (route.method != "GET") return "write";
  return route.access == loader::Access::anyone ? "public" : "read";
}

std::string rate_address(const std::string& address) {
  if (address.find(':') == std::string::npos) return address;
  in6_addr six{};
  char text[INET6_ADDRSTRLEN];
  if (::inet_pton(AF_INET6, address.c_str(), &six) != 1) return address;
  if (IN6_IS_ADDR_V4MAPPED(&six)) return ::inet_ntop(AF_INET, six.s6_addr + 12, text, sizeof text);
  std::memset(six.s6_addr + 8, 0, 8);
  return std::string(::inet_ntop(AF_INET6, &six, text, sizeof text)) + "/64";
}

}  // namespace kernel::policy
