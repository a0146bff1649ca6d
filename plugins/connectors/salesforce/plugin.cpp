// Wires the client to the operations of the crm contract.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <portico/plugin.hpp>
#include <sstream>
#include <thread>

#include "client/assertion.hpp"
#include "client/host_transport.hpp"
#include "downloads.hpp"
#include "events/subscriber.hpp"
#include "mapping/cases.hpp"
#include "mapping/orders.hpp"

namespace {

using namespace std::chrono_literals;
namespace contract = portico::crm;

struct Settings {
  std::string login_url;
  std::string client_id;
  std::string username;
  std::string private_key_path;
  std::string audience;
  std::string api_version;
  std::string price_book;
  std::string currency;
  std::string draft_status;
  std::string review_status;
  std::string active_status;
  std::string closed_status;
  bool comment_keys = false;
  bool save_duplicates = true;
  std::int64_t refresh_percent = 85;
};
BOOST_DESCRIBE_STRUCT(Settings, (),
                      (login_url, client_id, username, private_key_path, audience, api_version, price_book,
                       currency, draft_status, review_status, active_status, closed_status, comment_keys,
                       save_duplicates, refresh_percent))

/// "60.0": it becomes part of every path.
std::string version_of(const Settings& settings) {
  const std::string_view text = settings.api_version;
  const bool good = text.size() == 4 && text.ends_with(".0") && text[0] >= '1' && text[0] <= '9' &&
                    text[1] >= '0' && text[1] <= '9';
  if (!good) throw portico::Problem(500, "config.invalid", "api_version of salesforce: 60.0, for instance");
  return settings.api_version;
}

std::string currency_of(const Settings& settings) {
  const auto& code = settings.currency;
  if (code.size() != 3 || code.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != code.npos)
    throw portico::Problem(500, "config.invalid", "currency of salesforce: three capitals of ISO 4217");
  return code;
}

std::string read_key(const std::string& path) {
  constexpr std::uintmax_t kLargest = 64 * 1024;
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  if (error || size > kLargest || !file)
    throw portico::Problem(500, "config.invalid", "private_key_path of salesforce: no such key file");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

salesforce::Session::Setting session_setting(portico::Host& host, const Settings& settings) {
  const auto origin = salesforce::origin_of(settings.login_url);
  if (!origin) throw portico::Problem(500, "config.invalid", "login_url of salesforce is no http(s) address");
  // A wrong file shows at the start.
  salesforce::SigningKey(read_key(settings.private_key_path));
  return {*origin,
          settings.client_id,
          settings.username,
          settings.audience,
          [path = settings.private_key_path] { return read_key(path); },
          [&host] { return std::chrono::floor<std::chrono::seconds>(host.clock().now()); },
          [&host] { return host.clock().monotonic(); }};
}

double chance(portico::Host& host) {
  const auto bytes = host.crypto().random(2);
  constexpr double kMost = 65'535;
  return (static_cast<unsigned char>(bytes[0]) * 256 + static_cast<unsigned char>(bytes[1])) / kMost;
}

/// 32 letters: found in no file but by a chance nobody has.
std::string boundary(portico::Host& host) {
  auto out = host.crypto().random(32);
  for (char& c : out) c = static_cast<char>('a' + static_cast<unsigned char>(c) % 26);
  return out;
}

/// Everything that lives from start to stop.
struct Parts {
  Parts(portico::Host& host, const Settings& settings)
      : transport(host),
        watcher(host),
        session(transport, watcher, session_setting(host, settings)),
        quota({static_cast<int>(settings.refresh_percent), [&host] { return host.clock().monotonic(); },
               [&host] { return chance(host); }}),
        client(transport, watcher, session, quota,
               {version_of(settings), settings.save_duplicates,
                // A few hundred milliseconds, on one of the plugin's own workers.
                [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); },
                [&host] { return chance(host); }, [&host] { return boundary(host); }}),
        desk{client,
             {settings.price_book, currency_of(settings), settings.draft_status, settings.review_status,
              settings.active_status, settings.closed_status, settings.comment_keys},
             [&host] { return std::chrono::floor<std::chrono::seconds>(host.clock().now()); }},
        customers(desk),
        orders(desk, customers),
        cases(desk, customers),
        files(desk, cases),
        downloads(host, files) {}

  /// Who waits for this is an administrator: a wrong address, key or permission shows before a customer meets
  /// it.
  void check() {
    try {
      orders.products({{}, contract::Urgency::refresh});
    } catch (const portico::Problem&) {
      // the watcher has told health and log
    }
  }

  salesforce::HostTransport transport;
  salesforce::HostWatcher watcher;
  salesforce::Session session;
  salesforce::Quota quota;
  salesforce::Client client;
  salesforce::Desk desk;
  salesforce::Customers customers;
  salesforce::Orders orders;
  salesforce::Cases cases;
  salesforce::Files files;
  salesforce::Downloads downloads;
};

class Salesforce final : public portico::Plugin {
  void start(portico::Host& host) override {
    parts_ = std::make_unique<Parts>(host, host.config().read<Settings>());
    provide_customers(host, *parts_);
    provide_orders(host, *parts_);
    provide_cases(host, *parts_);
    auto* const p = parts_.get();
    events_ = std::make_unique<salesforce::events::Subscriber>(
        host,
        salesforce::events::AccessSource{
            [p] { return p->session.get(); },
            [p](std::uint64_t generation) { return p->session.renew(generation); }},
        host.config().read<salesforce::events::Settings>());
    events_->start();
    host.tasks().every(
        "salesforce.check", 2min, [p = parts_.get()] { p->check(); }, portico::Replicas::every);
  }

  static void provide_customers(portico::Host& host, Parts& p) {
    host.provide(contract::upsert_customer,
                 [&p](const contract::CustomerRecord& in) { return p.customers.upsert(in); });
    host.provide(contract::find_customer,
                 [&p](const contract::CustomerKeys& in) { return p.customers.find(in); });
    host.provide(contract::get_account,
                 [&p](const contract::AccountRef& in) { return p.customers.account(in); });
    host.provide(contract::update_account,
                 [&p](const contract::AccountChange& in) { return p.customers.change_account(in); });
    host.provide(contract::get_contact,
                 [&p](const contract::ContactRef& in) { return p.customers.contact(in); });
    host.provide(contract::update_contact,
                 [&p](const contract::ContactChange& in) { return p.customers.change_contact(in); });
    host.provide(contract::get_eligibility,
                 [&p](const contract::AccountRef& in) { return p.customers.eligibility(in); });
    host.provide(contract::request_eligibility, [&p](const contract::EligibilityRequest& in) {
      return p.customers.request_eligibility(in);
    });
  }

  static void provide_orders(portico::Host& host, Parts& p) {
    host.provide(contract::list_products,
                 [&p](const contract::ProductQuery& in) { return p.orders.products(in); });
    host.provide(contract::place_order, [&p](const contract::NewOrder& in) { return p.orders.place(in); });
    host.provide(contract::get_order, [&p](const contract::OrderRef& in) { return p.orders.get(in); });
    host.provide(contract::list_orders, [&p](const contract::OrderQuery& in) { return p.orders.list(in); });
    host.provide(contract::move_order, [&p](const contract::OrderMove& in) { return p.orders.move(in); });
    host.provide(contract::note_progress,
                 [&p](const contract::OrderProgress& in) { return p.orders.note(in); });
  }

  static void provide_cases(portico::Host& host, Parts& p) {
    host.provide(contract::open_case, [&p](const contract::NewCase& in) { return p.cases.open(in); });
    host.provide(contract::get_case, [&p](const contract::CaseRef& in) { return p.cases.get(in); });
    host.provide(contract::list_cases, [&p](const contract::CaseQuery& in) { return p.cases.list(in); });
    host.provide(contract::add_comment, [&p](const contract::NewComment& in) { return p.cases.comment(in); });
    host.provide(contract::close_case, [&p](const contract::CaseRef& in) { return p.cases.close(in); });
    host.provide(contract::attach_file, [&p](const contract::NewFile& in) { return p.files.attach(in); });
    host.provide(contract::list_files, [&p](const contract::CaseRef& in) { return p.files.list(in); });
    host.provide(contract::get_file, [&p](const contract::FileRef& in) { return p.files.get(in); });
    host.provide(contract::link_file,
                 [&p](const contract::FileLinkRequest& in) { return p.downloads.link(in); });
    p.downloads.start();
  }

  std::unique_ptr<Parts> parts_;
  std::unique_ptr<salesforce::events::Subscriber> events_;
};

}  // namespace

PORTICO_PLUGIN(Salesforce)
