#include "net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <iterator>

namespace basewatch::net {

namespace {

Error at_fault(const char* what, const std::string& file) {
    return Error(ErrorKind::tls, std::string(what) + " " + file + " cannot be used: " + tls_reason());
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

    if (policy.ca_file.empty()) {
        if (SSL_CTX_set_default_verify_paths(raw) != 1)
            return Error(ErrorKind::tls, "the system's certificates cannot be used: " + tls_reason());
    } else if (SSL_CTX_load_verify_file(raw, policy.ca_file.c_str()) != 1) {
        return at_fault("the certificates in", policy.ca_file);
    }
    if (policy.client_certificate_file.empty()) return context;
    if (SSL_CTX_use_certificate_chain_file(raw, policy.client_certificate_file.c_str()) != 1)
        return at_fault("the client certificate", policy.client_certificate_file);
    const auto& key_file =
        policy.client_key_file.empty() ? policy.client_certificate_file : policy.client_key_file;
    if (SSL_CTX_use_PrivateKey_file(raw, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        return at_fault("the client key", key_file);
    if (SSL_CTX_check_private_key(raw) != 1) return at_fault("the client key", key_file);
    return context;
}

Result<TlsContext> TlsContexts::of(const std::shared_ptr<const ConnectionPolicy>& policy) {
    if (policy->ca_file.empty() && policy->client_certificate_file.empty()) {
        if (!plain_) {
            auto made = make_tls_context(*policy);
            if (!made) return made.error();
            plain_ = *made;
        }
        return plain_;
    }
    if (auto found = contexts_.find(policy); found != contexts_.end()) return found->second;
    auto made = make_tls_context(*policy);
    if (!made) return made.error();
    std::erase_if(contexts_, [](const auto& entry) { return entry.first.expired(); });
    contexts_.emplace(policy, *made);
    return *made;
}

}  // namespace basewatch::net
