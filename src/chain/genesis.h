// Reading a module's part of the genesis JSON: typed members, unknown ones refused, errors that
// name the path.
#pragma once

#include <boost/json.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/amount.h"
#include "base/coin.h"
#include "base/result.h"
#include "base/time.h"

namespace tp::chain {

// One JSON object and the path at which it stands ("bank.balances[3]").
class GenesisObject {
 public:
  // Errors (here and below): ModuleError::kGenesis "<path>: what is wrong".
  static Result<GenesisObject> of(const boost::json::value& json, std::string path);

  // Refuses members other than these.
  Result<void> allow_only(std::initializer_list<std::string_view> names) const;
  bool has(std::string_view member) const { return object_->contains(member); }

  Result<std::string> text(std::string_view member) const;
  // A JSON integer or a string of digits, as Cosmos writes 64-bit numbers.
  Result<std::uint64_t> number(std::string_view member) const;
  Result<bool> boolean(std::string_view member) const;
  Result<Amount> amount(std::string_view member) const;
  Result<Decimal> decimal(std::string_view member) const;
  Result<Denom> denom(std::string_view member) const;
  // {"denom": "utoll", "amount": "5"}
  Result<Coin> coin() const;
  // Seconds as a number or "90s".
  Result<Duration> duration(std::string_view member) const;
  Result<GenesisObject> object(std::string_view member) const;
  // Empty when the member is absent.
  Result<std::vector<GenesisObject>> objects(std::string_view member) const;
  Result<std::vector<std::string>> texts(std::string_view member) const;

  const std::string& path() const { return path_; }
  std::unexpected<Error> error(std::string_view member, std::string_view what) const;

 private:
  GenesisObject(const boost::json::object& object, std::string path)
      : object_(&object), path_(std::move(path)) {}
  Result<const boost::json::value*> member(std::string_view name) const;

  const boost::json::object* object_;
  std::string path_;
};

boost::json::object to_json(const Coin& coin);

}  // namespace tp::chain
