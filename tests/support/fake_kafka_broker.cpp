#include "support/fake_kafka_broker.hpp"

#include "foundation/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>

namespace basewatch::test {

namespace {

using asio::ip::tcp;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

// Kafka protocol, "Api Keys".
enum Api {
    produce = 0,
    metadata = 3,
    sasl_handshake = 17,
    api_versions = 18,
    init_producer_id = 22,
    sasl = 36
};

// Big-endian, as everything of Kafka's protocol.
class Writer {
public:
    Writer& number(std::int64_t value, int bytes) {
        for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
            text += static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
        return *this;
    }
    Writer& i8(std::int64_t value) { return number(value, 1); }
    Writer& i16(std::int64_t value) { return number(value, 2); }
    Writer& i32(std::int64_t value) { return number(value, 4); }
    Writer& i64(std::int64_t value) { return number(value, 8); }
    Writer& string(const std::string& value) {
        i16(static_cast<std::int64_t>(value.size()));
        text += value;
        return *this;
    }
    std::string text;
};

class Reader {
public:
    explicit Reader(std::string_view from) : text_(from) {}
    std::int64_t number(std::size_t bytes) {
        std::int64_t value = 0;
        for (std::size_t i = 0; i < bytes && i < text_.size(); ++i)
            value = value << 8 | static_cast<unsigned char>(text_[i]);
        text_.remove_prefix(std::min(bytes, text_.size()));
        return bytes == 2 ? static_cast<std::int16_t>(value) : static_cast<std::int32_t>(value);
    }
    void skip_string() {
        auto size = number(2);
        if (size > 0) text_.remove_prefix(std::min(static_cast<std::size_t>(size), text_.size()));
    }
    std::string bytes() {
        auto size = static_cast<std::size_t>(number(4));
        return std::string(text_.substr(0, size));
    }

private:
    std::string_view text_;
};

}  // namespace

struct FakeKafkaBroker::State {
    State(FakeKafkaBroker& of, asio::io_context& on, const std::optional<CertificateFiles>& files,
          const std::string& clients)
        : broker(of),
          loop(on),
          tls(files.has_value()),
          context(asio::ssl::context::tls_server),
          acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          tasks(loop.get_executor()) {
        if (files) {
            context.use_certificate_chain_file(files->certificate);
            context.use_private_key_file(files->key, asio::ssl::context::pem);
        }
        if (!clients.empty()) {
            context.load_verify_file(clients);
            context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
        }
        tasks.start("accept", accept());
    }

    Async<void> accept() {
        for (;;) {
            auto [error, socket] = co_await acceptor.async_accept(as_values);
            if (error) co_return;
            ++broker.connections;
            tasks.start("Kafka client", serve(std::move(socket)));
        }
    }
    Async<void> serve(tcp::socket socket) {
        if (broker.silent) {
            asio::steady_timer never(loop, asio::steady_timer::time_point::max());
            co_await never.async_wait(as_values);
        } else if (tls) {
            asio::ssl::stream<tcp::socket> stream(std::move(socket), context);
            auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, as_values);
            if (!error) co_await talk(stream);
        } else {
            co_await talk(socket);
        }
    }
    template <class Stream>
    Async<void> talk(Stream& stream) {
        for (;;) {
            std::string head(4, '\0');
            auto [no_head, four] = co_await asio::async_read(stream, asio::buffer(head), as_values);
            if (no_head) co_return;
            std::string request(static_cast<std::size_t>(Reader(head).number(4)) & 0xffffff, '\0');
            auto [no_body, all] = co_await asio::async_read(stream, asio::buffer(request), as_values);
            if (no_body) co_return;
            auto body = answer(request);
            auto frame = Writer().i32(static_cast<std::int64_t>(body.size())).text + body;
            auto [unsent, count] = co_await asio::async_write(stream, asio::buffer(frame), as_values);
            if (unsent) co_return;
        }
    }
    std::string answer(std::string_view request) {
        Reader reader(request);
        auto api = reader.number(2), version = reader.number(2), correlation = reader.number(4);
        reader.skip_string();  // the client's name
        Writer out;
        out.i32(correlation);
        if (api == api_versions) say_versions(out, version);
        if (api == sasl_handshake) out.i16(0).i32(1).string("PLAIN");
        if (api == sasl) hear_login(out, reader);
        if (api == metadata) say_where(out);
        if (api == init_producer_id) out.i32(0).i16(0).i64(4711).i16(0);
        if (api == produce) {
            reader.skip_string();  // of a transaction
            broker.acks = static_cast<int>(reader.number(2));
            ++broker.produced;
            out.i32(1).string(broker.topic).i32(1).i32(0).i16(0).i64(broker.produced - 1).i64(-1).i32(0);
        }
        return out.text;
    }
    static void say_versions(Writer& out, std::int64_t version) {
        constexpr int unsupported_version = 35;
        if (version != 0) {
            out.i16(unsupported_version).i32(0);
            return;
        }
        out.i16(0).i32(7);
        out.i16(produce).i16(0).i16(3).i16(1).i16(0).i16(4).i16(metadata).i16(0).i16(1);
        out.i16(sasl_handshake).i16(0).i16(1).i16(api_versions).i16(0).i16(0);
        out.i16(init_producer_id).i16(0).i16(0).i16(sasl).i16(0).i16(0);
    }
    void hear_login(Writer& out, Reader& reader) {
        constexpr int sasl_authentication_failed = 58;
        broker.login = reader.bytes();
        std::replace(broker.login.begin(), broker.login.end(), '\0', ' ');
        out.i16(broker.refuses_logins ? sasl_authentication_failed : 0);
        out.string(broker.refuses_logins ? "Authentication failed: Invalid username or password" : "").i32(0);
    }
    void say_where(Writer& out) {
        out.i32(1).i32(1).string(broker.leader).i32(broker.port()).i16(-1).i32(1);
        out.i32(1).i16(broker.topic_error).string(broker.topic).i8(0);
        if (broker.topic_error != 0)
            out.i32(0);
        else
            out.i32(1).i16(0).i32(0).i32(1).i32(1).i32(1).i32(1).i32(1);
    }

    FakeKafkaBroker& broker;
    asio::io_context& loop;
    bool tls;
    asio::ssl::context context;
    tcp::acceptor acceptor;
    TaskGroup tasks;
};

FakeKafkaBroker::FakeKafkaBroker(asio::io_context& loop, std::optional<CertificateFiles> files,
                                 const std::string& clients)
    : state_(std::make_unique<State>(*this, loop, files, clients)) {}

FakeKafkaBroker::~FakeKafkaBroker() {
    // From inside the loop: a client that ends before a cancellation from outside arrives is gone by then.
    asio::post(state_->loop, [this] { state_->tasks.cancel(); });
    while (state_->tasks.size() > 0) {
        state_->loop.restart();
        state_->loop.run_one_for(std::chrono::milliseconds(20));
    }
}

int FakeKafkaBroker::port() const {
    return state_->acceptor.local_endpoint().port();
}

}  // namespace basewatch::test
