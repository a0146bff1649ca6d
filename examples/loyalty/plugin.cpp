// Points for invoices that are paid online: what is registered with the host.
#include <portico/plugin.hpp>

#include "store/credits.hpp"
#include "use_cases/credit.hpp"

using namespace std::chrono_literals;
using portico::billing::PaymentStarted;

namespace {

struct Settings {
  std::int64_t percent = 1;
};
BOOST_DESCRIBE_STRUCT(Settings, (), (percent))

class Loyalty final : public portico::Plugin {
  void start(portico::Host& host) override {
    const auto percent = host.config().read<Settings>().percent;

    // The event only says that somebody went to pay. Looking after it is a job: it outlives restarts, and is
    // tried again until the invoice is paid.
    host.events().subscribe(portico::billing::payment_started, [&host](const PaymentStarted& payment,
                                                                       const portico::Job& delivery) {
      host.database().as_user(payment.user_id, [&](portico::Transaction& tx) {
        host.tasks().enqueue(tx, loyalty::kCredits, payment, {.dedup_key = payment.invoice_id});
        delivery.complete(tx);
      });
    });
    host.tasks().queue(loyalty::kCredits,
                       [&host, percent](const PaymentStarted& payment, const portico::Job& job) {
                         loyalty::credit(host, payment, job, percent);
                       },
                       {.attempts = 200, .backoff = 2s, .backoff_most = 1h});

    host.routes()
        .get("/api/loyalty",
             [&host](const portico::Request& request) {
               return host.database().as_user(request.user_id(), loyalty::read_balance);
             })
        .summary("The points of whoever asks");

    host.pages().page("/loyalty", {"Points", "ポイント"});
    host.pages().navigation("/loyalty", {"Points", "ポイント"}, 60);
    host.pages().card("loyalty.balance", 40);
  }
};

}  // namespace

PORTICO_PLUGIN(Loyalty)
