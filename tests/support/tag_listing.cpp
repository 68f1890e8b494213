#include "support/tag_listing.hpp"

#include "support/registry_script.hpp"

#include <algorithm>
#include <charconv>

namespace basewatch::test {

namespace {

std::size_t number_of(const std::string& text) {
    std::size_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// By what stands last in it: no order that a reader could take for one.
bool shuffled_before(const std::string& a, const std::string& b) {
    return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

std::string invented(std::size_t number, std::size_t length) {
    auto digits = std::to_string(number);
    return "made-up-" + std::string(length - std::min(length, digits.size() + 8), '0') + digits;
}

std::string link_to(const TagListing& how, const std::string& repository, const std::string& query,
                    const ScriptRequest& request) {
    auto path = "/v2/" + repository + "/tags/list";
    switch (how.link) {
        case TagListing::Link::absolute:
            return "http://" + std::string(request.headers.find("Host").value_or("")) + path + query;
        case TagListing::Link::inner_host:
            return "http://app.inner" + path + query;
        case TagListing::Link::shortened_path:
            return "/v2/" + repository.substr(repository.find('/') + 1) + "/tags/list" + query;
        case TagListing::Link::nowhere:
            return path;
        default:
            return path + query;
    }
}

// Where the page begins, counted in tags; nothing for a `last` that it does not take.
std::optional<std::size_t> begin_of(const TagListing& how, const std::vector<std::string>& tags,
                                    const std::string& last) {
    if (last.empty() || !how.takes_last) return 0;
    if (how.by != "last") return number_of(last);
    if (last.starts_with("made-up-")) return tags.size() + number_of(last.substr(8));
    auto found = std::ranges::find(tags, last);
    if (found != tags.end()) return static_cast<std::size_t>(found - tags.begin()) + 1;
    if (how.unknown_last != 0) return std::nullopt;
    return static_cast<std::size_t>(std::ranges::upper_bound(tags, last) - tags.begin());
}

}  // namespace

ScriptResponse list_page(const TagListing& how, std::vector<std::string> tags, const ScriptRequest& request,
                         const std::string& repository) {
    auto refusal = [](int status, const std::string& code) {
        return ScriptResponse{status,
                              {{"Content-Type", "application/json"}},
                              R"({"errors":[{"code":")" + code + R"(","message":"not so"}]})"};
    };
    auto asked = form_values(query_of(request.target));
    auto wanted = number_of(asked["n"]);
    if (how.most != 0 && wanted > how.most) return refusal(how.refusal, "UNSUPPORTED");
    if (how.shuffled) std::sort(tags.begin(), tags.end(), shuffled_before);
    auto first = begin_of(how, tags, asked[how.by]);
    if (!first) return refusal(how.unknown_last, "NAME_UNKNOWN");
    auto size = how.page == 0 ? tags.size() : wanted == 0 ? how.page : std::min(wanted, how.page);
    bool endless = how.end == TagListing::End::endless;
    std::string text, last;
    auto end = endless ? *first + how.page : std::min(*first + size, tags.size());
    for (auto i = *first; i < end; ++i) {
        last = i < tags.size() ? tags[i] : invented(i - tags.size() + 1, how.invented_length);
        text += (text.empty() ? "\"" : ",\"") + last + "\"";
    }
    if (how.by != "last") last = std::to_string(end);
    ScriptResponse response{200,
                            {{"Content-Type", "application/json; charset=utf-8"}},
                            "{\"name\":\"" + repository + "\",\"tags\":[" + text + "]" +
                                (how.members.empty() ? "" : "," + how.members) + "}"};
    bool more = end < tags.size() || endless, again = how.end == TagListing::End::repeats;
    if (how.link == TagListing::Link::none || (!more && how.end == TagListing::End::ends)) return response;
    std::string query = "?" + how.by + "=" + last + "&n=" + std::to_string(size);
    if (!more) query = again ? "?" + query_of(request.target) : "?n=" + std::to_string(size);
    response.headers.set("Link", "<" + link_to(how, repository, query, request) + ">; rel=\"next\"");
    return response;
}

}  // namespace basewatch::test
