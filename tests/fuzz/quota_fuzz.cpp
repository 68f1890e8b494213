// Whatever a registry says of its limits: nothing, or numbers that can be reckoned with and a wait within an
// hour. The first byte chooses the names; the lines behind it are the values.
#include "registry/pull_budget.hpp"
#include "registry/quota.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace basewatch;

namespace {

std::string line_of(std::string_view& rest) {
    auto end = std::min(rest.find('\n'), rest.size());
    std::string line(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
}

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    net::Headers headers;
    if (data[0] % 3 == 0) {
        headers.set("RateLimit", line_of(rest));
        headers.set("RateLimit-Policy", line_of(rest));
    } else {
        std::string prefix = data[0] % 3 == 1 ? "RateLimit-" : "X-RateLimit-";
        for (const char* name : {"Limit", "Remaining", "Reset"}) headers.set(prefix + name, line_of(rest));
    }
    Time now{std::chrono::hours(24 * 365 * 56)};
    if (auto quota = registry::quota_in(headers, now)) {
        require(quota->remaining >= 0 && quota->reset >= Milliseconds(0));
        require(quota->reset <= std::chrono::hours(1));
        require(!quota->limit || (*quota->limit > 0 && quota->remaining <= *quota->limit));
        auto wait = registry::quota_wait(*quota);
        require(!wait || (*wait > Milliseconds(0) && *wait <= quota->reset));
    }
    registry::PullBudget budget(100);
    Monotonic start{std::chrono::hours(1000)};
    budget.heard(headers, start);
    require(*budget.remaining(start) >= 0 && *budget.remaining(start) <= *budget.limit());
    registry::PullBudget again(100);
    again.restore(budget.kept(), start);
    require(again.limit() == budget.limit() && again.remaining(start) == budget.remaining(start));
    return 0;
}
