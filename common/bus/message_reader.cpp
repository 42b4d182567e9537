#include <fmt/format.h>
#include <simdjson.h>

#include <cstring>

#include "common/bus/json_scan.hpp"
#include "common/bus/message_fields.hpp"

namespace r8r::bus {
namespace {

using simdjson::ondemand::object;
using simdjson::ondemand::value;

constexpr std::int64_t kKnownVersion = 1;

// `raw` points behind the opening quote of a key, in a padded buffer.
bool is_key(const char* raw, std::string_view name, std::string_view suffix = "") {
  return std::memcmp(raw, name.data(), name.size()) == 0 &&
         std::memcmp(raw + name.size(), suffix.data(), suffix.size()) == 0 && raw[name.size() + suffix.size()] == '"';
}

// Throws simdjson_error on anything malformed; decode() catches. Goes through the members of an object once, side by
// side with the fields of the item: in the order in which they are written that is one pass over the fields, any other
// order takes more. (Looking members up by name instead is not safe on malformed text: simdjson's unordered lookup
// relies on an iterator that an earlier error may have left anywhere.) A missing field keeps its default, but the first
// one of each type, its id, must be there.
class Reader {
 public:
  template <class T>
  static T read(object from) {
    T item;
    Reader reader(from);
    while (reader.begin_pass()) {
      visit_fields(reader, item);
      reader.end_pass();
    }
    if (!reader.has_id_) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
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
    if (number < 0 || number > static_cast<std::int32_t>(NodeOutcome::asking))
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
    out.clear();
    for (auto element : found.get_array()) out.push_back(text(element.value()));
  }
  void operator()(std::string_view name, std::vector<NodeResult>& out) {
    value found;
    if (!find(name, found)) return;
    out.clear();
    for (auto element : found.get_array()) out.push_back(read<NodeResult>(element.get_object().value()));
  }

  void operator()(std::string_view name, std::vector<ItemError>& out) {
    value found;
    if (!find(name, found)) return;
    out.clear();
    for (auto element : found.get_array()) out.push_back(read<ItemError>(element.get_object().value()));
  }

  template <class T>
  void sparse(std::string_view name, T& out) {
    (*this)(name, out);
  }

  void raw(std::string_view name, std::string& out) {
    value found;
    if (find(name, found)) out = json(found);
    if (find(name, found, kReferenceSuffix)) out = '@' + json(found);
  }
  void raw(std::string_view name, std::optional<std::string>& out) {
    value found;
    if (find(name, found)) out = json(found);
    if (find(name, found, kReferenceSuffix)) out = '@' + json(found);
  }
  void raw(std::string_view name, std::vector<std::string>& out) {
    value found;
    if (!find(name, found)) return;
    out.clear();
    for (auto element : found.get_array()) out.push_back(json(element.value()));
  }
  void raw(std::string_view name, std::vector<std::pair<std::string, std::string>>& out) {
    value found;
    if (find(name, found)) members(found, "", out);
    if (find(name, found, kReferenceSuffix)) members(found, "@", out);
  }

 private:
  explicit Reader(object& from) : at_(from.begin()), end_(from.end()) { load(); }

  void load() {
    more_ = at_ != end_;
    if (!more_) return;
    member_ = (*at_).take_value();
    key_ = member_.key().raw();
  }
  void next() {
    taken_ = false;
    ++at_;
    load();
  }
  bool begin_pass() {
    position_ = 0;
    progress_ = false;
    return more_;
  }
  void end_pass() {
    // A member that no field wants is of a newer version: pass over it.
    if (taken_ || !progress_) next();
  }
  // Whether the member at hand is the field `name`; the one before it has been read by now.
  bool find(std::string_view name, value& out, std::string_view suffix = "") {
    const bool first = position_++ == 0;
    if (taken_) next();
    if (!more_ || !is_key(key_, name, suffix)) return false;
    out = member_.value();
    taken_ = progress_ = true;
    if (first) has_id_ = true;
    return true;
  }
  static void members(value found, const char* before, std::vector<std::pair<std::string, std::string>>& out) {
    for (auto field : found.get_object()) {
      std::string key(std::string_view(field.unescaped_key().value()));
      out.emplace_back(std::move(key), before + json(field.value().value()));
    }
  }
  static std::string text(value found) { return std::string(std::string_view(found.get_string().value())); }
  static std::string json(value found) {
    std::string_view cut = simdjson::to_json_string(found).value();
    // The text of a scalar reaches to the next comma or bracket.
    while (!cut.empty() && std::strchr(" \t\r\n", cut.back()) != nullptr) cut.remove_suffix(1);
    // simdjson only counted brackets on its way over the value.
    if (!is_complete_json(cut)) throw simdjson::simdjson_error(simdjson::TAPE_ERROR);
    return std::string(cut);
  }

  using Iterator = decltype(std::declval<object&>().begin());
  Iterator at_;
  Iterator end_;
  simdjson::ondemand::field member_;
  const char* key_ = nullptr;
  int position_ = 0;       // of the field that asks next
  bool more_ = false;      // there is a member at hand
  bool taken_ = false;     // a field has it
  bool progress_ = false;  // this pass found something
  bool has_id_ = false;
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
    bool has_version = false;
    bool has_items = false;
    for (auto entry : envelope) {
      simdjson::ondemand::field member = std::move(entry).take_value();
      const char* const key = member.key().raw();
      if (is_key(key, "v")) {
        const std::int64_t version = member.value().get_int64();
        if (version > kKnownVersion)
          return fail(ErrorCode::invalid_request,
                      fmt::format("message of version {}; this program knows up to {}", version, kKnownVersion));
        has_version = true;
      } else if (is_key(key, "items")) {
        items.clear();
        for (auto element : member.value().get_array()) items.push_back(Reader::read<T>(element.get_object().value()));
        has_items = true;
      }
    }
    if (!has_version || !has_items) throw simdjson::simdjson_error(simdjson::NO_SUCH_FIELD);
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
      throw simdjson::simdjson_error(simdjson::TRAILING_CONTENT);
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
template Result<std::vector<ExecutionNotice>> decode(std::string_view);
template Result<std::vector<ControlRequest>> decode(std::string_view);
template Result<std::vector<ControlReply>> decode(std::string_view);

}  // namespace r8r::bus
