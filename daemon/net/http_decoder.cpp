#include "net/http_decoder.hpp"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <algorithm>
#include <optional>

namespace basewatch::net {

namespace {

namespace http = boost::beast::http;
using BeastError = boost::beast::error_code;
using boost::beast::string_view;

constexpr int most_interim_answers = 8;
// What is set aside for a body before any of it has come, whatever its length claims to be.
constexpr std::size_t most_reserved = 256u << 10;

// A chunk's extension or the trailer may be as long as a header may be, and must be in one piece.
constexpr std::size_t most_unread = most_response_header;

// Where both directions keep what they gather. Fields behind the body (trailers) are dropped: a proxy may
// have put anything there and nobody asked for them.
struct Gathered {
    Headers headers;
    std::string body;
    std::size_t most_body = 0;
    bool keep_some = false;  // cut at the bound, instead of failing
    bool too_large = false;
    bool header_done = false;

    void field(string_view name, string_view value) {
        if (!header_done) headers.add(std::string(name), std::string(value));
    }
    // Judged with the header, before a byte of the body has come: `Expect: 100-continue` waits for it.
    void announce(std::uint64_t length, BeastError& error) {
        if (length <= most_body || keep_some) return;
        too_large = true;
        error = http::error::body_limit;
    }
    void begin_body(const boost::optional<std::uint64_t>& length) {
        if (length) body.reserve(std::min({static_cast<std::size_t>(*length), most_body, most_reserved}));
    }
    std::size_t more_body(string_view bytes, BeastError& error) {
        std::size_t room = most_body - body.size();
        if (bytes.size() > room) {
            too_large = true;
            error = http::error::body_limit;
        }
        body.append(bytes.data(), std::min(bytes.size(), room));
        return bytes.size();
    }
};

template <bool is_request>
class Parser final : public http::basic_parser<is_request> {
public:
    Gathered gathered;
    std::string method, target;
    int version = 11;
    int status = 0;
    std::uint64_t chunk_left = 0;  // bytes of the chunk under way that are still to come

private:
    void on_request_impl(http::verb, string_view method_text, string_view target_text, int version_number,
                         BeastError&) override {
        method.assign(method_text.data(), method_text.size());
        target.assign(target_text.data(), target_text.size());
        version = version_number;
    }
    void on_response_impl(int code, string_view, int version_number, BeastError&) override {
        status = code;
        version = version_number;
    }
    void on_field_impl(http::field, string_view name, string_view value, BeastError&) override {
        gathered.field(name, value);
    }
    void on_header_impl(BeastError& error) override {
        gathered.header_done = true;
        auto length = this->content_length();
        if (!this->is_done() && length) gathered.announce(*length, error);
    }
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, BeastError&) override {
        gathered.begin_body(length);
    }
    std::size_t on_body_impl(string_view bytes, BeastError& error) override {
        return gathered.more_body(bytes, error);
    }
    void on_chunk_header_impl(std::uint64_t size, string_view, BeastError&) override { chunk_left = size; }
    std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, BeastError& error) override {
        chunk_left -= bytes.size();
        return gathered.more_body(bytes, error);
    }
    void on_finish_impl(BeastError&) override {}
};

template <bool is_request>
void prepare(Parser<is_request>& parser, std::size_t most_header) {
    parser.eager(true);
    // The body's bound is in Gathered: Beast's own cannot cut.
    parser.body_limit(boost::none);
    parser.header_limit(static_cast<std::uint32_t>(most_header));
}

// Beast's header limit is on what it holds unread. Fields that arrive one by one are read one by one and
// would never reach it, so bytes are counted here, and no more than the bound is shown to it.
template <bool is_request>
class Feed {
public:
    explicit Feed(std::size_t most_header) : most_header_(most_header) {}

    std::size_t put(Parser<is_request>& parser, std::string_view bytes, BeastError& error) {
        if (parser.is_header_done()) return put_body(parser, bytes, error);
        std::size_t room = most_header_ - header_bytes_;
        std::size_t taken = pass(parser, bytes.substr(0, room), error);
        header_bytes_ += taken;
        if (error) return taken;
        if (parser.is_header_done()) {
            if (!parser.is_done() && taken < bytes.size())
                taken += put_body(parser, bytes.substr(taken), error);
        } else if (bytes.size() >= room) {
            error = http::error::header_limit;
        }
        return taken;
    }

private:
    // Needing more is no error here: it shows in what was taken.
    std::size_t pass(Parser<is_request>& parser, std::string_view bytes, BeastError& error) {
        std::size_t taken = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
        if (error == http::error::need_more) error = {};
        return taken;
    }
    std::size_t put_body(Parser<is_request>& parser, std::string_view bytes, BeastError& error) {
        // Between chunks nothing that is still to come is shorter than the last chunk, and Beast asserts that
        // it never sees a part of that: one dealt out byte by byte would end a build with assertions.
        constexpr std::size_t last_chunk = 5;
        if (parser.chunked() && parser.chunk_left == 0 && bytes.size() < last_chunk) return 0;
        std::size_t taken = pass(parser, bytes, error);
        if (!error && !parser.is_done() && bytes.size() - taken > most_unread)
            error = http::error::bad_chunk_extension;
        return taken;
    }

    std::size_t most_header_;
    std::size_t header_bytes_ = 0;
};

}  // namespace

struct ResponseDecoder::State {
    State(bool head_only, std::size_t bound, bool cut_at_bound)
        : head(head_only), most_body(bound), cut_body(cut_at_bound) {
        begin();
    }
    void begin() {
        parser.emplace();
        feed = Feed<false>(most_response_header);
        prepare(*parser, most_response_header);
        parser->skip(head);
        parser->gathered.most_body = most_body;
        parser->gathered.keep_some = cut_body;
    }

    bool head;
    std::size_t most_body;
    bool cut_body;
    int interim_answers = 0;
    bool cut = false;
    std::optional<Parser<false>> parser;
    Feed<false> feed{most_response_header};
};

ResponseDecoder::ResponseDecoder(bool head, std::size_t most_body, bool cut_body)
    : state_(std::make_unique<State>(head, most_body, cut_body)) {}
ResponseDecoder::~ResponseDecoder() = default;

Result<std::size_t> ResponseDecoder::put(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size() && !done()) {
        BeastError error;
        auto& parser = *state_->parser;
        // Beast waits for eight bytes first; a TLS alert, the answer of a server that expects TLS, is seven.
        if (!parser.got_some() && bytes[taken] != 'H')
            return Error(ErrorKind::bad_answer, "the answer is not HTTP");
        taken += state_->feed.put(parser, bytes.substr(taken), error);
        // Judged with the header: a body may be cut, or end with the connection.
        if (parser.is_header_done() && (parser.status < 100 || parser.status > 599))
            return Error(ErrorKind::bad_answer, "the answer's status is impossible");
        if (parser.gathered.too_large) {
            if (!state_->cut_body) return Error(ErrorKind::too_large, "the answer is larger than its bound");
            state_->cut = true;
            break;
        }
        if (error == http::error::header_limit)
            return Error(ErrorKind::too_large, "the answer's header is larger than its bound");
        if (error) return Error(ErrorKind::bad_answer, "the answer is not HTTP: " + error.message());
        if (!parser.is_done()) break;
        if (parser.status >= 200) continue;
        // 100, 102, 103: the answer proper follows. 101 answers a question that we never ask.
        if (parser.status == 101 || ++state_->interim_answers > most_interim_answers)
            return Error(ErrorKind::bad_answer, "the other side does not come to its answer");
        state_->begin();
    }
    return taken;
}

Result<void> ResponseDecoder::put_end() {
    auto& parser = *state_->parser;
    if (!parser.got_some()) return Error(ErrorKind::unreachable, "the connection ended before an answer");
    BeastError error;
    if (!parser.is_done()) parser.put_eof(error);
    if (error) return Error(ErrorKind::unreachable, "the connection ended in the middle of the answer");
    return {};
}

bool ResponseDecoder::done() const {
    return state_->cut || state_->parser->is_done();
}

bool ResponseDecoder::cut() const {
    return state_->cut;
}

bool ResponseDecoder::keep_alive() const {
    return !state_->cut && state_->parser->is_done() && state_->parser->keep_alive();
}

HttpResponse ResponseDecoder::take() {
    auto& parser = *state_->parser;
    HttpResponse response;
    response.status = parser.status;
    response.headers = std::move(parser.gathered.headers);
    response.body = std::move(parser.gathered.body);
    return response;
}

struct RequestDecoder::State {
    explicit State(std::size_t most_header) : feed(most_header) {}
    Parser<true> parser;
    Feed<true> feed;
    Head head;
    bool head_taken = false;
};

RequestDecoder::RequestDecoder(std::size_t most_header, std::size_t most_body)
    : state_(std::make_unique<State>(most_header)) {
    prepare(state_->parser, most_header);
    state_->parser.gathered.most_body = most_body;
}
RequestDecoder::~RequestDecoder() = default;

Result<std::size_t> RequestDecoder::put(std::string_view bytes) {
    auto& parser = state_->parser;
    BeastError error;
    std::size_t taken = state_->feed.put(parser, bytes, error);
    if (parser.gathered.too_large)
        return Error(ErrorKind::too_large, "the body is larger than allowed").with_status(413);
    if (error == http::error::header_limit)
        return Error(ErrorKind::too_large, "the header is larger than allowed").with_status(431);
    if (error) return Error(ErrorKind::bad_answer, "the request is not HTTP").with_status(400);
    if (parser.is_header_done() && !parser.chunked() && parser.gathered.headers.find("Transfer-Encoding"))
        return Error(ErrorKind::unsupported, "the transfer encoding is not known").with_status(501);
    return taken;
}

bool RequestDecoder::header_done() const {
    return state_->parser.is_header_done();
}

bool RequestDecoder::done() const {
    return state_->parser.is_done();
}

bool RequestDecoder::keep_alive() const {
    return state_->parser.keep_alive();
}

RequestDecoder::Head& RequestDecoder::head() {
    if (!state_->head_taken) {
        auto& parser = state_->parser;
        state_->head = {std::move(parser.method), std::move(parser.target),
                        std::move(parser.gathered.headers), parser.version == 11};
        state_->head_taken = true;
    }
    return state_->head;
}

std::string& RequestDecoder::body() {
    return state_->parser.gathered.body;
}

}  // namespace basewatch::net
