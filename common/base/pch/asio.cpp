// Carries the precompiled header asio.hpp.
