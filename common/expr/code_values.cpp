#include "common/expr/code_values.hpp"

#include "common/expr/json.hpp"

namespace r8r::expr {

bool ArrayLiteral::eval(Run& run, Value& out) const {
  std::vector<Value> elements(elements_.size());
  for (std::size_t i = 0; i < elements_.size(); ++i) {
    if (!elements_[i]->eval(run, elements[i])) return false;
  }
  if (!run.charge(1 + static_cast<std::int64_t>(elements.size() / 4), offset)) return false;
  out = Value::array(std::move(elements));
  return true;
}

MapLiteral::MapLiteral(std::uint32_t at, std::vector<Value> keys, std::vector<const Code*> values)
    : Code(at), keys_(std::move(keys)), values_(std::move(values)) {
  Map seen;
  for (const Value& key : keys_) seen.set(key, Value());
  distinct_ = seen.size() == keys_.size();
}

bool MapLiteral::eval(Run& run, Value& out) const {
  Map entries;
  entries.reserve(keys_.size());
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    Value value;
    if (!values_[i]->eval(run, value)) return false;
    if (distinct_) {
      entries.add(keys_[i], std::move(value));
    } else {
      entries.set(keys_[i], std::move(value));
    }
  }
  if (!run.charge(1 + static_cast<std::int64_t>(keys_.size() / 2), offset)) return false;
  out = Value::map(std::move(entries));
  return true;
}

bool Interpolation::eval(Run& run, Value& out) const {
  std::string text;
  if (!run.charge(static_cast<std::int64_t>(1 + parts_.size() / 4), offset)) return false;
  for (const Code* part : parts_) {
    Value spare;
    const Value* value = part->peek(run, spare);
    if (value == nullptr || !run.admit(*value, part->offset)) return false;
    append_rendered(text, *value);
    if (!run.fits_text(text.size(), offset)) return false;
  }
  out = Value::string(text);
  return true;
}

bool Credential::eval(Run& run, Value& out) const {
  if (!run.charge(1, offset)) return false;
  if (run.context().mask_secrets) {
    out = Value::string("***");
    return true;
  }
  const Value* at = &run.context().scope.credentials();
  if (!at->is_map()) return run.fail(offset, "credentials are not available here");
  for (const std::string& key : path_) {
    at = at->is_map() ? at->as_map().find(key) : nullptr;
    if (at == nullptr) return run.fail(offset, "there is no credential '" + path_[0] + "', or not all of it");
  }
  out = Value(*at);
  return true;
}

bool MakeClosure::eval(Run& run, Value& out) const {
  if (!run.charge(static_cast<std::int64_t>(2 + captured_.size() / 2), offset)) return false;
  auto* cell = new ClosureCell;
  ++live_closures();
  Value closure = Value::adopt(Value::Kind::closure, cell);
  cell->code = code_;
  cell->captured.reserve(captured_.size());
  for (const int slot : captured_) cell->captured.push_back(run.locals[slot]);
  out = std::move(closure);
  return true;
}

bool BuiltInName::eval(Run& run, Value& out) const {
  if (!run.charge(1, offset)) return false;
  auto* cell = new ClosureCell;
  ++live_closures();
  cell->builtin = set_;
  out = Value::adopt(Value::Kind::closure, cell);
  return true;
}

}  // namespace r8r::expr
