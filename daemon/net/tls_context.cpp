#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <sys/stat.h>

namespace basewatch::net {

namespace {

Error at_fault(const char* what, const std::string& file) {
    return Error(ErrorKind::tls, std::string(what) + " " + file + " cannot be used: " + tls_reason());
}

// What changes when a file is replaced or written.
std::string state_of(const ConnectionPolicy& policy) {
    std::string out;
    for (const auto* file : {&policy.ca_file, &policy.client_certificate_file, &policy.client_key_file}) {
        struct stat status{};
        if (file->empty() || ::stat(file->c_str(), &status) != 0) {
            out += "-;";
            continue;
        }
        for (auto number :
             {static_cast<long long>(status.st_ino), static_cast<long long>(status.st_size),
              static_cast<long long>(status.st_mtim.tv_sec), static_cast<long long>(status.st_mtim.tv_nsec)})
            out.append(std::to_string(number)).append(",");
        out += ';';
    }
    return out;
}

Result<void> use_client_certificate(SSL_CTX* context, const std::string& file, const std::string& key_file) {
    if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) != 1)
        return at_fault("the client certificate", file);
    // Said here, because what a server says of it is often no more than a closed connection.
    if (X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(context))) < 0)
        return Error(ErrorKind::tls, "the client certificate " + file + " has expired");
    const auto& key = key_file.empty() ? file : key_file;
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
        return at_fault("the client key", key);
    return {};
}

// Trusts nobody yet.
Result<TlsContext> bare_context() {
    ERR_clear_error();
    TlsContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    if (!context) return Error(ErrorKind::tls, "OpenSSL cannot be set up: " + tls_reason());
    auto* raw = context.get();
    SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    // Idle connections hold no buffers; a record is read with one call; writes may be retried from elsewhere.
    SSL_CTX_set_mode(
        raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(raw, 1);
    const unsigned char http_1_1[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(raw, http_1_1, sizeof http_1_1 - 1);
    return context;
}

Result<void> trust_system(SSL_CTX* context) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
    return Error(ErrorKind::tls, "the system's certificates cannot be used: " + tls_reason());
}

Result<void> trust_file(SSL_CTX* context, const std::string& file) {
    if (SSL_CTX_load_verify_file(context, file.c_str()) == 1) return {};
    return at_fault("the certificates in", file);
}

}  // namespace

std::string tls_reason() {
    unsigned long code = ERR_get_error();
    ERR_clear_error();
    if (code == 0) return "no reason given";
    const char* reason = ERR_reason_error_string(code);
    // System errors have no text in OpenSSL's tables.
    if (reason == nullptr) return ERR_SYSTEM_ERROR(code) ? "the file cannot be read" : "unknown reason";
    return reason;
}

Result<TlsContext> make_tls_context(const ConnectionPolicy& policy) {
    auto context = bare_context();
    if (!context) return context;
    auto* raw = context->get();
    auto trusted = policy.ca_file.empty() ? trust_system(raw) : trust_file(raw, policy.ca_file);
    if (!trusted) return trusted.error();
    if (policy.client_certificate_file.empty()) return context;
    auto used = use_client_certificate(raw, policy.client_certificate_file, policy.client_key_file);
    if (!used) return used.error();
    return context;
}

Result<TlsContext> make_proxy_context(const ConnectionPolicy& policy) {
    auto context = bare_context();
    if (!context) return context;
    auto trusted = trust_system(context->get());
    if (trusted && !policy.ca_file.empty()) trusted = trust_file(context->get(), policy.ca_file);
    if (!trusted) return trusted.error();
    return context;
}

Result<TlsContext> TlsContexts::plain() {
    if (!plain_) {
        auto made = make_tls_context(ConnectionPolicy());
        if (!made) return made.error();
        plain_ = *made;
    }
    return plain_;
}

Result<TlsContext> TlsContexts::of(const std::shared_ptr<const ConnectionPolicy>& policy) {
    if (policy->ca_file.empty() && policy->client_certificate_file.empty()) return plain();
    return made(contexts_, policy, make_tls_context);
}

Result<TlsContext> TlsContexts::of_proxy(const std::shared_ptr<const ConnectionPolicy>& policy) {
    if (policy->ca_file.empty()) return plain();
    return made(proxy_contexts_, policy, make_proxy_context);
}

Result<TlsContext> TlsContexts::made(Contexts& contexts,
                                     const std::shared_ptr<const ConnectionPolicy>& policy,
                                     Result<TlsContext> (*make)(const ConnectionPolicy&)) {
    auto files = state_of(*policy);
    auto found = contexts.find(policy);
    if (found != contexts.end() && found->second.files == files) return found->second.context;
    auto context = make(*policy);
    if (!context) return context.error();
    std::erase_if(contexts, [](const auto& entry) { return entry.first.expired(); });
    contexts.insert_or_assign(policy, Made{*context, std::move(files)});
    return *context;
}

}  // namespace basewatch::net
