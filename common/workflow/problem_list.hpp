#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/workflow/source_node.hpp"
#include "common/workflow/workflow.hpp"

namespace r8r::workflow {

/// Collects what is wrong with one file while it is being checked.
class ProblemList {
 public:
  /// A file with more problems than this is told so instead of listing them all.
  static constexpr std::size_t kMax = 100;

  /// `source` must outlive the list.
  explicit ProblemList(std::string_view source) : source_(source) {}

  void add(std::string path, const SourceNode& at, std::string message, std::string hint = {});
  void add(std::string path, const SourceNode::Key& at, std::string message, std::string hint = {});
  void add(Problem problem);
  /// At line:column (1-based, characters) inside the text of a scalar.
  void add_inside(std::string path, const SourceNode& scalar, int line, int column, std::string message,
                  std::string hint = {});
  void warn(Problem warning);
  void warn(std::string path, const SourceNode& at, std::string message, std::string hint = {});
  void warn_inside(std::string path, const SourceNode& scalar, int line, int column, std::string message,
                   std::string hint = {});
  /// Something right that this version does not act on: see LoadResult::not_run.
  void note_not_run(std::string path, const SourceNode& at, std::string message, std::string hint = {});
  void note_not_run(std::string path, const SourceNode::Key& at, std::string message, std::string hint = {});

  bool empty() const { return problems_.empty(); }
  /// How many there are, listed or not.
  std::size_t count() const { return problems_.size() + dropped_; }
  std::string_view source() const { return source_; }
  /// Text of a line (1-based) without its break.
  std::string_view line(int number) const;

  /// In the order of the file, columns turned from bytes into characters.
  std::vector<Problem> take_problems() { return finish(std::move(problems_), dropped_); }
  std::vector<Problem> take_warnings() { return finish(std::move(warnings_), 0); }
  std::vector<Problem> take_not_run() { return finish(std::move(not_run_), 0); }

 private:
  std::vector<Problem> finish(std::vector<Problem> list, std::size_t dropped) const;

  std::string_view source_;
  std::vector<Problem> problems_;
  std::vector<Problem> warnings_;
  std::vector<Problem> not_run_;
  std::size_t dropped_ = 0;
};

}  // namespace r8r::workflow
