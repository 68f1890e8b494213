#include "net/mail_sender.hpp"

#include "net/address_guard.hpp"
#include "net/curl.hpp"
#include "net/own_thread.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <functional>
#include <memory>
#include <mutex>
#include <sys/socket.h>

namespace basewatch::net {

namespace {

constexpr std::size_t most_text = 2u << 10;

// One message on its way. Made, asked and ended on the loop.
class Transfer {
public:
    Transfer(Mail mail, std::string resolved) : mail_(std::move(mail)), resolved_(std::move(resolved)) {}
    ~Transfer() { clean_up(); }
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    // False when libcurl has no memory for it.
    bool start() {
        multi_ = curl().multi_init();
        easy_ = curl().easy_init();
        if (multi_ == nullptr || easy_ == nullptr || !prepare()) return false;
        return curl().multi_add_handle(multi_, easy_) == CURLM_OK;
    }
    // Until it is done, on a thread of its own.
    void run();
    // Soon: neither a wait of libcurl's nor a QUIT that nobody answers holds it up.
    void give_up() {
        std::scoped_lock lock(mutex_);
        given_up_ = true;
        if (multi_ != nullptr) curl().multi_wakeup(multi_);
        if (socket_ != CURL_SOCKET_BAD) shutdown(socket_, SHUT_RDWR);
    }

    // After the end.
    bool was_taken() const { return taken_; }
    bool was_blocked() const { return blocked_; }
    CURLcode result() const { return result_; }
    MailReply reply() const {
        // Of several lines all have the code.
        int code = 0;
        std::from_chars(text_.data(), text_.data() + std::min<std::size_t>(text_.size(), 3), code);
        return {code, text_};
    }
    std::string fault() const { return fault_[0] == '\0' ? curl().easy_strerror(result_) : fault_.data(); }

private:
    template <class T>
    bool set(CURLoption option, T value) {
        return curl().easy_setopt(easy_, option, value) == CURLE_OK;
    }
    bool append(curl_slist*& list, const std::string& text) {
        auto* longer = curl().slist_append(list, text.c_str());
        if (longer == nullptr) return false;
        list = longer;
        return true;
    }
    bool prepare();
    void clean_up();
    static std::size_t read(char* to, std::size_t size, std::size_t count, void* self);
    static std::size_t hear(char* line, std::size_t size, std::size_t count, void* self);
    static curl_socket_t open(void* self, curlsocktype purpose, curl_sockaddr* address);
    static int close(void* self, curl_socket_t socket);

    Mail mail_;
    std::string resolved_;
    CURLM* multi_ = nullptr;
    CURL* easy_ = nullptr;
    curl_slist* recipients_ = nullptr;
    curl_slist* names_ = nullptr;
    std::size_t sent_ = 0;
    std::string text_;
    std::array<char, CURL_ERROR_SIZE> fault_{};
    CURLcode result_ = CURLE_ABORTED_BY_CALLBACK;
    bool taken_ = false, blocked_ = false;
    std::atomic<bool> given_up_ = false;
    std::mutex mutex_;  // of multi_ and socket_, once the thread runs
    curl_socket_t socket_ = CURL_SOCKET_BAD;
};

bool Transfer::prepare() {
    bool implicit = mail_.security == MailSecurity::implicit_tls;
    bool plain = mail_.security == MailSecurity::plain;
    auto host = mail_.host.find(':') == std::string::npos ? mail_.host : "[" + mail_.host + "]";
    auto url = (implicit ? "smtps://" : "smtp://") + host + ":" + std::to_string(mail_.port);
    bool good = set(CURLOPT_URL, url.c_str()) && set(CURLOPT_PROTOCOLS_STR, "smtp,smtps") &&
                set(CURLOPT_USE_SSL, static_cast<long>(plain ? CURLUSESSL_NONE : CURLUSESSL_ALL)) &&
                set(CURLOPT_PROXY, "") && set(CURLOPT_NOSIGNAL, 1L) && set(CURLOPT_SASL_IR, 1L) &&
                set(CURLOPT_UPLOAD, 1L) && set(CURLOPT_READFUNCTION, &read) && set(CURLOPT_READDATA, this) &&
                set(CURLOPT_HEADERFUNCTION, &hear) && set(CURLOPT_HEADERDATA, this) &&
                set(CURLOPT_OPENSOCKETFUNCTION, &open) && set(CURLOPT_OPENSOCKETDATA, this) &&
                set(CURLOPT_CLOSESOCKETFUNCTION, &close) && set(CURLOPT_CLOSESOCKETDATA, this) &&
                set(CURLOPT_FORBID_REUSE, 1L) && set(CURLOPT_ERRORBUFFER, fault_.data()) &&
                set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    auto from = "<" + mail_.from + ">";
    good = good && set(CURLOPT_MAIL_FROM, from.c_str());
    for (const auto& to : mail_.to) good = good && append(recipients_, "<" + to + ">");
    good = good && set(CURLOPT_MAIL_RCPT, recipients_);
    if (!resolved_.empty()) good = good && append(names_, resolved_) && set(CURLOPT_RESOLVE, names_);
    if (!mail_.ca_file.empty())
        good = good && set(CURLOPT_CAINFO, mail_.ca_file.c_str()) &&
               set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    if (!mail_.client_certificate_file.empty())
        good = good && set(CURLOPT_SSLCERT, mail_.client_certificate_file.c_str()) &&
               set(CURLOPT_SSLKEY, mail_.client_key_file.c_str());
    if (!mail_.username.empty())
        good = good && set(CURLOPT_USERNAME, mail_.username.c_str()) &&
               set(CURLOPT_PASSWORD, mail_.password.c_str());
    return good;
}

void Transfer::run() {
    for (int running = 1; running > 0 && !given_up_;) {
        if (curl().multi_perform(multi_, &running) != CURLM_OK) break;
        if (running > 0) curl().multi_poll(multi_, nullptr, 0, 1000, nullptr);
    }
    int left = 0;
    while (auto* message = curl().multi_info_read(multi_, &left))
        if (message->msg == CURLMSG_DONE) result_ = message->data.result;
    // Here and not on the loop: what libcurl does to part from the server waits for it.
    clean_up();
}

void Transfer::clean_up() {
    CURLM* multi = nullptr;
    {
        std::scoped_lock lock(mutex_);
        std::swap(multi, multi_);
    }
    if (multi != nullptr && easy_ != nullptr) curl().multi_remove_handle(multi, easy_);
    curl().easy_cleanup(easy_);
    curl().multi_cleanup(multi);
    curl().slist_free_all(recipients_);
    curl().slist_free_all(names_);
    easy_ = nullptr;
    recipients_ = names_ = nullptr;
}

std::size_t Transfer::read(char* to, std::size_t size, std::size_t count, void* self) {
    auto* transfer = static_cast<Transfer*>(self);
    auto length = transfer->mail_.message.copy(to, size * count, transfer->sent_);
    transfer->sent_ += length;
    return length;
}

// The last answer, all its lines (RFC 5321 §4.2.1: `250-` goes on, `250 ` ends); not the one to QUIT.
std::size_t Transfer::hear(char* line, std::size_t size, std::size_t count, void* self) {
    auto* transfer = static_cast<Transfer*>(self);
    auto& text = transfer->text_;
    std::string_view heard(line, size * count);
    if (transfer->taken_ || heard.starts_with("221")) return size * count;
    auto last = text.rfind('\n', text.size() < 2 ? 0 : text.size() - 2);
    auto before = std::string_view(text).substr(last == std::string::npos ? 0 : last + 1);
    bool goes_on = before.size() > 3 && before[3] == '-';
    if (!goes_on) text.clear();
    text.append(heard.substr(0, most_text - std::min(most_text, text.size())));
    // What is said once the whole message is out is said of the message.
    bool sent = transfer->sent_ == transfer->mail_.message.size();
    transfer->taken_ = sent && heard.starts_with("2") && heard.size() > 3 && heard[3] != '-';
    return size * count;
}

// The last fence: whatever libcurl came to by itself, this is where it connects to.
curl_socket_t Transfer::open(void* self, curlsocktype, curl_sockaddr* address) {
    auto* transfer = static_cast<Transfer*>(self);
    if (!allowed(transfer->mail_.addresses, address_of(address->addr))) {
        transfer->blocked_ = true;
        return CURL_SOCKET_BAD;
    }
    std::scoped_lock lock(transfer->mutex_);
    if (transfer->given_up_) return CURL_SOCKET_BAD;
    transfer->socket_ = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    return transfer->socket_;
}

int Transfer::close(void* self, curl_socket_t socket) {
    auto* transfer = static_cast<Transfer*>(self);
    std::scoped_lock lock(transfer->mutex_);
    if (transfer->socket_ == socket) transfer->socket_ = CURL_SOCKET_BAD;
    return ::close(socket);
}

ErrorKind kind_of(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return ErrorKind::name_lookup;
        case CURLE_OPERATION_TIMEDOUT:
            return ErrorKind::timed_out;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_CIPHER:
            return ErrorKind::tls;
        case CURLE_USE_SSL_FAILED:
        case CURLE_LOGIN_DENIED:
            return ErrorKind::unsupported;
        case CURLE_WEIRD_SERVER_REPLY:
            return ErrorKind::bad_answer;
        default:
            return ErrorKind::unreachable;
    }
}

// `host:port:address,address` of those that may be connected to, as CURLOPT_RESOLVE takes it.
Result<std::string> pinned(const Mail& mail, const std::vector<std::string>& addresses) {
    std::string list;
    for (const auto& text : addresses) {
        boost::system::error_code fault;
        auto address = asio::ip::make_address(text, fault);
        if (fault || !allowed(mail.addresses, address)) continue;
        list += (list.empty() ? "" : ",") + (address.is_v6() ? "[" + text + "]" : text);
    }
    if (list.empty())
        return Error(ErrorKind::blocked, mail.host + " has no address that may be connected to");
    return mail.host + ":" + std::to_string(mail.port) + ":" + list;
}

}  // namespace

MailSender::MailSender(asio::any_io_executor executor, Clock& clock, Resolver& resolver)
    : executor_(std::move(executor)), clock_(clock), resolver_(resolver) {}

Result<void> MailSender::usable() {
    return curl().usable;
}

Async<Result<MailReply>> MailSender::send(Mail mail) {
    auto usable = MailSender::usable();
    if (!usable) co_return usable.error();
    const Error stopped(ErrorKind::cancelled, "stopped while a mail was sent");
    const Error late(ErrorKind::timed_out, "the mail server did not take it within " +
                                               std::to_string(mail.timeout.count()) + " ms");
    co_await asio::this_coro::throw_if_cancelled(false);
    auto deadline = clock_.monotonic() + mail.timeout;
    auto addresses = co_await resolver_.resolve(mail.host, deadline);
    if (!addresses) co_return addresses.error();
    bool asked_to_stop = co_await stop_requested();
    if (asked_to_stop) co_return stopped;
    auto names = pinned(mail, *addresses);
    if (!names) co_return names.error();
    bool literal = mail.host.find(':') != std::string::npos;
    auto transfer = std::make_shared<Transfer>(std::move(mail), literal ? "" : *names);
    if (!transfer->start()) co_return Error(ErrorKind::unreachable, "libcurl could not be set up for a mail");
    bool is_late = false;
    auto timer = clock_.call_at(deadline, [&is_late, transfer] {
        is_late = true;
        transfer->give_up();
    });
    std::function<Result<bool>()> work = [transfer] {
        transfer->run();
        return Result<bool>(true);
    };
    auto ran = co_await on_own_thread(executor_, work, [transfer] { transfer->give_up(); });
    timer.reset();
    if (!ran) co_return ran.error();
    auto reply = transfer->reply();
    if (transfer->was_taken()) co_return reply;
    if (is_late) co_return late;
    asked_to_stop = co_await stop_requested();
    if (asked_to_stop) co_return stopped;
    if (transfer->was_blocked())
        co_return Error(ErrorKind::blocked, "the mail server has an address that may not be connected to");
    if (reply.code >= 400 && reply.code <= 599) co_return reply;
    co_return Error(kind_of(transfer->result()), "mail: " + transfer->fault());
}

}  // namespace basewatch::net
