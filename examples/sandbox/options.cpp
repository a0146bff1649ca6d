// Command line reading: "--name value" and "--name=value".
#include "examples/sandbox/options.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <functional>
#include <stdexcept>
#include <string_view>

namespace sandbox {

namespace {

template <typename Number>
Number number_of(std::string_view name, std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw std::invalid_argument(fmt::format("{}: a whole number is expected, not \"{}\"", name, text));
  return value;
}

int offset_of(std::string_view text) {
  const bool plain = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
  if (!plain) throw std::invalid_argument("--utc-offset: a form like +09:00 is expected");
  const int minutes = number_of<int>("--utc-offset", text.substr(1, 2)) * 60 +
                      number_of<int>("--utc-offset", text.substr(4, 2));
  return text[0] == '-' ? -minutes : minutes;
}

struct Option {
  std::string_view name, value, help;
  void (*take)(Options&, std::string_view name, const std::string& value);
};

using View = std::string_view;

const std::array<Option, 17>& table() {
  static const std::array<Option, 17> kTable{{
      {"--bind", "ADDRESS", "address to listen on (127.0.0.1)",
       [](Options& o, View, const std::string& v) { o.bind = v; }},
      {"--port", "N", "HTTP port, 0 takes a free one (8090)",
       [](Options& o, View n, const std::string& v) { o.port = number_of<std::uint16_t>(n, v); }},
      {"--smtp-port", "N", "SMTP port, 0 takes a free one (8025)",
       [](Options& o, View n, const std::string& v) { o.smtp_port = number_of<std::uint16_t>(n, v); }},
      {"--state", "FILE", "keep clients, invoices, tokens and mail here; without it a restart begins anew",
       [](Options& o, View, const std::string& v) { o.state_file = v; }},
      {"--ready-file", "FILE", "write the ready line there too",
       [](Options& o, View, const std::string& v) { o.ready_file = v; }},
      {"--whmcs-identifier", "TEXT", "API identifier the played WHMCS accepts",
       [](Options& o, View, const std::string& v) { o.whmcs_identifier = v; }},
      {"--whmcs-secret", "TEXT", "and its secret",
       [](Options& o, View, const std::string& v) { o.whmcs_secret = v; }},
      {"--whmcs-system-url", "URL", "where browsers reach it (http://ADDRESS:PORT/whmcs)",
       [](Options& o, View, const std::string& v) { o.whmcs_system_url = v; }},
      {"--new-client-invoices", "WHICH", "none or every_state: what a client made by AddClient is given",
       [](Options& o, View, const std::string& v) {
         if (v != "none" && v != "every_state")
           throw std::invalid_argument("--new-client-invoices: none or every_state is expected");
         o.new_client_invoices = v;
       }},
      {"--freebit-oem-id", "TEXT", "oemId the played mobile enabler accepts",
       [](Options& o, View, const std::string& v) { o.freebit_oem_id = v; }},
      {"--freebit-oem-key", "TEXT", "and its oemKey",
       [](Options& o, View, const std::string& v) { o.freebit_oem_key = v; }},
      {"--freebit-files", "FOLDER", "put its completion files there",
       [](Options& o, View, const std::string& v) { o.freebit_files = v; }},
      {"--salesforce-key", "FILE",
       "PEM key or certificate that signs Salesforce assertions; made if missing (salesforce_key.pem beside the state)",
       [](Options& o, View, const std::string& v) { o.salesforce_key = v; }},
      {"--pubsub-port", "N", "port of the event bus (gRPC over TLS), 0 takes a free one (0)",
       [](Options& o, View n, const std::string& v) { o.pubsub_port = number_of<std::uint16_t>(n, v); }},
      {"--pubsub-tls", "FOLDER",
       "its ca.pem, server.pem and server_key.pem; made if missing (pubsub_tls beside the state)",
       [](Options& o, View, const std::string& v) { o.pubsub_tls = v; }},
      {"--utc-offset", "+HH:MM", "the billing system's local time (+09:00)",
       [](Options& o, View, const std::string& v) { o.utc_offset_minutes = offset_of(v); }},
      {"--seed", "N", "start of the random numbers behind faults by probability (1)",
       [](Options& o, View n, const std::string& v) { o.seed = number_of<std::uint64_t>(n, v); }},
  }};
  return kTable;
}

}  // namespace

Options read_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      options.help = true;
      continue;
    }
    const auto equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const Option* found = nullptr;
    for (const auto& option : table())
      if (option.name == name) found = &option;
    if (found == nullptr) throw std::invalid_argument(fmt::format("unknown option {}; see --help", name));
    if (equals == std::string::npos && i + 1 == arguments.size())
      throw std::invalid_argument(fmt::format("{} needs a value", name));
    found->take(options, name, equals == std::string::npos ? arguments[++i] : argument.substr(equals + 1));
  }
  return options;
}

std::string help_text() {
  std::string text =
      "sandbox plays the systems of record on this machine: WHMCS, Salesforce and a mobile enabler over HTTP, "
      "Salesforce's event bus over gRPC, and a mail server that keeps what it gets.\n"
      "\nUsage: sandbox [OPTION VALUE]…\n\n";
  for (const auto& option : table())
    text += fmt::format("  {:<30} {}\n", fmt::format("{} {}", option.name, option.value), option.help);
  text += fmt::format("  {:<30} {}\n", "--help", "this text");
  text +=
      "\nWhen ready it prints one line: {\"http\":PORT,\"smtp\":PORT,\"pubsub\":PORT}. SIGTERM or SIGINT ends it.\n"
      "Open http://127.0.0.1:PORT/ for everything it holds; /control switches faults and quirks.\n";
  return text;
}

}  // namespace sandbox
