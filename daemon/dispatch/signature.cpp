#include "dispatch/signature.hpp"

#include "foundation/bytes.hpp"

#include <charconv>
#include <optional>

namespace basewatch::dispatch {

namespace {

constexpr std::int64_t tolerance_seconds = 300;
constexpr std::size_t seed_length = 32;

struct Key {
    enum class Kind { hmac, ed25519 };
    Kind kind = Kind::hmac;
    std::string secret;      // the HMAC key, or the seed; empty for a public key
    std::string public_key;  // ed25519
};

Error bad_key(const char* what) {
    return Error(ErrorKind::invalid, what);
}

Result<Key> ed25519_key(std::string_view text) {
    auto bytes = unbase64(text);
    if (!bytes || (bytes->size() != seed_length && bytes->size() != 2 * seed_length))
        return bad_key("a whsk_ secret is base64 of 64 bytes (seed and public key) or of the 32 of the seed");
    Key key{Key::Kind::ed25519, bytes->substr(0, seed_length), {}};
    auto derived = ed25519_public_key(key.secret);
    if (!derived) return bad_key("a whsk_ secret could not be read as an Ed25519 key");
    if (bytes->size() > seed_length && !equal_in_constant_time(bytes->substr(seed_length), *derived))
        return bad_key("the two halves of a whsk_ secret do not belong together");
    key.public_key = *derived;
    return key;
}

Result<Key> key_of(const Secret& secret) {
    std::string_view text = secret.reveal();
    if (text.starts_with("whsec_")) {
        auto bytes = unbase64(text.substr(6));
        if (!bytes || bytes->empty()) return bad_key("a whsec_ secret is base64 of at least one byte");
        return Key{Key::Kind::hmac, *bytes, {}};
    }
    if (text.starts_with("whsk_")) return ed25519_key(text.substr(5));
    if (text.starts_with("whpk_")) {
        auto bytes = unbase64(text.substr(5));
        if (!bytes || bytes->size() != seed_length) return bad_key("a whpk_ key is base64 of 32 bytes");
        return Key{Key::Kind::ed25519, {}, *bytes};
    }
    if (text.empty()) return bad_key("an empty secret signs nothing");
    return Key{Key::Kind::hmac, std::string(text), {}};
}

std::string signed_text(std::string_view id, std::string_view timestamp, std::string_view body) {
    std::string text;
    text.reserve(id.size() + timestamp.size() + body.size() + 2);
    text.append(id).append(1, '.').append(timestamp).append(1, '.').append(body);
    return text;
}

Result<std::string> standard_signature(const Secret& secret, std::string_view text) {
    auto key = key_of(secret);
    if (!key) return key.error();
    if (key->kind == Key::Kind::hmac) return "v1," + base64(hmac_sha256(key->secret, text));
    if (key->secret.empty()) return bad_key("a whpk_ key can verify and not sign");
    auto signature = ed25519_sign(key->secret, text);
    if (!signature) return bad_key("a whsk_ secret could not be used to sign");
    return "v1a," + base64(*signature);
}

// A field that must stand exactly once: two of them are two readings of one request.
Result<std::string> only_field(const net::Headers& headers, std::string_view name) {
    auto values = headers.all(name);
    if (values.empty()) return Error(ErrorKind::invalid, "the header " + std::string(name) + " is missing");
    if (values.size() > 1)
        return Error(ErrorKind::invalid, "the header " + std::string(name) + " stands twice");
    if (values.front().empty())
        return Error(ErrorKind::invalid, "the header " + std::string(name) + " is empty");
    return std::string(values.front());
}

Result<void> check_age(std::string_view timestamp, std::int64_t now_seconds) {
    std::int64_t seconds = 0;
    auto [end, fault] = std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
    if (fault != std::errc() || end != timestamp.data() + timestamp.size() || seconds < 0)
        return Error(ErrorKind::invalid, "webhook-timestamp is no number of seconds");
    // Not the difference: a hostile timestamp could overflow it.
    if (seconds < now_seconds - tolerance_seconds)
        return Error(ErrorKind::unauthorized, "webhook-timestamp is more than five minutes old");
    if (seconds > now_seconds + tolerance_seconds)
        return Error(ErrorKind::unauthorized, "webhook-timestamp is more than five minutes in the future");
    return {};
}

bool fits(const Key& key, std::string_view version, std::string_view signature, std::string_view text) {
    if (key.kind == Key::Kind::hmac)
        return version == "v1" && equal_in_constant_time(signature, hmac_sha256(key.secret, text));
    return version == "v1a" && ed25519_verify(key.public_key, text, signature);
}

// `v1,… v1a,… v2,…`: unknown versions and broken entries are passed over.
bool any_fits(std::string_view list, std::string_view text, const std::vector<Key>& keys) {
    while (!list.empty()) {
        auto space = list.find(' ');
        std::string_view entry = list.substr(0, space);
        list = space == std::string_view::npos ? std::string_view() : list.substr(space + 1);
        auto comma = entry.find(',');
        if (comma == std::string_view::npos) continue;
        auto signature = unbase64(entry.substr(comma + 1));
        if (!signature) continue;
        for (const auto& key : keys)
            if (fits(key, entry.substr(0, comma), *signature, text)) return true;
    }
    return false;
}

Result<void> verify_standard(const net::Headers& headers, std::string_view body, std::int64_t now_seconds,
                             const std::vector<Secret>& secrets) {
    auto id = only_field(headers, "webhook-id");
    if (!id) return id.error();
    if (id->find('.') != std::string::npos)
        return Error(ErrorKind::invalid, "webhook-id holds a full stop, which separates what is signed");
    auto timestamp = only_field(headers, "webhook-timestamp");
    if (!timestamp) return timestamp.error();
    auto list = only_field(headers, "webhook-signature");
    if (!list) return list.error();
    auto age = check_age(*timestamp, now_seconds);
    if (!age) return age;
    std::vector<Key> keys;
    for (const auto& secret : secrets) {
        auto key = key_of(secret);
        if (!key) return key.error();
        keys.push_back(*key);
    }
    if (any_fits(*list, signed_text(*id, *timestamp, body), keys)) return {};
    return Error(ErrorKind::unauthorized, "no signature in webhook-signature fits the secret and the body");
}

Result<void> verify_github(const net::Headers& headers, std::string_view body,
                           const std::vector<Secret>& secrets) {
    auto field = only_field(headers, "X-Hub-Signature-256");
    if (!field) return field.error();
    std::string_view text = *field;
    if (!text.starts_with("sha256="))
        return Error(ErrorKind::invalid, "X-Hub-Signature-256 does not begin with sha256=");
    auto signature = unhex(text.substr(7));
    if (!signature) return Error(ErrorKind::invalid, "X-Hub-Signature-256 is not in hex");
    for (const auto& secret : secrets) {
        if (secret.empty()) return bad_key("an empty secret signs nothing");
        if (equal_in_constant_time(*signature, hmac_sha256(secret.reveal(), body))) return {};
    }
    return Error(ErrorKind::unauthorized, "X-Hub-Signature-256 does not fit the secret and the body");
}

}  // namespace

Result<void> sign(net::Headers& headers, std::string_view id, std::int64_t unix_seconds,
                  std::string_view body, settings::SignatureStyle style, const std::vector<Secret>& secrets,
                  const std::string& azure_header) {
    if (id.empty() || id.find('.') != std::string_view::npos)
        return Error(ErrorKind::invalid, "a webhook-id is not empty and holds no full stop");
    auto timestamp = std::to_string(unix_seconds);
    headers.set("webhook-id", std::string(id));
    headers.set("webhook-timestamp", timestamp);
    headers.remove("webhook-signature");
    if (style == settings::SignatureStyle::none || secrets.empty()) return {};
    bool one = style == settings::SignatureStyle::github || style == settings::SignatureStyle::azure;
    if (one && secrets.front().empty()) return bad_key("an empty secret signs nothing");
    if (style == settings::SignatureStyle::azure) {
        headers.set(azure_header, hex(hmac_sha1(secrets.front().reveal(), body)));
        return {};
    }
    if (style == settings::SignatureStyle::github) {
        headers.set("X-Hub-Signature-256", "sha256=" + hex(hmac_sha256(secrets.front().reveal(), body)));
        return {};
    }
    auto text = signed_text(id, timestamp, body);
    std::string list;
    for (const auto& secret : secrets) {
        auto signature = standard_signature(secret, text);
        if (!signature) return signature.error();
        if (!list.empty()) list += ' ';
        list += *signature;
    }
    headers.set("webhook-signature", list);
    return {};
}

Result<void> verify(const net::Headers& headers, std::string_view body, std::int64_t now_seconds,
                    const std::vector<Secret>& secrets) {
    if (secrets.empty()) return Error(ErrorKind::invalid, "there is no secret to verify with");
    bool github = headers.find("X-Hub-Signature-256").has_value();
    if (github && !headers.find("webhook-signature")) return verify_github(headers, body, secrets);
    return verify_standard(headers, body, now_seconds, secrets);
}

}  // namespace basewatch::dispatch
