// The shapes an answer's lists and numbers come in, documented or drifting, by switch.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace sandbox::whmcs {

/// Shapes the lists of one answer. `turn` makes "chaos" and "mixed" vary from answer to answer, repeatably.
class Shapes {
 public:
  Shapes(std::string lists, std::string numbers, std::uint64_t turn)
      : lists_(std::move(lists)), numbers_(std::move(numbers)), turn_(turn) {}

  /// to[outer] = {inner: list}, or what the switch makes of it.
  void nested(boost::json::object& to, std::string_view outer, std::string_view inner,
              boost::json::array list);
  /// to[name] = list, or what the switch makes of it.
  void flat(boost::json::object& to, std::string_view name, boost::json::array list);
  /// Turns ids and counters into texts or back, as the switch says. Money texts ("19.90") stay.
  void numbers(boost::json::value& answer);

 private:
  std::string mode_for_next_list();

  std::string lists_;
  std::string numbers_;
  std::uint64_t turn_;
};

/// Every member but "result" of another type than it was; for the fault "wrong_shape".
boost::json::object wrong_shape(const boost::json::object& answer);

}  // namespace sandbox::whmcs
