// Any bytes as a configuration: read or refused, never a fault, and every problem has a place. Secrets are
// only looked up in an environment that has none, and files that it names are only opened for reading.
#include "settings/settings.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace basewatch;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    Problems problems;
    auto settings = settings::read_settings_text("fuzz.yaml", text, settings::Environment{}, problems);
    if (settings.has_value() == problems.failed()) std::abort();
    for (const auto& problem : problems.sorted())
        if (problem.where.line < 1 || problem.where.column < 1 || problem.what.empty()) std::abort();
    return 0;
}
