#include "bench/receiver.hpp"

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace basewatch::bench {

namespace {

constexpr std::string_view no_content = "HTTP/1.1 204 No Content\r\n\r\n";
constexpr int look_up_every_ms = 50;

std::string_view field(std::string_view head, std::string_view name) {
    auto at = head.find(name);
    if (at == std::string_view::npos) return {};
    auto value = head.substr(at + name.size());
    return value.substr(0, value.find("\r\n"));
}

double cpu_of_this_thread() {
    rusage used{};
    getrusage(RUSAGE_THREAD, &used);
    auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void watch_for_input(int events, int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    epoll_ctl(events, EPOLL_CTL_ADD, descriptor, &event);
}

}  // namespace

Receiver::Receiver(Manner manner) : manner_(manner) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    bool listens = bind(listener_, raw, size) == 0 && listen(listener_, 4096) == 0;
    if (!listens || getsockname(listener_, raw, &size) != 0) throw std::runtime_error("cannot listen");
    port_ = ntohs(address.sin_port);
    events_ = epoll_create1(EPOLL_CLOEXEC);
    watch_for_input(events_, listener_);
    thread_ = std::thread([this] { serve(); });
}

Receiver::~Receiver() {
    stopping_ = true;
    thread_.join();
    for (const auto& [connection, request] : connections_) close(connection);
    close(events_);
    close(listener_);
}

std::map<std::string, std::chrono::steady_clock::time_point> Receiver::arrivals() const {
    std::lock_guard lock(mutex_);
    return arrivals_;
}

void Receiver::serve() {
    std::array<epoll_event, 256> ready{};
    while (!stopping_) {
        int count = epoll_wait(events_, ready.data(), static_cast<int>(ready.size()), look_up_every_ms);
        for (int at = 0; at < count; ++at) {
            int descriptor = ready[static_cast<std::size_t>(at)].data.fd;
            if (descriptor == listener_) {
                accept_all();
            } else if (!take(descriptor)) {
                connections_.erase(descriptor);
                close(descriptor);
            }
        }
        cpu_ = cpu_of_this_thread();
    }
}

void Receiver::accept_all() {
    for (;;) {
        int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (connection < 0) return;
        int on = 1;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connections_[connection];
        watch_for_input(events_, connection);
    }
}

// False when the other side has gone.
bool Receiver::take(int connection) {
    std::array<char, 65536> chunk{};
    auto count = recv(connection, chunk.data(), chunk.size(), 0);
    if (count <= 0) return false;
    if (manner_ == Manner::hangs) return true;
    auto& request = connections_[connection];
    request.append(chunk.data(), static_cast<std::size_t>(count));
    for (;;) {
        auto end = request.find("\r\n\r\n");
        if (end == std::string::npos) return true;
        std::string head = request.substr(0, end + 2);
        auto length_text = field(head, "Content-Length: ");
        std::size_t length = 0;
        std::from_chars(length_text.data(), length_text.data() + length_text.size(), length);
        if (request.size() < end + 4 + length) return true;
        request.erase(0, end + 4 + length);
        note(head);
        if (send(connection, no_content.data(), no_content.size(), MSG_NOSIGNAL) < 0) return false;
    }
}

void Receiver::note(const std::string& head) {
    auto id = field(head, "webhook-id: ");
    if (!id.empty()) {
        std::lock_guard lock(mutex_);
        arrivals_.emplace(id, std::chrono::steady_clock::now());
    }
    ++received_;
}

}  // namespace basewatch::bench
