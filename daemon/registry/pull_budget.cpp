#include "registry/pull_budget.hpp"

#include "registry/complaint.hpp"

#include <algorithm>
#include <charconv>

namespace basewatch::registry {

namespace {

constexpr std::int64_t most_limit = 1'000'000'000;
constexpr std::chrono::seconds least_window{3600};
constexpr std::chrono::seconds most_window{std::int64_t{7} * 24 * 3600};
constexpr auto span = std::chrono::minutes(5);
constexpr std::size_t most_pulls = 10'000;

std::optional<std::int64_t> number(std::string_view text, std::int64_t most) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    std::int64_t value = 0;
    auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || end == text.data() || value < 0) return std::nullopt;
    return std::min(value, most);
}

// `100;w=21600`: the window in seconds.
std::optional<std::int64_t> window_in(std::string_view text) {
    auto at = text.find("w=");
    return at == std::string_view::npos ? std::nullopt : number(text.substr(at + 2), most_window.count());
}

std::int64_t kept_for_the_owner(std::int64_t limit) {
    return (limit + 4) / 5;
}

}  // namespace

void PullBudget::heard(const net::Headers& headers, Monotonic now) {
    auto said_limit = headers.find("RateLimit-Limit");
    auto said_remaining = headers.find("RateLimit-Remaining");
    if (!said_limit || !said_remaining) return;
    // A window of a minute is a bound on requests, which the host's rate keeps; pulls are counted over hours.
    auto window = window_in(*said_limit);
    auto limit = number(*said_limit, most_limit);
    auto remaining = number(*said_remaining, most_limit);
    if (!limit || !remaining || *limit == 0 || !window || *window < least_window.count()) return;
    limit_ = limit;
    remaining_ = std::min(*remaining, *limit);
    window_ = std::chrono::seconds(*window);
    heard_ = now;
    if (auto source = headers.find("Docker-RateLimit-Source")) source_ = plain_line(*source, 100);
}

void PullBudget::answered(const net::Headers& headers, bool as_user) {
    bool silent = !headers.find("RateLimit-Limit") && !headers.find("RateLimit-Remaining");
    unlimited_ = estimate_ && as_user && silent;
    if (unlimited_) limit_.reset(), remaining_.reset();
}

std::optional<std::int64_t> PullBudget::limit() const {
    if (unlimited_) return std::nullopt;
    return limit_ ? limit_ : estimate_;
}

std::optional<double> PullBudget::per_second() const {
    auto whole = limit();
    if (!whole) return std::nullopt;
    return static_cast<double>(*whole - kept_for_the_owner(*whole)) / static_cast<double>(window_.count());
}

PullBudget::Kept PullBudget::kept() const {
    Kept kept{limit_, remaining_, heard_, window_, source_, unlimited_, {}};
    if (!limit()) return kept;
    for (auto at : pulls_) {
        auto bucket = [](Monotonic time) { return time.time_since_epoch() / span; };
        bool same = !kept.pulls.empty() && bucket(kept.pulls.back().first) == bucket(at);
        if (!same) kept.pulls.emplace_back(at, 0);
        // All of a span count from its last one: a little longer than they do, never shorter.
        kept.pulls.back().first = at;
        ++kept.pulls.back().second;
    }
    return kept;
}

void PullBudget::restore(const Kept& kept, Monotonic now) {
    unlimited_ = kept.unlimited;
    bool told = kept.limit && kept.remaining && kept.window >= least_window && kept.window <= most_window &&
                kept.heard <= now && *kept.limit > 0;
    if (told) {
        limit_ = std::min(*kept.limit, most_limit);
        remaining_ = std::clamp<std::int64_t>(*kept.remaining, 0, *limit_);
        heard_ = kept.heard;
        window_ = kept.window;
        source_ = kept.source;
    }
    pulls_.clear();
    for (const auto& [at, count] : kept.pulls)
        for (std::int64_t i = 0; i < count && pulls_.size() < most_pulls; ++i)
            if (at + window_ > now) pulls_.push_back(std::min(at, now));
    std::sort(pulls_.begin(), pulls_.end());
}

void PullBudget::pulled(Monotonic now) {
    while (!pulls_.empty() && (pulls_.front() + window_ <= now || pulls_.size() >= most_pulls))
        pulls_.pop_front();
    pulls_.push_back(now);
}

std::int64_t PullBudget::pulls_since(Monotonic from) const {
    auto first = std::upper_bound(pulls_.begin(), pulls_.end(), from);
    return pulls_.end() - first;
}

std::optional<std::int64_t> PullBudget::remaining(Monotonic now) const {
    auto whole = limit();
    if (!whole) return std::nullopt;
    // What the host said counts what others pull as well; a whole window later it says nothing any more.
    bool fresh = remaining_ && now < heard_ + window_;
    auto left = fresh ? *remaining_ - pulls_since(heard_) : *whole - pulls_since(now - window_);
    return std::max<std::int64_t>(left, 0);
}

PullBudget::Claim PullBudget::claim(PullNeed need, std::int64_t count, Monotonic now) const {
    auto whole = limit();
    if (!whole) return Claim(claimed_, 0);
    auto reserve = kept_for_the_owner(*whole);
    auto floor = need == PullNeed::change ? reserve : std::max(reserve, *whole / 2);
    // More than there ever is would wait for ever.
    count = std::min(count, *whole - floor);
    if (*remaining(now) - *claimed_ - count < floor) return {};
    return Claim(claimed_, count);
}

PullBudget::Claim::Claim(std::shared_ptr<std::int64_t> claimed, std::int64_t count)
    : claimed_(std::move(claimed)), count_(count) {
    *claimed_ += count_;
}

PullBudget::Claim& PullBudget::Claim::operator=(Claim&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    claimed_ = std::move(other.claimed_);
    count_ = other.count_;
    return *this;
}

void PullBudget::Claim::give_back() {
    if (claimed_) *claimed_ -= count_;
    claimed_.reset();
}

}  // namespace basewatch::registry
