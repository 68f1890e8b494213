#include "registry/side.hpp"

#include "foundation/bytes.hpp"

namespace basewatch::registry {

net::Url Side::address(std::string_view kind, const std::string& which) const {
    auto url = host->address(repository, kind, which);
    if (is_mirror()) url.target += "?ns=" + form_encode(ns);
    return url;
}

}  // namespace basewatch::registry
