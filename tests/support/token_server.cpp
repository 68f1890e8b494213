#include "support/token_server.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstdio>
#include <future>
#include <stdexcept>

namespace basewatch::test {

namespace {

using Json = nlohmann::json;

std::string unpacked_pem(const std::string& path) {
    auto text = read_file(path);
    auto start = text.find('\n') + 1;
    auto body = text.substr(start, text.find("-----END") - start);
    std::erase(body, '\n');
    return body;
}

// ES256 (RFC 7518 §3.4): the two numbers of the signature, 32 bytes each.
std::string signature(const std::string& key_file, const std::string& text) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(key_file.c_str(), "r"), std::fclose);
    if (!file) throw std::runtime_error("no key in " + key_file);
    std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
        PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    unsigned char der[256];
    std::size_t length = sizeof der;
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), der, &length, reinterpret_cast<const unsigned char*>(text.data()),
                       text.size()) != 1)
        throw std::runtime_error("cannot sign");
    const unsigned char* at = der;
    std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> pair(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(length)), ECDSA_SIG_free);
    unsigned char raw[64];
    BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), raw + 32, 32);
    return std::string(reinterpret_cast<char*>(raw), sizeof raw);
}

}  // namespace

TokenServer::TokenServer(std::string username, std::string password)
    : username_(std::move(username)),
      password_(std::move(password)),
      key_(authority_.sign({})),
      server_(
          loop_.get_executor(), clock_,
          [this](net::ServerRequest request) { return answer(std::move(request)); }, net::ServerLimits()),
      address_(server_.listen("127.0.0.1:0").value()) {
    tasks_.start("token server", server_.run(Milliseconds(0)));
    thread_ = std::thread([this] { loop_.run(); });
}

TokenServer::~TokenServer() {
    // The loop has nothing left to do when the server has ended, and its thread ends with it.
    asio::post(loop_, [this] { tasks_.cancel(); });
    thread_.join();
}

void TokenServer::make_public(const std::string& repository) {
    std::promise<void> done;
    asio::post(loop_, [&] {
        public_.insert(repository);
        done.set_value();
    });
    done.get_future().get();
}

std::string TokenServer::token(const std::string& repository, const std::string& actions) {
    auto now = std::chrono::duration_cast<std::chrono::seconds>(clock_.now().time_since_epoch()).count();
    Json access = Json::array();
    if (!actions.empty()) {
        Json allowed = Json::array();
        for (std::string_view action : {"pull", "push", "delete"})
            if (actions.find(action) != std::string::npos) allowed.push_back(action);
        access.push_back({{"type", "repository"}, {"name", repository}, {"actions", allowed}});
    }
    Json header{{"alg", "ES256"}, {"typ", "JWT"}, {"x5c", Json::array({unpacked_pem(key_.certificate)})}};
    Json claims{{"iss", issuer()},
                {"sub", username_},
                {"aud", service()},
                {"exp", now + 300},
                {"nbf", now - 60},
                {"iat", now},
                {"jti", hex(random_bytes(8))},
                {"access", access}};
    std::string text = base64url(to_text(header)) + "." + base64url(to_text(claims));
    return text + "." + base64url(signature(key_.key, text));
}

Async<net::ServerResponse> TokenServer::answer(net::ServerRequest request) {
    ++requests_;
    net::ServerResponse response;
    response.headers.set("Content-Type", "application/json");
    auto authorization = request.headers.find("Authorization");
    bool known = authorization == "Basic " + base64(username_ + ":" + password_);
    if (authorization && !known) {
        response.status = 401;
        response.body = R"({"details":"incorrect username or password"})";
        co_return response;
    }
    // `repository:NAME:ACTIONS`
    std::string scope = request.parameter("scope").value_or("");
    auto first = scope.find(':'), last = scope.rfind(':');
    std::string repository = first == last ? "" : scope.substr(first + 1, last - first - 1);
    std::string actions = known ? scope.substr(last + 1) : public_.contains(repository) ? "pull" : "";
    Json body{{"token", token(repository, actions)}, {"expires_in", 300}};
    response.body = to_text(body);
    co_return response;
}

}  // namespace basewatch::test
