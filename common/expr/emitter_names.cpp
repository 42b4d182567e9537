#include "common/expr/code_calls.hpp"
#include "common/expr/emitter.hpp"
#include "common/expr/text.hpp"

namespace r8r::expr {
namespace {

/// Functions that are also written without parentheses, as Rhai has them: name.len.
bool is_getter(std::string_view name) {
  static constexpr std::string_view kGetters[] = {"len",     "length",  "is_empty", "chars",  "bytes",
                                                  "is_odd",  "is_even", "is_zero",  "is_nan", "floor",
                                                  "ceiling", "ceil",    "round",    "int",    "fraction"};
  return std::find(std::begin(kGetters), std::end(kGetters), name) != std::end(kGetters);
}

}  // namespace

const Code* Emitter::outer(std::uint32_t offset, const GlobalName& global) {
  const std::string key = std::to_string(static_cast<int>(global.kind)) + ":" + global.name;
  const auto [found, added] = global_numbers_.try_emplace(key, static_cast<int>(data_->globals.size()));
  if (added) data_->globals.push_back(global);
  return add<OuterName>(offset, found->second);
}

void Emitter::note_node(const Syntax* place, const std::string& id) {
  data_->references.nodes.insert(id);
  node_mentions_.push_back({place->offset, id, {}});
}

const Code* Emitter::node_root(const Syntax* place, const std::string& id) {
  note_node(place, id);
  return outer(place->offset, GlobalName{GlobalName::Kind::node, id});
}

const Code* Emitter::emit_name(const Syntax* node) {
  References& references = data_->references;
  GlobalName global;
  if (node->text == "$now" || node->text == "$uuid") {
    const std::string function = node->text.substr(1);
    return add<CallBuiltIn>(node->offset, function, find_function(function), std::vector<const Code*>{}, false, false);
  }
  if (node->text == "credentials") return fail(node->offset, "a credential needs its name", "write credentials.name");
  if (names_.find(node->text, global)) {
    switch (global.kind) {
      case GlobalName::Kind::input:
        references.input = true;
        break;
      case GlobalName::Kind::nodes:
        references.all_nodes = true;
        break;
      case GlobalName::Kind::node:
        return node_root(node, global.name);
      case GlobalName::Kind::variables:
        references.all_variables = true;
        break;
      case GlobalName::Kind::env:
        references.all_env = true;
        break;
      case GlobalName::Kind::execution:
        references.execution = true;
        break;
      case GlobalName::Kind::item:
      case GlobalName::Kind::index:
        references.item = true;
        break;
      case GlobalName::Kind::other:
        break;
    }
    return outer(node->offset, global);
  }
  for (const FunctionScope* function : tree_.functions) {
    if (function->name == node->text) return add<MakeClosure>(node->offset, functions_[function], std::vector<int>{});
  }
  // Nobody reads a longer list.
  constexpr std::size_t kMaxUnknown = 50;
  if (unknown_names_.size() < kMaxUnknown)
    unknown_names_.push_back({node->offset, node->text, names_.nearest(node->text)});
  return add<Refusal>(node->offset, "unknown name '" + node->text + "'");
}

const Syntax* Emitter::path_steps(const Syntax* node, std::vector<const Syntax*>& steps) const {
  while (node->kind == Kind::property || node->kind == Kind::index) {
    steps.push_back(node);
    node = node->children[0];
  }
  std::reverse(steps.begin(), steps.end());
  return node;
}

bool Emitter::is_outer_name(const Syntax* node, std::string_view name) const {
  GlobalName global;
  return node->kind == Kind::name && node->text == name && names_.find(name, global) &&
         global.kind != GlobalName::Kind::other;
}

bool Emitter::static_key(const Syntax* step, std::string& key) const {
  if (step->kind == Kind::property) {
    key = step->text;
    return true;
  }
  const Syntax* index = step->children[1];
  if (index->kind != Kind::constant || !index->value.is_string()) return false;
  key = std::string(index->value.as_string());
  return true;
}

Step Emitter::make_step(const Syntax* node) {
  Step step;
  step.optional = node->optional;
  step.offset = node->offset;
  step.prefix_end = node->children[0]->end;
  std::string key;
  if (node->kind == Kind::property) {
    step.key = Value::string(node->text);
    step.hash = Map::hash_of(step.key);
    if (is_getter(node->text)) step.getter = find_function(node->text);
    return step;
  }
  const Code* index = emit(node->children[1]);
  if (static_key(node, key)) {
    // a["b"] on anything but a map is an error either way.
    step.key = Value::string(key);
    step.hash = Map::hash_of(step.key);
    return step;
  }
  step.kind = Step::Kind::index;
  step.index = index;
  return step;
}

const Code* Emitter::emit_path(const Syntax* node) {
  std::vector<const Syntax*> steps;
  const Syntax* root_node = path_steps(node, steps);
  References& references = data_->references;
  const Code* root = nullptr;
  std::vector<Step> compiled;
  std::size_t first = 0;
  bool is_node = false;
  bool lenient = false;
  std::string key;
  GlobalName global;

  if (root_node->kind == Kind::name && root_node->text == "credentials" && !names_.find("credentials", global)) {
    if (!static_key(steps[0], key))
      return fail(root_node->offset, "a credential is named directly", "write credentials.name");
    references.credentials.insert(key);
    std::vector<std::string> names;
    for (const Syntax* step : steps) {
      if (!static_key(step, key)) return fail(step->offset, "a credential is named directly", "write credentials.name");
      names.push_back(key);
    }
    return add<Credential>(root_node->offset, std::move(names));
  }
  if (root_node->kind == Kind::name && root_node->text == "datetime" && !names_.find("datetime", global)) {
    if (steps.size() == 1 && static_key(steps[0], key) && (key == "now" || key == "today")) {
      return add<CallBuiltIn>(root_node->offset, key, find_function(key), std::vector<const Code*>{}, false, false);
    }
    return fail(root_node->offset, "'datetime' has only 'now' and 'today'");
  }
  if (is_outer_name(root_node, "nodes")) {
    is_node = true;
    lenient = true;
    first = 1;
    if (static_key(steps[0], key)) {
      root = node_root(steps[0], names_.node_id(key));
    } else {
      root = emit(root_node);
      Step step = make_step(steps[0]);
      step.kind = Step::Kind::node;
      compiled.push_back(std::move(step));
    }
  } else if (root_node->kind == Kind::name && names_.find(root_node->text, global)) {
    using Global = GlobalName::Kind;
    is_node = global.kind == Global::node;
    lenient = global.kind != Global::execution && global.kind != Global::other && global.kind != Global::index;
    if (global.kind == Global::input && static_key(steps[0], key))
      input_mentions_.push_back({steps[0]->offset, key, {}});
    if (global.kind == Global::variables && static_key(steps[0], key))
      variable_mentions_.push_back({steps[0]->offset, key, {}});
    const bool by_key = global.kind == Global::variables || global.kind == Global::env;
    if (by_key && static_key(steps[0], key)) {
      (global.kind == Global::variables ? references.variables : references.env).insert(key);
      root = outer(root_node->offset, global);
    } else {
      root = emit(root_node);
    }
  } else {
    root = emit(root_node);
    // nodes.get("id") is a node's output as well.
    is_node = lenient =
        root_node->kind == Kind::method && root_node->text == "get" && is_outer_name(root_node->children[0], "nodes");
  }
  if (root == nullptr) return nullptr;

  if (is_node && first < steps.size() && static_key(steps[first], key) && key == "output") {
    // nodes.x.output is the output itself; on the way to a field, the output's own `output` goes first.
    if (first + 1 < steps.size()) {
      Step step = make_step(steps[first]);
      step.kind = Step::Kind::output;
      compiled.push_back(std::move(step));
    }
    ++first;
  }
  for (std::size_t i = first; i < steps.size(); ++i) compiled.push_back(make_step(steps[i]));
  // `a?.b.c` is null as a whole when a is: what follows an optional step is optional too.
  bool optional = false;
  for (Step& step : compiled) optional = step.optional = step.optional || optional;
  if (!optional && has_optional(root_node)) {
    for (Step& step : compiled) step.optional = true;
  }
  if (!error_.message.empty()) return nullptr;
  if (compiled.empty()) return root;
  return add<Path>(node->offset, root_node->offset, root, std::move(compiled), lenient && in_template_);
}

/// Whether a `?.` further left makes the whole chain null.
bool Emitter::has_optional(const Syntax* node) {
  while (node->kind == Kind::property || node->kind == Kind::index || node->kind == Kind::method) {
    if (node->optional) return true;
    node = node->children[0];
  }
  return false;
}

bool Emitter::is_place(const Syntax* node) const {
  GlobalName global;
  while (node->kind == Kind::property || node->kind == Kind::index) {
    if (node->optional) return false;
    node = node->children[0];
  }
  if (node->kind == Kind::local) return !node->local->variable->constant;
  if (node->kind != Kind::name || in_template_ || !names_.find(node->text, global)) return false;
  // Outputs of other nodes are read-only: functions work on a copy.
  return global.kind != GlobalName::Kind::nodes && global.kind != GlobalName::Kind::node;
}

bool Emitter::make_place(const Syntax* target, std::unique_ptr<Place>& place, bool& is_outer) {
  std::vector<const Syntax*> nodes;
  const Syntax* root = path_steps(target, nodes);
  const LocalName* local = nullptr;
  const OuterName* name = nullptr;
  is_outer = root->kind != Kind::local;
  if (!is_outer) {
    local = add<LocalName>(root->offset, root->local->slot, root->local->variable->boxed());
  } else {
    GlobalName global;
    if (!names_.find(root->text, global)) {
      fail(root->offset, "unknown variable '" + root->text + "'", "declare it first: let " + root->text + " = …");
      return false;
    }
    if (global.kind == GlobalName::Kind::nodes || global.kind == GlobalName::Kind::node) {
      fail(root->offset, "the outputs of other nodes cannot be changed", "copy it first: let x = " + root->text);
      return false;
    }
    // Counts the reference too; what is assigned to may also be read.
    name = dynamic_cast<const OuterName*>(emit_name(root));
  }
  std::vector<Step> steps;
  for (const Syntax* node : nodes) steps.push_back(make_step(node));
  if (!error_.message.empty()) return false;
  place = std::make_unique<Place>(root->offset, local, name, std::move(steps));
  return true;
}

const Code* Emitter::emit_assign(const Syntax* node) {
  std::unique_ptr<Place> place;
  bool is_outer = false;
  if (in_template_ && node->children[0]->kind != Kind::local) {
    std::vector<const Syntax*> steps;
    if (path_steps(node->children[0], steps)->kind != Kind::local)
      return fail(node->offset, "a template cannot assign");
  }
  const Syntax* target = node->children[0];
  if (target->kind == Kind::local && node->kind == Kind::assign && !target->local->variable->boxed()) {
    const Code* value = emit(node->children[1]);
    return value == nullptr ? nullptr : add<AssignLocal>(node->offset, target->local->slot, node->op, value);
  }
  if (!make_place(target, place, is_outer)) return nullptr;
  const Code* value = emit(node->children[1]);
  if (value == nullptr) return nullptr;
  const Assign::Mode mode = node->kind == Kind::assign_if_null ? Assign::Mode::if_null
                            : node->op == Operator::none       ? Assign::Mode::plain
                                                               : Assign::Mode::compound;
  return add<Assign>(node->offset, std::move(*place), mode, node->op, value);
}

}  // namespace r8r::expr
