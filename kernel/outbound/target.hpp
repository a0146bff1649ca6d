// What may be sent where: the base URL of an upstream, and the path, method and headers joined to it.
#pragma once

#include <string>
#include <string_view>

#include "kernel/outbound/outbound.hpp"

namespace kernel::outbound {

/// A base URL taken apart: `base` is scheme://host[:port][/prefix] without a slash at the end.
struct Target {
  std::string base;
  std::string host;  // lower case, no port; an IPv6 address with its brackets
  bool tls = false;
};

/// errors  500 upstream.settings: not http(s), user info, query, fragment, odd characters
Target parse_base_url(std::string_view url);

/// Checks every value of the settings and returns the target.
///
/// errors  500 upstream.settings; the detail names the value
Target check_settings(const UpstreamSettings& settings);

/// Checks the parts of a request that become bytes on the wire: a method token, a path that begins with '/'
/// and has no dot segment, fragment, space or control character, headers without CR, LF, NUL and without
/// framing names.
///
/// errors  500 upstream.bad_request
void check_request(const Request& request);

}  // namespace kernel::outbound
