// portico.crypto/1: digests, random bytes and seals, bound to the plugin that made them.
#include "kernel/extensions/all.hpp"
#include "kernel/extensions/table.hpp"

namespace kernel::extensions {

namespace {

std::string bound(const portico_host* host, portico_str context) {
  return plugin_of(host).id() + ":" + text_of(context);
}

portico_status random_bytes(const portico_host*, uint8_t* out, uint64_t count) {
  return guard(nullptr, [&] { fill_random(out, count); });
}

portico_status digest(const portico_host*, portico_str data, uint8_t* out) {
  return guard(nullptr, [&] {
    const auto hash = sha256(portico::view(data));
    std::copy(hash.begin(), hash.end(), out);
  });
}

portico_status hmac(const portico_host*, portico_str key, portico_str data, uint8_t* out) {
  return guard(nullptr, [&] {
    const auto code = hmac_sha256(portico::view(key), portico::view(data));
    std::copy(code.begin(), code.end(), out);
  });
}

portico_status seal(const portico_host* host, portico_str plain, portico_str context, portico_buffer* out,
                    portico_error* error) {
  return guard(error, [&] {
    *out = lease_text(services_of(host).seal.seal(portico::view(plain), bound(host, context)));
  });
}

portico_status open(const portico_host* host, portico_str sealed, portico_str context, portico_buffer* out,
                    portico_error* error) {
  return guard(error, [&] {
    *out = lease_text(services_of(host).seal.open(portico::view(sealed), bound(host, context)));
  });
}

}  // namespace

const portico_crypto kCrypto{sizeof(portico_crypto), 0, &random_bytes, &digest, &hmac, &seal, &open};

}  // namespace kernel::extensions
