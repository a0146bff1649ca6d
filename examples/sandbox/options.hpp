// What the sandbox is told on its command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sandbox {

struct Options {
  std::string bind = "127.0.0.1";
  std::uint16_t port = 8090;
  std::uint16_t smtp_port = 8025;
  std::string state_file;
  std::string ready_file;
  std::string whmcs_identifier = "sandboxIdentifier000000000000001";
  std::string whmcs_secret = "sandboxSecret0000000000000000001";
  std::string whmcs_system_url;  // "" is made of address and port
  std::string new_client_invoices;
  std::string salesforce_key;  // "" is beside the state file
  std::uint16_t pubsub_port = 0;
  std::string pubsub_tls;  // "" is beside the state file
  std::string freebit_oem_id = "sandboxOem";
  std::string freebit_oem_key = "sandboxOemKey000000000000000001";
  std::string freebit_files;  // "" keeps completion files in memory
  int utc_offset_minutes = 540;
  std::uint64_t seed = 1;
  bool help = false;
};

/// errors: std::invalid_argument with a sentence for the person who typed it
Options read_options(const std::vector<std::string>& arguments);
std::string help_text();

}  // namespace sandbox
