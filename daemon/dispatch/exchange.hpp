#pragma once
// One exchange with a receiver: what is asked of the registry first, the rendering, the headers of every
// delivery (README, "Webhooks": `webhook-id`, timestamp, signature, W3C `traceparent`), the sending. It
// decides nothing and stores nothing.

#include "dispatch/access_tokens.hpp"
#include "dispatch/private_parts.hpp"
#include "foundation/async.hpp"
#include "jq/worker.hpp"
#include "net/http_transport.hpp"
#include "presets/kafka.hpp"
#include "presets/mail.hpp"
#include "presets/nats.hpp"
#include "presets/program.hpp"
#include "registry/registry_client.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace basewatch::dispatch {

// Whom an exchange talks to.
struct Collaborators {
    Clock& clock;
    net::HttpTransport& transport;
    registry::RegistryClient& registry;
    jq::Worker& jq;
    AccessTokens& tokens;
    net::MailSender& mail;
    net::KafkaSender& kafka;
    net::NatsSender& nats;
};

struct Message {
    std::string delivery_id;
    std::string event_id;
    std::string event_type;
    std::string event_json;
    std::vector<std::string> joined;  // the other events of the message
    std::map<std::string, std::string> with;
    std::shared_ptr<const net::ConnectionPolicy> policy;
    bool dry_run = false;
    bool to_look_at = false;  // it is not sent: nothing is asked of a token server
};

// What is sent, by the target's way out.
using Outgoing = std::variant<net::HttpRequest, presets::ProgramRun, presets::MailDraft, net::KafkaMessage,
                              net::NatsMessage>;

// It is ready to go, or there is a reason why not.
struct Prepared {
    std::optional<Outgoing> outgoing;
    PrivateParts pull_tokens;  // what opens the layers that the body names
    PrivateParts parts;        // these, and what of the request must not come back in an answer
    Error error;
    std::string failed_at;  // `layers`, `token` or `render`
    std::string token;      // OAuth2's, where there is one
};

// `target` must outlive the call.
Async<Prepared> prepare(Collaborators collaborators, const presets::Target& target, Message message);

// How much of an answer is read; what is kept of it is less.
inline constexpr std::size_t most_answer = 16u << 10;
inline constexpr std::size_t most_kept_answer = 2u << 10;

// Connections of a target are its own: one that hangs must not hold those of a neighbour on the same host.
std::shared_ptr<const net::ConnectionPolicy> connection_policy(std::size_t connections,
                                                               const settings::TlsFiles& tls);

// `00-TRACE-SPAN-01` (W3C Trace Context §3.2): all deliveries of an event share the trace, each attempt is a
// span.
std::string traceparent(std::string_view event_id);

}  // namespace basewatch::dispatch
