#pragma once
// What TLS connections of one policy share: trusted authorities (the system's, or those of ca_file), the
// client's own certificate, TLS 1.2 and later, and no certificate unverified. Files are read once for each
// policy; a reload of the configuration makes new policies.

#include "foundation/error.hpp"
#include "net/http_message.hpp"

#include <openssl/types.h>

#include <map>
#include <memory>

namespace basewatch::net {

using TlsContext = std::shared_ptr<SSL_CTX>;

// tls, with the file that is at fault.
Result<TlsContext> make_tls_context(const ConnectionPolicy& policy);

// The first reason in OpenSSL's queue of errors, which it empties.
std::string tls_reason();

class TlsContexts {
public:
    Result<TlsContext> of(const std::shared_ptr<const ConnectionPolicy>& policy);

private:
    using Owner = std::weak_ptr<const ConnectionPolicy>;
    std::map<Owner, TlsContext, std::owner_less<Owner>> contexts_;
    // The system's authorities alone: one for everybody, they are megabytes.
    TlsContext plain_;
};

}  // namespace basewatch::net
