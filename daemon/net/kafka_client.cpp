#include "net/kafka_client.hpp"

#include "foundation/log.hpp"
#include "net/address_guard.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace basewatch::net {

namespace {

using namespace std::chrono_literals;

// Never to standard error, and without waking anybody: an attempt that fails is told by who made it.
void log_line(const rd_kafka_t*, int level, const char* facility, const char* text) {
    constexpr int critical = 2;  // syslog(3)
    auto shown = level <= critical ? log::Level::warning : log::Level::debug;
    log::write(shown, "librdkafka", {{"facility", facility}, {"said", text}});
}

// Whatever the library came to by itself or was told by a broker, this is where it connects to.
int connect_to(int socket, const sockaddr* address, int length, const char*, void* link) {
    auto& held = *static_cast<KafkaLink*>(link);
    if (!allowed(held.addresses, address_of(*address))) {
        held.blocked = true;
        return EACCES;
    }
    bool begun = ::connect(socket, address, static_cast<socklen_t>(length)) == 0 || errno == EINPROGRESS;
    return begun ? 0 : errno;
}

// An entry of a list as getaddrinfo gives it, with its address in the same piece of memory.
struct Entry {
    addrinfo info{};
    sockaddr_storage address{};
};

addrinfo* entry_of(const asio::ip::address& address, std::uint16_t port) {
    auto entry = std::make_unique<Entry>();
    if (address.is_v4()) {
        sockaddr_in four{};
        four.sin_family = AF_INET;
        four.sin_port = htons(port);
        four.sin_addr.s_addr = htonl(address.to_v4().to_uint());
        std::memcpy(&entry->address, &four, sizeof four);
        entry->info.ai_addrlen = sizeof four;
    } else {
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        six.sin6_port = htons(port);
        auto bytes = address.to_v6().to_bytes();
        std::memcpy(&six.sin6_addr, bytes.data(), bytes.size());
        six.sin6_scope_id = static_cast<std::uint32_t>(address.to_v6().scope_id());
        std::memcpy(&entry->address, &six, sizeof six);
        entry->info.ai_addrlen = sizeof six;
    }
    entry->info.ai_family = entry->address.ss_family;
    entry->info.ai_socktype = SOCK_STREAM;
    entry->info.ai_protocol = IPPROTO_TCP;
    entry->info.ai_addr = reinterpret_cast<sockaddr*>(&entry->address);
    return &entry.release()->info;
}

void free_entries(addrinfo* list) {
    while (list != nullptr) {
        auto* next = list->ai_next;
        delete reinterpret_cast<Entry*>(list);
        list = next;
    }
}

// As getaddrinfo; without a node it frees what it gave.
int resolve(const char* node, const char* service, const addrinfo*, addrinfo** list, void* link) {
    if (node == nullptr) {
        free_entries(*list);
        return 0;
    }
    auto& held = *static_cast<KafkaLink*>(link);
    *list = nullptr;
    std::string_view digits = service == nullptr ? "" : service;
    std::uint16_t port = 0;
    auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (fault != std::errc() || end != digits.data() + digits.size()) return EAI_SERVICE;
    auto addresses = held.lookup(node);
    if (!addresses) return EAI_NONAME;
    auto** last = list;
    for (const auto& text : *addresses) {
        boost::system::error_code wrong;
        auto address = asio::ip::make_address(text, wrong);
        if (wrong || !allowed(held.addresses, address)) continue;
        *last = entry_of(address, port);
        last = &(*last)->ai_next;
    }
    if (*list != nullptr) return 0;
    held.blocked = true;
    return EAI_FAIL;
}

const char* mechanism_of(KafkaLogin login) {
    return login == KafkaLogin::plain           ? "PLAIN"
           : login == KafkaLogin::scram_sha_256 ? "SCRAM-SHA-256"
                                                : "SCRAM-SHA-512";
}

std::string within(Milliseconds time, Milliseconds least, Milliseconds most) {
    return std::to_string(std::clamp(time, least, most).count());
}

// Sets one after the other and remembers the first that was refused. What it was to be set to is not told.
class Settings {
public:
    explicit Settings(rd_kafka_conf_t* configuration) : configuration_(configuration) {}
    Settings& set(const char* name, const std::string& value) {
        if (refused_ != nullptr) return *this;
        auto done = kafka().conf_set(configuration_, name, value.c_str(), nullptr, 0);
        if (done != RD_KAFKA_CONF_OK) refused_ = name;
        return *this;
    }
    const char* refused() const { return refused_; }

private:
    rd_kafka_conf_t* configuration_;
    const char* refused_ = nullptr;
};

void set_all(Settings& settings, const KafkaCluster& cluster) {
    std::string brokers;
    for (const auto& broker : cluster.brokers) brokers += (brokers.empty() ? "" : ",") + broker;
    bool login = cluster.login != KafkaLogin::none;
    auto timeout = cluster.timeout;
    settings.set("bootstrap.servers", brokers)
        .set("client.id", "basewatch")
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("linger.ms", "0")
        .set("message.timeout.ms", std::to_string(timeout.count()))
        .set("request.timeout.ms", within(timeout, 1ms, 30s))
        .set("socket.timeout.ms", within(timeout, 10ms, 60s))
        .set("socket.connection.setup.timeout.ms", within(timeout / 2, 1s, 15s))
        // How long a topic that nobody knows may still be on its way to the brokers.
        .set("topic.metadata.propagation.max.ms", within(timeout / 2, 1ms, 5s))
        .set("reconnect.backoff.max.ms", "2000")
        .set("queue.buffering.max.messages", "1000")
        .set("queue.buffering.max.kbytes", "65536")
        .set("receive.message.max.bytes", "8388608")
        .set("log.queue", "true")
        .set("security.protocol",
             cluster.tls ? (login ? "sasl_ssl" : "ssl") : (login ? "sasl_plaintext" : "plaintext"))
        .set("ssl.endpoint.identification.algorithm", "https");
    if (!cluster.ca_file.empty()) settings.set("ssl.ca.location", cluster.ca_file);
    if (!cluster.client_certificate_file.empty())
        settings.set("ssl.certificate.location", cluster.client_certificate_file)
            .set("ssl.key.location", cluster.client_key_file);
    if (login)
        settings.set("sasl.mechanism", mechanism_of(cluster.login))
            .set("sasl.username", cluster.username)
            .set("sasl.password", cluster.password);
}

}  // namespace

KafkaLink::~KafkaLink() {
    if (events >= 0) ::close(events);
}

Result<rd_kafka_t*> open_client(const KafkaCluster& cluster, KafkaLink& link) {
    link.events = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (link.events < 0) return Error(ErrorKind::unreachable, "no file could be opened for a producer");
    auto* configuration = kafka().conf_new();
    Settings settings(configuration);
    set_all(settings, cluster);
    if (settings.refused() != nullptr) {
        kafka().conf_destroy(configuration);
        return Error(ErrorKind::unsupported,
                     std::string("librdkafka does not take its setting ") + settings.refused());
    }
    kafka().conf_set_opaque(configuration, &link);
    kafka().conf_set_dr_msg_cb(configuration, kafka_delivered);
    kafka().conf_set_error_cb(configuration, kafka_failed);
    kafka().conf_set_log_cb(configuration, log_line);
    kafka().conf_set_connect_cb(configuration, connect_to);
    kafka().conf_set_resolve_cb(configuration, resolve);
    char fault[300] = "";
    auto* client = kafka().create(RD_KAFKA_PRODUCER, configuration, fault, sizeof fault);
    if (client == nullptr) {
        kafka().conf_destroy(configuration);
        // What is left to go wrong here are the files of TLS, and no room for threads.
        return Error(cluster.tls ? ErrorKind::tls : ErrorKind::unreachable,
                     std::string("no producer could be made: ") + fault);
    }
    kafka().set_log_queue(client, nullptr);
    return client;
}

struct ClosingClients::State {
    struct One {
        rd_kafka_t* client;
        std::shared_ptr<KafkaLink> link;
    };
    std::mutex mutex;
    std::condition_variable ended;
    std::deque<One> clients;
    bool running = false;

    void run() {
        std::unique_lock lock(mutex);
        while (!clients.empty()) {
            auto one = std::move(clients.front());
            clients.pop_front();
            lock.unlock();
            kafka().destroy(one.client);
            one.link.reset();
            lock.lock();
        }
        running = false;
        ended.notify_all();
    }
};

ClosingClients::ClosingClients() : state_(std::make_shared<State>()) {}

ClosingClients::~ClosingClients() {
    if (!thread_.joinable()) return;
    std::unique_lock lock(state_->mutex);
    bool ended = state_->ended.wait_for(lock, 2s, [this] { return !state_->running; });
    lock.unlock();
    if (ended)
        thread_.join();
    else
        thread_.detach();
}

void ClosingClients::add(rd_kafka_t* client, std::shared_ptr<KafkaLink> link) {
    std::unique_lock lock(state_->mutex);
    state_->clients.push_back({client, std::move(link)});
    if (std::exchange(state_->running, true)) return;
    lock.unlock();
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([state = state_] { state->run(); });
}

ErrorKind kind_of(rd_kafka_resp_err_t code) {
    switch (code) {
        case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
        case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
            return ErrorKind::unauthorized;
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
        case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
            return ErrorKind::not_found;
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
            return ErrorKind::too_large;
        case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
        case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
        case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
        case RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT:
            return ErrorKind::invalid;
        case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
        case RD_KAFKA_RESP_ERR__TIMED_OUT:
            return ErrorKind::timed_out;
        case RD_KAFKA_RESP_ERR__RESOLVE:
            return ErrorKind::name_lookup;
        case RD_KAFKA_RESP_ERR__SSL:
            return ErrorKind::tls;
        case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
            return ErrorKind::unsupported;
        default:
            // Those of brokers are positive, those of the library itself are not.
            return code > 0 ? ErrorKind::server_error : ErrorKind::unreachable;
    }
}

Error error_of(rd_kafka_resp_err_t code) {
    return Error(kind_of(code), std::string(kafka().err2str(code)) + " (" + kafka().err2name(code) + ")");
}

std::string connection_words(std::string_view reason) {
    std::string text(reason);
    auto drop = [&](std::string_view words) {
        if (auto at = text.find(words); at != std::string::npos) text.erase(at, words.size());
    };
    if (auto after = text.find(" (after "); after != std::string::npos && text.ends_with(')'))
        text.erase(after);
    drop("/bootstrap");
    for (std::string_view family : {": Connect to ipv4#", ": Connect to ipv6#"}) {
        auto connect = text.find(family), failed = text.find(" failed: ");
        if (connect == std::string::npos || failed == std::string::npos || failed < connect) continue;
        auto broker = text.substr(0, connect), why = text.substr(failed + 9);
        auto begin = connect + family.size();
        auto address = text.substr(begin, failed - begin);
        text = "cannot connect to " + broker;
        if (broker != address) text += " at " + address;
        text += ": " + why;
        break;
    }
    return text;
}

Error connection_error(rd_kafka_resp_err_t code, std::string_view reason) {
    auto kind = kind_of(code);
    auto says = [&](std::string_view words) { return reason.find(words) != std::string_view::npos; };
    // librdkafka calls every request of a login that failed a refusal, also one that got no answer.
    bool unanswered = says("handshake failed: Local:");
    if (kind == ErrorKind::unauthorized && unanswered) kind = ErrorKind::unreachable;
    bool about_tls = says("SSL_HANDSHAKE") || says("SSL routines");
    if (kind == ErrorKind::unreachable && about_tls) kind = ErrorKind::tls;
    if (kind == ErrorKind::unreachable && says("imed out")) kind = ErrorKind::timed_out;
    return Error(kind, connection_words(reason));
}

std::string login_trap(KafkaLogin login, int version) {
    // Its last message of SCRAM had a wrong nonce, which brokers did not always look at (RFC 5802 §5.1;
    // librdkafka #4895).
    constexpr int mended = 0x020601ff;
    bool scram = login == KafkaLogin::scram_sha_256 || login == KafkaLogin::scram_sha_512;
    if (!scram || version >= mended) return "";
    return "; or this librdkafka is too old: before 2.6.1 it cannot log in by SCRAM at Kafka 4";
}

}  // namespace basewatch::net
