// The link is sealed and names its person: it is of no use to anybody else, and says nothing of the file.
#include "downloads.hpp"

#include <fmt/format.h>

#include <boost/describe.hpp>
#include <vector>

#include "client/base64.hpp"
#include "client/text.hpp"

namespace salesforce {

using namespace std::chrono_literals;
namespace contract = portico::crm;
using portico::Problem;

namespace {

constexpr auto kLinkLives = 10min;
constexpr auto kDeadline = 2min;  // 25 MB in that time are 1.7 Mbit/s
constexpr std::size_t kPiece = 64u << 10;
constexpr std::string_view kContext = "salesforce.file_link";
constexpr std::string_view kRoute = "/api/crm/files/";

struct Ticket {
  std::string user_id;
  std::string version;
  std::string name;
  std::int64_t size = 0;
  std::int64_t expires = 0;  // s since 1970
};
BOOST_DESCRIBE_STRUCT(Ticket, (), (user_id, version, name, size, expires))

[[noreturn]] void no_such_link() {
  throw Problem(404, "crm.link_expired", "the link is too old, or another person's");
}

std::chrono::sys_seconds now_of(portico::Host& host) {
  return std::chrono::floor<std::chrono::seconds>(host.clock().now());
}

Ticket read_ticket(portico::Host& host, std::string_view text) {
  try {
    const auto sealed = base64url_decode(text);
    if (!sealed) no_such_link();
    return portico::decode_text<Ticket>(host.crypto().open(*sealed, kContext));
  } catch (const Problem&) {
    no_such_link();
  }
}

}  // namespace

void Downloads::start() {
  host_.routes()
      .get(std::string(kRoute) + "{link}", [this](const portico::Request& request) { return send(request); })
      .lane("files")
      .deadline(kDeadline)
      .summary("A file of a support case, by the link that crm.link_file gave");
}

contract::FileLink Downloads::link(const contract::FileLinkRequest& wanted) {
  if (wanted.user_id.empty()) throw portico::invalid_field("/user_id", "required");
  auto found = files_.find({wanted.account_id, wanted.case_id, wanted.file_id});
  const auto expires = now_of(host_) + kLinkLives;
  const Ticket ticket{wanted.user_id, std::move(found.version), found.file.name, found.file.size,
                      expires.time_since_epoch().count()};
  return {std::move(found.file),
          std::string(kRoute) + base64url_encode(host_.crypto().seal(portico::encode_text(ticket), kContext)),
          rfc3339(expires)};
}

portico::Handled Downloads::send(const portico::Request& request) {
  const auto ticket = read_ticket(host_, request.path("link"));
  if (ticket.user_id != request.user_id() || ticket.expires < now_of(host_).time_since_epoch().count())
    no_such_link();
  const auto bytes = files_.open(ticket.version, ticket.size);
  std::vector<char> piece(kPiece);
  // The first bytes before the head: what fails until here is still an answer.
  auto got = bytes->read(piece.data(), piece.size());
  auto download = request.download(
      {200,
       "application/octet-stream",
       {},
       {{"Content-Disposition", "attachment; filename*=UTF-8''" + percent_encode(ticket.name)},
        {"Cache-Control", "private, no-store"}}},
      static_cast<std::uint64_t>(ticket.size));
  try {
    for (; got > 0; got = bytes->read(piece.data(), piece.size()))
      if (!download.write({piece.data(), got})) return portico::handled;
    download.finish();
  } catch (const Problem& problem) {
    // The connection is cut: nobody takes a part for the file.
    host_.log().warning("a file broke off on its way", {{"code", problem.code}, {"detail", problem.detail}});
  }
  return portico::handled;
}

}  // namespace salesforce
