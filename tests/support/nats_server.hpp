#pragma once
// nats-server on a free loopback port with JetStream in a folder of its own, stopped by its process id; and
// what the client library, used straight, finds there.

#include "support/process.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace basewatch::test {

struct PublishedMessage {
    std::string subject;
    std::map<std::string, std::string> headers;
    std::string body;
};

class NatsServer {
public:
    // `more`: lines of its configuration. Throws std::runtime_error where it does not start.
    explicit NatsServer(const std::string& more = "");
    ~NatsServer();

    int port() const { return port_; }
    void stop() { server_.reset(); }
    // Again on the same port and the same streams, with other lines.
    void restart(const std::string& more = "");
    // It accepts connections and says nothing, until it goes on.
    void halt() const;
    void go_on() const;

    // These, of a server that lets everybody in.
    void create_stream(const std::string& name, const std::string& subjects);
    std::vector<PublishedMessage> stored(const std::string& stream);

private:
    TemporaryFolder folder_;
    int port_;
    std::unique_ptr<Process> server_;
};

// Whoever subscribes without JetStream. The server has heard of it when the constructor returns.
class NatsSubscriber {
public:
    NatsSubscriber(int port, const std::string& subject);
    ~NatsSubscriber();
    NatsSubscriber(const NatsSubscriber&) = delete;
    NatsSubscriber& operator=(const NatsSubscriber&) = delete;
    // Throws std::runtime_error where none comes.
    PublishedMessage next();

private:
    struct Handles;
    std::unique_ptr<Handles> handles_;
};

}  // namespace basewatch::test
