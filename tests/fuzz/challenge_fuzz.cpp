// A challenge that was accepted is within its bounds, and the scope made from it is one that can be asked
// for.
#include "registry/challenge.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace basewatch;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    auto parsed = registry::parse_challenges(text);
    if (!parsed) {
        if (parsed.error().kind() != ErrorKind::bad_answer) std::abort();
        return 0;
    }
    if (parsed->empty() || parsed->size() > 16) std::abort();
    for (const auto& challenge : *parsed) {
        if (challenge.scheme.empty() || challenge.parameters.size() > 32) std::abort();
        if (!challenge.token68.empty() && !challenge.parameters.empty()) std::abort();
        auto scope = registry::scope_to_ask(challenge.parameter("scope"), "team/app");
        if (scope.empty() || scope.size() > 600) std::abort();
        for (char c : scope)
            if (c <= ' ' || c == '\x7f') std::abort();
        if (scope.find(",push") != std::string::npos && scope.starts_with("repository:")) {
            // Only a name may look like that, never the actions.
            if (!scope.ends_with(":pull")) std::abort();
        }
    }
    registry::choose_challenge(*parsed, true);
    return 0;
}
