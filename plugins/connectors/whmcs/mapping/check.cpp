// The actions in turn; one per run keeps the cost at one small call.
#include "mapping/check.hpp"

namespace whmcs {

void Check::run() {
  constexpr std::int64_t kNobody = 999'999'001;
  Form form;
  const char* action = nullptr;
  switch (turn_++ % 10) {
    case 0:
      action = "GetClients", form.set("search", "nobody@portico.invalid").set("limitnum", 1);
      break;
    case 1:
      action = "GetClientsDetails", form.set("clientid", kNobody);
      break;
    case 2:
      action = "GetInvoices", form.set("userid", kNobody).set("limitnum", 1);
      break;
    case 3:
      action = "GetInvoice", form.set("invoiceid", kNobody);
      break;
    case 4:
      action = "GetClientsProducts", form.set("serviceid", kNobody).set("limitnum", 1);
      break;
    case 5:
      action = "GetOrders", form.set("id", kNobody).set("limitnum", 1);
      break;
    case 6:
      action = "GetProducts", form.set("pid", kNobody);
      break;
    case 7:
      action = "GetTransactions", form.set("invoiceid", kNobody);
      break;
    case 8:
      action = "GetPayMethods", form.set("clientid", kNobody);
      break;
    default:
      action = "GetUsers", form.set("search", "nobody@portico.invalid").set("limitnum", 1);
      break;
  }
  try {
    api_.ask(action, form, Kind::read, [](const Fields&) { return true; });
  } catch (const Refusal&) {
    // the action ran: allowed
  } catch (const portico::Problem&) {
    // the watcher has told health and log
  }
}

}  // namespace whmcs
