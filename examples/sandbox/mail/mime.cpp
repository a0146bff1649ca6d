// MIME bodies through Poco's multipart reader and decoders.
#include "examples/sandbox/mail/mime.hpp"

#include <Poco/Base64Decoder.h>
#include <Poco/Exception.h>
#include <Poco/Net/MessageHeader.h>
#include <Poco/Net/MultipartReader.h>
#include <Poco/Net/NameValueCollection.h>
#include <Poco/Net/QuotedPrintableDecoder.h>

#include <sstream>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/mail/headers.hpp"

namespace sandbox::mail {

namespace net = Poco::Net;

namespace {

constexpr int kMaxDepth = 8;

std::string all_of(std::istream& in) {
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string decoded(const std::string& body, const std::string& encoding) {
  std::istringstream in(body);
  try {
    if (equal_ignoring_case(encoding, "base64")) {
      Poco::Base64Decoder decoder(in);
      return all_of(decoder);
    }
    if (equal_ignoring_case(encoding, "quoted-printable")) {
      net::QuotedPrintableDecoder decoder(in);
      return all_of(decoder);
    }
  } catch (const Poco::Exception&) {
    return body;
  }
  return body;
}

struct Part {
  std::string type, encoding, disposition, body;
};

void read_part(const Part& part, Parts& parts, int depth) {
  std::string type;
  net::NameValueCollection parameters;
  net::MessageHeader::splitParameters(part.type.empty() ? "text/plain" : part.type, type, parameters);
  type = lower(trim(type));
  if (type.starts_with("multipart/") && depth < kMaxDepth) {
    std::istringstream in(part.body);
    net::MultipartReader reader(in, parameters.get("boundary", ""));
    while (reader.hasNextPart()) {
      net::MessageHeader inner;
      reader.nextPart(inner);
      read_part({inner.get("Content-Type", ""), inner.get("Content-Transfer-Encoding", ""),
                 inner.get("Content-Disposition", ""), all_of(reader.stream())},
                parts, depth + 1);
    }
    return;
  }
  if (starts_ignoring_case(part.disposition, "attachment")) return;
  if (type != "text/plain" && type != "text/html") return;
  std::string& target = type == "text/plain" ? parts.text : parts.html;
  if (!target.empty()) return;
  target = to_utf8(decoded(part.body, trim(part.encoding)), parameters.get("charset", ""));
  std::erase(target, '\r');
}

}  // namespace

Parts read_message(const std::string& raw) {
  const Headers headers = read_headers(raw);
  Parts parts;
  parts.from = decode_words(headers.get("From"));
  parts.subject = decode_words(headers.get("Subject"));
  parts.date = decode_words(headers.get("Date"));
  try {
    read_part({headers.get("Content-Type"), headers.get("Content-Transfer-Encoding"),
               headers.get("Content-Disposition"), raw.substr(headers.body_at)},
              parts, 0);
  } catch (const Poco::Exception&) {
    if (parts.text.empty() && parts.html.empty()) parts.text = well_formed(raw.substr(headers.body_at));
  }
  return parts;
}

}  // namespace sandbox::mail
