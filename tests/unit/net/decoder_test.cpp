// Answers out of bytes: every shape that servers send, whole, in two pieces at every place, and byte by byte.
#include "net/http_decoder.hpp"

#include <gtest/gtest.h>

namespace basewatch::net {
namespace {

struct Row {
    const char* name;
    std::string bytes;
    bool head = false;
    bool ends = false;  // the connection ends after the bytes
    int status = 0;     // 0: an error is expected
    std::string body;
    bool keep = false;
    ErrorKind kind = ErrorKind::invalid;
    std::string left{};
};

std::string chunked(const std::string& rest, const char* more = "") {
    return std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n") + more + "\r\n" + rest;
}

std::string with_length(const std::string& length, const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n" + body;
}

const std::vector<Row>& rows() {
    static const std::vector<Row> table{
        {"length", with_length("5", "hello"), false, false, 200, "hello", true},
        {"no body", with_length("0", ""), false, false, 200, "", true},
        {"head", with_length("883", ""), true, false, 200, "", true},
        {"head not found with a length", "HTTP/1.1 404 Not Found\r\nContent-Length: 94\r\n\r\n", true, false,
         404, "", true},
        {"head without a length", "HTTP/1.1 200 OK\r\n\r\n", true, false, 200, "", true},
        {"head, chunked", chunked(""), true, false, 200, "", true},
        {"no content", "HTTP/1.1 204 No Content\r\n\r\n", false, false, 204, "", true},
        {"not modified with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, false,
         304, "", true},
        {"no reason", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", false, false, 200, "x", true},
        {"chunks", chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"), false, false, 200, "hello world", true},
        {"no chunk but the last", chunked("0\r\nX-Late: 1\r\n\r\n"), false, false, 200, "", true},
        {"chunk extension", chunked("5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n"), false, false, 200, "hello",
         true},
        {"trailer is dropped", chunked("1\r\nx\r\n0\r\nX-Late: 1\r\n\r\n"), false, false, 200, "x", true},
        {"until the end", "HTTP/1.1 200 OK\r\n\r\nhello", false, true, 200, "hello", false},
        {"until the end, empty", "HTTP/1.1 200 OK\r\n\r\n", false, true, 200, "", false},
        {"close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", false, false, 200,
         "x", false},
        {"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", false, false, 200, "x", false},
        {"1.0 kept", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx", false, false,
         200, "x", true},
        {"same length twice", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", false,
         false, 200, "x", true},
        {"continue first",
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" +
             with_length("1", "x"),
         false, false, 200, "x", true},
        {"folded field", "HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 1\r\n\r\nx", false, false, 200,
         "x", true},
        {"something behind", with_length("1", "x") + "HTTP", false, false, 200, "x", true, ErrorKind::invalid,
         "HTTP"},
        {"nothing", "", false, true, 0, "", false, ErrorKind::unreachable},
        {"ends in the status", "HTTP/1.1 2", false, true, 0, "", false, ErrorKind::unreachable},
        {"ends in the header", "HTTP/1.1 200 OK\r\nContent-", false, true, 0, "", false,
         ErrorKind::unreachable},
        {"ends in the body", with_length("5", "hel"), false, true, 0, "", false, ErrorKind::unreachable},
        {"ends in a chunk", chunked("5\r\nhel"), false, true, 0, "", false, ErrorKind::unreachable},
        {"ends before the last chunk", chunked("5\r\nhello\r\n"), false, true, 0, "", false,
         ErrorKind::unreachable},
        {"ends after continue", "HTTP/1.1 100 Continue\r\n\r\n", false, true, 0, "", false,
         ErrorKind::unreachable},
        {"html", "<html><body>Hello</body></html>\r\n\r\n", false, false, 0, "", false,
         ErrorKind::bad_answer},
        {"http/2", "HTTP/2 200 OK\r\n\r\n", false, false, 0, "", false, ErrorKind::bad_answer},
        {"tls alert", std::string("\x15\x03\x01\x00\x02\x02\x46", 7), false, false, 0, "", false,
         ErrorKind::bad_answer},
        {"status of two figures", "HTTP/1.1 20 OK\r\n\r\n", false, false, 0, "", false,
         ErrorKind::bad_answer},
        {"status 600", "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n", false, false, 0, "", false,
         ErrorKind::bad_answer},
        {"status 099", "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n", false, false, 0, "", false,
         ErrorKind::bad_answer},
        {"status 044 until the end", "HTTP/1.1 044 OK\r\n\r\nhello", false, true, 0, "", false,
         ErrorKind::bad_answer},
        {"switching protocols", "HTTP/1.1 101 Switching\r\n\r\n", false, false, 0, "", false,
         ErrorKind::bad_answer},
        {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", false, false, 0,
         "", false, ErrorKind::bad_answer},
        {"negative length", with_length("-1", ""), false, false, 0, "", false, ErrorKind::bad_answer},
        {"length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         false, false, 0, "", false, ErrorKind::bad_answer},
        {"bad chunk", chunked("zz\r\nxx\r\n"), false, false, 0, "", false, ErrorKind::bad_answer},
        {"space before the colon", "HTTP/1.1 200 OK\r\nX-A : b\r\n\r\n", false, false, 0, "", false,
         ErrorKind::bad_answer},
        {"too long", with_length("101", std::string(101, 'x')), false, false, 0, "", false,
         ErrorKind::too_large},
        {"too long by far", with_length("18446744073709551615", "x"), false, false, 0, "", false,
         ErrorKind::too_large},
        {"too many chunks", chunked("64\r\n" + std::string(100, 'x') + "\r\n1\r\nx\r\n0\r\n\r\n"), false,
         false, 0, "", false, ErrorKind::too_large},
        {"too much until the end", "HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x'), false, true, 0, "",
         false, ErrorKind::too_large},
        {"just fits", with_length("100", std::string(100, 'x')), false, false, 200, std::string(100, 'x'),
         true},
    };
    return table;
}

struct Outcome {
    Result<HttpResponse> response = Error();
    bool keep = false;
    std::string left;
};

// Puts `pieces` in one after the other, as a reader would.
Outcome decode(const Row& row, const std::vector<std::string>& pieces) {
    ResponseDecoder decoder(row.head, 100, false);
    Outcome outcome;
    for (const auto& piece : pieces) {
        outcome.left += piece;
        if (decoder.done()) continue;
        auto taken = decoder.put(outcome.left);
        if (!taken) {
            outcome.response = taken.error();
            return outcome;
        }
        outcome.left.erase(0, *taken);
    }
    if (row.ends && !decoder.done()) {
        auto ended = decoder.put_end();
        if (!ended) {
            outcome.response = ended.error();
            return outcome;
        }
    }
    if (!decoder.done()) {
        outcome.response = Error(ErrorKind::invalid, "the decoder waits for more");
        return outcome;
    }
    outcome.keep = decoder.keep_alive();
    outcome.response = decoder.take();
    return outcome;
}

void expect(const Row& row, const Outcome& outcome, const std::string& how) {
    auto where = std::string(row.name) + ", " + how;
    if (row.status == 0) {
        ASSERT_FALSE(outcome.response) << where;
        EXPECT_EQ(to_string(outcome.response.error().kind()), to_string(row.kind))
            << where << ": " << outcome.response.error().message();
        return;
    }
    ASSERT_TRUE(outcome.response) << where << ": " << outcome.response.error().message();
    EXPECT_EQ(outcome.response->status, row.status) << where;
    EXPECT_EQ(outcome.response->body, row.body) << where;
    EXPECT_EQ(outcome.keep, row.keep) << where;
    EXPECT_EQ(outcome.left, row.left) << where;
    EXPECT_FALSE(outcome.response->headers.find("X-Late")) << where;
}

TEST(ResponseDecoder, ReadsWholeAnswers) {
    for (const auto& row : rows()) expect(row, decode(row, {row.bytes}), "whole");
}

TEST(ResponseDecoder, ReadsAnswersInTwoPiecesCutAnywhere) {
    for (const auto& row : rows()) {
        for (std::size_t cut = 1; cut < row.bytes.size(); ++cut)
            expect(row, decode(row, {row.bytes.substr(0, cut), row.bytes.substr(cut)}),
                   "cut at " + std::to_string(cut));
    }
}

TEST(ResponseDecoder, ReadsAnswersByteByByte) {
    for (const auto& row : rows()) {
        std::vector<std::string> pieces;
        for (char c : row.bytes) pieces.emplace_back(1, c);
        expect(row, decode(row, pieces), "byte by byte");
    }
}

TEST(ResponseDecoder, KeepsFieldsInOrder) {
    ResponseDecoder decoder(false, 100, false);
    ASSERT_TRUE(
        decoder.put("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic a\r\nwww-authenticate: "
                    "Bearer b\r\nContent-Length: 0\r\n\r\n"));
    auto response = decoder.take();
    auto challenges = response.headers.all("WWW-Authenticate");
    ASSERT_EQ(challenges.size(), 2u);
    EXPECT_EQ(challenges[0], "Basic a");
    EXPECT_EQ(challenges[1], "Bearer b");
}

TEST(ResponseDecoder, CutsABodyAtItsBound) {
    for (std::string bytes :
         {with_length("1000000000", std::string(300, 'x')), chunked("ff\r\n" + std::string(255, 'x')),
          "HTTP/1.1 200 OK\r\n\r\n" + std::string(101, 'x')}) {
        ResponseDecoder decoder(false, 100, true);
        ASSERT_TRUE(decoder.put(bytes));
        ASSERT_TRUE(decoder.done());
        EXPECT_TRUE(decoder.cut());
        EXPECT_FALSE(decoder.keep_alive());
        EXPECT_EQ(decoder.take().body, std::string(100, 'x'));
    }
}

TEST(ResponseDecoder, CutsNoAnswerWithAnImpossibleStatus) {
    ResponseDecoder decoder(false, 100, true);
    auto taken = decoder.put("HTTP/1.1 700 Odd\r\n\r\n" + std::string(200, 'x'));
    ASSERT_FALSE(taken);
    EXPECT_EQ(to_string(taken.error().kind()), "bad_answer");
}

// An endless header is refused at its bound, however it is dealt out.
TEST(ResponseDecoder, BoundsTheHeader) {
    const std::string fields[] = {"X-Filler: 0123456789abcdef\r\n", "a:\r\n", "X-Endless: ", "x"};
    for (const auto& field : fields) {
        ResponseDecoder decoder(false, 100, false);
        std::string unread = "HTTP/1.1 200 OK\r\n";
        std::size_t sent = unread.size();
        Result<std::size_t> taken = std::size_t{0};
        while (taken && sent < 4 * most_response_header) {
            taken = decoder.put(unread);
            if (!taken) break;
            unread.erase(0, *taken);
            unread += field;
            sent += field.size();
        }
        ASSERT_FALSE(taken) << field;
        EXPECT_EQ(to_string(taken.error().kind()), "too_large") << field;
        EXPECT_LE(sent, most_response_header + 64) << field;
    }
}

// To the byte, and in one piece as in many.
TEST(RequestDecoder, BoundsTheHeaderExactly) {
    const std::string begin = "GET / HTTP/1.1\r\nX: ", end = "\r\n\r\n";
    for (std::size_t size : {99, 100, 101}) {
        std::string bytes = begin + std::string(size - begin.size() - end.size(), 'x') + end;
        for (std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
            RequestDecoder decoder(100, 100);
            std::string unread;
            Result<std::size_t> taken = std::size_t{0};
            for (std::size_t at = 0; at < bytes.size() && taken; at += piece) {
                unread += bytes.substr(at, piece);
                taken = decoder.put(unread);
                if (taken) unread.erase(0, *taken);
            }
            EXPECT_EQ(taken && decoder.done(), size <= 100) << size << " by " << piece;
            if (!taken) EXPECT_EQ(taken.error().status(), 431);
        }
    }
}

TEST(ResponseDecoder, BoundsInterimAnswersChunkHeadersAndTrailers) {
    std::string interim;
    for (int i = 0; i < 20; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
    std::string filler(most_response_header + 10, 'x');
    for (const auto& bytes : {interim, chunked("5;" + filler), chunked("0\r\nX: " + filler)}) {
        ResponseDecoder decoder(false, 100, false);
        auto taken = decoder.put(bytes);
        ASSERT_FALSE(taken) << bytes.substr(0, 60);
        EXPECT_EQ(to_string(taken.error().kind()), "bad_answer");
    }
}

TEST(RequestDecoder, ReadsRequests) {
    RequestDecoder decoder(1024, 100);
    std::string bytes = "POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET";
    auto taken = decoder.put(bytes);
    ASSERT_TRUE(taken);
    EXPECT_EQ(*taken, bytes.size() - 3);
    ASSERT_TRUE(decoder.done());
    EXPECT_TRUE(decoder.keep_alive());
    EXPECT_EQ(decoder.head().method, "POST");
    EXPECT_EQ(decoder.head().target, "/a?b=c");
    EXPECT_EQ(decoder.head().headers.find("host"), "h");
    EXPECT_EQ(decoder.body(), "abc");
}

TEST(RequestDecoder, SaysWhatToAnswer) {
    const std::pair<std::string, int> table[] = {
        {"GET /\r\n\r\n", 400},
        {"\x16\x03\x01", 400},
        {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'x'), 413},
        {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
        {"GET /" + std::string(2000, 'a') + " HTTP/1.1\r\n\r\n", 431},
        {"GET / HTTP/1.1\r\nX: " + std::string(2000, 'a') + "\r\n\r\n", 431},
    };
    for (const auto& [bytes, status] : table) {
        RequestDecoder decoder(1024, 100);
        auto taken = decoder.put(bytes);
        ASSERT_FALSE(taken) << bytes.substr(0, 60);
        EXPECT_EQ(taken.error().status(), status) << bytes.substr(0, 60);
    }
}

}  // namespace
}  // namespace basewatch::net
