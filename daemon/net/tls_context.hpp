#pragma once
// What TLS connections of one policy share: trusted authorities (the system's, or those of ca_file), the
// client's own certificate, TLS 1.2 and later, and no certificate unverified. Files are read once for each
// policy and again when they changed: certificates are renewed more often than daemons are restarted.

#include "foundation/error.hpp"
#include "net/http_message.hpp"

#include <openssl/types.h>

#include <map>
#include <memory>

namespace basewatch::net {

using TlsContext = std::shared_ptr<SSL_CTX>;

// tls, with the file that is at fault: one that cannot be read, a key that does not belong to the
// certificate, a client certificate that is over.
Result<TlsContext> make_tls_context(const ConnectionPolicy& policy);

// The first reason in OpenSSL's queue of errors, which it empties.
std::string tls_reason();

// For a proxy on the way there: as above, but the authorities of ca_file are trusted beside the system's, for
// the proxy may be anybody's, and our certificate is not shown to it.
Result<TlsContext> make_proxy_context(const ConnectionPolicy& policy);

class TlsContexts {
public:
    Result<TlsContext> of(const std::shared_ptr<const ConnectionPolicy>& policy);
    Result<TlsContext> of_proxy(const std::shared_ptr<const ConnectionPolicy>& policy);

private:
    using Owner = std::weak_ptr<const ConnectionPolicy>;
    struct Made {
        TlsContext context;
        std::string files;  // how they were when the context was made
    };
    using Contexts = std::map<Owner, Made, std::owner_less<Owner>>;
    static Result<TlsContext> made(Contexts& contexts, const std::shared_ptr<const ConnectionPolicy>& policy,
                                   Result<TlsContext> (*make)(const ConnectionPolicy&));
    Result<TlsContext> plain();

    Contexts contexts_, proxy_contexts_;
    // The system's authorities alone: one for everybody, they are megabytes.
    TlsContext plain_;
};

}  // namespace basewatch::net
