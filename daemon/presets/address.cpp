#include "presets/address.hpp"

#include "foundation/bytes.hpp"

#include <algorithm>

namespace basewatch::presets {

namespace {

constexpr std::string_view token_place = "{token}";

// The text between the braces of the place at `at`, which is a `{`; empty where there is no `}`.
std::string_view name_at(std::string_view address, std::size_t at) {
    auto end = address.find('}', at);
    return end == std::string_view::npos ? std::string_view() : address.substr(at + 1, end - at - 1);
}

Result<std::string> value_of(std::string_view name, const std::map<std::string, std::string>& values) {
    auto found = values.find(std::string(name));
    if (found == values.end() || found->second.empty())
        return Error(ErrorKind::invalid, "the address has the place {" + std::string(name) +
                                             "}, and `with` gives no value for it");
    if (found->second == "." || found->second == "..")
        return Error(ErrorKind::invalid, "the value of {" + std::string(name) +
                                             "} is no part of an address: `" + found->second + "`");
    return percent_encode(found->second);
}

}  // namespace

std::vector<std::string> places(std::string_view address) {
    std::vector<std::string> names;
    for (auto at = address.find('{'); at != std::string_view::npos; at = address.find('{', at + 1)) {
        std::string name(name_at(address, at));
        bool known = std::find(names.begin(), names.end(), name) != names.end();
        if (!name.empty() && name != "token" && !known) names.push_back(std::move(name));
    }
    return names;
}

Result<std::string> filled(std::string_view address, const std::map<std::string, std::string>& values,
                           std::string_view token) {
    std::string out;
    while (true) {
        auto at = address.find('{');
        out += address.substr(0, at);
        if (at == std::string_view::npos) return out;
        auto name = name_at(address, at);
        if (name == "token") {
            out += percent_encode(token);
        } else {
            auto value = value_of(name, values);
            if (!value) return value.error();
            out += *value;
        }
        address.remove_prefix(std::min(address.size(), at + name.size() + 2));
    }
}

std::string with_path(std::string_view address, std::string_view path) {
    auto host = address.find("://");
    if (host == std::string_view::npos) return std::string(address);
    auto slash = address.find_first_of("/?#", host + 3);
    bool bare = slash == std::string_view::npos || address.substr(slash) == "/";
    if (!bare) return std::string(address);
    return std::string(address.substr(0, slash)) + std::string(path);
}

std::string with_parameter(std::string address, std::string_view name, std::string_view value) {
    address += address.find('?') == std::string::npos ? '?' : '&';
    return address + percent_encode(name) + "=" + percent_encode(value);
}

std::string with_token(std::string_view text, std::string_view token) {
    std::string out;
    for (auto at = text.find(token_place); at != std::string_view::npos; at = text.find(token_place)) {
        out += text.substr(0, at);
        out += token;
        text.remove_prefix(at + token_place.size());
    }
    return out.append(text);
}

}  // namespace basewatch::presets
