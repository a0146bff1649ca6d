// Wires the client to the operations of the mobile contract.
#include <fmt/format.h>

#include <memory>
#include <portico/contracts/mobile.hpp>
#include <portico/plugin.hpp>

#include "client/host_transport.hpp"
#include "mapping/changes.hpp"
#include "store/order_journal.hpp"

namespace {

using namespace std::chrono_literals;
namespace contract = portico::mobile;
using freebit::Seconds;

struct Settings {
  std::string base_url;
  std::string oem_id;
  std::string oem_key;
  std::vector<std::string> paths;
  std::vector<std::string> codes;
  std::string card_way;
  std::string registration_version;
  std::string esim_kind;
  bool keyed_by_staff = false;
  std::int64_t key_minutes = 50;
  std::int64_t least_mb = 100;
  std::int64_t most_mb = 51'200;
  std::int64_t minutes_apart = 30;
  std::int64_t network_lock_minutes = 30;
  std::int64_t plan_closed_days = 0;
  std::int64_t port_in_days_left = 10;
};
BOOST_DESCRIBE_STRUCT(Settings, (),
                      (base_url, oem_id, oem_key, paths, codes, card_way, registration_version, esim_kind,
                       keyed_by_staff, key_minutes, least_mb, most_mb, minutes_apart, network_lock_minutes,
                       plan_closed_days, port_in_days_left))

freebit::CardWay card_way(const std::string& word) {
  if (word == "registration") return freebit::CardWay::registration;
  if (word == "semi_black") return freebit::CardWay::semi_black;
  if (word == "ota") return freebit::CardWay::ota;
  throw portico::Problem(500, "config.invalid",
                         "card_way of freebit: registration, semi_black or ota is expected");
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

/// Everything that lives from start to stop.
struct Parts {
  Parts(portico::Host& host, const Settings& settings, freebit::Wire wire)
      : host(host),
        transport(host),
        watcher(host),
        client(transport, watcher, std::move(wire), {settings.oem_id, settings.oem_key},
               {std::chrono::minutes(settings.key_minutes), settings.registration_version,
                [&host] { return host.clock().monotonic(); }}),
        journal(host.database()),
        lines(client, [this] { return now(); }),
        orders(journal, {{std::chrono::minutes(settings.network_lock_minutes),
                          std::chrono::minutes(settings.minutes_apart)},
                         [this] { return now(); },
                         [&host](std::string_view wish) { return hex(host.crypto().sha256(wish)); },
                         [&host](std::string_view message, std::string_view id, std::string_view detail) {
                           host.log().warning(message, {{"operation_id", id}, {"detail", detail}});
                         }}),
        changes(client, lines, orders,
                {[this] { return now(); }, settings.least_mb, settings.most_mb,
                 static_cast<int>(settings.plan_closed_days), static_cast<int>(settings.port_in_days_left),
                 card_way(settings.card_way), settings.esim_kind, settings.keyed_by_staff}) {}

  Seconds now() const { return std::chrono::floor<std::chrono::seconds>(host.clock().now()); }

  /// The sheet forbids asking for one account again and again.
  contract::Usage usage(const contract::Pool& pool) {
    const auto key = "usage:" + hex(host.crypto().sha256(freebit::account_of(pool))).substr(0, 32);
    return host.cache().get_or_load(key, portico::CachePolicy{5min, 0min, 1h, {}},
                                    [&] { return lines.usage(pool); });
  }
  /// Who waits for this is an administrator: a wrong address or key shows before a customer meets it.
  void check() {
    try {
      client.check();
    } catch (const portico::Problem&) {
      // the watcher has told health and log
    }
  }

  portico::Host& host;
  freebit::HostTransport transport;
  freebit::HostWatcher watcher;
  freebit::Client client;
  freebit::store::OrderJournal journal;
  freebit::Lines lines;
  freebit::Orders orders;
  freebit::Changes changes;
};

class Freebit final : public portico::Plugin {
  void start(portico::Host& host) override {
    const auto settings = host.config().read<Settings>();
    freebit::Wire wire(settings.paths, settings.codes);
    const auto paths = fmt::format("{}", fmt::join(wire.unverified_paths(), " "));
    const auto codes = fmt::format("{}", fmt::join(wire.unverified_codes(), " "));
    if (!paths.empty() || !codes.empty())
      host.log().warning(
          "wire names in use that nobody has confirmed: compare them with the enabler's sheets",
          {{"paths", paths}, {"codes", codes}});
    parts_ = std::make_unique<Parts>(host, settings, std::move(wire));
    auto& p = *parts_;
    host.provide(contract::get_line, [&p](const contract::LineRef& in) { return p.lines.get(in); });
    host.provide(contract::get_usage, [&p](const contract::Pool& in) { return p.usage(in); });
    host.provide(contract::top_up_history,
                 [&p](const contract::TopUpQuery& in) { return p.lines.history(in); });
    host.provide(contract::top_up, [&p](const contract::TopUp& in) { return p.changes.top_up(in); });
    host.provide(contract::change_plan,
                 [&p](const contract::PlanChange& in) { return p.changes.change_plan(in); });
    host.provide(contract::change_voice_options,
                 [&p](const contract::VoiceOptionsChange& in) { return p.changes.change_voice(in); });
    host.provide(contract::change_network_type,
                 [&p](const contract::NetworkTypeChange& in) { return p.changes.change_network(in); });
    host.provide(contract::activate_card,
                 [&p](const contract::CardActivation& in) { return p.changes.activate_card(in); });
    host.provide(contract::activate_esim,
                 [&p](const contract::EsimActivation& in) { return p.changes.activate_esim(in); });
    host.provide(contract::reissue_esim,
                 [&p](const contract::EsimReissue& in) { return p.changes.reissue_esim(in); });
    host.provide(contract::cancel_line,
                 [&p](const contract::Cancellation& in) { return p.changes.cancel(in); });
    host.tasks().every(
        "freebit.check", 60s, [&p] { p.check(); }, portico::Replicas::every);
    host.tasks().every("freebit.tidy", 6h, [&p] { p.journal.tidy(p.now()); });
  }

  std::unique_ptr<Parts> parts_;
};

}  // namespace

PORTICO_PLUGIN(Freebit)
