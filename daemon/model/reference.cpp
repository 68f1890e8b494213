#include "model/reference.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace basewatch::model {

namespace {

constexpr std::string_view hub = "docker.io";
constexpr std::size_t longest_repository = 255;
constexpr std::size_t longest_tag = 128;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_lower_alnum(char c) {
    return is_lower(c) || is_digit(c);
}
bool is_alnum(char c) {
    return is_lower_alnum(c) || is_upper(c);
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; });
    return out;
}

std::string quoted(std::string_view text) {
    return "\"" + std::string(text.substr(0, 120)) + "\"";
}

Error refused(std::string why) {
    return Error(ErrorKind::invalid, std::move(why));
}

bool valid_port(std::string_view text) {
    unsigned port = 0;
    auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
    return fault == std::errc() && end == text.data() + text.size() && port <= 65535;
}

// domain-component { "." domain-component }
bool valid_host_name(std::string_view host) {
    while (true) {
        auto dot = host.find('.');
        auto part = host.substr(0, dot);
        if (part.empty() || !is_alnum(part.front()) || !is_alnum(part.back())) return false;
        if (!std::all_of(part.begin(), part.end(), [](char c) { return is_alnum(c) || c == '-'; }))
            return false;
        if (dot == std::string_view::npos) return true;
        host.remove_prefix(dot + 1);
    }
}

bool valid_domain(std::string_view domain) {
    if (domain.starts_with('[')) {
        auto close = domain.find(']');
        if (close == std::string_view::npos || close == 1) return false;
        auto inside = domain.substr(1, close - 1);
        if (!std::all_of(inside.begin(), inside.end(),
                         [](char c) { return is_hex(c) || (c >= 'A' && c <= 'F') || c == ':'; }))
            return false;
        auto rest = domain.substr(close + 1);
        return rest.empty() || (rest.front() == ':' && valid_port(rest.substr(1)));
    }
    auto colon = domain.find(':');
    if (colon != std::string_view::npos && !valid_port(domain.substr(colon + 1))) return false;
    return valid_host_name(domain.substr(0, colon));
}

// alnum { separator alnum }, where a separator is "." | "_" | "__" | "-"+
bool valid_path_component(std::string_view part) {
    if (part.empty() || !is_lower_alnum(part.front()) || !is_lower_alnum(part.back())) return false;
    for (std::size_t i = 0; i < part.size();) {
        if (is_lower_alnum(part[i])) {
            ++i;
            continue;
        }
        std::size_t start = i;
        while (i < part.size() && !is_lower_alnum(part[i])) ++i;
        auto separator = part.substr(start, i - start);
        bool dashes = separator.find_first_not_of('-') == std::string_view::npos;
        if (separator != "." && separator != "_" && separator != "__" && !dashes) return false;
    }
    return true;
}

bool valid_path(std::string_view path) {
    while (true) {
        auto slash = path.find('/');
        if (!valid_path_component(path.substr(0, slash))) return false;
        if (slash == std::string_view::npos) return true;
        path.remove_prefix(slash + 1);
    }
}

bool valid_tag(std::string_view tag) {
    return !tag.empty() && tag.size() <= longest_tag && (is_alnum(tag.front()) || tag.front() == '_') &&
           std::all_of(tag.begin(), tag.end(),
                       [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

struct Split {
    std::string domain;
    std::string_view rest;
};

// splitDockerDomain
Split split_domain(std::string_view name) {
    auto slash = name.find('/');
    if (slash == std::string_view::npos) return {std::string(hub), name};
    auto first = name.substr(0, slash);
    bool host =
        first == "localhost" || first.find_first_of(".:[") != std::string_view::npos || lower(first) != first;
    if (!host) return {std::string(hub), name};
    return {std::string(first), name.substr(slash + 1)};
}

bool sixty_four_hex(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), is_hex);
}

// Why a path is wrong, as helpfully as can be said.
Error wrong_path(std::string_view path) {
    if (lower(path) != path && valid_path(lower(path)))
        return refused("a repository name is in lower case: write " + quoted(lower(path)) + " instead of " +
                       quoted(path));
    return refused("not a repository name: " + quoted(path) +
                   " (lower-case letters and digits, with one of . _ __ - between them, parts divided by /)");
}

}  // namespace

std::string normalised_registry(std::string_view host) {
    static constexpr std::array<std::string_view, 4> hub_names{
        "docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"};
    std::string name = lower(host);
    if (std::find(hub_names.begin(), hub_names.end(), name) != hub_names.end()) return std::string(hub);
    return name;
}

Result<Reference> Reference::parse(std::string_view text) {
    if (text.empty()) return refused("an empty image reference; write one such as ruby:3.3-alpine");
    for (std::string_view prefix : {"docker://", "https://", "http://", "oci://"})
        if (text.starts_with(prefix))
            return refused("an image reference has no " + quoted(prefix) + " in front: write " +
                           quoted(text.substr(prefix.size())));
    if (sixty_four_hex(text) || (text.starts_with("sha256:") && sixty_four_hex(text.substr(7))))
        return refused("64 hex digits alone are an image id, not a name: write repository@sha256:…");

    Reference reference;
    std::string_view name = text;
    if (auto at = name.find('@'); at != std::string_view::npos) {
        auto digest = Digest::parse(name.substr(at + 1));
        if (!digest) return digest.error().while_doing(quoted(text));
        reference.digest_ = std::move(*digest);
        name = name.substr(0, at);
        if (name.empty()) return refused("a digest without a repository: write repository@sha256:…");
    }
    auto [domain, rest] = split_domain(name);
    auto colon = rest.find(':');
    std::string_view path = rest.substr(0, colon);
    if (colon != std::string_view::npos) {
        auto tag = rest.substr(colon + 1);
        if (!valid_tag(tag))
            return refused("not a tag: " + quoted(tag) +
                           " (1 to 128 of letters, digits, _ . -, not beginning with . or -)");
        reference.tag_ = std::string(tag);
    }
    bool bare = name.find('/') == std::string_view::npos;
    if (bare && path == "localhost" && !reference.tag_.empty() && valid_port(reference.tag_))
        return refused("this names no repository: write localhost:" + reference.tag_ + "/repository");
    if (domain.find('_') != std::string::npos)
        return refused("`_` is not allowed in a host name: " + quoted(domain));
    if (domain.find_first_of(".:") == std::string::npos && lower(domain) != domain)
        return refused("a repository name is in lower case: " + quoted(lower(domain) + "/…") + ", not " +
                       quoted(domain + "/…") + "; a registry host has a dot or a port");
    if (!valid_domain(domain)) return refused("not a registry host: " + quoted(domain));
    if (path.size() > longest_repository)
        return refused("a repository name has at most 255 characters, this one has " +
                       std::to_string(path.size()));
    if (!valid_path(path)) return wrong_path(path);

    reference.registry_ = normalised_registry(domain);
    reference.repository_ = std::string(path);
    if (reference.registry_ == hub && path.find('/') == std::string_view::npos)
        reference.repository_.insert(0, "library/");
    if (reference.registry_ == hub && reference.repository_ == "library/scratch")
        return refused("scratch is the empty base: there is nothing to watch");
    if (reference.tag_.empty() && !reference.digest_) reference.tag_ = "latest";
    return reference;
}

std::string Reference::name() const {
    return registry_ + "/" + repository_;
}

std::string Reference::text() const {
    std::string out;
    out.reserve(registry_.size() + repository_.size() + tag_.size() + 2 +
                (digest_ ? digest_->text().size() + 1 : 0));
    out.append(registry_).append("/").append(repository_);
    if (!tag_.empty()) out.append(":").append(tag_);
    if (digest_) out.append("@").append(digest_->text());
    return out;
}

std::string Reference::familiar() const {
    std::string whole = text();
    // What is left must still mean the same: in docker.io/library/foo/bar and docker.io/localhost/x it does
    // not.
    for (std::string_view prefix : {"docker.io/library/", "docker.io/"}) {
        if (!whole.starts_with(prefix)) continue;
        auto shorter = Reference::parse(whole.substr(prefix.size()));
        if (shorter && *shorter == *this) return whole.substr(prefix.size());
    }
    return whole;
}

Reference Reference::with_tag(std::string tag) const {
    Reference other = *this;
    other.tag_ = std::move(tag);
    other.digest_.reset();
    return other;
}

Reference Reference::at(const Digest& digest) const {
    Reference other = *this;
    other.tag_.clear();
    other.digest_ = digest;
    return other;
}

std::string repository_page(const Reference& reference) {
    if (reference.registry() == hub) {
        std::string_view repository = reference.repository();
        if (repository.starts_with("library/"))
            return "https://hub.docker.com/_/" + std::string(repository.substr(8));
        return "https://hub.docker.com/r/" + reference.repository();
    }
    if (reference.registry() == "quay.io") return "https://quay.io/repository/" + reference.repository();
    if (reference.registry() == "ghcr.io") return "https://ghcr.io/" + reference.repository();
    return "";
}

}  // namespace basewatch::model
