#pragma once
// What a target says when its way out is not a request over HTTP: the program that it runs, the mail or the
// message that it sends. One function for each way; each takes its keys from the target's mapping. Which keys
// fit a target's preset is checked where presets are known.

#include "foundation/error.hpp"
#include "foundation/secret.hpp"
#include "foundation/yaml.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace basewatch::settings {

class SecretReader;

// `command`: an argument vector, never read by a shell. An argument that is `{name}` and nothing else is a
// place, filled at the moment of sending; the program itself, an absolute path, is none.
std::vector<std::string> read_command(YamlMap& map, Problems& problems);

// The name in an argument that is a place.
std::optional<std::string_view> place_in(std::string_view argument);

// `password`, `tls`: what a server is told by that is not spoken to over HTTP, beside `username`.
struct ServerFields {
    Secret password;
    bool plain = false;  // `tls: none`
};
ServerFields read_server_fields(YamlMap& map, SecretReader& secrets, Problems& problems);

// `from`, `to`: what a mail needs beside its server.
struct MailFields {
    std::string from;             // local@domain
    std::vector<std::string> to;  // likewise
};
MailFields read_mail_fields(YamlMap& map, Problems& problems);

// `brokers`, `topic`, `key`, `sasl`: what a message to Kafka needs beside its server.
enum class Sasl { none, plain, scram_sha_256, scram_sha_512 };
enum class KafkaKey { subject, base, none };
struct KafkaFields {
    std::vector<std::string> brokers;  // host:port
    std::string topic;
    KafkaKey key = KafkaKey::subject;
    Sasl sasl = Sasl::none;
};
KafkaFields read_kafka_fields(YamlMap& map, Problems& problems);

// `host`, `host:port`, `[::1]:port`; the port is 0 where there is none. Nothing else stands in it. The fault
// is worded to follow the name of the key.
struct HostAndPort {
    std::string host;  // without brackets
    std::uint16_t port = 0;
};
Result<HostAndPort> parse_host_and_port(std::string_view text);

// `smtp://host[:port]` (587) or `smtps://host[:port]` (465). invalid for anything else, in words that do not
// repeat it.
struct MailServer {
    std::string host;  // without brackets
    std::uint16_t port = 0;
    bool implicit_tls = false;
};
Result<MailServer> parse_mail_server(std::string_view address);
bool is_mail_server(std::string_view address);  // by its scheme

}  // namespace basewatch::settings
