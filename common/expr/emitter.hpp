#pragma once
#include <unordered_map>
#include <unordered_set>

#include "common/expr/code.hpp"
#include "common/expr/code_access.hpp"
#include "common/expr/code_operators.hpp"
#include "common/expr/parser.hpp"
#include "common/expr/syntax.hpp"
#include "common/expr/text.hpp"

namespace r8r::expr {

/// The names that mean something without being declared, for one compilation. Looks through the node ids when asked: a
/// workflow has many templates, each with few names.
class NameTable {
 public:
  explicit NameTable(const CompileOptions& options) : options_(options) {}
  /// What a top-level name means; false when nothing.
  bool find(std::string_view name, GlobalName& out) const;
  /// The id that is meant by `name` behind `nodes.`: itself, or the one with `-` for `_`.
  std::string node_id(std::string_view name) const;
  /// The nearest known top-level name, or empty.
  std::string nearest(std::string_view name) const;

 private:
  const std::string* find_id(std::string_view name) const;
  const CompileOptions& options_;
};

/// Turns the tree into code: names into numbers, constants folded, calls checked.
class Emitter {
 public:
  /// `positions` is over the source; programs of one text share it.
  Emitter(const std::shared_ptr<const std::string>& source, SyntaxTree& tree, const NameTable& names, bool in_template,
          PositionCursor& positions);
  tl::expected<std::shared_ptr<const ProgramData>, SourceError> run();

 private:
  using Kind = Syntax::Kind;
  const Code* emit(const Syntax* node, bool used = true);
  const Code* emit_node(const Syntax* node, bool used);
  const Code* emit_name(const Syntax* node);
  const Code* emit_path(const Syntax* node);
  const Code* emit_binary(const Syntax* node);
  const Code* emit_range(const Syntax* node, const Range*& range);
  const Code* emit_assign(const Syntax* node);
  const Code* emit_call(const Syntax* node, bool used);
  const Code* emit_method(const Syntax* node, bool used);
  const Code* emit_invocation(const Syntax* node, std::string name, std::vector<const Syntax*> arguments, bool used,
                              bool is_method);
  const Code* emit_closure(const Syntax* node);
  const Code* emit_switch(const Syntax* node, bool used);
  const Code* emit_for(const Syntax* node);
  const Code* emit_block(const Syntax* node, bool used);
  const FunctionCode* emit_function(const FunctionScope* scope);
  void fill(FunctionCode& code, const FunctionScope* scope);

  /// The root of a path of properties and indexes, and the steps from it, outermost last.
  const Syntax* path_steps(const Syntax* node, std::vector<const Syntax*>& steps) const;
  bool make_place(const Syntax* target, std::unique_ptr<Place>& place, bool& is_outer);
  Step make_step(const Syntax* node);
  bool is_place(const Syntax* node) const;
  static bool has_optional(const Syntax* node);
  bool is_outer_name(const Syntax* node, std::string_view name) const;
  bool static_key(const Syntax* step, std::string& key) const;

  const Code* outer(std::uint32_t offset, const GlobalName& global);
  const Code* node_root(const Syntax* place, const std::string& id);
  void note_node(const Syntax* place, const std::string& id);
  /// The constant that `code` comes to, if it does. All code from number `first` on belongs to it and goes then.
  const Code* fold(const Code* code, std::size_t first);
  const FunctionCode* script_function(std::string_view name, std::size_t count);
  const Code* fail(std::uint32_t offset, std::string message, std::string hint = {}) {
    if (error_.message.empty()) error_ = SourceError{offset, std::move(message), std::move(hint)};
    return nullptr;
  }

  template <class T, class... Args>
  T* add(Args&&... args) {
    auto code = std::make_unique<T>(std::forward<Args>(args)...);
    T* raw = code.get();
    data_->code.push_back(std::move(code));
    return raw;
  }

  /// A name of the references whose place is worked out at the end, all in one go through the text.
  struct Mention {
    std::uint32_t offset;
    std::string name;
    std::string nearest;
  };
  void set_places(std::vector<Mention>& mentions, std::vector<References::Place>& places);

  SyntaxTree& tree_;
  const NameTable& names_;
  PositionCursor& positions_;
  std::vector<Mention> node_mentions_;
  std::vector<Mention> input_mentions_;
  std::vector<Mention> variable_mentions_;
  std::vector<Mention> unknown_names_;
  bool in_template_;
  std::shared_ptr<ProgramData> data_;
  std::unordered_map<std::string, int> global_numbers_;
  std::unordered_map<const FunctionScope*, FunctionCode*> functions_;
  std::unordered_set<std::string> possible_keys_;
  int level_ = 0;
  int deepest_ = 0;
  SourceError error_;
};

}  // namespace r8r::expr
