#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "common/base/result.hpp"

namespace r8r::server {

/// Where the server keeps its data: --data-dir, R8R_DATA_DIR, /var/lib/r8r as root, $XDG_DATA_HOME/r8r,
/// ~/.local/share/r8r; an empty value counts as not given. Always absolute. Error when there is no home to put it in.
Result<std::filesystem::path> choose_data_dir(const std::string& flag,
                                              const std::map<std::string, std::string>& environment, bool root);

/// The folder, made if need be, and held by this process: no second server runs on it. The kernel releases the lock
/// with the process, however that ends.
class DataDir {
 public:
  /// Errors: not creatable; in use, naming the process that uses it.
  static Result<DataDir> open(std::filesystem::path path);
  ~DataDir();
  DataDir(DataDir&& other) noexcept;
  DataDir(const DataDir&) = delete;
  DataDir& operator=(const DataDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const char* name) const { return path_ / name; }

 private:
  DataDir(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}

  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace r8r::server
