#pragma once
// A request, rendered at the moment of sending from the stored event. What is rendered is never stored.

#include "foundation/async.hpp"
#include "jq/worker.hpp"
#include "net/http_message.hpp"
#include "presets/preset.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::presets {

// A target with its preset's fields filled in: everything that sending needs. Secrets inside.
struct Target {
    std::string name;
    std::string preset;
    Way way = Way::http;
    settings::RequestFields fields;  // merged: the target's own win
    std::string username;
    Secret token;
    std::vector<Secret> secrets;
    std::map<std::string, std::string> options;
    std::map<std::string, std::string> dry_run_headers;
    TestMode test = TestMode::safe;
    bool needs_layers = false;
    // Its body can tell several events; jq's input then has all of them at `events`, also where there is only
    // one.
    bool tells_several = false;
    std::optional<model::Grouping> group;  // of what no rule with a `group` of its own has to tell
    std::vector<settings::QuietHours> quiet;
    std::map<int, std::string> terminal;
    std::vector<std::string> command;  // of a program
    settings::TlsFiles tls;
    settings::ServerFields server;
    settings::MailFields mail;
    settings::KafkaFields kafka;
    settings::NatsFields nats;

    // The merged fields with defaults in place of what nobody set.
    settings::Per per() const;
    settings::SignatureStyle signature() const;
    std::string signature_header() const;  // X-Hub-Signature
    Auth auth() const;
    Milliseconds timeout() const;               // 15 s
    std::vector<Milliseconds> retries() const;  // 5s 30s 2m 10m 30m 1h 3h 6h 12h
    Milliseconds expire() const;                // 3 d
    std::size_t concurrency() const;            // 4
    bool succeeded(int status, std::string_view body, std::string_view content_type) const;
};

// Whether a body of the user's is one that tells several events, by its words: one that looks only at the
// first would lose the others.
bool uses_events(std::string_view body);

// invalid when there is no such preset, when a field is missing that it needs, or an option is none of its
// own; the words name the key.
Result<Target> merge(const settings::TargetSettings& target);

// What rendering looks at besides the target.
struct RenderInput {
    std::string event_json;
    std::string event_type;
    std::vector<std::string> joined;           // the other events of the message
    std::map<std::string, std::string> with;   // of the dependent
    std::map<std::string, std::string> build;  // build parameters (README, "Build parameters")
    std::string layers_json;                   // for presets that ask for layers, else empty
};

// All of them.
inline constexpr std::array<std::string_view, 10> build_parameter_names{
    "BASE_IMAGE", "BASE_NEW_DIGEST", "BASE_OLD_DIGEST", "BASE_REF", "BASE_TAG",
    "BUILD_DATE", "DEPENDENT",       "EVENT_ID",        "REASON",   "REBUILD_ID"};

// Build parameters (README, "Build parameters") for an event about a base and what is built on it:
// `rebuild.requested`, `base.changed` and the `test` of either; empty for any other. A value that the event
// does not have is an empty text: DEPENDENT and REBUILD_ID where nothing single is to be rebuilt.
std::map<std::string, std::string> build_parameters(std::string_view event_type, std::string_view event_json,
                                                    Time now);

// The request without the delivery headers (dispatch adds id, timestamp, signature). The body is jq's output
// for `encoding: json` (the bare text where jq gives one and the content type is text/…), and for `form` an
// object of texts and lists of texts. Places in the address are percent-encoded, `/` included; one without a
// value is an error. The event's own bytes are the body where nobody set one. No error holds a secret.
Async<Result<net::HttpRequest>> render(const Target& target, RenderInput input, jq::Worker& worker);

// What kind of body it is, for its header.
std::string content_type(const Target& target);

// The body alone, for any way out.
Async<Result<std::string>> render_body(const Target& target, RenderInput input, jq::Worker& worker);

// The same for people: method, address and headers without secrets, body.
std::string describe(const net::HttpRequest& request);

}  // namespace basewatch::presets
