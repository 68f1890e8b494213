#include "net/http_codec.hpp"

#include "net/http_decoder.hpp"
#include "net/tunnel.hpp"

#include <algorithm>
#include <cstring>

namespace basewatch::net {

namespace {

constexpr std::size_t first_capacity = 8u << 10;
// One byte more than a header may have, so that the decoder sees it and says so.
constexpr std::size_t most_capacity = most_response_header + 1;
// A small body travels with its head in one write; a large one is not worth copying.
constexpr std::size_t most_joined_body = 16u << 10;

bool own_field(std::string_view name) {
    for (std::string_view own :
         {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Proxy-Authorization"}) {
        if (equal_without_case(name, own)) return true;
    }
    return false;
}

bool announces_length(const HttpRequest& request) {
    return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
           request.method == "PATCH";
}

Async<Result<void>> write_request(ByteStream& stream, const HttpRequest& request) {
    std::string head = request_head(request, stream.forwarder());
    bool joined = request.body.size() <= most_joined_body;
    if (joined) head += request.body;
    auto written = co_await stream.write(head);
    if (!written || joined) co_return written;
    auto rest = co_await stream.write(request.body);
    co_return rest;
}

Async<Result<Answer>> read_answer(ByteStream& stream, const HttpRequest& request, ReadBuffer& buffer,
                                  Progress& progress) {
    ResponseDecoder decoder(request.method == "HEAD", request.most_body, request.cut_body);
    while (!decoder.done()) {
        auto room = buffer.room();
        if (room.empty()) co_return Error(ErrorKind::bad_answer, "a part of the answer has no end");
        auto count = co_await stream.read_some(room);
        if (!count) co_return count.error();
        if (*count == 0) {
            auto ended = decoder.put_end();
            if (!ended) co_return ended.error();
            break;
        }
        progress.answer_begun = true;
        buffer.added(*count);
        auto taken = decoder.put(buffer.unread());
        if (!taken) co_return taken.error();
        buffer.taken(*taken);
    }
    Answer answer;
    // Bytes behind the answer were not asked for: what they belong to cannot be known.
    answer.keep = decoder.keep_alive() && buffer.unread().empty();
    answer.response = decoder.take();
    answer.response.remote = stream.remote();
    co_return answer;
}

}  // namespace

ReadBuffer::ReadBuffer() : bytes_(first_capacity) {}

std::span<char> ReadBuffer::room() {
    if (end_ == bytes_.size() && begin_ > 0) {
        std::memmove(bytes_.data(), bytes_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ == bytes_.size()) bytes_.resize(std::min(bytes_.size() * 2, most_capacity));
    return {bytes_.data() + end_, bytes_.size() - end_};
}

void ReadBuffer::taken(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) clear();
}

Result<void> check(const HttpRequest& request) {
    if (!valid_header(request.method, "")) return Error(ErrorKind::invalid, "the method is not a token");
    auto printable = [](char c) { return c > 0x20 && c < 0x7f; };
    const auto& target = request.url.target;
    if (target.empty() || !std::all_of(target.begin(), target.end(), printable))
        return Error(ErrorKind::invalid, "the address has a character that is not allowed");
    if (request.url.host.empty() || !std::all_of(request.url.host.begin(), request.url.host.end(), printable))
        return Error(ErrorKind::invalid, "the host is missing or has a character that is not allowed");
    for (const auto& [name, value] : request.headers) {
        if (!valid_header(name, value))
            return Error(ErrorKind::invalid, "a header has a character that is not allowed");
    }
    return {};
}

std::string request_head(const HttpRequest& request, const Proxy* forwarder) {
    std::string head;
    head.reserve(512 + (request.body.size() <= most_joined_body ? request.body.size() : 0));
    head.append(request.method).append(" ");
    if (forwarder != nullptr) head.append(request.url.origin());
    head.append(request.url.target).append(" HTTP/1.1\r\nHost: ");
    head.append(request.url.authority()).append("\r\n");
    if (forwarder != nullptr && !forwarder->authorization.empty())
        head.append("Proxy-Authorization: ").append(forwarder->authorization).append("\r\n");
    for (const auto& [name, value] : request.headers) {
        if (!own_field(name)) head.append(name).append(": ").append(value).append("\r\n");
    }
    if (announces_length(request))
        head.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
    head.append("\r\n");
    return head;
}

Async<Result<Answer>> exchange(ByteStream& stream, const HttpRequest& request, ReadBuffer& buffer,
                               Progress& progress) {
    auto written = co_await write_request(stream, request);
    // A server may refuse a large body, or a client's certificate, before it has read the request: what it
    // says is worth more than the broken pipe.
    if (!written && written.error().kind() != ErrorKind::unreachable) co_return written.error();
    auto answer = co_await read_answer(stream, request, buffer, progress);
    if (!answer && !written && answer.error().kind() != ErrorKind::tls) co_return written.error();
    if (answer && answer->response.status == 407 && stream.forwarder() != nullptr)
        co_return refused_by(*stream.forwarder(), 407);
    co_return answer;
}

}  // namespace basewatch::net
