#pragma once
// From whom something of a repository is asked: the registry itself, or a mirror that has the same under its
// own name. A mirror of several registries tells them apart by `ns`, as containerd's and distribution's do.

#include "registry/host.hpp"

#include <memory>
#include <string>

namespace basewatch::registry {

struct Side {
    std::shared_ptr<Host> host;
    std::string repository;  // as it is called there
    std::string ns{};        // of a mirror: the registry that it stands for
    bool insists = false;    // it is asked though it failed again and again

    bool is_mirror() const { return !ns.empty(); }
    net::Url address(std::string_view kind, const std::string& which) const;
    // An address that was found there, such as that of a next page: of a mirror with our `ns`, whatever it
    // says of its own.
    net::Url with_ns(net::Url found) const;
};

}  // namespace basewatch::registry
