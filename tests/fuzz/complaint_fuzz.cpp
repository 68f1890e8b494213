// Whatever a registry, a token server or a proxy says instead of an answer: one clean line, a wait that is
// positive and within a day, and an error of the status's kind. The first byte chooses the status, the first
// two lines behind it are Retry-After and RateLimit-Reset, the rest is the body.
#include "registry/complaint.hpp"

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

void check_line(std::string_view text, std::size_t most) {
    if (text.size() > most) std::abort();
    for (char c : text)
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static constexpr std::array statuses{401, 403, 404, 429, 500, 503, 418, 301};
    if (size == 0) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    net::HttpResponse response;
    response.status = statuses.at(data[0] % statuses.size());
    response.headers.set("Retry-After", line_of(rest));
    response.headers.set("RateLimit-Reset", line_of(rest));
    response.body = rest;
    Time now{std::chrono::hours(24 * 365 * 56)};
    check_line(registry::complaint_of(response), 4096);
    auto wait = registry::asked_wait(response, now);
    if (wait && (*wait <= Milliseconds(0) || *wait > std::chrono::hours(24))) std::abort();
    if (response.status == 429 && !registry::means_rate_limit(response)) std::abort();
    auto error = registry::error_of(response, "registry.example.com", "", now);
    if (error.status() != response.status) std::abort();
    check_line(error.message(), 8192);
    if (registry::means_rate_limit(response) && error.kind() != ErrorKind::rate_limited) std::abort();
    return 0;
}
