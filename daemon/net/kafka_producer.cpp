#include "net/kafka_producer.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <bit>
#include <sys/eventfd.h>

namespace basewatch::net {

namespace {

using namespace std::chrono_literals;

constexpr Milliseconds idle_time = 5min;  // brokers hang up after ten (connections.max.idle.ms)
// The library looks for overdue messages once a second; its word is more exact than our own timer's.
constexpr Milliseconds grace = 2s;
constexpr int most_rounds = 1000;

rd_kafka_vu_t part(rd_kafka_vtype_t type) {
    rd_kafka_vu_t part{};
    part.vtype = type;
    return part;
}

rd_kafka_vu_t bytes(rd_kafka_vtype_t type, const std::string& text) {
    auto made = part(type);
    made.u.mem.ptr = const_cast<char*>(text.data());
    made.u.mem.size = text.size();
    return made;
}

}  // namespace

struct KafkaProducer::Waiting {
    explicit Waiting(const asio::any_io_executor& executor) : bell(executor) {}
    void tell(Result<KafkaReceipt> what) {
        if (answer) return;
        answer = std::move(what);
        bell.ring();
    }
    Bell bell;
    std::optional<Result<KafkaReceipt>> answer;
};

KafkaProducer::KafkaProducer(asio::any_io_executor executor, Clock& clock, KafkaCluster cluster,
                             std::shared_ptr<ClosingClients> closing)
    : executor_(std::move(executor)),
      clock_(clock),
      cluster_(std::move(cluster)),
      closing_(std::move(closing)),
      events_(executor_) {}

KafkaProducer::~KafkaProducer() {
    close();
}

Result<std::shared_ptr<KafkaProducer>> KafkaProducer::begin(asio::any_io_executor executor, Clock& clock,
                                                            KafkaCluster cluster, KafkaSender::Lookup lookup,
                                                            std::shared_ptr<ClosingClients> closing) {
    auto producer =
        std::make_shared<KafkaProducer>(std::move(executor), clock, std::move(cluster), std::move(closing));
    producer->link_ = std::make_shared<KafkaLink>(producer->cluster_.addresses, std::move(lookup));
    auto client = open_client(producer->cluster_, *producer->link_);
    if (!client) return client.error();
    producer->client_ = *client;
    producer->link_->producer = producer.get();
    producer->events_.assign(producer->link_->events);
    auto* queue = kafka().queue_get_main(*client);
    const std::uint64_t one = 1;
    kafka().queue_io_event_enable(queue, producer->link_->events, &one, sizeof one);
    kafka().queue_destroy(queue);
    producer->listen();
    // What came before there were events brings none.
    producer->serve();
    return producer;
}

void KafkaProducer::listen() {
    events_.async_wait(asio::posix::stream_descriptor::wait_read,
                       [weak = weak_from_this()](boost::system::error_code error) {
                           auto self = weak.lock();
                           if (error || !self || self->client_ == nullptr) return;
                           eventfd_t count = 0;
                           eventfd_read(self->link_->events, &count);
                           self->serve();
                           self->listen();
                       });
}

void KafkaProducer::serve() {
    int rounds = 0;
    while (rounds < most_rounds && kafka().poll(client_, 0) > 0) ++rounds;
    if (rounds == most_rounds) eventfd_write(link_->events, 1);
    if (final_) fail_all(Error(*final_));
    if (brokers_gone_) retire();
}

void KafkaProducer::heard_of_message(const rd_kafka_message_t& message) {
    auto known = waiting_.find(std::bit_cast<std::uintptr_t>(message._private));
    auto kind = kind_of(message.err);
    // It remembers for minutes what it was told of a topic.
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR &&
        (kind == ErrorKind::unauthorized || kind == ErrorKind::not_found))
        retired_ = true;
    // What went wrong with a connection it says once and not again for a while: the next one is to hear it.
    if (kind == ErrorKind::timed_out && seen_) retired_ = true;
    if (known == waiting_.end()) return;
    if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        seen_.reset();
        known->second->tell(KafkaReceipt{message.partition, message.offset});
    } else if (message.err != RD_KAFKA_RESP_ERR__PURGE_QUEUE &&
               message.err != RD_KAFKA_RESP_ERR__PURGE_INFLIGHT) {  // the reason comes by itself
        known->second->tell(kind == ErrorKind::timed_out ? overdue() : error_of(message.err));
    }
}

void KafkaProducer::heard_of_connection(rd_kafka_resp_err_t code, const char* reason) {
    if (link_->blocked) {
        final_ = Error(ErrorKind::blocked, "a broker has an address that may not be connected to");
    } else if (code == RD_KAFKA_RESP_ERR__FATAL) {
        char text[300] = "";
        auto fatal = kafka().fatal_error(client_, text, sizeof text);
        final_ = Error(kind_of(fatal), text);
    } else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        // Waiting for a broker to come back is what a message's time is for; waiting mends no certificate.
        if (seen_ && seen_->kind() == ErrorKind::tls) final_ = seen_;
        // Nobody waits, and whoever comes next would not hear why.
        brokers_gone_ = idle_ != nullptr;
    } else {
        seen_ = connection_error(code, reason);
        if (seen_->kind() == ErrorKind::unauthorized)
            final_ = Error(ErrorKind::unauthorized,
                           seen_->message() + login_trap(cluster_.login, kafka().version()));
    }
}

void KafkaProducer::fail_all(const Error& error) {
    for (const auto& [ticket, waiting] : waiting_) waiting->tell(error);
    retire();
}

Error KafkaProducer::overdue() const {
    if (seen_) return *seen_;
    return Error(ErrorKind::timed_out,
                 "the brokers did not confirm it within " + std::to_string(cluster_.timeout.count()) + " ms");
}

Result<void> KafkaProducer::produce(const KafkaMessage& message, std::uintptr_t ticket) {
    auto topic = part(RD_KAFKA_VTYPE_TOPIC);
    topic.u.cstr = cluster_.topic.c_str();
    auto flags = part(RD_KAFKA_VTYPE_MSGFLAGS);
    flags.u.i = RD_KAFKA_MSG_F_COPY;
    auto opaque = part(RD_KAFKA_VTYPE_OPAQUE);
    opaque.u.ptr = std::bit_cast<void*>(ticket);
    std::vector<rd_kafka_vu_t> parts{topic, flags, opaque, bytes(RD_KAFKA_VTYPE_VALUE, message.value)};
    if (message.key) parts.push_back(bytes(RD_KAFKA_VTYPE_KEY, *message.key));
    // As a list of ours, which the client takes over when it takes the message: librdkafka 2.0 frees headers
    // twice that it gathered itself for a message that it then refuses.
    auto headers = part(RD_KAFKA_VTYPE_HEADERS);
    headers.u.headers = kafka().headers_new(message.headers.size());
    for (const auto& [name, value] : message.headers)
        kafka().header_add(headers.u.headers, name.data(), static_cast<ssize_t>(name.size()), value.data(),
                           static_cast<ssize_t>(value.size()));
    parts.push_back(headers);
    auto* fault = kafka().produceva(client_, parts.data(), parts.size());
    if (fault == nullptr) return {};
    kafka().headers_destroy(headers.u.headers);
    auto code = kafka().error_code(fault);
    kafka().error_destroy(fault);
    return error_of(code);
}

void KafkaProducer::leave(std::uintptr_t ticket) {
    waiting_.erase(ticket);
    if (!waiting_.empty()) return;
    if (retired_)
        close();
    else
        idle_ = clock_.call_at(clock_.monotonic() + idle_time, [this] { retire(); });
}

Async<Result<KafkaReceipt>> KafkaProducer::send(KafkaMessage message) {
    auto self = shared_from_this();
    const Error stopped(ErrorKind::cancelled, "stopped before a broker confirmed it");
    co_await asio::this_coro::throw_if_cancelled(false);
    bool asked_to_stop = co_await stop_requested();
    if (asked_to_stop) co_return stopped;
    // It may have found out while it began.
    if (final_) co_return *final_;
    if (!takes_messages()) co_return Error(ErrorKind::unreachable, "the producer has ended meanwhile");
    // What a new one found out while it began is about this message, too.
    if (idle_) seen_.reset();
    idle_.reset();
    // However this coroutine goes, nobody is told any more.
    struct Place {
        KafkaProducer& producer;
        std::uintptr_t ticket;
        ~Place() { producer.leave(ticket); }
    };
    Waiting waiting(executor_);
    Place place{*this, ++last_ticket_};
    waiting_.emplace(place.ticket, &waiting);
    auto given = produce(message, place.ticket);
    if (!given) {
        auto kind = given.error().kind();
        if (kind != ErrorKind::too_large && kind != ErrorKind::invalid) retired_ = true;
        co_return given.error();
    }
    auto deadline = clock_.monotonic() + cluster_.timeout + grace;
    bool rung = true;
    while (!waiting.answer && rung && clock_.monotonic() < deadline)
        rung = co_await waiting.bell.wait_until(clock_, deadline);
    if (waiting.answer) co_return std::move(*waiting.answer);
    // It must not arrive once we said that it did not.
    retired_ = true;
    if (!rung) co_return stopped;
    co_return overdue();
}

void KafkaProducer::retire() {
    retired_ = true;
    if (waiting_.empty()) close();
}

void KafkaProducer::close() {
    if (client_ == nullptr) return;
    idle_.reset();
    link_->producer = nullptr;
    auto* queue = kafka().queue_get_main(client_);
    kafka().queue_io_event_enable(queue, -1, nullptr, 0);
    kafka().queue_destroy(queue);
    // The link closes it, when nobody can write to it any more.
    events_.release();
    closing_->add(std::exchange(client_, nullptr), link_);
}

void kafka_delivered(rd_kafka_t*, const rd_kafka_message_t* message, void* link) {
    auto* producer = static_cast<KafkaLink*>(link)->producer;
    if (producer != nullptr) producer->heard_of_message(*message);
}

void kafka_failed(rd_kafka_t*, int code, const char* reason, void* link) {
    auto* producer = static_cast<KafkaLink*>(link)->producer;
    if (producer != nullptr)
        producer->heard_of_connection(static_cast<rd_kafka_resp_err_t>(code),
                                      reason == nullptr ? "" : reason);
}

}  // namespace basewatch::net
