#include "registry/quota.hpp"

#include "foundation/time.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::registry {

namespace {

constexpr std::int64_t longest_reset = 3600;
constexpr std::int64_t most_counted = 1'000'000'000;
constexpr std::size_t most_items = 16;
constexpr std::int64_t first_moment = 1'000'000'000;  // smaller numbers are seconds from now
constexpr std::int64_t first_millisecond = 1'000'000'000'000;

std::string_view trimmed(std::string_view text) {
    auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::int64_t> number(std::string_view text) {
    text = trimmed(text);
    std::int64_t value = 0;
    auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || end == text.data() || value < 0) return std::nullopt;
    return value;
}

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> parts;
    while (parts.size() < most_items) {
        auto at = text.find(by);
        parts.push_back(trimmed(text.substr(0, at)));
        if (at == std::string_view::npos) break;
        text.remove_prefix(at + 1);
    }
    return parts;
}

// The number behind `name=` among these.
std::optional<std::int64_t> parameter(const std::vector<std::string_view>& parts, std::string_view name) {
    for (auto part : parts) {
        auto equals = part.find('=');
        if (equals == std::string_view::npos || trimmed(part.substr(0, equals)) != name) continue;
        return number(part.substr(equals + 1));
    }
    return std::nullopt;
}

std::optional<std::int64_t> header(const net::Headers& headers, std::string_view name) {
    auto text = headers.find(name);
    return text ? number(*text) : std::nullopt;
}

std::optional<Quota> made(std::optional<std::int64_t> limit, std::optional<std::int64_t> remaining,
                          std::optional<std::int64_t> reset_seconds) {
    if (!remaining || !reset_seconds || *reset_seconds > longest_reset) return std::nullopt;
    if (limit && (*limit == 0 || *remaining > *limit)) return std::nullopt;
    // More than anybody counts is as good as that, and can be multiplied.
    if (limit) limit = std::min(*limit, most_counted);
    return Quota{limit, std::min(*remaining, most_counted), std::chrono::seconds(*reset_seconds)};
}

// Seconds from now, or a moment since 1970 in seconds or milliseconds: all three are in use.
std::optional<std::int64_t> reset_of(std::optional<std::int64_t> value, Time now) {
    if (!value || *value < first_moment) return value;
    auto seconds = *value >= first_millisecond ? *value / 1000 : *value;
    return std::max<std::int64_t>(seconds - to_unix_ms(now) / 1000, 0);
}

// `limit=100, remaining=50, reset=5`: one list for all.
std::optional<Quota> as_one_list(std::string_view value) {
    auto parts = split(value, ',');
    return made(parameter(parts, "limit"), parameter(parts, "remaining"), parameter(parts, "reset"));
}

// The quota of the policy of this name.
std::optional<std::int64_t> limit_of(std::string_view policies, std::string_view name) {
    for (auto policy : split(policies, ',')) {
        auto parts = split(policy, ';');
        if (parts.front() == name) return parameter(parts, "q");
    }
    return std::nullopt;
}

bool tighter(const Quota& a, const Quota& b) {
    return a.remaining * b.limit.value_or(1) < b.remaining * a.limit.value_or(1);
}

// `"burst";r=50;t=30, "day";r=900;t=3000`.
std::optional<Quota> as_items(std::string_view value, std::string_view policies) {
    std::optional<Quota> least;
    for (auto item : split(value, ',')) {
        auto parts = split(item, ';');
        auto quota = made(limit_of(policies, parts.front()), parameter(parts, "r"), parameter(parts, "t"));
        if (quota && (!least || tighter(*quota, *least))) least = quota;
    }
    return least;
}

// `RateLimit-Limit: 100, 100;w=60` and its two companions. With a window of hours it counts pulls.
std::optional<Quota> as_three(const net::Headers& headers, Time now) {
    for (std::string prefix : {"RateLimit-", "X-RateLimit-"}) {
        auto limit = headers.find(prefix + "Limit");
        if (!limit) continue;
        std::int64_t window = 0;
        for (auto item : split(*limit, ','))
            window = std::max(window, parameter(split(item, ';'), "w").value_or(0));
        if (window > longest_reset) return std::nullopt;
        auto reset = reset_of(header(headers, prefix + "Reset"), now);
        if (!reset && window > 0) reset = window;
        return made(number(*limit), header(headers, prefix + "Remaining"), reset);
    }
    return std::nullopt;
}

}  // namespace

std::optional<Quota> quota_in(const net::Headers& headers, Time now) {
    if (auto value = headers.find("RateLimit")) {
        if (auto quota = as_one_list(*value)) return quota;
        return as_items(*value, headers.find("RateLimit-Policy").value_or(""));
    }
    return as_three(headers, now);
}

std::optional<Milliseconds> quota_wait(const Quota& quota) {
    bool used_up = quota.limit ? quota.remaining * 10 <= *quota.limit : quota.remaining == 0;
    if (!used_up || quota.reset <= Milliseconds(0)) return std::nullopt;
    return quota.reset;
}

}  // namespace basewatch::registry
