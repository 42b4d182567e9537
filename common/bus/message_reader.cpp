#include <fmt/format.h>
#include <simdjson.h>

#include "common/bus/message_fields.hpp"

namespace r8r::bus {
namespace {

using simdjson::ondemand::object;
using simdjson::ondemand::value;

constexpr std::int64_t kKnownVersion = 1;

// Throws simdjson_error on anything malformed; decode() catches. Looks for the fields in the order in which they are
// written; any other order works too. A missing field keeps its default.
class Reader {
 public:
  explicit Reader(object from) : from_(from) {}

  template <class T>
  static T read(object from) {
    T item;
    Reader reader(from);
    visit_fields(reader, item);
    return item;
  }

  void operator()(std::string_view name, Uuid& id) {
    value found;
    if (!find(name, found)) return;
    const auto parsed = Uuid::parse(text(found));
    if (!parsed) throw simdjson::simdjson_error(simdjson::INCORRECT_TYPE);
    id = *parsed;
  }
  void operator()(std::string_view name, std::int32_t& out) {
    value found;
    if (!find(name, found)) return;
    const std::int64_t number = found.get_int64().value();
    if (number < INT32_MIN || number > INT32_MAX) throw simdjson::simdjson_error(simdjson::NUMBER_OUT_OF_RANGE);
    out = static_cast<std::int32_t>(number);
  }
  void operator()(std::string_view name, std::int64_t& out) {
    value found;
    if (find(name, found)) out = found.get_int64().value();
  }
  void operator()(std::string_view name, std::uint64_t& out) {
    value found;
    if (find(name, found)) out = found.get_uint64().value();
  }
  void operator()(std::string_view name, bool& out) {
    value found;
    if (find(name, found)) out = found.get_bool().value();
  }
  void operator()(std::string_view name, Timestamp& out) {
    std::int64_t us = to_unix_us(out);
    (*this)(name, us);
    out = from_unix_us(us);
  }
  void operator()(std::string_view name, NodeOutcome& out) {
    std::int32_t number = static_cast<std::int32_t>(out);
    (*this)(name, number);
    if (number < 0 || number > static_cast<std::int32_t>(NodeOutcome::waiting))
      throw simdjson::simdjson_error(simdjson::NUMBER_OUT_OF_RANGE);
    out = static_cast<NodeOutcome>(number);
  }
  void operator()(std::string_view name, std::string& out) {
    value found;
    if (find(name, found)) out = text(found);
  }
  void operator()(std::string_view name, std::vector<std::string>& out) {
    value found;
    if (!find(name, found)) return;
    for (auto element : found.get_array()) out.push_back(text(element.value()));
  }
  void operator()(std::string_view name, std::vector<NodeResult>& out) {
    value found;
    if (!find(name, found)) return;
    for (auto element : found.get_array()) out.push_back(read<NodeResult>(element.get_object().value()));
  }

  void raw(std::string_view name, std::string& out) {
    value found;
    if (find(name, found)) out = json(found);
  }
  void raw(std::string_view name, std::optional<std::string>& out) {
    value found;
    if (find(name, found)) out = json(found);
  }
  void raw(std::string_view name, std::vector<std::pair<std::string, std::string>>& out) {
    value found;
    if (!find(name, found)) return;
    for (auto field : found.get_object()) {
      std::string key(std::string_view(field.unescaped_key().value()));
      out.emplace_back(std::move(key), json(field.value().value()));
    }
  }

 private:
  bool find(std::string_view name, value& out) {
    const auto error = from_.find_field_unordered(name).get(out);
    if (error == simdjson::NO_SUCH_FIELD) return false;
    if (error != simdjson::SUCCESS) throw simdjson::simdjson_error(error);
    return true;
  }
  static std::string text(value found) { return std::string(std::string_view(found.get_string().value())); }
  static std::string json(value found) {
    const std::string_view cut = simdjson::to_json_string(found).value();
    return std::string(cut);
  }

  object from_;
};

}  // namespace

template <class T>
Result<std::vector<T>> decode(std::string_view message) {
  // One parser per thread keeps its buffers from message to message.
  static thread_local simdjson::ondemand::parser parser;
  std::vector<T> items;
  try {
    const simdjson::padded_string padded(message);
    auto document = parser.iterate(padded);
    object envelope = document.get_object();
    const std::int64_t version = envelope.find_field_unordered("v").get_int64();
    if (version > kKnownVersion)
      return fail(ErrorCode::invalid_request, fmt::format("message of version {}; this program knows up to {}", version, kKnownVersion));
    for (auto element : envelope.find_field_unordered("items").get_array()) items.push_back(Reader::read<T>(element.get_object().value()));
  } catch (const simdjson::simdjson_error& error) {
    return fail(ErrorCode::invalid_request, fmt::format("malformed message: {}", error.what()));
  }
  return items;
}

template Result<std::vector<ExecRequest>> decode(std::string_view);
template Result<std::vector<Task>> decode(std::string_view);
template Result<std::vector<TaskResult>> decode(std::string_view);
template Result<std::vector<Progress>> decode(std::string_view);
template Result<std::vector<Completion>> decode(std::string_view);
template Result<std::vector<Event>> decode(std::string_view);
template Result<std::vector<WorkflowChanged>> decode(std::string_view);
template Result<std::vector<CancelNotice>> decode(std::string_view);

}  // namespace r8r::bus
