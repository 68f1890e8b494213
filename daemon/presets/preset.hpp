#pragma once
// How a system wants to be told: presets are data, one file config/presets/NAME.yaml each, compiled into the
// binary. A preset holds the same fields that a target may set (settings::RequestFields) and says what it
// needs.

#include "foundation/error.hpp"
#include "settings/target_settings.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::presets {

using settings::Auth;

// How a target is told.
enum class Way {
    http,     // a request
    program,  // a program that is run
    mail,     // a mail
    kafka,    // a message to a topic of Apache Kafka
    nats,     // a message to a subject of NATS
};

// What `basewatch test` may do with it.
enum class TestMode {
    safe,     // sending the test event starts nothing
    dry_run,  // a header or a body of `dry_run` makes the other side only check
    starts,   // it would start something: asks for --yes
};

struct Preset {
    std::string name;
    std::string summary;  // one line
    std::string sample;   // YAML to paste under `targets:`, indented by two
    Way way = Way::http;
    settings::RequestFields fields;
    // Goes behind a target's address that has no path of its own: `http://clair:6060` is enough to say.
    std::string path;
    TestMode test = TestMode::safe;
    std::map<std::string, std::string> dry_run_headers;
    bool needs_url = true;  // false: the preset's own address serves
    bool needs_token = false;
    bool tells_several = false;                  // its body tells all of `.events`
    bool needs_layers = false;                   // jq's input gets `layers`, fetched at the moment of sending
    std::map<std::string, std::string> options;  // name → default; the target may set these and no others
    // Statuses that end a delivery, on top of the general ones; with what they mean, for people.
    std::map<int, std::string> terminal;
};

// Reads one preset file. Its keys are those of a target's request (README, "Targets") and: `summary`,
// `sample`, `way: http | program | mail | kafka | nats`, `path`, `needs: [url, token, layers]`, `options:
// {name: default}`, `several: true | false`, `test: safe | dry_run | starts`, `dry_run_headers`, `terminal:
// {status: meaning}`.
std::optional<Preset> read_preset(std::string_view name, std::string_view text, Problems& problems);

// All built-in presets, by name. Read once; a fault in a built-in file is a fault of ours and ends the
// program.
const std::vector<Preset>& built_in();
const Preset* find(std::string_view name);

}  // namespace basewatch::presets
