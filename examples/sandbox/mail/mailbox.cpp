// Keeping and restoring caught mail.
#include "examples/sandbox/mail/mailbox.hpp"

#include <Poco/Base64Decoder.h>
#include <Poco/Base64Encoder.h>

#include <algorithm>
#include <sstream>

#include "examples/sandbox/common/json_fields.hpp"
#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/mail/mime.hpp"

namespace sandbox::mail {

namespace json = boost::json;

namespace {

constexpr std::size_t kKept = 1000;

// A message may hold any bytes; a JSON file may not.
std::string to_base64(const std::string& bytes) {
  std::ostringstream out;
  Poco::Base64Encoder encoder(out);
  encoder.rdbuf()->setLineLength(0);
  encoder << bytes;
  encoder.close();
  return out.str();
}

std::string from_base64(const std::string& text) {
  std::istringstream in(text);
  Poco::Base64Decoder decoder(in);
  std::ostringstream out;
  out << decoder.rdbuf();
  return out.str();
}

}  // namespace

std::int64_t Mailbox::add(std::string sender, std::vector<std::string> to, std::string raw) {
  std::int64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = ++last_id_;
    messages_.push_back({id, utc_text(clock_.now()), std::move(sender), std::move(to), std::move(raw)});
    if (messages_.size() > kKept) messages_.pop_front();
  }
  state_.commit();
  return id;
}

void Mailbox::clear() {
  {
    const std::lock_guard lock(mutex_);
    messages_.clear();
  }
  state_.commit();
}

std::vector<Message> Mailbox::list(std::string_view to) const {
  const std::lock_guard lock(mutex_);
  std::vector<Message> out;
  for (auto message = messages_.rbegin(); message != messages_.rend(); ++message) {
    const bool fits =
        to.empty() || std::any_of(message->to.begin(), message->to.end(),
                                  [&](const auto& recipient) { return equal_ignoring_case(recipient, to); });
    if (fits) out.push_back(*message);
  }
  return out;
}

std::optional<Message> Mailbox::find(std::int64_t id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& message : messages_)
    if (message.id == id) return message;
  return std::nullopt;
}

json::object Mailbox::counters() const {
  const std::lock_guard lock(mutex_);
  return {{"kept", messages_.size()}, {"received", last_id_}};
}

json::object Mailbox::to_json() const {
  const std::lock_guard lock(mutex_);
  json::array list;
  for (const auto& message : messages_) {
    list.push_back(json::object{{"id", message.id},
                                {"received_at", message.received_at},
                                {"sender", message.sender},
                                {"to", json::array(message.to.begin(), message.to.end())},
                                {"raw_base64", to_base64(message.raw)}});
  }
  return {{"last_id", last_id_}, {"messages", std::move(list)}};
}

void Mailbox::restore(const json::object& from) {
  const std::lock_guard lock(mutex_);
  take(from, "last_id", last_id_);
  messages_.clear();
  for (const auto& value : from.at("messages").as_array()) {
    const auto& fields = value.as_object();
    Message message;
    take(fields, "id", message.id);
    take(fields, "received_at", message.received_at);
    take(fields, "sender", message.sender);
    take(fields, "raw_base64", message.raw);
    message.raw = from_base64(message.raw);
    for (const auto& recipient : fields.at("to").as_array()) message.to.emplace_back(recipient.as_string());
    messages_.push_back(std::move(message));
  }
}

json::object shown(const Message& message) {
  const Parts parts = read_message(message.raw);
  return {{"id", message.id},
          {"received_at", message.received_at},
          {"sender", message.sender},
          {"from", parts.from},
          {"to", json::array(message.to.begin(), message.to.end())},
          {"subject", parts.subject},
          {"date", parts.date},
          {"text", parts.text},
          {"html", parts.html},
          {"raw", well_formed(message.raw)}};
}

}  // namespace sandbox::mail
