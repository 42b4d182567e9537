#include <atomic>
#include <cstring>
#include <random>

#include "common/expr/value.hpp"

namespace r8r::expr {
namespace {

/// 0 until first used: maps may be made while other files still set up their globals.
std::atomic<std::uint64_t> process_seed = 0;

std::uint64_t choose_seed() {
  std::random_device device;
  std::uint64_t expected = 0;
  const std::uint64_t chosen = (static_cast<std::uint64_t>(device()) << 32 | device()) | 1;
  return process_seed.compare_exchange_strong(expected, chosen) ? chosen : expected;
}

std::uint64_t current_seed() {
  const std::uint64_t seed = process_seed.load(std::memory_order_relaxed);
  return seed != 0 ? seed : choose_seed();
}

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::uint32_t Map::hash_of(std::string_view key) {
  static constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
  const std::uint64_t seed = current_seed();
  std::uint64_t state = seed ^ (key.size() * kOdd);
  const char* at = key.data();
  std::size_t left = key.size();
  while (left >= 8) {
    std::uint64_t block = 0;
    std::memcpy(&block, at, 8);
    state = fold(state ^ block, kOdd);
    at += 8;
    left -= 8;
  }
  std::uint64_t tail = 0;
  if (left > 0) std::memcpy(&tail, at, left);
  state = fold(state ^ tail, kOdd ^ seed);
  const auto hash = static_cast<std::uint32_t>(state ^ (state >> 32));
  return hash == 0 ? 1 : hash;
}

std::uint32_t Map::hash_of(const Value& key) {
  const StringCell* cell = key.string_cell();
  if (cell->hash == 0) cell->hash = hash_of(key.as_string());
  return cell->hash;
}

std::uint32_t Map::position_of(std::string_view key, std::uint32_t hash) const {
  if (entries_.size() < kIndexedFrom) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].hash == hash && same_text(entries_[i].key(), key)) return static_cast<std::uint32_t>(i);
    }
    return kNone;
  }
  if (index_.empty()) build_index();
  const std::size_t mask = index_.size() - 1;
  for (std::size_t at = hash & mask; index_[at] != 0; at = (at + 1) & mask) {
    const std::uint32_t position = index_[at] - 1;
    if (entries_[position].hash == hash && same_text(entries_[position].key(), key)) return position;
  }
  return kNone;
}

void Map::build_index() const {
  std::size_t slots = 32;
  while (slots < entries_.size() * 2) slots *= 2;
  index_.assign(slots, 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    std::size_t at = entries_[i].hash & (slots - 1);
    while (index_[at] != 0) at = (at + 1) & (slots - 1);
    index_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

void Map::append(Value name, std::uint32_t hash, Value value) {
  entries_.push_back(Entry{std::move(name), std::move(value), hash});
  if (index_.empty()) return;
  if (entries_.size() * 2 > index_.size()) {
    build_index();
    return;
  }
  const std::size_t mask = index_.size() - 1;
  std::size_t at = hash & mask;
  while (index_[at] != 0) at = (at + 1) & mask;
  index_[at] = static_cast<std::uint32_t>(entries_.size());
}

void Map::set(std::string_view key, Value value) {
  const std::uint32_t hash = hash_of(key);
  if (const Value* existing = find(key, hash)) {
    *const_cast<Value*>(existing) = std::move(value);
    return;
  }
  Value name = Value::string(key);
  name.string_cell()->hash = hash;
  append(std::move(name), hash, std::move(value));
}

void Map::set(const Value& key, Value value) {
  const std::uint32_t hash = hash_of(key);
  if (const Value* existing = find(key.as_string(), hash)) {
    *const_cast<Value*>(existing) = std::move(value);
    return;
  }
  append(key, hash, std::move(value));
}

Map Map::of(Entry* begin, Entry* end) {
  Map map;
  const auto count = static_cast<std::size_t>(end - begin);
  map.entries_.reserve(count);
  for (Entry* entry = begin; entry != end; ++entry) {
    const Value* existing = map.find(entry->key(), entry->hash);
    if (existing != nullptr) {
      *const_cast<Value*>(existing) = std::move(entry->value);
    } else {
      map.append(std::move(entry->name), entry->hash, std::move(entry->value));
    }
  }
  return map;
}

bool Map::erase(std::string_view key) {
  const Value* found = find(key);
  if (found == nullptr) return false;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (&entries_[i].value != found) continue;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
    break;
  }
  index_.clear();
  return true;
}

void Map::clear() {
  entries_.clear();
  index_.clear();
}

}  // namespace r8r::expr
