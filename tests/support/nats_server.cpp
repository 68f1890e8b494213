#include "support/nats_server.hpp"

#include <csignal>
#include <cstdlib>
#include <nats/nats.h>
#include <stdexcept>
#include <sys/wait.h>

namespace basewatch::test {

namespace {

void must(natsStatus status) {
    if (status != NATS_OK)
        throw std::runtime_error(std::string("NATS: ") + natsStatus_GetText(status) + ": " +
                                 nats_GetLastError(nullptr));
}

struct Client {
    explicit Client(int port) {
        must(natsConnection_ConnectTo(&connection, ("nats://127.0.0.1:" + std::to_string(port)).c_str()));
        must(natsConnection_JetStream(&jetstream, connection, nullptr));
    }
    ~Client() {
        jsCtx_Destroy(jetstream);
        natsConnection_Destroy(connection);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    natsConnection* connection = nullptr;
    jsCtx* jetstream = nullptr;
};

PublishedMessage read(natsMsg* message) {
    PublishedMessage published;
    published.subject = natsMsg_GetSubject(message);
    published.body.assign(natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message)));
    const char** keys = nullptr;
    int count = 0;
    if (natsMsgHeader_Keys(message, &keys, &count) == NATS_OK) {
        for (int i = 0; i < count; ++i) {
            const char* value = nullptr;
            must(natsMsgHeader_Get(message, keys[i], &value));
            published.headers[keys[i]] = value;
        }
        std::free(static_cast<void*>(keys));
    }
    natsMsg_Destroy(message);
    return published;
}

}  // namespace

NatsServer::NatsServer(const std::string& more) : port_(free_port()) {
    restart(more);
}

NatsServer::~NatsServer() = default;

void NatsServer::restart(const std::string& more) {
    stop();
    auto file = folder_.write("nats.conf", "listen: 127.0.0.1:" + std::to_string(port_) +
                                               "\njetstream: {store_dir: \"" + (folder_ / "streams") +
                                               "\"}\n" + more + "\n");
    server_ = std::make_unique<Process>(std::vector<std::string>{"/usr/sbin/nats-server", "-c", file});
    if (!server_->wait_for_output("Server is ready") || !accepts_connections(port_))
        throw std::runtime_error("nats-server did not start: " + server_->errors());
}

void NatsServer::halt() const {
    server_->signal(SIGSTOP);
    siginfo_t stopped{};
    // All its threads have, when this returns.
    waitid(P_PID, static_cast<id_t>(server_->id()), &stopped, WSTOPPED | WNOWAIT);
}

void NatsServer::go_on() const {
    server_->signal(SIGCONT);
}

void NatsServer::create_stream(const std::string& name, const std::string& subjects) {
    Client client(port_);
    jsStreamConfig stream;
    must(jsStreamConfig_Init(&stream));
    const char* subject = subjects.c_str();
    stream.Name = name.c_str();
    stream.Subjects = &subject;
    stream.SubjectsLen = 1;
    must(js_AddStream(nullptr, client.jetstream, &stream, nullptr, nullptr));
}

std::vector<PublishedMessage> NatsServer::stored(const std::string& stream) {
    Client client(port_);
    jsStreamInfo* info = nullptr;
    must(js_GetStreamInfo(&info, client.jetstream, stream.c_str(), nullptr, nullptr));
    auto last = info->State.LastSeq;
    jsStreamInfo_Destroy(info);
    std::vector<PublishedMessage> messages;
    for (std::uint64_t sequence = 1; sequence <= last; ++sequence) {
        natsMsg* message = nullptr;
        must(js_GetMsg(&message, client.jetstream, stream.c_str(), sequence, nullptr, nullptr));
        messages.push_back(read(message));
    }
    return messages;
}

struct NatsSubscriber::Handles {
    explicit Handles(int port) : client(port) {}
    ~Handles() { natsSubscription_Destroy(subscription); }
    Client client;
    natsSubscription* subscription = nullptr;
};

NatsSubscriber::NatsSubscriber(int port, const std::string& subject)
    : handles_(std::make_unique<Handles>(port)) {
    must(natsConnection_SubscribeSync(&handles_->subscription, handles_->client.connection, subject.c_str()));
    must(natsConnection_Flush(handles_->client.connection));
}

NatsSubscriber::~NatsSubscriber() = default;

PublishedMessage NatsSubscriber::next() {
    natsMsg* message = nullptr;
    must(natsSubscription_NextMsg(&message, handles_->subscription, 20'000));
    return read(message);
}

}  // namespace basewatch::test
