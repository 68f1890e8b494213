#pragma once
// What a target says when it publishes to NATS: `servers`, `subject`, `jetstream`, `nkey`, `nkey_file`,
// `credentials_file`, beside `username`, `password`, `token` and the files of TLS. Which of these go together
// is checked where presets are known.

#include "settings/way_settings.hpp"

namespace basewatch::settings {

struct NatsFields {
    std::vector<HostAndPort> servers;  // in the order to try them
    bool tls = false;                  // tls://, all of them
    std::string subject;               // with {name} places
    bool jetstream = true;             // a stream must have stored it
    std::string nkey;                  // a user's public key
    std::string nkey_file;             // its seed
    std::string credentials_file;      // a user's JWT and seed, as `nsc` writes them
};
NatsFields read_nats_fields(YamlMap& map, SecretReader& secrets, Problems& problems);

// What is wrong with a subject to publish to, worded to follow the name of the key; empty: nothing. Tokens of
// visible ASCII between full stops (docs.nats.io, "Subject-Based Messaging"): nothing is published to
// wildcards, and what begins with `$` is the servers' own. A `{name}` in it is a place.
std::string fault_of_subject(std::string_view subject);

}  // namespace basewatch::settings
