// Switches, calls, sessions and changes over HTTP.
#include "examples/sandbox/salesforce/control.hpp"

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/common/text.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

json::object summary(Room& room) {
  json::object out = room.client();
  out["records"] = room.counters();
  out["calls"] = room.calls().counters();
  return out;
}

void mount_control(Room& room, Router& router) {
  const std::string root = "/control/salesforce";
  router.add("GET", root, [&room](const HttpRequest&) { return json_answer(summary(room)); });
  router.add("GET", root + "/switches", [&room](const HttpRequest&) { return json_answer(room.switches()); });
  router.add("PUT", root + "/switches", [&room](const HttpRequest& request) {
    room.change_switches(object_of(request.body));
    return json_answer(room.switches());
  });
  router.add("GET", root + "/calls", [&room](const HttpRequest& request) {
    auto calls = room.calls().list(request.query_value("action"), php_int(request.query_value("since")));
    const auto count = calls.size();
    return json_answer(
        json::object{{"count", count}, {"counters", room.calls().counters()}, {"calls", std::move(calls)}});
  });
  router.add("DELETE", root + "/calls", [&room](const HttpRequest&) {
    room.calls().clear();
    return json_answer(room.calls().counters());
  });
  router.add("GET", root + "/changes", [&room](const HttpRequest& request) {
    auto changes = room.changes(php_int(request.query_value("since")));
    const auto count = changes.size();
    return json_answer(json::object{{"count", count}, {"changes", std::move(changes)}});
  });
  router.add("POST", root + "/sessions",
             [&room](const HttpRequest&) { return json_answer(room.open_session(), 201); });
  router.add("DELETE", root + "/sessions", [&room](const HttpRequest&) {
    room.end_sessions();
    return json_answer(json::object{{"sessions", 0}});
  });
  router.add("GET", root + "/key", [&room](const HttpRequest&) {
    return HttpAnswer{
        200, "application/x-pem-file", room.keys().private_pem(), {{"Cache-Control", "no-store"}}};
  });
}

}  // namespace sandbox::salesforce
