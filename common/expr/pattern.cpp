#include "common/expr/pattern.hpp"

#include <re2/re2.h>

namespace r8r::expr {

Result<Pattern> Pattern::compile(std::string_view text) {
  constexpr std::size_t kMaxPattern = 10'000;
  if (text.size() > kMaxPattern)
    return fail(ErrorCode::invalid_field, fmt::format("the pattern is longer than {} bytes", kMaxPattern));
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(4 << 20);
  auto regex = std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!regex->ok()) return fail(ErrorCode::invalid_field, fmt::format("the pattern is wrong: {}", regex->error()));
  return Pattern(std::move(regex));
}

bool Pattern::found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex_);
}

}  // namespace r8r::expr
