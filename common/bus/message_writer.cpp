#include "common/base/json_text.hpp"
#include "common/base/number_text.hpp"
#include "common/base/payload.hpp"
#include "common/bus/message_fields.hpp"

namespace r8r::bus {
namespace {

// Every field is written, in the order of visit_fields, so that the reader finds each where it looks first.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  template <class T>
  void object(const T& item) {
    out_ += '{';
    first_ = true;
    // Writing does not change the item; the visitor is shared with reading, which does.
    visit_fields(*this, const_cast<T&>(item));
    out_ += '}';
  }

  void operator()(std::string_view name, const Uuid& id) {
    key(name);
    out_ += '"';
    out_ += id.to_string();
    out_ += '"';
  }
  void operator()(std::string_view name, std::int32_t value) { number(name, value); }
  void operator()(std::string_view name, std::int64_t value) { number(name, value); }
  void operator()(std::string_view name, std::uint64_t value) { number(name, value); }
  void operator()(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  void operator()(std::string_view name, Timestamp time) { number(name, to_unix_us(time)); }
  void operator()(std::string_view name, NodeOutcome outcome) { number(name, static_cast<int>(outcome)); }
  void operator()(std::string_view name, const std::string& text) {
    key(name);
    append_json_string(out_, text);
  }
  void operator()(std::string_view name, const std::vector<std::string>& texts) {
    key(name);
    out_ += '[';
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (i > 0) out_ += ',';
      append_json_string(out_, texts[i]);
    }
    out_ += ']';
  }
  void operator()(std::string_view name, const std::vector<NodeResult>& nodes) { objects(name, nodes); }
  void operator()(std::string_view name, const std::vector<ItemError>& errors) { objects(name, errors); }

  // A sparse field that is empty, zero or false is left out.
  template <class T>
  void sparse(std::string_view name, const T& value) {
    if constexpr (requires { value.empty(); }) {
      if (!value.empty()) (*this)(name, value);
    } else {
      if (value != T{}) (*this)(name, value);
    }
  }

  // A raw field without a value is left out. A reference stands under a name of its own.
  void raw(std::string_view name, const std::string& json) {
    if (json.empty()) return;
    if (payload::is_reference(json)) {
      key(name, kReferenceSuffix);
      out_ += std::string_view(json).substr(1);
      return;
    }
    key(name);
    out_ += json;
  }
  void raw(std::string_view name, const std::optional<std::string>& json) {
    if (json) raw(name, json->empty() ? std::string("null") : *json);
  }
  void raw(std::string_view name, const std::vector<std::string>& elements) {
    if (elements.empty()) return;
    key(name);
    out_ += '[';
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (i > 0) out_ += ',';
      out_ += elements[i].empty() ? std::string_view("null") : std::string_view(elements[i]);
    }
    out_ += ']';
  }
  void raw(std::string_view name, const std::vector<std::pair<std::string, std::string>>& members) {
    this->members(name, "", members, false);
    this->members(name, kReferenceSuffix, members, true);
  }

 private:
  template <class T>
  void objects(std::string_view name, const std::vector<T>& items) {
    key(name);
    out_ += '[';
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += ',';
      Writer(out_).object(items[i]);
    }
    out_ += ']';
  }
  void members(std::string_view name, std::string_view suffix,
               const std::vector<std::pair<std::string, std::string>>& members, bool references) {
    bool any = false;
    for (const auto& [id, json] : members) {
      if (payload::is_reference(json) != references) continue;
      if (any) {
        out_ += ',';
      } else {
        key(name, suffix);
        out_ += '{';
        any = true;
      }
      append_json_string(out_, id);
      out_ += ':';
      out_ += json.empty() ? std::string_view("null") : std::string_view(json).substr(references ? 1 : 0);
    }
    if (any) out_ += '}';
  }
  void key(std::string_view name, std::string_view suffix = {}) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;
    out_ += suffix;
    out_ += "\":";
  }
  template <class N>
  void number(std::string_view name, N value) {
    key(name);
    append_number(out_, value);
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace

template <class T>
void Batch<T>::add(const T& item) {
  text_ += count_ == 0 ? R"({"v":1,"items":[)" : ",";
  Writer(text_).object(item);
  ++count_;
}

template <class T>
std::string Batch<T>::take() {
  if (count_ == 0) return R"({"v":1,"items":[]})";
  text_ += "]}";
  std::string out;
  out.swap(text_);
  count_ = 0;
  return out;
}

template class Batch<ExecRequest>;
template class Batch<Task>;
template class Batch<TaskResult>;
template class Batch<Progress>;
template class Batch<Completion>;
template class Batch<Event>;
template class Batch<WorkflowChanged>;
template class Batch<CancelNotice>;
template class Batch<ExecutionNotice>;
template class Batch<ControlRequest>;
template class Batch<ControlReply>;

}  // namespace r8r::bus
