#include "registry/side.hpp"

#include "foundation/bytes.hpp"

#include <algorithm>

namespace basewatch::registry {

net::Url Side::address(std::string_view kind, const std::string& which) const {
    return with_ns(host->address(repository, kind, which));
}

net::Url Side::with_ns(net::Url found) const {
    if (!is_mirror()) return found;
    std::string_view target = found.target;
    auto end = std::min(target.find('?'), target.size());
    std::string made = std::string(target.substr(0, end)) + "?ns=" + form_encode(ns);
    auto query = target.substr(std::min(end + 1, target.size()));
    while (!query.empty()) {
        auto parameter = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(parameter.size() + 1, query.size()));
        if (parameter != "ns" && !parameter.starts_with("ns=")) made.append("&").append(parameter);
    }
    found.target = std::move(made);
    return found;
}

}  // namespace basewatch::registry
