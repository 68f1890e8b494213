#pragma once
// HTTP without a network: handlers by origin, every request recorded, and answers that can be held back to
// see what happens meanwhile.

#include "net/http_transport.hpp"
#include "support/registry_script.hpp"

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace basewatch::test {

class FakeTransport final : public net::HttpTransport {
public:
    using Handler = std::function<Result<net::HttpResponse>(const net::HttpRequest&)>;

    // `origin` as Url::origin() writes it: `https://registry.example.com`. Requests to any other origin are
    // unreachable.
    void serve(const std::string& origin, Handler handler) { handlers_[origin] = std::move(handler); }
    void serve(const std::string& origin, RegistryScript& script);

    Async<Result<net::HttpResponse>> send(net::HttpRequest request) override;

    const std::vector<net::HttpRequest>& sent() const { return sent_; }
    // Requests of this method (empty: any) whose address contains this.
    std::size_t count(const std::string& method, const std::string& address = "") const;
    void forget() { sent_.clear(); }

    // From here on requests wait for release().
    void hold() { holding_ = true; }
    std::size_t held() const { return held_.size(); }
    // Lets the oldest `most` go on; new ones are still held until release_all().
    void release(std::size_t most);
    void release_all();

private:
    std::map<std::string, Handler> handlers_;
    std::vector<net::HttpRequest> sent_;
    bool holding_ = false;
    struct Held;
    std::list<std::shared_ptr<Held>> held_;
};

// An answer in few words.
net::HttpResponse answer(int status, net::Headers headers = {}, std::string body = "");

}  // namespace basewatch::test
