#include "settings/target_settings.hpp"

#include "settings/secret_reader.hpp"
#include "settings/values.hpp"
#include "settings/way_settings.hpp"

#include <algorithm>
#include <array>

namespace basewatch::settings {

namespace {

using namespace std::chrono_literals;

constexpr Milliseconds longest_timeout = 10min;
constexpr Milliseconds longest_wait = std::chrono::hours(24 * 30);
constexpr Milliseconds longest_expire = std::chrono::hours(24 * 366);
constexpr std::size_t most_retries = 50;
constexpr std::int64_t most_at_once = 256;

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    return out;
}

void read_address(YamlMap& map, SecretReader& secrets, Problems& problems, RequestFields& fields) {
    auto value = map.take("url");
    if (!value) return;
    auto text = secrets.text(*value, "url");
    if (!text) return;
    if (auto fault = fault_of_address(text->text, true)) {
        problems.error(value->mark(), "`url` of " + map.what() + " " + *fault);
        return;
    }
    fields.url = Secret(std::move(text->text));
}

bool is_header_name(std::string_view name) {
    // RFC 9110 §5.6.2
    return !name.empty() && name.size() <= 100 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

// Headers that sending makes itself, or that would let one request be read as two.
bool is_ours(std::string_view name) {
    static constexpr std::array<std::string_view, 9> names{
        "host",       "content-length",    "transfer-encoding", "connection", "expect",
        "webhook-id", "webhook-timestamp", "webhook-signature", "traceparent"};
    return std::ranges::find(names, lower(name)) != names.end();
}

// Where a text without `${…}` is most likely a secret all the same.
bool sounds_secret(std::string_view name) {
    static constexpr std::array<std::string_view, 6> words{"authorization", "cookie",  "token",
                                                           "secret",        "api-key", "password"};
    std::string small = lower(name);
    return std::ranges::any_of(words,
                               [&](std::string_view word) { return small.find(word) != std::string::npos; });
}

std::optional<HeaderValue> read_header(const YamlValue::Entry& entry, SecretReader& secrets,
                                       Problems& problems) {
    auto text = secrets.text(entry.value, entry.key);
    if (!text) return std::nullopt;
    if (has_control_character(text->text)) {
        problems.error(entry.value.mark(),
                       "the header `" + entry.key + "` holds a line break: it must be one line");
        return std::nullopt;
    }
    if (text->has_secret) return HeaderValue(Secret(std::move(text->text)));
    // `Bearer {token}` says how the token is sent, not what it is.
    if (!sounds_secret(entry.key) || text->text.find("{token}") != std::string::npos)
        return HeaderValue(std::move(text->text));
    problems.warning(entry.value.mark(), "the header `" + entry.key +
                                             "` sounds like a secret and stands in the file: better is "
                                             "${credential:NAME}, ${file:/path} or ${env:NAME}");
    return HeaderValue(Secret(std::move(text->text)));
}

void read_headers(YamlMap& map, SecretReader& secrets, Problems& problems, RequestFields& fields) {
    auto value = map.take("headers");
    if (!value) return;
    YamlMap headers(*value, "`headers` of " + map.what(), problems);
    std::map<std::string, Mark> seen;
    for (const auto& entry : value->entries()) {
        headers.take(entry.key);
        if (!is_header_name(entry.key)) {
            problems.error(entry.where,
                           "not the name of a header: it is letters, digits and -, such as X-Team");
        } else if (is_ours(entry.key)) {
            problems.error(entry.where,
                           "the header `" + entry.key + "` is set by basewatch itself: remove it");
        } else if (auto first = seen.find(lower(entry.key)); first != seen.end()) {
            // A key that stands twice letter by letter is told by the mapping.
            if (!fields.headers.contains(entry.key))
                problems.error(entry.where, "the header `" + entry.key + "` stands twice, first at " +
                                                first->second.text() + ": keep one of them");
        } else {
            seen.emplace(lower(entry.key), entry.where);
            if (auto header = read_header(entry, secrets, problems))
                fields.headers.emplace(entry.key, *header);
        }
    }
    headers.finish();
}

void read_body(YamlMap& map, Problems& problems, RequestFields& fields) {
    auto program = read_program(map, "body", "'{text: .data.kind}'", problems);
    if (!program) return;
    fields.body = std::move(program->text);
    fields.body_at = program->at;
}

void read_success(YamlMap& map, Problems& problems, RequestFields& fields) {
    if (auto value = map.take("success")) fields.success = read_statuses(*value, "success", problems);
    if (auto value = map.take("already")) fields.already = read_statuses(*value, "already", problems);
    if (auto value = map.take("success_body"))
        fields.success_body = yaml_string(*value, "success_body", problems);
    if (auto value = map.take("success_content_type"))
        fields.success_content_type = read_line(*value, "success_content_type", 200, problems);
}

void read_times(YamlMap& map, Problems& problems, RequestFields& fields) {
    if (auto value = map.take("timeout"))
        fields.timeout = read_duration(*value, "timeout", 1ms, longest_timeout, problems);
    if (auto value = map.take("rate")) fields.rate = read_rate(*value, "rate", problems);
    if (auto value = map.take("concurrency"))
        if (auto number = yaml_integer(*value, "concurrency", 1, most_at_once, problems))
            fields.concurrency = static_cast<std::size_t>(*number);
    if (auto value = map.take("expire"))
        fields.expire = read_duration(*value, "expire", 1ms, longest_expire, problems);
    auto value = map.take("retries");
    if (!value) return;
    auto items = yaml_one_or_many(*value);
    if (items.empty() || items.size() > most_retries)
        problems.error(value->mark(), "`retries` of " + map.what() + " must hold 1 to " +
                                          std::to_string(most_retries) + " waits, such as [5s, 30s, 2m]");
    for (const auto& item : items)
        if (auto wait = read_duration(item, "retries", 1ms, longest_wait, problems))
            fields.retries.push_back(*wait);
}

}  // namespace

RequestFields read_request_fields(YamlMap& map, SecretReader& secrets, Problems& problems) {
    RequestFields fields;
    if (auto value = map.take("method"))
        if (read_word(*value, "method", {"POST", "PUT", "PATCH", "GET", "DELETE"}, problems))
            fields.method = value->scalar();
    read_address(map, secrets, problems, fields);
    read_headers(map, secrets, problems, fields);
    if (auto value = map.take("per"))
        if (auto word = read_word(*value, "per", {"change", "dependent"}, problems))
            fields.per = *word == 0 ? Per::change : Per::dependent;
    if (auto value = map.take("encoding"))
        if (auto word = read_word(*value, "encoding", {"json", "form"}, problems))
            fields.encoding = *word == 0 ? Encoding::json : Encoding::form;
    if (auto value = map.take("content_type"))
        fields.content_type = read_line(*value, "content_type", 200, problems);
    read_body(map, problems, fields);
    if (auto value = map.take("signature"))
        if (auto word = read_word(*value, "signature", {"none", "standard", "github"}, problems))
            fields.signature =
                std::array{SignatureStyle::none, SignatureStyle::standard, SignatureStyle::github}[*word];
    read_success(map, problems, fields);
    read_times(map, problems, fields);
    return fields;
}

TargetSettings read_target(const std::string& name, const Mark& where, const YamlValue& value,
                           SecretReader& secrets, Problems& problems) {
    TargetSettings target;
    target.name = name;
    target.where = where;
    target.whole = false;
    std::size_t earlier = problems.errors();
    YamlMap map(value, "target `" + name + "`", problems);
    if (value.kind() != YamlValue::Kind::map) return target;
    map.refuse({"group", "in_flight", "budget", "quiet"});
    for (const auto& entry : value.entries()) target.keys.emplace(entry.key, entry.where);
    if (auto preset = map.require("preset")) {
        target.preset = read_name(*preset, "preset", problems).value_or("");
        target.preset_at = preset->mark();
    }
    target.fields = read_request_fields(map, secrets, problems);
    auto url = map.take("url");
    target.url_at = url ? url->mark() : where;
    if (auto token = map.take("token"))
        target.token = secrets.one_line_secret(*token, "token").value_or(Secret());
    if (auto username = map.take("username"))
        target.username = read_line(*username, "username", 256, problems).value_or("");
    if (auto secret = map.take("secret")) {
        auto items = yaml_one_or_many(*secret);
        if (items.empty() || items.size() > 5)
            problems.error(secret->mark(),
                           "`secret` of " + map.what() + " must be one secret or a list of up to 5");
        for (const auto& item : items)
            if (auto one = secrets.secret(item, "secret")) target.secrets.push_back(*one);
    }
    if (auto options = map.take("options"))
        target.options = read_texts(*options, "`options` of " + map.what(), problems);
    target.command = read_command(map, problems);
    map.finish();
    target.whole = problems.errors() == earlier;
    return target;
}

}  // namespace basewatch::settings
