// Claims with SKIP LOCKED, sends outside any transaction, settles by epoch.
#include "kernel/work/mail_queue.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <portico/contract.hpp>

#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"
#include "kernel/observe/random_id.hpp"
#include "kernel/work/lease.hpp"

namespace kernel::work {

namespace json = boost::json;
using database::Value;
using portico::Problem;

namespace {

constexpr std::chrono::milliseconds kPoll{250};
constexpr std::chrono::seconds kExpire{1};

database::Scope scope() {
  return {database::Scope::system, {}, "mail queue", "portico_kernel"};
}
/// The same for every attempt, on whatever replica: a mail server may notice a repeat by it. The number alone
/// would not do, for every installation counts from one.
std::string message_id(std::int64_t id, const std::string& hash) {
  std::string hex;
  for (const char c : hash.substr(0, 8)) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return fmt::format("{}.{}@portico", id, hex);
}
database::Deadline soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(5);
}

}  // namespace

MailQueue::MailQueue(database::Pool& database, outbound::SmtpSender sender, std::string from, MailSeal seal)
    : database_(database),
      sender_(std::move(sender)),
      from_(std::move(from)),
      seal_(std::move(seal)),
      owner_(observe::new_correlation_id()) {}

MailQueue::~MailQueue() {
  stop();
}

void MailQueue::enqueue(database::Transaction& transaction, const QueuedMail& mail) {
  if (mail.to.find('@') == std::string::npos || mail.to.size() > 254 ||
      mail.to.find_first_of("\r\n") != std::string::npos)
    throw Problem(422, "mail.bad_address", "the address of a mail is not one");
  const auto sealed = seal_.seal(json::serialize(
      json::object{{"to", mail.to}, {"subject", mail.subject}, {"text", mail.text}, {"html", mail.html}}));
  transaction.run_as("portico_kernel",
                     "INSERT INTO kernel.mail(sealed, to_hash, template, dedup_key) VALUES ($1, $2, '', $3) "
                     "ON CONFLICT (dedup_key) DO NOTHING",
                     {Value(database::Bytes{sealed}), Value(database::Bytes{seal_.hash(mail.to)}),
                      mail.dedup_key.empty() ? Value(std::monostate()) : Value(mail.dedup_key)});
}

void MailQueue::start() {
  thread_ = std::thread([this] { run(); });
}

void MailQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void MailQueue::run() {
  bool away = false;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    bool more = false;
    try {
      more = send_some();
      if (std::exchange(away, false)) observe::log(observe::Level::info, "mail", "queue is read again");
    } catch (const std::exception& e) {
      if (!std::exchange(away, true))
        observe::log(observe::Level::warning, "mail", "queue cannot be read", {{"detail", e.what()}});
    }
    lock.lock();
    if (!more) wake_.wait_for(lock, kPoll, [&] { return stopping_; });
  }
}

bool MailQueue::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

bool MailQueue::send_some() {
  static const std::string expire = expire_sql(kMailTable);
  static const std::string sql =
      claim_sql(
          kMailTable,
          "SELECT id FROM kernel.mail WHERE state = 'available' AND run_at <= now() ORDER BY run_at, id LIMIT 5 "
          "FOR UPDATE SKIP LOCKED",
          "60",
          "j.id, j.run_at, j.lease_epoch, j.attempts::bigint AS attempts, j.max_attempts::bigint AS max_attempts, "
          "j.sealed") +
      " SELECT * FROM u ORDER BY run_at, id";
  auto claim = database_.begin(scope(), soon());
  if (const auto now = std::chrono::steady_clock::now(); now - expired_ >= kExpire) {
    claim.run(expire);
    expired_ = now;
  }
  const auto rows = claim.run(sql, {Value(owner_)});
  claim.commit();
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const Claimed mail{rows.get<std::int64_t>(i, "id"), rows.get<std::int64_t>(i, "lease_epoch"),
                       rows.get<std::int64_t>(i, "attempts"), rows.get<std::int64_t>(i, "max_attempts"),
                       rows.get<database::Bytes>(i, "sealed").data};
    if (stopping())
      give_back(mail);
    else
      send_one(mail);
  }
  return rows.rows() > 0;
}

void MailQueue::give_back(const Claimed& mail) {
  auto transaction = database_.begin(scope(), soon());
  static const std::string sql = give_back_sql(kMailTable);
  transaction.run(sql, {Value(mail.id), Value(mail.epoch)});
  transaction.commit();
}

void MailQueue::send_one(const Claimed& claimed) {
  const auto& [id, epoch, attempts, max_attempts, sealed] = claimed;
  outbound::MailResult result;
  try {
    const auto mail = portico::parse_json(seal_.open(sealed)).as_object();
    const auto text = [&](const char* key) { return std::string(mail.at(key).as_string()); };
    result = sender_.send(
        {from_, text("to"), text("subject"), text("text"), text("html"), message_id(id, seal_.hash(sealed))});
  } catch (const std::exception& e) {
    result = {outbound::MailOutcome::permanent, e.what()};
  }
  const bool sent = result.outcome == outbound::MailOutcome::sent;
  const bool dead = result.outcome == outbound::MailOutcome::permanent || (!sent && attempts >= max_attempts);
  observe::counter("portico_mail_total", "Mail by outcome",
                   {{"outcome", sent   ? "sent"
                                : dead ? "dead"
                                       : "deferred"}})
      .add();
  if (!sent)
    observe::log(observe::Level::warning, "mail", dead ? "mail given up" : "mail deferred",
                 {{"id", id}, {"attempts", attempts}, {"detail", result.detail}});
  auto settle = database_.begin(scope(), soon());
  // What was sent or given up keeps no text: only that it was.
  static const std::string sql =
      "UPDATE kernel.mail j SET state = $3, lease_until = NULL, last_error = $4, "
      "sealed = CASE WHEN $3 = 'available' THEN sealed ELSE ''::bytea END, run_at = " +
      backoff_sql("1", "attempts", "3600") +
      ", finished_at = CASE WHEN $3 = 'available' THEN NULL ELSE now() END" + held_sql(kMailTable);
  settle.run(sql, {Value(id), Value(epoch),
                   Value(std::string(sent   ? "sent"
                                     : dead ? "dead"
                                            : "available")),
                   sent ? Value(std::monostate()) : Value(storable(result.detail, 500))});
  settle.commit();
}

}  // namespace kernel::work
