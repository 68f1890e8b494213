#include "support/fake_mail_server.hpp"

#include "foundation/bytes.hpp"
#include "foundation/task_group.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>

namespace basewatch::test {

namespace {

using asio::ip::tcp;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

}  // namespace

struct FakeMailServer::State {
    State(FakeMailServer& of, asio::io_context& on, Tls how, const CertificateFiles& files)
        : server(of),
          loop(on),
          tls(how),
          context(asio::ssl::context::tls_server),
          acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          tasks(loop.get_executor()) {
        if (tls != Tls::none) {
            context.use_certificate_chain_file(files.certificate);
            context.use_private_key_file(files.key, asio::ssl::context::pem);
        }
        tasks.start("accept", accept());
    }

    // One client: its lines, in the clear or not.
    struct Line {
        explicit Line(tcp::socket from, asio::ssl::context& context) : stream(std::move(from), context) {}
        asio::ssl::stream<tcp::socket> stream;
        bool encrypted = false;
        std::string buffer;

        Async<bool> handshake() {
            auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::server, as_values);
            encrypted = !error;
            co_return encrypted;
        }
        Async<bool> say(std::string text) {
            text += "\r\n";
            auto [error, count] =
                encrypted ? co_await asio::async_write(stream, asio::buffer(text), as_values)
                          : co_await asio::async_write(stream.next_layer(), asio::buffer(text), as_values);
            co_return !error;
        }
        // Without its end; false at the end of the connection.
        Async<bool> hear(std::string& line) {
            auto into = asio::dynamic_buffer(buffer);
            auto [error, count] =
                encrypted ? co_await asio::async_read_until(stream, into, "\r\n", as_values)
                          : co_await asio::async_read_until(stream.next_layer(), into, "\r\n", as_values);
            if (error) co_return false;
            line = buffer.substr(0, count - 2);
            buffer.erase(0, count);
            co_return true;
        }
    };

    Async<void> accept() {
        for (;;) {
            auto [error, socket] = co_await acceptor.async_accept(as_values);
            if (error) co_return;
            ++server.connections;
            tasks.start("mail client", serve(std::move(socket)));
        }
    }
    // False when nothing more is to be said.
    Async<bool> answer(Line& line, const std::string& command, std::string usual) {
        auto told = server.replies.find(command);
        if (told != server.replies.end()) usual = told->second;
        if (usual == "hang") {
            asio::steady_timer never(loop, asio::steady_timer::time_point::max());
            co_await never.async_wait(as_values);
            co_return false;
        }
        if (usual == "close") co_return false;
        bool said = co_await line.say(usual);
        co_return said;
    }
    Async<bool> take_message(Line& line, ReceivedMail& mail) {
        std::string text;
        for (;;) {
            bool heard = co_await line.hear(text);
            if (!heard) co_return false;
            if (text == ".") break;
            mail.message += (text.starts_with('.') ? text.substr(1) : text) + "\r\n";
        }
        auto told = server.replies.find(".");
        if (told == server.replies.end()) server.mails.push_back(mail);
        bool said = co_await answer(line, ".", "250 2.0.0 Ok: queued as 4F1");
        co_return said;
    }
    Async<void> serve(tcp::socket socket) {
        Line line(std::move(socket), context);
        if (tls == Tls::implicit) {
            bool shaken = co_await line.handshake();
            if (!shaken) co_return;
        }
        bool going = co_await answer(line, "greeting", "220 mail.example.com ESMTP");
        ReceivedMail mail;
        std::string command;
        while (going) {
            bool heard = co_await line.hear(command);
            if (!heard) co_return;
            server.commands.push_back(command);
            auto verb = command.substr(0, command.find(' '));
            if (verb == "EHLO") {
                std::string offers = "250-mail.example.com\r\n250-8BITMIME\r\n";
                if (tls == Tls::starttls && !line.encrypted) offers += "250-STARTTLS\r\n";
                going = co_await answer(line, verb, offers + "250 AUTH PLAIN LOGIN");
            } else if (verb == "STARTTLS") {
                going = co_await answer(line, verb, "220 2.0.0 Ready to start TLS");
                if (going) going = co_await line.handshake();
            } else if (verb == "AUTH") {
                mail.user = unbase64(command.substr(command.rfind(' ') + 1)).value_or("?");
                std::replace(mail.user.begin(), mail.user.end(), '\0', ' ');
                going = co_await answer(line, verb, "235 2.7.0 Authentication successful");
            } else if (verb == "MAIL") {
                mail.from = command.substr(command.find(':') + 1);
                mail.encrypted = line.encrypted;
                going = co_await answer(line, verb, "250 2.1.0 Ok");
            } else if (verb == "RCPT") {
                mail.to.push_back(command.substr(command.find(':') + 1));
                going = co_await answer(line, verb, "250 2.1.5 Ok");
            } else if (verb == "DATA") {
                bool open = !server.replies.contains("DATA");
                going = co_await answer(line, verb, "354 End data with <CR><LF>.<CR><LF>");
                if (going && open) going = co_await take_message(line, mail);
            } else if (verb == "QUIT") {
                co_await line.say("221 2.0.0 Bye");
                co_return;
            } else {
                going = co_await line.say("502 5.5.2 Not here");
            }
        }
    }

    FakeMailServer& server;
    asio::io_context& loop;
    Tls tls;
    asio::ssl::context context;
    tcp::acceptor acceptor;
    TaskGroup tasks;
};

FakeMailServer::FakeMailServer(asio::io_context& loop, Tls tls, CertificateFiles files)
    : state_(std::make_unique<State>(*this, loop, tls, files)) {}

FakeMailServer::~FakeMailServer() {
    // From inside the loop: a client that ends before a cancellation from outside arrives is gone by then.
    asio::post(state_->loop, [this] { state_->tasks.cancel(); });
    while (state_->tasks.size() > 0) {
        state_->loop.restart();
        state_->loop.run_one_for(std::chrono::milliseconds(20));
    }
}

int FakeMailServer::port() const {
    return state_->acceptor.local_endpoint().port();
}

}  // namespace basewatch::test
