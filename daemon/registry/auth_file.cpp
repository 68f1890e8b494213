#include "registry/auth_file.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"
#include "model/reference.hpp"
#include "net/headers.hpp"
#include "settings/header_values.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace basewatch::registry {

namespace {

constexpr std::size_t most_bytes = 1u << 20;
constexpr std::size_t most_headers = 32;
constexpr std::size_t most_header = 4096;

// `https://index.docker.io/v1/` and `ghcr.io/v2/` name a host; `ghcr.io/team/app` names repositories.
std::string normalised_key(std::string key) {
    bool schemed = false;
    for (std::string_view scheme : {"https://", "http://"}) {
        if (!key.starts_with(scheme)) continue;
        key.erase(0, scheme.size());
        schemed = true;
        break;
    }
    while (!key.empty() && key.back() == '/') key.pop_back();
    auto slash = key.find('/');
    std::string path = slash == std::string::npos ? "" : key.substr(slash);
    if (schemed || path == "/v1" || path == "/v2") path.clear();
    std::string host = key.substr(0, slash);
    return host.empty() ? host : model::normalised_registry(host) + path;
}

bool read_text(const nlohmann::json& object, std::string_view name, std::string& into) {
    const auto* value = member(object, name);
    if (value == nullptr || value->is_null()) return true;
    auto text = string_member(object, name);
    if (!text) return false;
    into = std::move(*text);
    return true;
}

// ~/.dockercfg and the key `.dockercfg` of a Kubernetes secret: the entries themselves, without "auths".
bool is_legacy(const nlohmann::json& document) {
    for (std::string_view name : {"auths", "credHelpers", "credsStore"})
        if (member(document, name) != nullptr) return false;
    return true;
}

Error invalid(std::string why) {
    return Error(ErrorKind::invalid, std::move(why));
}

Credential kept_by(std::string helper, std::string key) {
    return Credential{Credential::Kind::helper, std::move(key), Secret(), std::move(helper), ""};
}

Credential some(Credential::Kind kind, std::string username, std::string secret) {
    return Credential{kind, std::move(username), Secret(std::move(secret)), "", ""};
}

// How docker names a registry to its store.
std::string store_key(const std::string& registry) {
    return registry == "docker.io" ? "https://index.docker.io/v1/" : registry;
}

}  // namespace

Result<AuthFile> AuthFile::parse(std::string_view text) {
    auto document = parse_json(text, JsonLimits{most_bytes, 16});
    if (!document) return document.error();
    if (!document->is_object()) return Error(ErrorKind::bad_answer, "not a JSON object");
    AuthFile file;
    for (std::string_view name : {"auths", "credHelpers"}) {
        const auto* value = member(*document, name);
        if (value != nullptr && !value->is_object() && !value->is_null())
            return Error(ErrorKind::bad_answer, std::string(name) + " is not an object");
    }
    if (!read_text(*document, "credsStore", file.store_))
        return Error(ErrorKind::bad_answer, "credsStore is not a string");
    if (const auto* helpers = object_member(*document, "credHelpers")) {
        for (const auto& [host, helper] : helpers->items()) {
            if (!helper.is_string())
                return Error(ErrorKind::bad_answer, "a credHelpers entry is not a string");
            file.helpers_[normalised_key(host)] = Helper{helper.get<std::string>(), host};
        }
    }
    if (const auto* headers = object_member(*document, "HttpHeaders"))
        if (!file.read_headers(*headers))
            return Error(ErrorKind::bad_answer, "HttpHeaders holds what cannot be a header");
    const auto* auths = object_member(*document, "auths");
    bool legacy = is_legacy(*document);
    if (legacy) auths = &*document;
    if (auths != nullptr) {
        for (const auto& [key, value] : auths->items()) {
            if (legacy && !value.is_object()) continue;  // a setting of docker's, no entry
            Entry entry;
            entry.key = key;
            entry.wrong = !value.is_object() || !read_text(value, "auth", entry.auth) ||
                          !read_text(value, "username", entry.username) ||
                          !read_text(value, "password", entry.password) ||
                          !read_text(value, "identitytoken", entry.identity_token) ||
                          !read_text(value, "registrytoken", entry.registry_token);
            // Several spellings of one host may stand side by side; the plain one counts.
            bool plain = normalised_key(key) == key;
            auto [place, fresh] = file.entries_.emplace(normalised_key(key), entry);
            if (!fresh && (plain || place->second.empty())) place->second = entry;
        }
    }
    return file;
}

bool AuthFile::read_headers(const nlohmann::json& headers) {
    auto ours = settings::registry_headers_of_ours();
    for (const auto& [name, value] : headers.items()) {
        if (!value.is_string() || !settings::is_header_name(name)) return false;
        auto text = value.get<std::string>();
        if (!net::valid_header(name, text) || text.size() > most_header || headers_.size() == most_headers)
            return false;
        bool taken = std::ranges::any_of(
            ours, [&](std::string_view one) { return net::equal_without_case(one, name); });
        if (taken) continue;
        if (settings::sounds_secret(name)) register_secret(text);
        headers_[name] = std::move(text);
    }
    return true;
}

const AuthFile::Entry* AuthFile::entry_of(const std::string& registry, const std::string& repository) const {
    std::string key = registry + "/" + repository;
    for (;;) {
        auto found = entries_.find(key);
        if (found != entries_.end()) return &found->second;
        auto slash = key.rfind('/');
        if (slash == std::string::npos) return nullptr;
        key.resize(slash);
    }
}

Result<std::vector<Credential>> AuthFile::find(const std::string& registry,
                                               const std::string& repository) const {
    std::vector<Credential> found;
    const auto* entry = entry_of(registry, repository);
    auto helper = helpers_.find(registry);
    if (helper != helpers_.end() && !helper->second.name.empty()) {
        found.push_back(kept_by(helper->second.name, helper->second.key));
    } else if (!store_.empty()) {
        // `docker login` leaves an empty entry behind when it gave the secret to a store.
        bool left = entry != nullptr && entry->empty();
        found.push_back(kept_by(store_, left ? entry->key : store_key(registry)));
    }
    if (entry == nullptr || (entry->empty() && !entry->wrong)) return found;
    auto read_entry = read(*entry, registry);
    if (!read_entry) return read_entry.error();
    found.push_back(std::move(*read_entry));
    return found;
}

Result<Credential> AuthFile::read(const Entry& entry, const std::string& registry) {
    if (entry.wrong) return invalid("the entry of " + registry + " has a member of the wrong type");
    if (!entry.registry_token.empty()) {
        if (!net::valid_header("Authorization", entry.registry_token))
            return invalid("the registrytoken of " + registry + " cannot stand in a header");
        return some(Credential::Kind::registry_token, "", entry.registry_token);
    }
    std::string username = entry.username, password = entry.password;
    if (username.empty() && password.empty() && !entry.auth.empty()) {
        auto decoded = unbase64(entry.auth);
        auto colon = decoded ? decoded->find(':') : std::string::npos;
        if (colon == std::string::npos)
            return invalid("the auth of " + registry + " is not base64 of user:password");
        username = decoded->substr(0, colon);
        password = decoded->substr(colon + 1);
        while (!password.empty() && password.back() == '\0') password.pop_back();
    }
    if (!entry.identity_token.empty())
        return some(Credential::Kind::identity_token, username, entry.identity_token);
    if (username.empty() && password.empty()) return invalid("the auth of " + registry + " is empty");
    return some(Credential::Kind::password, username, password);
}

}  // namespace basewatch::registry
