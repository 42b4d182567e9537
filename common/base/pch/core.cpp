// Carries the precompiled header core.hpp.
