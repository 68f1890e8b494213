// The yardstick: as little as can stand between a list of paths and a server. Each connection has one request
// under way, and takes the next path when the answer's header is there.
//
//   bare_client [--tls] PORT CONNECTIONS PATHS-FILE [BODY-FILE CONTENT-TYPE]
//
// HEAD for every line of PATHS-FILE from 127.0.0.1:PORT, or PUT of BODY-FILE when there is one. Prints what
// it took; ends with 1 when an answer was not 200 or 201 or a connection was closed. Over TLS nobody's
// certificate is looked at.

#include <openssl/ssl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

struct Connection {
    int descriptor = -1;
    SSL* tls = nullptr;
    std::string request;
    std::size_t sent = 0;
    std::string answer;
};

struct Work {
    std::vector<std::string> paths;
    std::size_t next = 0, done = 0, failed = 0;
    std::string method = "HEAD", tail;

    bool give(Connection& connection) {
        if (next == paths.size()) return false;
        connection.request = method + " " + paths[next++] + tail;
        connection.sent = 0;
        connection.answer.clear();
        return true;
    }
};

std::string read_file(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int number(const char* text) {
    int value = 0;
    std::from_chars(text, text + std::strlen(text), value);
    return value;
}

int connect_to(int port) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return descriptor;
    std::perror("connect");
    close(descriptor);
    return -1;
}

// Reads that find only a session ticket come back, so that no connection waits for another's answer.
SSL_CTX* new_tls() {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    return context;
}

bool connect_tls(Connection& connection, SSL_CTX* context) {
    connection.tls = SSL_new(context);
    return SSL_set_fd(connection.tls, connection.descriptor) == 1 && SSL_connect(connection.tls) == 1;
}

// Blocks where the socket has no room: requests are small, and one send takes them whole.
bool send_more(Connection& connection) {
    while (connection.sent < connection.request.size()) {
        const char* rest = connection.request.data() + connection.sent;
        std::size_t size = connection.request.size() - connection.sent;
        auto count = connection.tls != nullptr ? SSL_write(connection.tls, rest, static_cast<int>(size))
                                               : send(connection.descriptor, rest, size, MSG_NOSIGNAL);
        if (count <= 0) return false;
        connection.sent += static_cast<std::size_t>(count);
    }
    return true;
}

// False when the connection is of no more use. An answer to HEAD or to a PUT of a manifest has no body.
bool receive(Connection& connection, Work& work) {
    char chunk[16384];
    auto count = connection.tls != nullptr ? SSL_read(connection.tls, chunk, sizeof chunk)
                                           : recv(connection.descriptor, chunk, sizeof chunk, 0);
    if (count <= 0 && connection.tls != nullptr)
        return SSL_get_error(connection.tls, static_cast<int>(count)) == SSL_ERROR_WANT_READ;
    if (count <= 0) return false;
    connection.answer.append(chunk, static_cast<std::size_t>(count));
    if (connection.answer.find("\r\n\r\n") == std::string::npos) return true;
    ++work.done;
    std::string_view status = std::string_view(connection.answer).substr(0, 12);
    if (status != "HTTP/1.1 200" && status != "HTTP/1.1 201") {
        if (++work.failed == 1)
            std::fprintf(stderr, "%.*s\n", static_cast<int>(status.size()), status.data());
    }
    return work.give(connection) && send_more(connection);
}

std::size_t sweep(Work& work, int port, std::size_t connections, SSL_CTX* tls) {
    int events = epoll_create1(EPOLL_CLOEXEC);
    std::vector<Connection> all(std::min(connections, work.paths.size()));
    std::size_t open = 0;
    for (auto& connection : all) {
        connection.descriptor = connect_to(port);
        if (connection.descriptor < 0 || (tls != nullptr && !connect_tls(connection, tls))) continue;
        if (!work.give(connection) || !send_more(connection)) continue;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &connection;
        epoll_ctl(events, EPOLL_CTL_ADD, connection.descriptor, &event);
        ++open;
    }
    std::vector<epoll_event> ready(all.size() + 1);
    while (open > 0) {
        int count = epoll_wait(events, ready.data(), static_cast<int>(ready.size()), 30'000);
        if (count <= 0) break;
        for (int at = 0; at < count; ++at) {
            auto& connection = *static_cast<Connection*>(ready[static_cast<std::size_t>(at)].data.ptr);
            if (receive(connection, work)) continue;
            SSL_free(connection.tls);
            close(connection.descriptor);
            --open;
        }
    }
    close(events);
    return work.paths.size() - work.done + work.failed;
}

}  // namespace

int main(int count, char** arguments) {
    SSL_CTX* tls = nullptr;
    if (count > 1 && std::string_view(arguments[1]) == "--tls") {
        tls = new_tls();
        --count;
        ++arguments;
    }
    if (count != 4 && count != 6) {
        std::fputs("usage: bare_client [--tls] PORT CONNECTIONS PATHS-FILE [BODY-FILE CONTENT-TYPE]\n",
                   stderr);
        return 2;
    }
    int port = number(arguments[1]);
    Work work;
    std::ifstream paths(arguments[3]);
    for (std::string path; std::getline(paths, path);) work.paths.push_back(path);
    work.tail =
        " HTTP/1.1\r\nHost: 127.0.0.1:" + std::string(arguments[1]) +
        "\r\nAccept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json\r\n";
    if (count == 6) {
        std::string body = read_file(arguments[4]);
        work.method = "PUT";
        work.tail += "Content-Type: " + std::string(arguments[5]) +
                     "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    } else {
        work.tail += "\r\n";
    }
    auto start = std::chrono::steady_clock::now();
    std::size_t failed = sweep(work, port, static_cast<std::size_t>(number(arguments[2])), tls);
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%zu requests, %zu failed, %.3f s\n", work.paths.size(), failed, took.count());
    return failed == 0 ? 0 : 1;
}
