#pragma once
// What a preset says about a request and a target may override: the same fields, written the same way, read
// by the same code. A field that is not set leaves the word to the preset, and a preset's silence to the
// default.

#include "foundation/clock.hpp"
#include "foundation/secret.hpp"
#include "foundation/time_zone.hpp"
#include "foundation/yaml.hpp"
#include "model/delivery.hpp"
#include "settings/header_values.hpp"
#include "settings/nats_settings.hpp"
#include "settings/registry_settings.hpp"
#include "settings/target_auth.hpp"
#include "settings/tls_files.hpp"
#include "settings/way_settings.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace basewatch::settings {

enum class Per { change, dependent };
// azure: of the incoming webhooks of Azure DevOps, a bare HMAC-SHA1 in a header that the connection names.
enum class SignatureStyle { none, standard, github, azure };
enum class Encoding { json, form };

// What counts as success: statuses, and where a system says yes in its body, the body.
struct StatusRange {
    int first = 200;
    int last = 299;
};

struct RequestFields {
    std::optional<std::string> method;
    std::optional<Secret> url;  // with {name} places; the whole address is treated as a secret
    std::map<std::string, HeaderValue> headers;  // values may hold {token}
    std::optional<Per> per;
    std::optional<Encoding> encoding;         // preset: of the body that jq made
    std::optional<std::string> content_type;  // preset
    std::optional<std::string> body;          // a jq program; its one output is the body
    Mark body_at;                             // where the program's first line stands
    std::optional<SignatureStyle> signature;
    std::optional<std::string> signature_header;  // of azure
    std::optional<AuthSettings> auth;
    std::vector<StatusRange> success;
    std::vector<StatusRange> already;         // preset: "nothing to do" is success as well (Clair's 412)
    std::optional<std::string> success_body;  // preset: the body must be exactly this (Slack's `ok`)
    std::optional<std::string> success_content_type;  // preset: else a login page passes for success
    std::optional<Milliseconds> timeout;
    std::optional<Rate> rate;
    std::optional<std::size_t> concurrency;  // attempts at once
    std::vector<Milliseconds> retries;
    std::optional<Milliseconds> expire;
};

// `quiet`: hours of the day, by the clocks of a zone, in which only what is a matter of security is sent.
// Where `to` is not after `from` they end on the next day.
struct QuietHours {
    std::chrono::minutes from{}, to{};
    std::shared_ptr<const TimeZone> zone;
};

// `username` and `token` are what a preset's auth style asks for.
struct TargetSettings {
    std::string name;
    Mark where;
    bool whole = true;  // false: a fault in it was told already, and what is missing may be what was faulty
    std::string preset;
    Mark preset_at;
    RequestFields fields;
    Mark url_at;
    std::vector<Secret> secrets;  // `secret:`, first is current
    Secret token;
    std::string username;
    TlsFiles tls;
    std::optional<model::Grouping> group;
    Mark group_at;
    std::vector<QuietHours> quiet;
    // Preset parameters that are not secrets: `ref: main` for gitlab, `event_type` for github-dispatch. Which
    // ones there are is the preset's to say; jq finds them at `.target.options`.
    std::map<std::string, std::string> options;
    std::vector<std::string> command;  // of a program to run, with {name} places
    ServerFields server;
    MailFields mail;
    KafkaFields kafka;
    NatsFields nats;
    std::map<std::string, Mark> keys;  // all that stand there, and where
};

class SecretReader;

// Reads the fields that presets and targets share from a mapping, taking the keys it knows.
RequestFields read_request_fields(YamlMap& map, SecretReader& secrets, Problems& problems);

// Reads one entry of `targets:`. Which fields its preset needs is checked where presets are known.
TargetSettings read_target(const std::string& name, const Mark& where, const YamlValue& value,
                           SecretReader& secrets, Problems& problems);

}  // namespace basewatch::settings
