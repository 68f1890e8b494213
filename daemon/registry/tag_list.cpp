#include "registry/tag_list.hpp"

#include "registry/complaint.hpp"
#include "registry/look_up.hpp"

#include <algorithm>

namespace basewatch::registry {

namespace {

constexpr std::size_t most_pages = 1000;
constexpr std::size_t most_tags = 1'000'000;
constexpr std::size_t most_bytes = 64u << 20;
constexpr std::size_t most_page = 16u << 20;
constexpr std::size_t usual_page = 1000;
constexpr std::size_t quay_page = 100;  // it answers a larger page with TOO_MANY_TAGS_REQUESTED
constexpr auto longest = std::chrono::minutes(2);

Error unfinished(const Host& host, ErrorKind kind, std::string_view why) {
    return Error(kind, host.name + ": the tag list " + std::string(why));
}

// A page that a registry without links may have after this one, where the page is as full as was asked for.
std::optional<net::Url> guessed_page(const net::Url& page, const TagPage& read, std::size_t size) {
    if (size == 0 || read.listed != size || read.last.empty()) return std::nullopt;
    net::Url next = page;
    next.target =
        page.target.substr(0, page.target.find('?')) + "?n=" + std::to_string(size) + "&last=" + read.last;
    return next;
}

}  // namespace

bool TagLists::Collected::add(TagPage page) {
    bool news = false;
    for (auto& tag : page.tags) {
        auto size = tag.size();
        if (!tags.insert(std::move(tag)).second) continue;
        bytes += size;
        news = true;
    }
    return news;
}

bool TagLists::Collected::full() const {
    return tags.size() > most_tags || bytes > most_bytes;
}

TagList TagLists::Collected::sorted(bool complete) {
    TagList list;
    list.complete = complete;
    list.tags.reserve(tags.size());
    while (!tags.empty()) list.tags.push_back(std::move(tags.extract(tags.begin()).value()));
    std::sort(list.tags.begin(), list.tags.end());
    return list;
}

Async<Result<Answer>> TagLists::page(std::shared_ptr<Host> host, Question question) {
    auto answer = co_await access_.ask(host, std::move(question));
    if (!answer) co_return answer.error();
    if (answer->response.status != 200) co_return answer;
    auto untouched = whole(*host, answer->response);
    if (!untouched) co_return untouched.error();
    co_return answer;
}

Async<Result<TagList>> TagLists::list(Side side) {
    const auto& host = side.host;
    auto deadline = clock_.monotonic() + longest;
    std::size_t size = host->name == "quay.io" ? quay_page : usual_page;
    if (host->learned.whole_lists.holds(clock_.monotonic())) size = 0;
    Question question;
    question.url = side.address("tags", "list");
    if (size != 0) question.url.target += (side.is_mirror() ? "&n=" : "?n=") + std::to_string(size);
    question.repository = side.repository;
    question.accept = "application/json";
    question.most_body = most_page;
    Collected collected;
    std::unordered_set<std::string> seen;
    bool guessed = false;
    for (std::size_t pages = 0; pages < most_pages; ++pages) {
        if (clock_.monotonic() > deadline)
            co_return unfinished(*host, ErrorKind::timed_out, "took longer than two minutes");
        auto answer = co_await page(host, question);
        if (!answer) co_return answer.error();
        int status = answer->response.status;
        bool refused = (status == 400 || status == 405) && !means_rate_limit(answer->response);
        if (refused && pages == 0 && size != 0) {
            // The size of the page is what it does not like (ECR above 1,000, old proxies at all).
            size = 0;
            question.url = side.address("tags", "list");
            continue;
        }
        // Nobody promised us a page there; zot says 404 where it does not know the tag to go on from.
        if (guessed && (refused || status == 404)) co_return collected.sorted(!side.is_mirror());
        if (status != 200) co_return refusal_of(*host, *answer, "", clock_);
        if (size == 0 && pages == 1) host->learned.whole_lists.begin(clock_.monotonic());
        auto read = parse_tag_page(answer->response.body);
        if (!read) co_return read.error().while_doing(host->name);
        auto next = next_page(answer->url, answer->response.headers);
        if (!next) co_return next.error().while_doing(host->name);
        bool linked = next->has_value();
        if (!linked) *next = guessed_page(answer->url, *read, size);
        if (*next) *next = side.with_ns(std::move(**next));
        bool images = !read->tags.empty();
        bool empty = read->listed == 0;
        bool news = collected.add(std::move(*read));
        if (collected.full())
            co_return unfinished(*host, ErrorKind::too_large, "is longer than a million tags or 64 MiB");
        if (!*next || empty) co_return collected.sorted(!side.is_mirror());
        // The same again: a registry that pages in circles, or that knows no pages and was guessed to.
        bool again = !seen.insert((*next)->text()).second || (images && !news);
        if (again) co_return collected.sorted(guessed && !linked && !side.is_mirror());
        guessed = !linked;
        question.continued = std::move(*next);
    }
    co_return unfinished(*host, ErrorKind::too_large, "has more than 1,000 pages");
}

}  // namespace basewatch::registry
