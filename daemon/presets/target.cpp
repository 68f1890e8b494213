#include "foundation/suggest.hpp"
#include "net/headers.hpp"
#include "presets/address.hpp"
#include "presets/render.hpp"

#include <algorithm>
#include <array>

namespace basewatch::presets {

namespace {

using namespace std::chrono_literals;

template <class T>
void fill(std::optional<T>& field, const std::optional<T>& from) {
    if (!field) field = from;
}
template <class T>
void fill(std::vector<T>& field, const std::vector<T>& from) {
    if (field.empty()) field = from;
}

// The target's own headers, and those of the preset that it does not name.
void fill_headers(settings::RequestFields& fields, const settings::RequestFields& from) {
    for (const auto& [name, value] : from.headers) {
        bool own = std::any_of(fields.headers.begin(), fields.headers.end(), [&](const auto& header) {
            return net::equal_without_case(header.first, name);
        });
        if (!own) fields.headers.emplace(name, value);
    }
}

void fill_fields(settings::RequestFields& fields, const settings::RequestFields& from) {
    fill(fields.method, from.method);
    fill(fields.url, from.url);
    fill_headers(fields, from);
    fill(fields.per, from.per);
    fill(fields.encoding, from.encoding);
    fill(fields.content_type, from.content_type);
    if (!fields.body) {
        fields.body = from.body;
        fields.body_at = from.body_at;
    }
    fill(fields.signature, from.signature);
    fill(fields.signature_header, from.signature_header);
    fill(fields.auth, from.auth);
    // A target that says what success is says all of it.
    if (fields.success.empty()) {
        fields.success = from.success;
        fill(fields.already, from.already);
        fill(fields.success_body, from.success_body);
        fill(fields.success_content_type, from.success_content_type);
    }
    fill(fields.timeout, from.timeout);
    fill(fields.rate, from.rate);
    fill(fields.concurrency, from.concurrency);
    fill(fields.retries, from.retries);
    fill(fields.expire, from.expire);
}

Error unknown_preset(const std::string& name) {
    std::vector<std::string_view> names;
    for (const auto& preset : built_in()) names.push_back(preset.name);
    std::string text = "there is no preset `" + name + "`";
    if (auto near = nearest_word(name, names))
        return Error(ErrorKind::invalid, text + ": did you mean `" + std::string(*near) + "`?");
    text += ": there are";
    for (auto known : names) text += " " + std::string(known);
    return Error(ErrorKind::invalid, text);
}

Result<std::map<std::string, std::string>> merged_options(const settings::TargetSettings& target,
                                                          const Preset& preset) {
    auto options = preset.options;
    std::vector<std::string_view> names;
    for (const auto& [name, value] : preset.options) names.push_back(name);
    for (const auto& [name, value] : target.options) {
        if (preset.options.contains(name)) {
            options[name] = value;
            continue;
        }
        std::string text = "preset " + preset.name + " has no option `" + name + "`";
        if (auto near = nearest_word(name, names))
            return Error(ErrorKind::invalid, text + ": did you mean `" + std::string(*near) + "`?");
        text += names.empty() ? ", and no other" : "; it has";
        for (auto known : names) text += " `" + std::string(known) + "`";
        return Error(ErrorKind::invalid, text);
    }
    return options;
}

bool uses_token(const settings::RequestFields& fields) {
    auto holds = [](std::string_view text) { return text.find("{token}") != std::string_view::npos; };
    return holds(fields.url->reveal()) ||
           std::any_of(fields.headers.begin(), fields.headers.end(),
                       [&](const auto& header) { return holds(header.second.reveal()); });
}

Error needs_key(const Preset& preset, std::string_view key, std::string_view why) {
    return Error(ErrorKind::invalid,
                 "preset " + preset.name + " needs `" + std::string(key) + "`" + std::string(why));
}

std::optional<Error> missing_of_login(const settings::TargetSettings& target, const Preset& preset) {
    if (target.username.empty() == target.server.password.empty()) return std::nullopt;
    return needs_key(preset, target.username.empty() ? "username" : "password",
                     target.username.empty() ? ", beside `password`" : ", beside `username`");
}

std::optional<Error> missing_of_signature(const settings::TargetSettings& target,
                                          const settings::RequestFields& fields) {
    if (fields.signature == settings::SignatureStyle::azure && target.secrets.empty())
        return Error(ErrorKind::invalid, "`signature: azure` needs a `secret`");
    if (fields.signature_header && fields.signature != settings::SignatureStyle::azure)
        return Error(ErrorKind::invalid, "`signature_header` is for `signature: azure`");
    return std::nullopt;
}

std::optional<Error> missing_of_kafka(const settings::TargetSettings& target, const Preset& preset,
                                      const settings::RequestFields& fields) {
    if (target.kafka.brokers.empty())
        return needs_key(preset, "brokers", ", such as [kafka-1.example.com:9093]");
    if (target.kafka.topic.empty()) return needs_key(preset, "topic", "");
    bool login = target.kafka.sasl != settings::Sasl::none;
    if (login && target.username.empty()) return needs_key(preset, "username", ", beside `sasl`");
    if (!login && !target.username.empty())
        return needs_key(preset, "sasl", ", beside `username`: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512");
    if (auto error = missing_of_login(target, preset)) return error;
    return missing_of_signature(target, fields);
}

std::optional<Error> missing_of_nats(const settings::TargetSettings& target, const Preset& preset,
                                     const settings::RequestFields& fields) {
    const auto& nats = target.nats;
    if (nats.servers.empty()) return needs_key(preset, "servers", ", such as tls://nats.example.com:4222");
    if (nats.subject.empty()) return needs_key(preset, "subject", ", such as basewatch.events");
    int ways = (target.username.empty() ? 0 : 1) + (target.token.empty() ? 0 : 1) +
               (nats.nkey.empty() ? 0 : 1) + (nats.credentials_file.empty() ? 0 : 1);
    if (ways > 1)
        return Error(ErrorKind::invalid,
                     "`username`, `token`, `nkey` and `credentials_file` do not go together: one says who we "
                     "are");
    if (auto error = missing_of_login(target, preset)) return error;
    return missing_of_signature(target, fields);
}

// What is missing, as the key that would give it.
std::optional<Error> missing(const settings::TargetSettings& target, const Preset& preset,
                             const settings::RequestFields& fields) {
    auto needs = [&](std::string_view key, std::string_view why) { return needs_key(preset, key, why); };
    if (preset.way == Way::program) {
        if (target.command.empty()) return needs("command", ", the program and its arguments as a list");
        return std::nullopt;
    }
    if (preset.way == Way::nats) return missing_of_nats(target, preset, fields);
    if (preset.way == Way::kafka) return missing_of_kafka(target, preset, fields);
    if (!fields.url) return needs("url", preset.way == Way::mail ? ", the mail server" : "");
    if (preset.way == Way::mail) {
        if (target.mail.from.empty()) return needs("from", "");
        if (target.mail.to.empty()) return needs("to", "");
        return missing_of_login(target, preset);
    }
    auto auth = fields.auth ? fields.auth->style : Auth::none;
    bool by_token = auth != Auth::none && auth != Auth::oauth2;
    if (preset.needs_token && auth != Auth::oauth2 && target.token.empty()) return needs("token", "");
    if (preset.needs_token && auth == Auth::basic && target.username.empty())
        return needs("username", ", beside `token`");
    // What the target itself asks for; a preset's own way is taken where there is a token.
    if (target.fields.auth && by_token && target.token.empty())
        return Error(ErrorKind::invalid, "`auth` needs a `token`");
    if (auto error = missing_of_signature(target, fields)) return error;
    if (target.token.empty() && uses_token(fields))
        return Error(ErrorKind::invalid, "{token} stands in `url` or `headers`, and there is no `token`");
    return std::nullopt;
}

bool within(const std::vector<settings::StatusRange>& ranges, int status) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const auto& range) { return status >= range.first && status <= range.last; });
}

}  // namespace

settings::Per Target::per() const {
    return fields.per.value_or(settings::Per::change);
}

settings::SignatureStyle Target::signature() const {
    return fields.signature.value_or(settings::SignatureStyle::standard);
}

std::string Target::signature_header() const {
    return fields.signature_header.value_or("X-Hub-Signature");
}

Auth Target::auth() const {
    return fields.auth ? fields.auth->style : Auth::none;
}

Milliseconds Target::timeout() const {
    return fields.timeout.value_or(15s);
}

std::vector<Milliseconds> Target::retries() const {
    if (!fields.retries.empty()) return fields.retries;
    return {5s, 30s, 2min, 10min, 30min, 1h, 3h, 6h, 12h};
}

Milliseconds Target::expire() const {
    return fields.expire.value_or(std::chrono::hours(72));
}

std::size_t Target::concurrency() const {
    return fields.concurrency.value_or(4);
}

bool Target::succeeded(int status, std::string_view body, std::string_view content_type) const {
    if (within(fields.already, status)) return true;
    bool good = fields.success.empty() ? status >= 200 && status <= 299 : within(fields.success, status);
    if (!good) return false;
    if (fields.success_body && body != *fields.success_body) return false;
    return !fields.success_content_type ||
           net::media_type(content_type) == net::media_type(*fields.success_content_type);
}

bool uses_events(std::string_view body) {
    return body.find(".events") != std::string_view::npos;
}

Result<Target> merge(const settings::TargetSettings& settings) {
    const Preset* preset = find(settings.preset);
    if (preset == nullptr) return unknown_preset(settings.preset);
    auto options = merged_options(settings, *preset);
    if (!options) return options.error();
    Target target;
    target.name = settings.name;
    target.preset = settings.preset;
    target.way = preset->way;
    target.command = settings.command;
    target.server = settings.server;
    target.mail = settings.mail;
    target.kafka = settings.kafka;
    target.nats = settings.nats;
    target.fields = settings.fields;
    if (settings.fields.url && !preset->path.empty())
        target.fields.url = Secret(with_path(settings.fields.url->reveal(), preset->path));
    fill_fields(target.fields, preset->fields);
    if (auto error = missing(settings, *preset, target.fields)) return *error;
    target.username = settings.username;
    target.token = settings.token;
    target.secrets = settings.secrets;
    target.options = std::move(*options);
    target.dry_run_headers = preset->dry_run_headers;
    target.test = preset->test;
    target.needs_layers = preset->needs_layers;
    target.terminal = preset->terminal;
    target.tls = settings.tls;
    target.quiet = settings.quiet;
    target.tells_several =
        target.per() == basewatch::settings::Per::change &&
        (settings.fields.body ? uses_events(*settings.fields.body) : preset->tells_several);
    target.group = settings.group;
    // What a night has gathered is one message in the morning, where the body can tell it.
    if (!target.group && !target.quiet.empty() && target.tells_several) target.group = model::Grouping();
    return target;
}

}  // namespace basewatch::presets
