#include "registry/look_due.hpp"

#include <functional>

namespace basewatch::registry {

bool look_due(std::string_view name, Milliseconds every, Time last, Time now) {
    if (now < last || now - last >= every) return true;
    auto spread = static_cast<std::uint64_t>(every.count());
    Milliseconds phase(static_cast<std::int64_t>(std::hash<std::string_view>()(name) % spread));
    auto turn = [&](Time time) { return (time.time_since_epoch() + phase) / every; };
    return turn(last) != turn(now);
}

}  // namespace basewatch::registry
