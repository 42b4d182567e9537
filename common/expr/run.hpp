#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/expr/cells.hpp"
#include "common/expr/evaluate.hpp"
#include "common/expr/functions.hpp"
#include "common/expr/value.hpp"

namespace r8r::expr {

struct FunctionCode;
class Run;

/// Values nest at most this deep, so that whatever walks them cannot run out of stack.
inline constexpr std::uint32_t kMaxHeight = 128;
/// Levels of code in progress at once, over all calls; bounds the evaluator's own recursion.
inline constexpr int kMaxLevels = 2'000;

/// Why code stopped in the middle.
enum class Flow : std::uint8_t { none, error, limit, break_loop, next_turn, leave_function };

/// The state of one evaluation. Code returns false when something other than a value came out; `flow` then says what.
class Run {
 public:
  Run(const ProgramData& program, EvalContext& context);
  ~Run();
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  Result<Value> execute();

  // Failures; all return false.
  bool fail(std::uint32_t offset, std::string message);
  bool limit(std::uint32_t offset, std::string_view what);

  /// Counts steps of work.
  bool charge(std::int64_t steps, std::uint32_t offset) {
    steps_left_ -= steps;
    return steps_left_ >= 0 || limit(offset, "operations");
  }
  bool charge_text(std::size_t bytes, std::uint32_t offset) {
    return charge(static_cast<std::int64_t>(bytes / 64), offset);
  }
  /// Counts the copy that changing `value` makes while somebody else holds it.
  bool charge_copy(const Value& value, std::uint32_t offset) {
    if ((!value.is_array() && !value.is_map()) || !value.is_shared()) return true;
    return charge(
        static_cast<std::int64_t>((value.is_array() ? value.as_array().size() : value.as_map().size() * 2) / 8),
        offset);
  }
  /// Bounds nesting and size. Must hold for the result and before anything walks a whole value: building values is free
  /// of checks, so they may nest deeply or, by sharing parts, be far larger than the memory that they take.
  bool admit(const Value& value, std::uint32_t offset) {
    if (!value.is_array() && !value.is_map()) return true;
    return admit_container(value, offset);
  }
  bool fits_text(std::size_t bytes, std::uint32_t offset);
  bool fits_elements(std::size_t count, std::uint32_t offset);

  /// Calls a closure. `lenient`: arguments that it has no parameters for are left out, as callbacks do.
  bool call(const Value& closure, Value* args, int count, bool lenient, std::uint32_t offset, Value& out);
  /// Runs script code with `count` arguments that are moved from; captured and bound may be null.
  bool enter(const FunctionCode& code, const ClosureCell* closure, Value* args, int count, std::uint32_t offset,
             Value& out);
  /// The same in a frame where everything has its place already.
  bool enter_frame(const FunctionCode& code, Value* frame, std::uint32_t offset, Value& out);

  /// A variable that closures share.
  Value make_box(Value value);

  EvalContext& context() { return context_; }
  const ProgramData& program() const { return program_; }
  std::uint64_t next_random();
  void write_log(std::string_view line);
  /// Set when a float that JSON cannot hold may have been made.
  void note_float(double number) {
    if (!(number - number == 0)) odd_floats_ = true;
  }

  Value* locals = nullptr;
  Value* globals = nullptr;
  Flow flow = Flow::none;
  /// What break, return or throw carries.
  Value carried;
  std::string message;
  std::uint32_t error_offset = 0;
  bool thrown = false;  ///< the error is a value thrown by the script, in `carried`

 private:
  friend class Slots;
  bool admit_container(const Value& value, std::uint32_t offset);
  Value* reserve(int count) {
    if (count > chunk_end_ - top_) return reserve_chunk(count);
    return std::exchange(top_, top_ + count);
  }
  Value* reserve_chunk(int count);
  void strip(Value& value);
  bool reads_secrets() const;
  std::string error_text() const;

  static constexpr int kInlineSlots = 24;
  static constexpr int kChunkSlots = 512;

  const ProgramData& program_;
  EvalContext& context_;
  std::int64_t steps_left_;
  int depth_ = 0;
  int levels_ = 0;
  bool odd_floats_ = false;
  std::int64_t closures_before_;
  std::vector<Value> boxes_;

  // The stack of slots: never moves, unused slots are null.
  Value first_[kInlineSlots];
  Value* top_ = first_;
  Value* chunk_end_ = first_ + kInlineSlots;
  struct Chunk {
    std::unique_ptr<Value[]> slots;
    int size;
  };
  std::vector<Chunk> chunks_;
  std::size_t chunks_used_ = 0;
};

/// A few slots of the stack, given back null.
class Slots {
 public:
  Slots(Run& run, int count)
      : run_(run), top_(run.top_), chunk_end_(run.chunk_end_), chunks_used_(run.chunks_used_), count_(count) {
    begin_ = run.reserve(count);
  }
  ~Slots() {
    for (int i = 0; i < count_; ++i) begin_[i] = Value();
    run_.top_ = top_;
    run_.chunk_end_ = chunk_end_;
    run_.chunks_used_ = chunks_used_;
  }
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;
  Value* begin() const { return begin_; }
  Value& operator[](int i) const { return begin_[i]; }

 private:
  Run& run_;
  Value* top_;
  Value* chunk_end_;
  std::size_t chunks_used_;
  int count_;
  Value* begin_ = nullptr;
};

}  // namespace r8r::expr
