#include "settings/target_settings.hpp"

#include "settings/message_times.hpp"
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

void read_address(YamlMap& map, SecretReader& secrets, Problems& problems, RequestFields& fields) {
    auto value = map.take("url");
    if (!value) return;
    auto text = secrets.text(*value, "url");
    if (!text) return;
    // Where a mail server must stand is for those to say who know the preset.
    if (auto fault = is_mail_server(text->text) ? std::nullopt : fault_of_address(text->text, true)) {
        problems.error(value->mark(), "`url` of " + map.what() + " " + *fault);
        return;
    }
    fields.url = Secret(std::move(text->text));
}

// Headers that sending makes itself, or that would let one request be read as two.
constexpr std::string_view headers_of_ours[] = {
    "host",       "content-length",    "transfer-encoding", "connection", "expect",
    "webhook-id", "webhook-timestamp", "webhook-signature", "traceparent"};

void read_headers(YamlMap& map, SecretReader& secrets, Problems& problems, RequestFields& fields) {
    if (auto value = map.take("headers"))
        fields.headers =
            read_headers(*value, "`headers` of " + map.what(), headers_of_ours, secrets, problems);
}

void read_body(YamlMap& map, Problems& problems, RequestFields& fields) {
    auto program = read_program(map, "body", "'{text: .data.kind}'", problems);
    if (!program) return;
    fields.body = std::move(program->text);
    fields.body_at = program->at;
}

void read_signature_header(YamlMap& map, Problems& problems, RequestFields& fields) {
    auto value = map.take("signature_header");
    if (!value) return;
    auto name = read_line(*value, "signature_header", 100, problems);
    if (!name) return;
    if (!is_header_name(*name) || is_among(headers_of_ours, *name)) {
        problems.error(value->mark(),
                       "`signature_header` must be the name of a header, such as X-Hub-Signature");
        return;
    }
    fields.signature_header = std::move(name);
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
        if (auto word = read_word(*value, "signature", {"none", "standard", "github", "azure"}, problems))
            fields.signature = static_cast<SignatureStyle>(*word);
    read_signature_header(map, problems, fields);
    fields.auth = read_auth(map, secrets, problems);
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
    map.refuse({"in_flight", "budget"});
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
    target.server = read_server_fields(map, secrets, problems);
    target.nats = read_nats_fields(map, secrets, problems);
    bool plain = target.fields.url && target.fields.url->reveal().starts_with("http://");
    target.tls = read_tls_files(map, secrets, problems,
                                plain                                              ? "an `http://` address"
                                : !target.nats.servers.empty() && !target.nats.tls ? "a `nats://` server"
                                : target.server.plain                              ? "`tls: none`"
                                                                                   : "");
    read_message_times(map, problems, target);
    if (auto options = map.take("options"))
        target.options = read_texts(*options, "`options` of " + map.what(), problems);
    target.command = read_command(map, problems);
    target.mail = read_mail_fields(map, problems);
    target.kafka = read_kafka_fields(map, problems);
    map.finish();
    target.whole = problems.errors() == earlier;
    return target;
}

}  // namespace basewatch::settings
