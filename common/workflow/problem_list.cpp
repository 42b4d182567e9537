#include "common/workflow/problem_list.hpp"

#include "common/base/json_text.hpp"

namespace r8r::workflow {
namespace {

// Begin of each line of the text.
std::vector<std::size_t> line_begins(std::string_view source) {
  std::vector<std::size_t> begins{0};
  for (std::size_t at = source.find('\n'); at != std::string_view::npos; at = source.find('\n', at + 1)) {
    begins.push_back(at + 1);
  }
  return begins;
}

// Characters in the first `bytes` bytes.
int characters(std::string_view text, int bytes) {
  int count = 0;
  for (int i = 0; i < bytes && static_cast<std::size_t>(i) < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[static_cast<std::size_t>(i)]) & 0xc0) != 0x80) ++count;
  }
  return count;
}

// A file can hold names of any length; a message must not.
void shorten(std::string& text) {
  constexpr std::size_t kMaxBytes = 1'000;
  if (text.size() <= kMaxBytes) return;
  std::size_t end = kMaxBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  text += "…";
}

}  // namespace

void ProblemList::add(Problem problem) {
  if (problems_.size() >= kMax) {
    ++dropped_;
    return;
  }
  for (std::string* text : {&problem.path, &problem.message, &problem.hint}) shorten(*text);
  problems_.push_back(std::move(problem));
}

void ProblemList::add(std::string path, const SourceNode& at, std::string message, std::string hint) {
  add({std::move(path), at.line, at.column, std::move(message), std::move(hint)});
}

void ProblemList::add(std::string path, const SourceNode::Key& at, std::string message, std::string hint) {
  add({std::move(path), at.line, at.column, std::move(message), std::move(hint)});
}

void ProblemList::add_inside(std::string path, const SourceNode& scalar, int line, int column, std::string message,
                             std::string hint) {
  const Place place = place_inside(scalar, source_, line, column);
  add({std::move(path), place.line, place.column, std::move(message), std::move(hint)});
}

void ProblemList::warn(Problem warning) {
  if (warnings_.size() >= kMax) return;
  for (std::string* text : {&warning.path, &warning.message, &warning.hint}) shorten(*text);
  warnings_.push_back(std::move(warning));
}

void ProblemList::warn(std::string path, const SourceNode& at, std::string message, std::string hint) {
  warn({std::move(path), at.line, at.column, std::move(message), std::move(hint)});
}

void ProblemList::warn_inside(std::string path, const SourceNode& scalar, int line, int column, std::string message,
                              std::string hint) {
  const Place place = place_inside(scalar, source_, line, column);
  warn({std::move(path), place.line, place.column, std::move(message), std::move(hint)});
}

void ProblemList::note_not_run(std::string path, const SourceNode& at, std::string message, std::string hint) {
  if (not_run_.size() < kMax)
    not_run_.push_back({std::move(path), at.line, at.column, std::move(message), std::move(hint)});
}

void ProblemList::note_not_run(std::string path, const SourceNode::Key& at, std::string message, std::string hint) {
  note_not_run(std::move(path), SourceNode{.line = at.line, .column = at.column}, std::move(message), std::move(hint));
}

std::string_view ProblemList::line(int number) const {
  std::size_t begin = 0;
  for (int line = 1; line < number; ++line) {
    begin = source_.find('\n', begin);
    if (begin == std::string_view::npos) return {};
    ++begin;
  }
  return source_.substr(begin, source_.find_first_of("\r\n", begin) - begin);
}

std::vector<Problem> ProblemList::finish(std::vector<Problem> list, std::size_t dropped) const {
  if (list.empty()) return list;
  const std::vector<std::size_t> begins = line_begins(source_);
  for (Problem& problem : list) {
    if (problem.line < 1 || static_cast<std::size_t>(problem.line) > begins.size()) continue;
    const std::string_view rest = source_.substr(begins[static_cast<std::size_t>(problem.line) - 1]);
    problem.column = characters(rest, problem.column - 1) + 1;
  }
  std::stable_sort(list.begin(), list.end(), [](const Problem& a, const Problem& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
  if (dropped > 0)
    list.push_back({"", 0, 0, fmt::format("{} more problems are not listed", dropped), "mend these first"});
  return list;
}

std::string problems_json(const std::vector<Problem>& problems) {
  std::string out = "[";
  for (const Problem& problem : problems) {
    if (out.size() > 1) out += ',';
    out += "{\"path\":";
    append_json_string(out, problem.path);
    out += fmt::format(",\"line\":{},\"column\":{},\"message\":", problem.line, problem.column);
    append_json_string(out, problem.message);
    out += ",\"hint\":";
    append_json_string(out, problem.hint);
    out += '}';
  }
  out += ']';
  return out;
}

}  // namespace r8r::workflow
