#include "support/fake_registry.hpp"

#include "foundation/task_group.hpp"
#include "net/http_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <charconv>
#include <future>
#include <list>

namespace basewatch::test {

namespace {

using asio::ip::tcp;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

// The start line and the fields of a request that is complete up to its empty line.
ScriptRequest parse(std::string_view head) {
    ScriptRequest request;
    auto end = head.find("\r\n");
    auto line = head.substr(0, end);
    auto first = line.find(' '), second = line.rfind(' ');
    request.method = std::string(line.substr(0, first));
    request.target = std::string(line.substr(first + 1, second - first - 1));
    while (end != std::string_view::npos) {
        head.remove_prefix(end + 2);
        end = head.find("\r\n");
        line = head.substr(0, end);
        auto colon = line.find(':');
        if (colon == std::string_view::npos) break;
        auto value = line.substr(colon + 1);
        while (value.starts_with(' ')) value.remove_prefix(1);
        request.headers.add(std::string(line.substr(0, colon)), std::string(value));
    }
    return request;
}

std::size_t length_of(const ScriptRequest& request) {
    std::size_t length = 0;
    auto text = request.headers.find("Content-Length").value_or("0");
    std::from_chars(text.data(), text.data() + text.size(), length);
    return length;
}

std::string bytes_of(const ScriptResponse& response) {
    std::string bytes = "HTTP/1.1 " + std::to_string(response.status) + " " +
                        std::string(net::reason_phrase(response.status)) + "\r\n";
    for (const auto& [name, value] : response.headers) bytes += name + ": " + value + "\r\n";
    bool bodiless = response.status == 204 || response.status == 304;
    if (!bodiless) bytes += "Content-Length: " + std::to_string(response.length) + "\r\n";
    bytes += "\r\n";
    return bodiless ? bytes : bytes + response.body;
}

}  // namespace

struct FakeRegistry::Sockets {
    Sockets(asio::io_context& on, RegistryScript& answering)
        : loop(on), script(answering), acceptor(on), tasks(on.get_executor()) {
        listen(0);
    }

    void listen(std::uint16_t wanted);
    void close();
    Async<void> accept();
    Async<void> serve(std::list<tcp::socket>::iterator socket);
    Async<void> talk(tcp::socket& socket);
    Async<bool> read(tcp::socket& socket, std::string& buffer, ScriptRequest& request);

    asio::io_context& loop;
    RegistryScript& script;
    tcp::acceptor acceptor;
    std::uint16_t port = 0;
    TaskGroup tasks;
    std::list<tcp::socket> sockets;
    std::size_t accepted = 0;
};

void FakeRegistry::Sockets::listen(std::uint16_t wanted) {
    acceptor = tcp::acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), wanted));
    port = acceptor.local_endpoint().port();
    tasks.start("fake registry", accept());
}

void FakeRegistry::Sockets::close() {
    boost::system::error_code ignored;
    acceptor.close(ignored);
    for (auto& socket : sockets) socket.close(ignored);
    while (tasks.size() > 0) {
        loop.restart();
        loop.run_one_for(std::chrono::seconds(1));
    }
}

Async<void> FakeRegistry::Sockets::accept() {
    while (acceptor.is_open()) {
        auto [error, socket] = co_await acceptor.async_accept(as_values);
        if (error || !acceptor.is_open()) break;
        ++accepted;
        auto place = sockets.insert(sockets.end(), std::move(socket));
        tasks.start("fake registry's connection", serve(place));
    }
}

Async<void> FakeRegistry::Sockets::serve(std::list<tcp::socket>::iterator socket) {
    co_await talk(*socket);
    sockets.erase(socket);
}

Async<void> FakeRegistry::Sockets::talk(tcp::socket& socket) {
    std::string buffer;
    for (;;) {
        ScriptRequest request;
        bool complete = co_await read(socket, buffer, request);
        if (!complete) co_return;
        auto response = script.answer(request);
        if (response.close) co_return;
        if (response.hang) {
            // Until the other side has had enough.
            char bytes[256];
            co_await socket.async_read_some(asio::buffer(bytes), as_values);
            co_return;
        }
        auto bytes = bytes_of(response);
        auto [error, count] = co_await asio::async_write(socket, asio::buffer(bytes), as_values);
        if (error) co_return;
    }
}

Async<bool> FakeRegistry::Sockets::read(tcp::socket& socket, std::string& buffer, ScriptRequest& request) {
    for (;;) {
        auto head = buffer.find("\r\n\r\n");
        if (head != std::string::npos) {
            request = parse(std::string_view(buffer).substr(0, head));
            auto needed = head + 4 + length_of(request);
            if (needed <= buffer.size()) {
                request.body = buffer.substr(head + 4, needed - head - 4);
                buffer.erase(0, needed);
                co_return true;
            }
        }
        char bytes[16384];
        auto [error, count] = co_await socket.async_read_some(asio::buffer(bytes), as_values);
        if (error) co_return false;
        buffer.append(bytes, count);
    }
}

FakeRegistry::FakeRegistry(asio::io_context& loop) : sockets_(std::make_unique<Sockets>(loop, *this)) {}

FakeRegistry::~FakeRegistry() {
    sockets_->close();
}

std::string FakeRegistry::address() const {
    return "127.0.0.1:" + std::to_string(sockets_->port);
}

std::shared_ptr<settings::RegistriesSettings> FakeRegistry::settings() const {
    auto made = std::make_shared<settings::RegistriesSettings>();
    made->by_host[address()].plain_http = true;
    return made;
}

void FakeRegistry::ask_for_token(TokenRules rules) {
    if (rules.realm.empty()) rules.realm = url() + rules.path;
    RegistryScript::ask_for_token(std::move(rules));
}

void FakeRegistry::stop() {
    sockets_->close();
}

void FakeRegistry::start() {
    sockets_->listen(sockets_->port);
}

std::size_t FakeRegistry::connections_so_far() const {
    return sockets_->accepted;
}

FakeRegistryThread::FakeRegistryThread() : registry_(std::make_unique<FakeRegistry>(loop_)) {
    address_ = registry_->address();
    thread_ = std::thread([this] {
        auto work = asio::make_work_guard(loop_);
        loop_.run();
    });
}

FakeRegistryThread::~FakeRegistryThread() {
    asio::post(loop_, [this] { loop_.stop(); });
    thread_.join();
    registry_.reset();
}

void FakeRegistryThread::with(const std::function<void(FakeRegistry&)>& work) {
    std::promise<void> done;
    asio::post(loop_, [&] {
        work(*registry_);
        done.set_value();
    });
    done.get_future().get();
}

model::Digest FakeRegistryThread::push(const std::string& repository, const std::string& tag,
                                       const Built& built) {
    model::Digest digest;
    with([&](FakeRegistry& registry) { digest = registry.push(repository, tag, built); });
    return digest;
}

std::size_t FakeRegistryThread::count(const std::string& method, const std::string& target) {
    std::size_t found = 0;
    with([&](FakeRegistry& registry) { found = registry.count(method, target); });
    return found;
}

void FakeRegistryThread::fail(const Fault& fault) {
    with([&](FakeRegistry& registry) { registry.fail(fault); });
}

void FakeRegistryThread::recover() {
    with([](FakeRegistry& registry) { registry.recover(); });
}

}  // namespace basewatch::test
