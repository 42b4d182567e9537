// Beast itself, compiled once for this library (BOOST_BEAST_SEPARATE_COMPILATION).
#include <boost/beast/src.hpp>
