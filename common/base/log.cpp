#include "common/base/log.hpp"

#include <unistd.h>

#include <atomic>

#include "common/base/json_text.hpp"
#include "common/base/time.hpp"

namespace r8r::log {
namespace {

struct Settings {
  std::string service = "r8r";
  Format format = Format::json;
};
Settings& settings() {
  static Settings instance;
  return instance;
}
std::atomic<Level> threshold{Level::info};

std::string_view name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::none:
    case Level::error:
      return "error";
  }
  return "error";
}

// One write(2) per line, so that lines of several processes on one stderr do not mix.
void emit(const std::string& line) {
  const char* at = line.data();
  std::size_t left = line.size();
  while (left > 0) {
    const ssize_t done = ::write(STDERR_FILENO, at, left);
    if (done <= 0) return;
    at += done;
    left -= static_cast<std::size_t>(done);
  }
}

}  // namespace

void configure(std::string service, Level level, Format format) {
  settings().service = std::move(service);
  settings().format = format;
  threshold = level;
}

bool enabled(Level level) {
  return level >= threshold.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  std::string line;
  line.reserve(256);
  if (settings().format == Format::json) {
    line += "{\"time\":\"";
    line += to_rfc3339(wall_now());
    line += "\",\"level\":\"";
    line += name(level);
    line += "\",\"service\":";
    append_json_string(line, settings().service);
    line += ",\"message\":";
    append_json_string(line, message);
    for (const Field& field : fields) {
      line += ',';
      append_json_string(line, field.key);
      line += ':';
      if (field.quoted) {
        append_json_string(line, field.value);
      } else {
        line += field.value;
      }
    }
    line += "}\n";
  } else {
    line += to_rfc3339(wall_now()).substr(11, 12);
    line += ' ';
    line += name(level);
    line.append(6 - name(level).size(), ' ');
    line += settings().service;
    line += ": ";
    line += message;
    for (const Field& field : fields) {
      line += "  ";
      line += field.key;
      line += '=';
      line += field.value;
    }
    line += '\n';
  }
  emit(line);
}

}  // namespace r8r::log
