// Random names and the test's crash point.
#include "parts.hpp"

#include <unistd.h>

#include "domain/digest.hpp"

namespace auth {

std::string Parts::new_token() const {
  return base64url(host.crypto().random(32));
}
std::string Parts::new_uuid() const {
  return uuid_from(host.crypto().random(16));
}

void Parts::crash_point(std::string_view label) const {
  if (!settings.crash_at.empty() && settings.crash_at == label) _exit(137);
}

}  // namespace auth
