// Every documented status and every way in which a transport can fail, over real sockets and through the
// whole dispatcher: each attempt ends, has its class, and goes on or not as it should. answers.tsv is the
// table.

#include "net/http_client.hpp"
#include "net/system_dialer.hpp"
#include "net/system_resolver.hpp"
#include "support/certificates.hpp"
#include "support/receiver.hpp"
#include "support/temporary_folder.hpp"
#include "unit/dispatch/house.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <sstream>

namespace basewatch::test {
namespace {

using model::DeliveryState;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

// Names that the test makes up; each look-up takes the next answer, the last one from then on. Everything
// else is asked of the system.
class MadeUpNames final : public net::Resolver {
public:
    MadeUpNames(net::Resolver& system, asio::io_context& loop) : system_(system), loop_(loop) {}
    std::map<std::string, std::vector<std::vector<std::string>>> names;
    std::set<std::string> unknown, silent;

    Async<Result<std::vector<std::string>>> resolve(std::string host, Monotonic deadline) override {
        if (unknown.contains(host)) co_return Error(ErrorKind::name_lookup, host + ": no such name");
        if (silent.contains(host)) {
            Bell never(loop_.get_executor());
            SystemClock clock(loop_.get_executor());
            co_await never.wait_until(clock, deadline);
            co_return Error(ErrorKind::timed_out, host + ": no answer in time");
        }
        auto known = names.find(host);
        if (known != names.end()) {
            auto answer = known->second.front();
            if (known->second.size() > 1) known->second.erase(known->second.begin());
            co_return answer;
        }
        auto answer = co_await system_.resolve(host, deadline);
        co_return answer;
    }

private:
    net::Resolver& system_;
    asio::io_context& loop_;
};

struct MatrixTest : testing::Test {
    asio::io_context loop{1};
    SystemClock clock{loop.get_executor()};
    net::SystemResolver system{loop.get_executor(), clock};
    MadeUpNames resolver{system, loop};
    net::SystemDialer dialer{loop.get_executor(), clock, resolver};
    net::HttpClient transport{loop.get_executor(), clock, dialer};
    Receiver receiver{loop, clock};
    House house{loop, clock, transport};

    std::string port() const { return std::to_string(receiver.port()); }
    // Sends one delivery to each target and waits until each was tried once.
    std::vector<std::string> try_each(std::vector<presets::Target> targets) {
        std::vector<std::string> names;
        for (auto& target : targets) {
            names.push_back(target.name);
            if (!target.fields.timeout) target.fields.timeout = Milliseconds(400);
        }
        house.use(std::move(targets));
        house.start();
        auto ids = house.give_to(names);
        for (std::size_t i = 0; i < ids.size(); ++i)
            EXPECT_TRUE(house.until([&] { return house.delivery(ids[i]).attempts > 0; })) << names[i];
        return ids;
    }
    void expect(const std::string& id, const std::string& what, const std::string& reason,
                DeliveryState state) {
        auto attempts = house.attempts(id);
        ASSERT_FALSE(attempts.empty()) << what;
        EXPECT_EQ(attempts[0].reason, reason) << what << ": " << attempts[0].detail;
        EXPECT_EQ(house.state(id), state) << what << ": " << attempts[0].detail;
        EXPECT_LT(attempts[0].duration, 10s) << what;
        EXPECT_LE(attempts[0].answer.size(), 2048u) << what;
    }
};

std::string http_date(int seconds_from_now) {
    std::time_t at = std::time(nullptr) + seconds_from_now;
    char text[64];
    std::tm parts{};
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &parts));
    return text;
}

struct Row {
    int status = 0;
    std::string asked, state, reason, least, most;
};

std::vector<Row> rows() {
    std::vector<Row> rows;
    std::istringstream lines(read_file(PROJECT_DIR "/tests/unit/dispatch/answers.tsv"));
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line.starts_with('#')) continue;
        std::istringstream fields(line);
        std::string status;
        Row row;
        for (auto* field : {&status, &row.asked, &row.state, &row.reason, &row.least, &row.most})
            std::getline(fields, *field, '\t');
        row.status = std::stoi(status);
        rows.push_back(row);
    }
    return rows;
}

TEST_F(MatrixTest, EachAnswerIsTakenAsTheTableSays) {
    auto table = rows();
    ASSERT_GE(table.size(), 60u);
    std::vector<presets::Target> targets;
    for (std::size_t i = 0; i < table.size(); ++i) {
        auto path = "/row-" + std::to_string(i);
        net::Headers headers;
        const auto& asked = table[i].asked;
        if (asked.starts_with("date"))
            headers.set("Retry-After", http_date(std::stoi(asked.substr(4))));
        else if (asked != "-")
            headers.set("Retry-After", asked);
        receiver.on(path, {answers(table[i].status, "an answer", headers)});
        auto target = webhook(path.substr(1), receiver.address(path));
        target.fields.timeout = Milliseconds(10s);
        targets.push_back(std::move(target));
    }
    auto ids = try_each(std::move(targets));
    for (std::size_t i = 0; i < table.size(); ++i) {
        const auto& row = table[i];
        auto what = std::to_string(row.status) + " " + row.asked;
        expect(ids[i], what, row.reason, *model::delivery_state(row.state));
        auto attempt = house.attempts(ids[i])[0];
        EXPECT_EQ(attempt.status, row.status) << what;
        EXPECT_EQ(attempt.due_at.has_value(), row.state == "waiting") << what;
        if (!attempt.due_at) continue;
        auto wait = *attempt.due_at - (attempt.started_at + attempt.duration);
        EXPECT_GE(wait, std::chrono::seconds(std::stoi(row.least)) - 5ms) << what;
        EXPECT_LE(wait, std::chrono::seconds(std::stoi(row.most)) + 1s) << what;
    }
}

TEST_F(MatrixTest, EachLyingOrBrokenReceiverHasItsName) {
    constexpr auto waiting = DeliveryState::waiting, delivered = DeliveryState::delivered;
    const std::string begin = "HTTP/1.1 200 OK\r\n";
    struct Case {
        const char* name;
        Reply reply;
        const char* reason;
        DeliveryState state;
    };
    const Case cases[] = {
        {"hangs", misbehaves(Reply::Way::hang), "timeout", waiting},
        {"hangs-up", misbehaves(Reply::Way::close), "refused", waiting},
        {"drips-its-header", misbehaves(Reply::Way::drips_head), "timeout", waiting},
        {"endless-header", misbehaves(Reply::Way::endless_head), "wrong answer", waiting},
        {"drips-its-body", misbehaves(Reply::Way::drip), "timeout", waiting},
        {"endless-body", misbehaves(Reply::Way::endless), "delivered", delivered},
        {"half-a-header", says(begin + "Content-Le"), "refused", waiting},
        {"half-a-header-and-silence", says(begin + "Content-Le", true), "timeout", waiting},
        {"says-more-than-it-sends", says(begin + "Content-Length: 10\r\n\r\nfive!"), "refused", waiting},
        {"says-more-and-silence", says(begin + "Content-Length: 10\r\n\r\nfive!", true), "timeout", waiting},
        {"sends-more-than-it-says", says(begin + "Content-Length: 2\r\n\r\nok, and more"), "delivered",
         delivered},
        {"two-lengths", says(begin + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!"), "wrong answer",
         waiting},
        {"length-that-is-none", says(begin + "Content-Length: -5\r\n\r\nok"), "wrong answer", waiting},
        {"broken-chunk", says(begin + "Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n0\r\n\r\n"),
         "wrong answer", waiting},
        {"chunk-without-end", says(begin + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"), "refused",
         waiting},
        {"no-http", says("220 mail.example.com ESMTP\r\n"), "wrong answer", waiting},
        {"nonsense", says(std::string("\x15\x03\x01\x00\x02\x02\x28\r\n\r\n", 11)), "wrong answer", waiting},
        {"status-that-is-none", says("HTTP/1.1 20x OK\r\n\r\n"), "wrong answer", waiting},
        {"status-600", says("HTTP/1.1 600 What\r\nContent-Length: 0\r\n\r\n"), "wrong answer", waiting},
        {"http-9", says("HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"), "wrong answer", waiting},
        {"no-length-and-hangs-up", says(begin + "\r\nok"), "delivered", delivered},
        {"only-100", says("HTTP/1.1 100 Continue\r\n\r\n", true), "timeout", waiting},
        {"100-and-200", says("HTTP/1.1 100 Continue\r\n\r\n" + begin + "Content-Length: 0\r\n\r\n"),
         "delivered", delivered},
        {"switches-protocol", says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", true),
         "wrong answer", waiting},
    };
    std::vector<presets::Target> targets;
    for (const auto& one : cases) {
        auto path = std::string("/") + one.name;
        receiver.on(path, {one.reply});
        targets.push_back(webhook(one.name, receiver.address(path)));
    }
    auto ids = try_each(std::move(targets));
    std::size_t at = 0;
    for (const auto& one : cases) expect(ids[at++], one.name, one.reason, one.state);
}

TEST_F(MatrixTest, EachFailureToGetThereHasItsName) {
    auto nobody = [this] {
        Receiver gone(loop, clock);
        return gone.port();
    }();
    // A listener whose queue is full answers no connection.
    asio::ip::tcp::acceptor full(loop, {asio::ip::address_v4::loopback(), 0});
    full.listen(0);
    std::vector<std::unique_ptr<asio::ip::tcp::socket>> crowd;
    for (int i = 0; i < 4; ++i) {
        crowd.push_back(std::make_unique<asio::ip::tcp::socket>(loop, asio::ip::tcp::v4()));
        crowd.back()->async_connect(full.local_endpoint(), [](const boost::system::error_code&) {});
    }
    // One that knows nothing of TLS and says so.
    asio::ip::tcp::acceptor plain(loop, {asio::ip::address_v4::loopback(), 0});
    asio::ip::tcp::socket caller(loop);
    plain.async_accept(caller, [&](const boost::system::error_code& error) {
        boost::system::error_code ignored;
        if (!error)
            asio::write(caller, asio::buffer(std::string("HTTP/1.1 400 Bad Request\r\n\r\n")), ignored);
    });
    resolver.unknown = {"unknown.example.com"};
    resolver.silent = {"silent.example.com"};
    struct Case {
        const char* name;
        std::string address;
        const char* reason;
    };
    const Case cases[] = {
        {"unknown-name", "http://unknown.example.com/", "dns"},
        {"silent-name-server", "http://silent.example.com/", "timeout"},
        {"nobody-there", "http://127.0.0.1:" + std::to_string(nobody) + "/", "refused"},
        {"full-queue", "http://127.0.0.1:" + std::to_string(full.local_endpoint().port()) + "/", "timeout"},
        {"no-tls-there", "https://127.0.0.1:" + std::to_string(plain.local_endpoint().port()) + "/", "tls"},
    };
    std::vector<presets::Target> targets;
    for (const auto& one : cases) targets.push_back(webhook(one.name, one.address));
    auto ids = try_each(std::move(targets));
    std::size_t at = 0;
    for (const auto& one : cases) expect(ids[at++], one.name, one.reason, DeliveryState::waiting);
}

TEST_F(MatrixTest, ATimeoutIsTheTargetsOwn) {
    receiver.on("/hangs", {misbehaves(Reply::Way::hang)});
    auto quick = webhook("quick", receiver.address("/hangs"));
    quick.fields.timeout = Milliseconds(50);
    auto slow = webhook("slow", receiver.address("/hangs"));
    slow.fields.timeout = Milliseconds(600);
    auto ids = try_each({quick, slow});
    EXPECT_LT(house.attempts(ids[0])[0].duration, 550ms);
    EXPECT_GE(house.attempts(ids[1])[0].duration, 590ms);
}

// The clouds' metadata, whatever it is written as, and whoever sends us there.
TEST_F(MatrixTest, MetadataAddressesAreNeverConnectedTo) {
    const std::vector<std::string> hosts{"169.254.169.254",
                                         "169.254.1.1",
                                         "[::ffff:169.254.169.254]",
                                         "[64:ff9b::a9fe:a9fe]",
                                         "[2002:a9fe:a9fe::1]",
                                         "[64:ff9b:1::a9fe:a9fe]",
                                         "[fe80::1]",
                                         "[fd00:ec2::254]",
                                         "100.100.100.200",
                                         "168.63.129.16",
                                         "named.example.com"};
    resolver.names["named.example.com"] = {{"169.254.169.254", "fe80::1"}};
    std::vector<presets::Target> targets;
    for (std::size_t i = 0; i < hosts.size(); ++i)
        targets.push_back(webhook("host-" + std::to_string(i), "http://" + hosts[i] + "/latest/meta-data/"));
    auto ids = try_each(std::move(targets));
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        expect(ids[i], hosts[i], "blocked address", DeliveryState::dead);
        EXPECT_EQ(house.attempts(ids[i])[0].status, 0) << hosts[i];
        EXPECT_THAT(house.attempts(ids[i])[0].remote, IsEmpty()) << hosts[i];
    }
}

// What other programs read as an address of four numbers is refused before anybody is asked.
TEST_F(MatrixTest, OtherSpellingsOfAnAddressAreNoHosts) {
    std::vector<presets::Target> targets;
    for (const std::string host : {"2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"})
        targets.push_back(webhook("host-" + std::to_string(targets.size()), "http://" + host + "/"));
    for (const auto& id : try_each(std::move(targets))) expect(id, "spelling", "render", DeliveryState::dead);
}

TEST_F(MatrixTest, ANameThatIsReboundGainsNothing) {
    // The first look-up is fine, the next one points at the metadata service.
    resolver.names["rebinds.example.com"] = {{"127.0.0.1"}, {"169.254.169.254"}};
    receiver.on("/hook", {says("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")});
    auto ids = try_each({webhook("ci", "http://rebinds.example.com:" + port() + "/hook")});
    EXPECT_EQ(house.state(ids[0]), DeliveryState::delivered) << "loopback is allowed: CI may live there";
    auto second = house.give("ci");
    ASSERT_TRUE(house.until([&] { return house.delivery(second).attempts > 0; }));
    expect(second, "rebound", "blocked address", DeliveryState::dead);
    EXPECT_THAT(house.attempts(second)[0].detail, HasSubstr("rebinds.example.com"));
}

TEST_F(MatrixTest, ARedirectToMetadataIsNotFollowed) {
    receiver.on("/moved", {answers(307, "", {{"Location", "http://169.254.169.254/latest/meta-data/"}})});
    auto ids = try_each({webhook("ci", receiver.address("/moved"))});
    expect(ids[0], "moved", "3xx", DeliveryState::dead);
}

}  // namespace
}  // namespace basewatch::test
