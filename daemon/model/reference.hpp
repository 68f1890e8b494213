#pragma once
// An image reference, parsed and normalised as the distribution project's reference library does it (grammar
// in its regexp.go, splitDockerDomain in normalize.go): `alpine` is `docker.io/library/alpine:latest`.
//
// Where we are stricter, or other than that library, on purpose:
// - `registry-1.docker.io`, `registry.hub.docker.com` and `index.docker.io` are all `docker.io`: one image,
// one watch;
// - a name whose first part looks like a host but holds an underscore (`a-b.c_d/e`) is refused: three
//   libraries read it
//   in three ways;
// - `sha256:<64 hex>` and a bare 64-digit name are refused: that is an image id, not a name;
// - an upper-case first part without dot or port (`Foo/bar`) is refused: the library takes it for a host,
//   the person meant a repository; real hosts are compared in lower case;
// - `localhost:5000` (a repository `localhost` with the tag 5000) is refused with a hint: nobody means it;
// - a port is at most 65535;
// - `scratch` is refused: there is nothing behind it.
// A tag and a digest may stand together: the tag is what may move, the digest is the pin.

#include "model/digest.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace basewatch::model {

class Reference {
public:
    // ErrorKind::invalid, saying what would be right. Without tag and digest the tag is `latest`.
    static Result<Reference> parse(std::string_view text);

    Reference() = default;

    // `docker.io`, `localhost:5000`, `[::1]:5000`; lower case.
    const std::string& registry() const { return registry_; }
    // `library/ruby`.
    const std::string& repository() const { return repository_; }
    // Empty when there is only a digest.
    const std::string& tag() const { return tag_; }
    const std::optional<Digest>& digest() const { return digest_; }

    // `docker.io/library/ruby`, without tag and digest.
    std::string name() const;
    // The normalised whole: `docker.io/library/ruby:3.3-alpine`; what events, tables and the state use.
    std::string text() const;
    // As a person would write it: `ruby:3.3-alpine`.
    std::string familiar() const;

    // The same repository with another tag or, by digest, without one.
    Reference with_tag(std::string tag) const;
    Reference at(const Digest& digest) const;

    bool empty() const { return repository_.empty(); }
    auto operator<=>(const Reference&) const = default;

private:
    std::string registry_;
    std::string repository_;
    std::string tag_;
    std::optional<Digest> digest_;
};

// A registry name as settings and references agree on it: lower case, Docker Hub's names made one.
std::string normalised_registry(std::string_view host);

// Where a person can read about the repository: Docker Hub's, Quay's and GitHub's pages; empty elsewhere.
std::string repository_page(const Reference& reference);

}  // namespace basewatch::model
