#pragma once
// Credentials that somebody else is asked for, a program or a cloud: one question at a time for each source,
// shared by everybody who asks meanwhile, the failure too, and kept until it is time to renew. While a source
// fails, its last good credential stands until it expires; without one that is an Error, never an anonymous
// request. What a registry refused does not stand, and is asked for anew. Loop thread only.

#include "foundation/bell.hpp"
#include "foundation/clock.hpp"
#include "registry/auth_file.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace basewatch::registry {

struct Lent {
    Credential credential;            // Kind::none: the source has none
    Milliseconds renew{};             // from now
    std::optional<Milliseconds> end;  // from now; nothing: it is not known to expire
};

class KeptCredentials {
public:
    KeptCredentials(asio::any_io_executor executor, Clock& clock)
        : executor_(std::move(executor)), clock_(clock) {}

    using Question = std::function<Async<Result<Lent>>()>;
    // `source` names it in errors and in the log, and is what the credential is remembered by. A source that
    // says unauthorized is left alone for five minutes, and longer each time in a row, up to six hours; after
    // any other failure for one minute.
    Async<Result<Credential>> obtain(std::string source, Question question);
    // The registry refused what this source lent: the source is asked again, though not within a minute.
    // Whether it may be asked now.
    bool refused(const std::string& source);
    // Nothing of this source is to be used any more.
    void forget(const std::string& source);
    // What is kept may be outdated: the next one asks anew. The last good ones stay.
    void review();

private:
    struct Answer {
        Result<Credential> result = Error();
        bool stands = false;  // a good one that may be used while the source fails
        Monotonic told{}, until{};
        std::optional<Monotonic> end;
        int refusals = 0;
        bool running = false;
        std::vector<std::shared_ptr<Bell>> waiting;
    };
    void keep(Answer& answer, const std::string& source, Result<Lent> lent);

    asio::any_io_executor executor_;
    Clock& clock_;
    std::map<std::string, std::shared_ptr<Answer>> answers_;  // by source
};

}  // namespace basewatch::registry
