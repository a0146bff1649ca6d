// portico.mail/1: stores a message in the plugin's transaction; the queue sends it.
#include "kernel/extensions/all.hpp"
#include "kernel/extensions/transactions.hpp"

namespace kernel::extensions {

namespace {

portico_status send(const portico_host* host, portico_handle transaction, const portico_mail_message* raw,
                    portico_error* error) {
  return guard(error, [&] {
    const auto& plugin = plugin_of(host);
    if (!plugin.manifest.mail)
      throw portico::Problem(500, "plugin.not_in_manifest",
                             plugin.id() + " has no \"mail\": true in its manifest");
    work::QueuedMail mail{text_of(raw->to), text_of(raw->subject), text_of(raw->text), text_of(raw->html),
                          text_of(raw->dedup_key)};
    if (!mail.dedup_key.empty()) mail.dedup_key = plugin.id() + ":" + mail.dedup_key;
    in_transaction(host, transaction, "mail of a plugin",
                   [&](database::Transaction& t) { services_of(host).mail.enqueue(t, mail); });
  });
}

}  // namespace

const portico_mail kMail{sizeof(portico_mail), 0, &send};

}  // namespace kernel::extensions
