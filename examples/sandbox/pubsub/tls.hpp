// The certificates of the played event bus: an authority of its own and a server certificate for this
// machine.
#pragma once

#include <string>

namespace sandbox::pubsub {

/// Texts in PEM.
struct Certificate {
  std::string ca_pem, server_pem, key_pem;
};

/// ca.pem, server.pem and server_key.pem of `folder`; made for localhost, 127.0.0.1, ::1 and `bind` (an
/// address) where one is missing. An empty folder makes new ones that nobody keeps.
///
/// errors: std::runtime_error if the folder cannot be read or written, or OpenSSL fails
Certificate certificate_in(const std::string& folder, const std::string& bind);

}  // namespace sandbox::pubsub
