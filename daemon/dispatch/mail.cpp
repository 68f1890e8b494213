#include "dispatch/mail.hpp"

namespace basewatch::dispatch {

namespace {

Failure failure_of(const Result<net::MailReply>& reply) {
    if (!reply) {
        const auto& error = reply.error();
        bool blocked = error.kind() == ErrorKind::blocked;
        return {class_of(error.kind()), error.message(), {}, blocked, model::Sign::absent};
    }
    bool for_good = reply->code >= 500;
    return {for_good ? "5xx" : "4xx",
            for_good ? "the mail server refused it" : "the mail server does not take it now",
            {},
            for_good,
            for_good ? model::Sign::refused : model::Sign::absent};
}

}  // namespace

Answer read_reply(const presets::Target& target, const Result<net::MailReply>& reply,
                  const PrivateParts& parts, Try when, Time now) {
    Answer answer;
    answer.came = reply.has_value();
    bool taken = reply && reply->code >= 200 && reply->code <= 299;
    answer.verdict =
        taken ? delivered("the mail server took it")
              : schedule(target, failure_of(reply), when.number, when.created_at, now, when.random01);
    keep(answer, parts, reply ? std::string_view(reply->text) : std::string_view());
    return answer;
}

}  // namespace basewatch::dispatch
