#include "common/expr/emitter.hpp"

#include "common/base/environment.hpp"
#include "common/expr/code_calls.hpp"
#include "common/expr/code_control.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/text.hpp"

namespace r8r::expr {

namespace {

using Global = GlobalName::Kind;
struct FixedName {
  std::string_view name;
  Global kind;
};
constexpr FixedName kFixedNames[] = {
    {"input", Global::input},         {"data", Global::input},  {"nodes", Global::nodes},
    {"variables", Global::variables}, {"env", Global::env},     {"execution", Global::execution},
    {"item", Global::item},           {"index", Global::index}, {"item_index", Global::index}};

bool same_with_dashes(std::string_view id, std::string_view name) {
  if (id.size() != name.size()) return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    if (id[i] != name[i] && !(id[i] == '-' && name[i] == '_')) return false;
  }
  return true;
}

}  // namespace

const std::string* NameTable::find_id(std::string_view name) const {
  const std::string* similar = nullptr;
  for (const std::string& id : options_.node_ids) {
    // Ids of one workflow tend to differ in their ends.
    if (id.size() != name.size() || id.empty() || (id.back() != name.back() && id.back() != '-')) continue;
    if (same_text(id, name)) return &id;
    if (similar == nullptr && same_with_dashes(id, name)) similar = &id;
  }
  return similar;
}

bool NameTable::find(std::string_view name, GlobalName& out) const {
  // What the caller names goes first: `data` of an event filter is not the input.
  for (const std::string& extra : options_.extra_names) {
    if (extra != name) continue;
    out = {Global::other, extra};
    return true;
  }
  for (const FixedName& fixed : kFixedNames) {
    if (fixed.name != name) continue;
    out = {fixed.kind, {}};
    return true;
  }
  if (const std::string* id = find_id(name)) {
    out = {Global::node, *id};
    return true;
  }
  return false;
}

std::string NameTable::node_id(std::string_view name) const {
  const std::string* id = find_id(name);
  return id != nullptr ? *id : std::string(name);
}

std::string NameTable::nearest(std::string_view name) const {
  std::vector<std::string> all = options_.extra_names;
  for (const FixedName& fixed : kFixedNames) all.emplace_back(fixed.name);
  for (const std::string& id : options_.node_ids) {
    all.push_back(id);
    std::replace(all.back().begin(), all.back().end(), '-', '_');
  }
  return nearest_name(name, all);
}

Emitter::Emitter(const std::shared_ptr<const std::string>& source, SyntaxTree& tree, const NameTable& names,
                 bool in_template, PositionCursor& positions)
    : tree_(tree),
      names_(names),
      positions_(positions),
      in_template_(in_template),
      data_(std::make_shared<ProgramData>()) {
  data_->source = source;
  possible_keys_.insert(tree.possible_keys.begin(), tree.possible_keys.end());
}

tl::expected<std::shared_ptr<const ProgramData>, SourceError> Emitter::run() {
  // Functions may call each other before they are declared: first their places, then their bodies.
  for (const FunctionScope* scope : tree_.functions) {
    data_->functions.push_back(std::make_unique<FunctionCode>());
    functions_[scope] = data_->functions.back().get();
  }
  for (const FunctionScope* scope : tree_.functions) fill(*functions_[scope], scope);
  fill(data_->main, tree_.main);
  if (!error_.message.empty()) return tl::make_unexpected(std::move(error_));
  set_places(node_mentions_, data_->references.node_places);
  set_places(input_mentions_, data_->references.input_places);
  set_places(variable_mentions_, data_->references.variable_places);
  set_places(unknown_names_, data_->references.unknown_roots);
  return std::shared_ptr<const ProgramData>(std::move(data_));
}

void Emitter::set_places(std::vector<Mention>& mentions, std::vector<References::Place>& places) {
  std::stable_sort(mentions.begin(), mentions.end(),
                   [](const Mention& a, const Mention& b) { return a.offset < b.offset; });
  for (Mention& mention : mentions) {
    const Position position = positions_.at(mention.offset);
    places.push_back({std::move(mention.name), position.line, position.column, std::move(mention.nearest)});
  }
}

void Emitter::fill(FunctionCode& code, const FunctionScope* scope) {
  const int outer_level = std::exchange(level_, 0);
  const int outer_deepest = std::exchange(deepest_, 0);
  code.name = scope->name;
  code.parameters = static_cast<int>(scope->parameters.size());
  for (const Local* parameter : scope->parameters) {
    if (parameter->variable->boxed()) code.boxed_parameters.push_back(parameter->slot);
  }
  for (const Local* capture : scope->captures) code.capture_slots.push_back(capture->slot);
  code.body = emit(scope->body);
  code.slots = scope->slots;
  std::vector<bool> given(static_cast<std::size_t>(code.slots));
  for (const Local* parameter : scope->parameters) given[static_cast<std::size_t>(parameter->slot)] = true;
  for (const int slot : code.capture_slots) given[static_cast<std::size_t>(slot)] = true;
  for (int slot = 0; slot < code.slots; ++slot) {
    if (!given[static_cast<std::size_t>(slot)]) code.own_slots.push_back(slot);
  }
  code.levels = deepest_ + 2;
  level_ = outer_level;
  deepest_ = std::max(outer_deepest, 0);
}

const FunctionCode* Emitter::emit_function(const FunctionScope* scope) {
  data_->functions.push_back(std::make_unique<FunctionCode>());
  FunctionCode* code = data_->functions.back().get();
  fill(*code, scope);
  return code;
}

const Code* Emitter::emit(const Syntax* node, bool used) {
  if (!error_.message.empty()) return nullptr;
  ++level_;
  deepest_ = std::max(deepest_, level_);
  const Code* code = emit_node(node, used);
  --level_;
  return error_.message.empty() ? code : nullptr;
}

const Code* Emitter::emit_node(const Syntax* node, bool used) {
  const std::size_t first = data_->code.size();
  switch (node->kind) {
    case Kind::constant:
      return add<Constant>(node->offset, node->value);
    case Kind::name:
      return emit_name(node);
    case Kind::local:
      return add<LocalName>(node->offset, node->local->slot, node->local->variable->boxed());
    case Kind::array: {
      std::vector<const Code*> elements;
      bool is_constant = true;
      for (const Syntax* child : node->children) {
        const Code* element = emit(child);
        if (element == nullptr) return nullptr;
        is_constant = is_constant && element->constant() != nullptr;
        elements.push_back(element);
      }
      const Code* code = add<ArrayLiteral>(node->offset, std::move(elements));
      return is_constant ? fold(code, first) : code;
    }
    case Kind::map: {
      std::vector<const Code*> values;
      std::vector<Value> keys;
      bool is_constant = true;
      for (const Syntax* child : node->children) {
        const Code* value = emit(child);
        if (value == nullptr) return nullptr;
        is_constant = is_constant && value->constant() != nullptr;
        values.push_back(value);
      }
      for (const std::string& key : node->keys) keys.push_back(Value::string(key));
      const Code* code = add<MapLiteral>(node->offset, std::move(keys), std::move(values));
      return is_constant ? fold(code, first) : code;
    }
    case Kind::interpolated: {
      std::vector<const Code*> parts;
      bool is_constant = true;
      for (const Syntax* child : node->children) {
        const Code* part = emit(child);
        if (part == nullptr) return nullptr;
        is_constant = is_constant && part->constant() != nullptr;
        parts.push_back(part);
      }
      const Code* code = add<Interpolation>(node->offset, std::move(parts));
      return is_constant ? fold(code, first) : code;
    }
    case Kind::negate:
    case Kind::plus:
    case Kind::logical_not: {
      const Code* operand = emit(node->children[0]);
      if (operand == nullptr) return nullptr;
      const Code* code = node->kind == Kind::logical_not
                             ? static_cast<const Code*>(add<Not>(node->offset, operand))
                             : add<Negate>(node->offset, operand, node->kind == Kind::negate);
      return operand->constant() != nullptr ? fold(code, first) : code;
    }
    case Kind::binary:
      return emit_binary(node);
    case Kind::logical_and:
    case Kind::logical_or:
    case Kind::coalesce: {
      const Code* left = emit(node->children[0]);
      const Code* right = emit(node->children[1]);
      if (left == nullptr || right == nullptr) return nullptr;
      if (node->kind == Kind::coalesce) return add<Coalesce>(node->offset, left, right);
      return add<Logical>(node->offset, node->kind == Kind::logical_and, left, right);
    }
    case Kind::range:
    case Kind::range_inclusive: {
      const Range* range = nullptr;
      return emit_range(node, range);
    }
    case Kind::conditional: {
      std::vector<const Code*> parts;
      for (std::size_t i = 0; i < node->children.size(); ++i) {
        const bool is_condition = i % 2 == 0 && i + 1 < node->children.size();
        const Code* part = emit(node->children[i], is_condition || used);
        if (part == nullptr) return nullptr;
        parts.push_back(part);
      }
      return add<Conditional>(node->offset, std::move(parts));
    }
    case Kind::switch_:
      return emit_switch(node, used);
    case Kind::block:
      return emit_block(node, used);
    case Kind::declare: {
      const Code* value = node->children.empty() ? nullptr : emit(node->children[0]);
      const Variable* variable = node->local->variable;
      return add<Declare>(node->offset, Target{node->local->slot, variable->boxed()}, value);
    }
    case Kind::assign:
    case Kind::assign_if_null:
      return emit_assign(node);
    case Kind::while_: {
      const auto mode = node->text == "do-while"   ? While::Mode::do_while
                        : node->text == "do-until" ? While::Mode::do_until
                                                   : While::Mode::before;
      const Code* condition = emit(node->children[0]);
      return add<While>(node->offset, mode, condition, emit(node->children[1], false));
    }
    case Kind::loop:
      return add<While>(node->offset, While::Mode::endless, nullptr, emit(node->children[0], false));
    case Kind::for_:
      return emit_for(node);
    case Kind::break_:
    case Kind::continue_:
    case Kind::return_:
    case Kind::throw_: {
      const Flow flow = node->kind == Kind::break_      ? Flow::break_loop
                        : node->kind == Kind::continue_ ? Flow::next_turn
                        : node->kind == Kind::return_   ? Flow::leave_function
                                                        : Flow::error;
      return add<Jump>(node->offset, flow, node->children.empty() ? nullptr : emit(node->children[0]));
    }
    case Kind::try_: {
      const Code* body = emit(node->children[0], used);
      Target target;
      if (node->local != nullptr) target = Target{node->local->slot, node->local->variable->boxed()};
      return add<Try>(node->offset, body, node->local != nullptr ? &target : nullptr, emit(node->children[1], used));
    }
    case Kind::property:
    case Kind::index:
      return emit_path(node);
    case Kind::call:
      return emit_call(node, used);
    case Kind::call_value: {
      std::vector<const Code*> parts;
      for (const Syntax* child : node->children) parts.push_back(emit(child));
      return add<CallValue>(node->offset, std::move(parts));
    }
    case Kind::method:
      return emit_method(node, used);
    case Kind::closure:
      return emit_closure(node);
  }
  return nullptr;
}

const Code* Emitter::fold(const Code* code, std::size_t first) {
  thread_local const Scope empty;
  ProgramData nothing;
  nothing.source = data_->source;
  EvalContext context{empty};
  context.limits.operations = 10'000;
  context.limits.bytes = 4'096;
  Run run(nothing, context);
  Value value;
  // What fails now fails again when it is reached: the error belongs to that moment.
  if (!code->eval(run, value) || value.is_closure()) return code;
  if (value.is_float() && value.as_float() - value.as_float() != 0) return code;
  const std::uint32_t offset = code->offset;
  data_->code.resize(first);
  return add<Constant>(offset, std::move(value));
}

const Code* Emitter::emit_range(const Syntax* node, const Range*& range) {
  const Code* from = emit(node->children[0]);
  const Code* to = emit(node->children[1]);
  if (from == nullptr || to == nullptr) return nullptr;
  range = add<Range>(node->offset, from, to, node->kind == Kind::range_inclusive);
  return range;
}

const Code* Emitter::emit_binary(const Syntax* node) {
  const std::size_t first = data_->code.size();
  const Code* left = emit(node->children[0]);
  if (left == nullptr) return nullptr;
  const Syntax* right_node = node->children[1];
  const bool is_in = node->op == Operator::in || node->op == Operator::not_in;
  if (is_in && (right_node->kind == Kind::range || right_node->kind == Kind::range_inclusive)) {
    const Range* range = nullptr;
    if (emit_range(right_node, range) == nullptr) return nullptr;
    return add<InRange>(node->offset, left, range, node->op == Operator::not_in);
  }
  const Code* right = emit(right_node);
  if (right == nullptr) return nullptr;
  const bool compares = node->op >= Operator::equal && node->op <= Operator::greater_equal;
  const Code* code = compares ? static_cast<const Code*>(add<Compare>(node->offset, node->op, left, right))
                              : add<Binary>(node->offset, node->op, left, right);
  return left->constant() != nullptr && right->constant() != nullptr ? fold(code, first) : code;
}

const Code* Emitter::emit_block(const Syntax* node, bool used) {
  std::vector<const Code*> statements;
  if (node->children.size() == 1 && !node->valued && node->children[0]->kind == Kind::assign) {
    const Code* only = emit(node->children[0], false);
    if (only == nullptr) return nullptr;
    auto* local = dynamic_cast<AssignLocal*>(data_->code.back().get());
    if (local != nullptr && local == only) {
      local->stand_for_block();
      return only;
    }
    statements.push_back(only);
  }
  for (std::size_t i = statements.size(); i < node->children.size(); ++i) {
    const bool gives_value = used && node->valued && i + 1 == node->children.size();
    const Code* statement = emit(node->children[i], gives_value);
    if (statement == nullptr) return nullptr;
    statements.push_back(statement);
  }
  if (statements.size() == 1 && node->valued) return statements[0];
  return add<Block>(node->offset, std::move(statements), node->valued);
}

const Code* Emitter::emit_switch(const Syntax* node, bool used) {
  const Code* subject = emit(node->children[0]);
  std::vector<Switch::Arm> arms;
  for (const SwitchArm& arm : node->arms) {
    Switch::Arm compiled;
    for (const Syntax* pattern : arm.patterns) {
      Switch::Pattern part;
      if (pattern->kind == Kind::range || pattern->kind == Kind::range_inclusive) {
        emit_range(pattern, part.range);
      } else {
        part.value = emit(pattern);
      }
      compiled.patterns.push_back(part);
    }
    if (arm.binding != nullptr) {
      compiled.binds = true;
      compiled.binding = Target{arm.binding->slot, arm.binding->variable->boxed()};
    }
    if (arm.guard != nullptr) compiled.guard = emit(arm.guard);
    compiled.body = emit(arm.body, used);
    arms.push_back(std::move(compiled));
  }
  return add<Switch>(node->offset, subject, node->local->slot, std::move(arms));
}

const Code* Emitter::emit_for(const Syntax* node) {
  const Syntax* sequence_node = node->children[0];
  const Range* range = nullptr;
  const Code* sequence = nullptr;
  if (sequence_node->kind == Kind::range || sequence_node->kind == Kind::range_inclusive) {
    sequence = emit_range(sequence_node, range);
  } else {
    sequence = emit(sequence_node);
  }
  const Target item{node->local->slot, node->local->variable->boxed()};
  Target position;
  if (node->second != nullptr) position = Target{node->second->slot, node->second->variable->boxed()};
  const Code* body = emit(node->children[1], false);
  return add<For>(node->offset, item, node->second != nullptr ? &position : nullptr, sequence, range, body);
}

const Code* Emitter::emit_closure(const Syntax* node) {
  const FunctionCode* code = emit_function(node->function);
  std::vector<int> captured;
  for (const Local* capture : node->function->captures) captured.push_back(capture->outer->slot);
  return add<MakeClosure>(node->offset, code, std::move(captured));
}

}  // namespace r8r::expr
