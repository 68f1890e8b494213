#include "net/tls_stream.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <new>
#include <sys/socket.h>

namespace basewatch::net {

namespace {

Error stopped() {
    return Error(ErrorKind::cancelled, "the connection was given up");
}

// OpenSSL's own socket BIO writes with write(), and a connection that the other side closed would end the
// process by SIGPIPE. This one differs in that alone.
int descriptor_of(BIO* bio) {
    return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int bio_write(BIO* bio, const char* bytes, int count) {
    BIO_clear_retry_flags(bio);
    ssize_t sent =
        ::send(descriptor_of(bio), bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && would_block()) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* into, int count) {
    BIO_clear_retry_flags(bio);
    ssize_t received = ::recv(descriptor_of(bio), into, static_cast<std::size_t>(count), MSG_DONTWAIT);
    if (received < 0 && would_block()) BIO_set_retry_read(bio);
    if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(received);
}

// One that reads and writes through another TLS session. What that waits for, the inner one waits for.
SSL* session_of(BIO* bio) {
    return static_cast<SSL*>(BIO_get_data(bio));
}

int note_wait(BIO* bio, int answer) {
    int reason = SSL_get_error(session_of(bio), answer);
    if (reason == SSL_ERROR_WANT_READ) BIO_set_retry_read(bio);
    if (reason == SSL_ERROR_WANT_WRITE) BIO_set_retry_write(bio);
    if (reason != SSL_ERROR_ZERO_RETURN) return -1;
    BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return 0;
}

int nested_write(BIO* bio, const char* bytes, int count) {
    BIO_clear_retry_flags(bio);
    int written = SSL_write(session_of(bio), bytes, count);
    return written > 0 ? written : note_wait(bio, written);
}

int nested_read(BIO* bio, char* into, int count) {
    BIO_clear_retry_flags(bio);
    int read = SSL_read(session_of(bio), into, count);
    return read > 0 ? read : note_wait(bio, read);
}

long bio_control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
    return 0;
}

BIO_METHOD* method_of(const char* name, int (*write)(BIO*, const char*, int), int (*read)(BIO*, char*, int)) {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, name);
    BIO_meth_set_write(made, write);
    BIO_meth_set_read(made, read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
}

void use_bio(SSL* session, const BIO_METHOD* method, void* data) {
    BIO* bio = BIO_new(method);
    if (bio == nullptr) throw std::bad_alloc();
    BIO_set_data(bio, data);
    BIO_set_init(bio, 1);
    SSL_set_bio(session, bio, bio);
    SSL_set_connect_state(session);
}

void speak_over(SSL* session, int descriptor) {
    static BIO_METHOD* const method = method_of("socket without SIGPIPE", bio_write, bio_read);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a BIO carries one pointer, and ours carries a number
    use_bio(session, method, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
}

void speak_within(SSL* session, SSL* outer) {
    static BIO_METHOD* const method = method_of("TLS within TLS", nested_write, nested_read);
    use_bio(session, method, outer);
}

}  // namespace

TlsStream::TlsStream(Socket socket, std::string remote, const TlsContext& context,
                     std::shared_ptr<const Proxy> forwarder)
    : socket_(std::move(socket)),
      remote_(std::move(remote)),
      forwarder_(std::move(forwarder)),
      outer_(nullptr, SSL_free),
      ssl_(SSL_new(context.get()), SSL_free) {
    if (!ssl_) throw std::bad_alloc();
    speak_over(ssl_.get(), socket_.native_handle());
}

TlsStream::TlsStream(std::unique_ptr<TlsStream> outer, std::string remote, const TlsContext& context)
    : socket_(std::move(outer->socket_)),
      remote_(std::move(remote)),
      outer_(std::move(outer->ssl_)),
      ssl_(SSL_new(context.get()), SSL_free) {
    if (!ssl_) throw std::bad_alloc();
    speak_within(ssl_.get(), outer_.get());
}

TlsStream::~TlsStream() {
    close();
}

Result<void> TlsStream::expect(const std::string& host) {
    boost::system::error_code not_an_address;
    asio::ip::make_address(host, not_an_address);
    auto* parameters = SSL_get0_param(ssl_.get());
    if (!not_an_address) {
        if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1) return {};
        return Error(ErrorKind::tls, "the address cannot be verified: " + tls_reason());
    }
    // A final dot makes a name absolute for the resolver; certificates are written without it.
    std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    // The subject's common name is no name to go by (RFC 9525 §2).
    X509_VERIFY_PARAM_set_hostflags(
        parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (SSL_set_tlsext_host_name(ssl_.get(), name.c_str()) != 1 ||
        X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size()) != 1)
        return Error(ErrorKind::tls, "the name cannot be verified: " + tls_reason());
    return {};
}

Error TlsStream::failure(int answer, int reason) const {
    if (reason == SSL_ERROR_SYSCALL) {
        int number = errno;
        ERR_clear_error();
        if (answer == 0 || number == 0) return Error(ErrorKind::unreachable, "the connection broke");
        return socket_error({number, boost::system::system_category()});
    }
    unsigned long code = ERR_peek_error();
    if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
        ERR_clear_error();
        return Error(ErrorKind::unreachable, established_ ? "the connection ended without TLS's goodbye"
                                                          : "the connection ended during the TLS handshake");
    }
    long verdict = SSL_get_verify_result(ssl_.get());
    if (!established_ && verdict != X509_V_OK) {
        ERR_clear_error();
        return Error(ErrorKind::tls,
                     std::string("the certificate was refused: ") + X509_verify_cert_error_string(verdict));
    }
    return Error(ErrorKind::tls, "TLS failed: " + tls_reason());
}

Async<Result<void>> TlsStream::wait(int reason) {
    auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none) co_return stopped();
    auto direction = reason == SSL_ERROR_WANT_WRITE ? Socket::wait_write : Socket::wait_read;
    auto [error] = co_await socket_.async_wait(direction, asio::as_tuple(asio::use_awaitable));
    if (error) co_return socket_error(error);
    if (!socket_.is_open()) co_return stopped();
    co_return Result<void>();
}

Async<Result<void>> TlsStream::handshake(std::string host) {
    ERR_clear_error();
    auto expected = expect(host);
    if (!expected) co_return expected;
    while (socket_.is_open()) {
        ERR_clear_error();
        errno = 0;
        int answer = SSL_do_handshake(ssl_.get());
        if (answer == 1) {
            established_ = true;
            co_return Result<void>();
        }
        int reason = SSL_get_error(ssl_.get(), answer);
        if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
            broken_ = true;
            co_return failure(answer, reason);
        }
        auto waited = co_await wait(reason);
        if (!waited) co_return waited;
    }
    co_return stopped();
}

Async<Result<std::size_t>> TlsStream::read_some(std::span<char> into) {
    while (socket_.is_open()) {
        ERR_clear_error();
        errno = 0;
        std::size_t count = 0;
        int answer = SSL_read_ex(ssl_.get(), into.data(), into.size(), &count);
        if (answer == 1) co_return count;
        int reason = SSL_get_error(ssl_.get(), answer);
        if (reason == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
        if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
            broken_ = true;
            co_return failure(answer, reason);
        }
        auto waited = co_await wait(reason);
        if (!waited) co_return waited.error();
    }
    co_return stopped();
}

Async<Result<void>> TlsStream::write(std::string_view bytes) {
    while (!bytes.empty()) {
        if (!socket_.is_open()) co_return stopped();
        ERR_clear_error();
        errno = 0;
        std::size_t count = 0;
        int answer = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
        if (answer == 1) {
            bytes.remove_prefix(count);
            continue;
        }
        int reason = SSL_get_error(ssl_.get(), answer);
        if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) {
            broken_ = true;
            co_return failure(answer, reason);
        }
        auto waited = co_await wait(reason);
        if (!waited) co_return waited;
    }
    co_return Result<void>();
}

void TlsStream::close() {
    if (!socket_.is_open()) return;
    // Says goodbye if that can be done at once; the other side's is not waited for.
    if (established_ && !broken_) SSL_shutdown(ssl_.get());
    if (outer_ && !broken_) SSL_shutdown(outer_.get());
    ERR_clear_error();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

bool TlsStream::usable() {
    if (broken_ || SSL_has_pending(ssl_.get()) != 0) return false;
    if (outer_ && SSL_has_pending(outer_.get()) != 0) return false;
    return silent_and_open(socket_);
}

}  // namespace basewatch::net
