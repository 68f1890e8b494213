#include "net/nats_connection.hpp"

#include "net/nats_library.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <optional>

namespace basewatch::net {

namespace {

// How often the library asks whether the server is still there; two silences end the connection.
constexpr std::int64_t ping_interval_ms = 30'000;
constexpr std::uint16_t stream_without_space = 10'023, stream_without_memory = 10'028,
                        stream_without_storage = 10'047, store_failed = 10'077;

// The library keeps its last error by thread; ours end after each call.
struct ThreadMemory {
    ~ThreadMemory() { nats_library().release_thread_memory(); }
};

ErrorKind kind_of(natsStatus status) {
    switch (status) {
        case NATS_TIMEOUT:
            return ErrorKind::timed_out;
        case NATS_CONNECTION_AUTH_FAILED:
        case NATS_NOT_PERMITTED:
            return ErrorKind::unauthorized;
        case NATS_SSL_ERROR:
        case NATS_SECURE_CONNECTION_WANTED:
        case NATS_SECURE_CONNECTION_REQUIRED:
            return ErrorKind::tls;
        case NATS_MAX_PAYLOAD:
            return ErrorKind::too_large;
        case NATS_NO_SERVER_SUPPORT:
            return ErrorKind::unsupported;
        case NATS_INVALID_ARG:
        case NATS_INVALID_SUBJECT:
            return ErrorKind::invalid;
        case NATS_NO_RESPONDERS:
        case NATS_PROTOCOL_ERROR:
        case NATS_LINE_TOO_LONG:
        case NATS_ERR:
            return ErrorKind::bad_answer;
        default:
            return ErrorKind::unreachable;
    }
}

// Of the call that was made last on this thread.
Error error_of(natsStatus status) {
    const auto& nats = nats_library();
    if (status == NATS_NO_RESPONDERS)
        return Error(
            ErrorKind::bad_answer,
            "no JetStream stream takes this subject: create one for it, or write `jetstream: false`");
    natsStatus of_text = NATS_OK;
    const char* text = nats.last_error(&of_text);
    std::string said = nats.status_text(status);
    std::string_view words(text != nullptr ? text : "");
    if (auto end = words.find("): "); words.starts_with('(') && end != std::string_view::npos)
        words.remove_prefix(end + 3);
    if (!words.empty() && words != said) said.append(": ").append(words);
    return Error(kind_of(status), "NATS: " + said);
}

// A stream that cannot take it now may take it later.
Error refusal_of(natsStatus status, std::uint16_t code) {
    auto error = error_of(status);
    bool unwell = code == stream_without_space || code == stream_without_memory ||
                  code == stream_without_storage || code == store_failed;
    return unwell ? Error(ErrorKind::server_error, error.message()) : error;
}

void hear_nothing(natsConnection*, natsSubscription*, natsStatus, void*) {}

std::int64_t at_least_one(Milliseconds time) {
    return std::max<std::int64_t>(time.count(), 1);
}

struct Options {
    ~Options() { nats_library().options_destroy(options); }
    // The first that fails is the answer.
    void then(natsStatus next) {
        if (status == NATS_OK) status = next;
    }
    natsOptions* options = nullptr;
    natsStatus status = NATS_OK;
};

void set_identity(Options& set, const NatsAccess& access) {
    const auto& nats = nats_library();
    if (!access.username.empty())
        set.then(nats.set_user(set.options, access.username.c_str(), access.password.c_str()));
    if (!access.token.empty()) set.then(nats.set_token(set.options, access.token.c_str()));
    if (!access.nkey.empty())
        set.then(nats.set_nkey(set.options, access.nkey.c_str(), access.nkey_file.c_str()));
    if (!access.credentials_file.empty())
        set.then(nats.set_credentials(set.options, access.credentials_file.c_str(), nullptr));
}

void set_tls(Options& set, const NatsAccess& access, const std::string& host) {
    const auto& nats = nats_library();
    if (access.tls) set.then(nats.set_secure(set.options, true));
    if (!access.ca_file.empty()) set.then(nats.load_ca(set.options, access.ca_file.c_str()));
    if (!access.client_certificate_file.empty())
        set.then(nats.load_certificate(set.options, access.client_certificate_file.c_str(),
                                       access.client_key_file.c_str()));
    // A final dot makes a name absolute for the resolver; certificates are written without it.
    auto name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    set.then(nats.set_expected_hostname(set.options, name.c_str()));
}

struct Message {
    ~Message() { nats_library().message_destroy(message); }
    natsMsg* message = nullptr;
};

natsStatus make(Message& made, const NatsMessage& message) {
    const auto& nats = nats_library();
    auto status = nats.message_create(&made.message, message.subject.c_str(), nullptr, message.body.data(),
                                      static_cast<int>(message.body.size()));
    for (const auto& [name, value] : message.headers)
        if (status == NATS_OK) status = nats.header_set(made.message, name.c_str(), value.c_str());
    if (status == NATS_OK) status = nats.header_set(made.message, "Nats-Msg-Id", message.message_id.c_str());
    return status;
}

}  // namespace

struct NatsConnection::Handles {
    ~Handles() {
        nats_library().jetstream_destroy(jetstream);
        nats_library().connection_destroy(connection);
    }
    Result<NatsAck> store(natsMsg* message, Milliseconds timeout) const;
    Result<NatsAck> send(natsMsg* message, Milliseconds timeout) const;
    // The server says of a subject that we may not use so, and nothing of the message. What it said of
    // another one stays there, too.
    std::optional<Error> forbidden(const natsMsg* message) const;

    natsConnection* connection = nullptr;
    jsCtx* jetstream = nullptr;
    // The library lends out the server's last complaint without a lock: one message at a time, so that none
    // is written while another is read.
    mutable std::timed_mutex sending;
};

NatsConnection::NatsConnection(std::shared_ptr<LocalRelay> relay) : relay_(std::move(relay)) {}

NatsConnection::~NatsConnection() {
    // First, so that the library finds nobody to part from.
    relay_->close();
}

Result<void> NatsConnection::connect(const NatsAccess& access, const std::string& host,
                                     Milliseconds timeout) {
    const auto& nats = nats_library();
    ThreadMemory memory;
    Options set;
    set.then(nats.options_create(&set.options));
    if (set.status != NATS_OK) return error_of(set.status);
    auto address = "nats://127.0.0.1:" + std::to_string(relay_->port());
    set.then(nats.set_url(set.options, address.c_str()));
    set.then(nats.set_name(set.options, "basewatch"));
    set.then(nats.set_timeout(set.options, at_least_one(timeout)));
    set.then(nats.set_ping_interval(set.options, ping_interval_ms));
    set.then(nats.set_allow_reconnect(set.options, false));
    set.then(nats.set_ignore_discovered_servers(set.options, true));
    // Without one the library writes to our standard error.
    set.then(nats.set_error_handler(set.options, &hear_nothing, nullptr));
    set_identity(set, access);
    set_tls(set, access, host);
    if (set.status != NATS_OK) return Error(ErrorKind::invalid, error_of(set.status).message());
    auto handles = std::make_unique<Handles>();
    auto status = nats.connect(&handles->connection, set.options);
    if (status == NATS_OK) status = nats.jetstream(&handles->jetstream, handles->connection, nullptr);
    if (status != NATS_OK) return error_of(status);
    char* address_of_ours = nullptr;
    int port = 0;
    if (nats.local_address(handles->connection, &address_of_ours, &port) == NATS_OK)
        std::free(address_of_ours);
    local_port_ = static_cast<std::uint16_t>(port);
    handles_ = std::move(handles);
    return {};
}

std::optional<Error> NatsConnection::Handles::forbidden(const natsMsg* message) const {
    const char* text = nullptr;
    bool refused = nats_library().connection_error(connection, &text) == NATS_NOT_PERMITTED;
    std::string said(text != nullptr ? text : "");
    auto subject = "\"" + std::string(nats_library().subject_of(message)) + "\"";
    if (!refused || said.find(subject) == std::string::npos) return std::nullopt;
    return Error(ErrorKind::unauthorized, "NATS: " + said);
}

Result<NatsAck> NatsConnection::Handles::store(natsMsg* message, Milliseconds timeout) const {
    const auto& nats = nats_library();
    jsPubOptions options{};
    nats.publish_options_init(&options);
    options.MaxWait = at_least_one(timeout);
    jsPubAck* ack = nullptr;
    jsErrCode code{};
    auto status = nats.jetstream_publish(&ack, jetstream, message, &options, &code);
    if (status != NATS_OK) {
        auto why = forbidden(message);
        return why ? *why : refusal_of(status, static_cast<std::uint16_t>(code));
    }
    NatsAck stored{ack->Stream != nullptr ? ack->Stream : "", ack->Sequence, ack->Duplicate};
    nats.ack_destroy(ack);
    return stored;
}

Result<NatsAck> NatsConnection::Handles::send(natsMsg* message, Milliseconds timeout) const {
    const auto& nats = nats_library();
    auto limit = std::chrono::steady_clock::now() + timeout;
    std::unique_lock alone(sending, limit);
    if (!alone) return error_of(NATS_TIMEOUT);
    auto left = std::chrono::floor<Milliseconds>(limit - std::chrono::steady_clock::now());
    auto status = nats.publish(connection, message);
    if (status == NATS_OK) status = nats.flush(connection, at_least_one(left));
    if (auto why = forbidden(message)) return *why;
    if (status != NATS_OK) return error_of(status);
    return NatsAck();
}

Result<NatsAck> NatsConnection::publish(const NatsMessage& message, Milliseconds timeout) {
    ThreadMemory memory;
    Message made;
    auto status = make(made, message);
    if (status != NATS_OK) return error_of(status);
    return message.jetstream ? handles_->store(made.message, timeout) : handles_->send(made.message, timeout);
}

bool NatsConnection::usable() const {
    // The library is not asked: it holds its lock while it writes, for as long as a full socket wants, and
    // the relay sees its end.
    return handles_ && relay_->is_open() && local_port_ == relay_->near_port();
}

}  // namespace basewatch::net
