#pragma once

/// What this program was built from.
namespace r8r::cli {

const char* client_version();
/// Abbreviated hash, or "unknown".
const char* client_commit();

}  // namespace r8r::cli
