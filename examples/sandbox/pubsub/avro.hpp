// Avro's binary form of JSON values, by libavro: what schemas promise is what is on the wire.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sandbox::pubsub {

/// A value that does not fit its schema, or bytes that are not of it.
struct AvroError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Writes and reads single datums of one schema. One thread at a time.
class Codec {
 public:
  /// errors: AvroError if the text is no schema libavro knows
  explicit Codec(const std::string& schema_json);
  ~Codec();

  /// A record is an object; members it does not name are null (and must be of a union with null). Of a union,
  /// the first branch that takes the value is written. errors: AvroError
  std::string encode(const boost::json::value& value) const;
  /// errors: AvroError, also for bytes that are left over
  boost::json::value decode(std::string_view bytes) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sandbox::pubsub
