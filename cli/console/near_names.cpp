#include "cli/console/near_names.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace r8r::cli {
namespace {

constexpr double kSimilar = 0.7;
constexpr std::size_t kFewEdits = 2;
constexpr std::size_t kMost = 3;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

double jaro(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() == b.size() ? 1.0 : 0.0;
  const std::size_t longer = std::max(a.size(), b.size());
  const std::size_t reach = longer / 2 > 0 ? longer / 2 - 1 : 0;
  std::vector<bool> used(b.size(), false);
  std::string matched_a, matched_b;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::size_t from = i > reach ? i - reach : 0;
    for (std::size_t j = from; j < b.size() && j <= i + reach; ++j) {
      if (used[j] || a[i] != b[j]) continue;
      used[j] = true;
      matched_a += a[i];
      break;
    }
  }
  if (matched_a.empty()) return 0.0;
  for (std::size_t j = 0; j < b.size(); ++j)
    if (used[j]) matched_b += b[j];
  std::size_t out_of_order = 0;
  for (std::size_t i = 0; i < matched_a.size(); ++i) out_of_order += matched_a[i] != matched_b[i] ? 1 : 0;
  const double m = static_cast<double>(matched_a.size());
  return (m / static_cast<double>(a.size()) + m / static_cast<double>(b.size()) +
          (m - static_cast<double>(out_of_order) / 2) / m) /
         3;
}

}  // namespace

double jaro_winkler(std::string_view a, std::string_view b) {
  const double similarity = jaro(a, b);
  std::size_t prefix = 0;
  while (prefix < 4 && prefix < a.size() && prefix < b.size() && a[prefix] == b[prefix]) ++prefix;
  return similarity + static_cast<double>(prefix) * 0.1 * (1 - similarity);
}

std::vector<std::string> near_names(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string wanted = lower(name);
  std::vector<std::pair<double, std::string>> found;
  for (const std::string& candidate : candidates) {
    const std::string other = lower(candidate);
    const double similarity = jaro_winkler(wanted, other);
    const bool close = similarity >= kSimilar || edits(wanted, other) <= kFewEdits;
    if (close && candidate != name) found.emplace_back(similarity, candidate);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  if (found.size() > kMost) found.resize(kMost);
  std::vector<std::string> names;
  for (auto& [similarity, candidate] : found) names.push_back(std::move(candidate));
  return names;
}

}  // namespace r8r::cli
