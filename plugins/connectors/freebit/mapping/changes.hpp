// The changing operations of the mobile contract: each becomes an order.
#pragma once

#include <portico/contracts/mobile.hpp>

#include "client/api.hpp"
#include "mapping/lines.hpp"
#include "mapping/orders.hpp"

namespace freebit {

/// Which calls bring a SIM card to life; the enabler says which is its customer's.
enum class CardWay { registration, semi_black, ota };

class Changes {
 public:
  struct Setting {
    std::function<Seconds()> now;
    std::int64_t least_mb = 100, most_mb = 51'200;
    int closed_days = 0;  // last days of a month on which its plans are closed
    int days_left = 10;   // a reservation must be good for so long
    CardWay card_way = CardWay::registration;
    std::string esim_kind = "E0";
    bool keyed_by_staff = false;  // staff key activations into the network's own system
  };
  Changes(Api& api, Lines& lines, Orders& orders, Setting setting)
      : api_(api), lines_(lines), orders_(orders), setting_(std::move(setting)) {}

  portico::mobile::Outcome top_up(const portico::mobile::TopUp& in);
  portico::mobile::Outcome change_plan(const portico::mobile::PlanChange& in);
  portico::mobile::Outcome change_voice(const portico::mobile::VoiceOptionsChange& in);
  portico::mobile::Outcome change_network(const portico::mobile::NetworkTypeChange& in);
  portico::mobile::Outcome activate_card(const portico::mobile::CardActivation& in);
  portico::mobile::Outcome activate_esim(const portico::mobile::EsimActivation& in);
  portico::mobile::Outcome reissue_esim(const portico::mobile::EsimReissue& in);
  portico::mobile::Outcome cancel(const portico::mobile::Cancellation& in);

 private:
  boost::json::object porting(const portico::mobile::PortIn& in) const;
  /// errors    422 request.invalid where the reservation has run out, or its holder is a minor
  void check_porting(const portico::mobile::PortIn& in) const;
  std::optional<EntryState> activated(const std::string& account);
  std::string keyed() const { return setting_.keyed_by_staff ? "10" : "20"; }
  /// An order that sends one call.
  template <class In>
  Order order(const In& in, std::string account, Change change) const;

  Api& api_;
  Lines& lines_;
  Orders& orders_;
  const Setting setting_;
};

/// M, W or C.
std::string_view wire_holder(portico::mobile::HolderKind kind);

}  // namespace freebit
