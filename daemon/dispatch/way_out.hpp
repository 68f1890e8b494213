#pragma once
// The moment of sending, whichever way a target is told: a request over HTTP, a program that is run, a mail
// or a message to Kafka. What comes back has one shape, so that the attempt, its record and the target's
// health need not know the way.

#include "dispatch/exchange.hpp"
#include "dispatch/outcome.hpp"

#include <string>

namespace basewatch::dispatch {

// An answer in one line and what is kept of it.
struct Answer {
    Verdict verdict;
    bool came = true;  // false: there was none, or not to the end
    int status = 0;    // HTTP
    std::string remote;
    std::string kept;  // the first 2 KiB, printable, redacted
};

// When an attempt is made.
struct Try {
    int number = 1;
    Time created_at{};  // of its delivery
    double random01 = 0.5;
};

// `prepared` holds something to send.
Async<Answer> send(Collaborators collaborators, const presets::Target& target, Prepared prepared, Try when);

// For people, redacted.
std::string describe(const Outgoing& outgoing);

// `verdict`'s line made fit to be stored; and, of a failure, the beginning of what is kept of the answer
// behind it. `text` is the answer.
void keep(Answer& answer, const PrivateParts& parts, std::string_view text);

Answer read_answer(const presets::Target& target, const Result<net::HttpResponse>& response,
                   const PrivateParts& parts, Try when, Time now);

}  // namespace basewatch::dispatch
