#include "common/base/payload.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <iterator>

#include "common/base/json_text.hpp"

namespace r8r::payload {
namespace {

using Json = nlohmann::json;

tl::unexpected<Error> malformed(std::string_view reference) {
  return fail(ErrorCode::storage_error,
              fmt::format("'{}' is no reference to a stored payload", reference.substr(0, 100)));
}

// Whole numbers that cannot be negative or run over.
bool is_size(const Json& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= (1ull << 40);
}

std::string stored(std::string_view key, std::size_t at, std::size_t size) {
  return fmt::format(R"({{"p":"{}","at":{},"n":{}}})", key, at, size);
}

}  // namespace

std::string reference(std::string_view key, std::size_t at, std::size_t size) {
  return "@[" + stored(key, at, size) + "]";
}

Result<std::vector<Piece>> pieces(std::string_view payload) {
  std::vector<Piece> all;
  if (!is_reference(payload)) {
    all.push_back({.text = std::string(payload)});
    return all;
  }
  const Json list = Json::parse(payload.substr(1), nullptr, false);
  if (!list.is_array()) return malformed(payload);
  for (const Json& element : list) {
    if (element.is_string()) {
      all.push_back({.text = element.get<std::string>()});
      continue;
    }
    const bool valid = element.is_object() && element.contains("p") && element["p"].is_string() &&
                       element.contains("at") && is_size(element["at"]) && element.contains("n") &&
                       is_size(element["n"]);
    if (!valid) return malformed(payload);
    all.push_back({.key = element["p"].get<std::string>(),
                   .at = element["at"].get<std::size_t>(),
                   .size = element["n"].get<std::size_t>()});
  }
  return all;
}

std::size_t bytes(std::string_view payload) {
  if (!is_reference(payload)) return payload.size();
  std::size_t sum = 0;
  if (const auto all = pieces(payload)) {
    for (const Piece& piece : *all) sum += piece.key.empty() ? piece.text.size() : piece.size;
  }
  return sum;
}

void ArrayBuilder::add(std::string_view element) {
  if (!std::exchange(empty_, false)) text_ += ',';
  if (!is_reference(element)) {
    text_ += element;
    return;
  }
  if (!pieces_.empty()) pieces_ += ',';
  append_json_string(pieces_, text_);
  pieces_ += ',';
  pieces_ += element.substr(2, element.size() - 3);  // without @[ and ]
  text_.clear();
}

std::string ArrayBuilder::take() {
  text_ += ']';
  if (pieces_.empty()) return std::move(text_);
  std::string out = "@[" + pieces_ + ",";
  append_json_string(out, text_);
  out += ']';
  return out;
}

std::string list_reference(std::string_view key, const std::vector<std::size_t>& sizes) {
  return fmt::format(R"({{"p":"{}","n":[{}]}})", key, fmt::join(sizes, ","));
}

Result<std::vector<std::string>> list_elements(std::string_view list) {
  const Json json = Json::parse(list, nullptr, false);
  if (!json.is_object() || !json.contains("p") || !json["p"].is_string() || !json.contains("n") ||
      !json["n"].is_array())
    return malformed(list);
  const auto& key = json["p"].get_ref<const std::string&>();
  std::vector<std::string> all;
  std::size_t at = 0;
  for (const Json& size : json["n"]) {
    if (!is_size(size)) return malformed(list);
    all.push_back(reference(key, at, size.get<std::size_t>()));
    at += size.get<std::size_t>();
  }
  return all;
}

std::string size_text(std::size_t bytes) {
  constexpr std::size_t kMiB = 1u << 20;
  return bytes > 0 && bytes % kMiB == 0 ? fmt::format("{} MiB", bytes / kMiB) : fmt::format("{} bytes", bytes);
}

}  // namespace r8r::payload
