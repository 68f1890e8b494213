#pragma once
// A receiver with a thread of its own, for tests whose sender is another process: keeps every request,
// answers as told.

#include "net/http_server.hpp"
#include "support/loop_thread.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace basewatch::test {

class ReceivingThread {
public:
    ReceivingThread()
        : server_(
              thread_.loop().get_executor(), thread_.clock(),
              [this](net::ServerRequest request) { return keep(std::move(request)); }, net::ServerLimits()) {
        address_ = thread_.run([this] { return *server_.listen("127.0.0.1:0"); });
        thread_.start("receiver", server_.run(Milliseconds(0)));
    }
    ~ReceivingThread() { thread_.stop(); }

    std::string url(const std::string& path) const { return "http://" + address_ + path; }

    // What a path answers from now on; 204 where nothing was said.
    void answer(const std::string& path, net::ServerResponse response) {
        std::lock_guard lock(mutex_);
        answers_[path] = std::move(response);
    }
    std::vector<net::ServerRequest> requests(const std::string& path) const {
        std::lock_guard lock(mutex_);
        std::vector<net::ServerRequest> found;
        for (const auto& request : requests_)
            if (request.path == path) found.push_back(request);
        return found;
    }

private:
    Async<net::ServerResponse> keep(net::ServerRequest request) {
        std::lock_guard lock(mutex_);
        auto found = answers_.find(request.path);
        net::ServerResponse response =
            found == answers_.end() ? net::ServerResponse{204, {}, ""} : found->second;
        requests_.push_back(std::move(request));
        co_return response;
    }

    mutable std::mutex mutex_;
    std::map<std::string, net::ServerResponse> answers_;
    std::vector<net::ServerRequest> requests_;
    std::string address_;
    LoopThread thread_;
    net::HttpServer server_;
};

}  // namespace basewatch::test
