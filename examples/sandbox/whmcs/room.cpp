// The room's memory: books, switches, and how both come back from disk.
#include "examples/sandbox/whmcs/room.hpp"

#include "examples/sandbox/whmcs/seed.hpp"

namespace sandbox::whmcs {

Room::Room(Switches defaults, const Clock& clock, FaultBook& faults, StateFile& state)
    : defaults_(std::move(defaults)),
      clock_(clock),
      faults_(faults),
      state_(state),
      books_(seed_books(clock)),
      switches_(defaults_) {}

void Room::mount(Router& router) {
  router.add("*", "/whmcs/includes/api.php", [this](const HttpRequest& r) { return answer_api(r); });
  router.add("GET", "/whmcs/oauth/singlesignon.php", [this](const HttpRequest& r) { return sign_on(r); });
  router.add("GET", "/whmcs/viewinvoice.php", [this](const HttpRequest& r) { return view_invoice(r); });
  router.add("POST", "/whmcs/viewinvoice.php", [this](const HttpRequest& r) { return pay_invoice(r); });
  for (const auto* page : {"/whmcs", "/whmcs/{page}"})
    router.add("GET", page, [this](const HttpRequest& r) { return client_area(r); });
}

void Room::set_system_url(std::string url) {
  const std::lock_guard lock(mutex_);
  system_url_ = std::move(url);
}

std::string Room::system_url() const {
  const std::lock_guard lock(mutex_);
  return system_url_;
}

Switches Room::switches() const {
  const std::lock_guard lock(mutex_);
  return switches_;
}

void Room::change_switches(const boost::json::object& changes) {
  {
    const std::lock_guard lock(mutex_);
    switches_.update(changes);
  }
  state_.commit();
}

void Room::reset() {
  Books fresh = seed_books(clock_);
  {
    const std::lock_guard lock(mutex_);
    books_ = std::move(fresh);
    switches_ = defaults_;
  }
  calls_.clear();
  hook_file_.clear();
  state_.commit();
}

boost::json::object Room::to_json() const {
  const std::lock_guard lock(mutex_);
  return {{"books", books_.to_json()}, {"switches", switches_.to_json()}};
}

void Room::restore(const boost::json::object& from) {
  Books books = Books::from_json(from.at("books").as_object());
  const std::lock_guard lock(mutex_);
  books_ = std::move(books);
  switches_.update(from.at("switches").as_object());
}

}  // namespace sandbox::whmcs
