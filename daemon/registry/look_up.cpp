#include "registry/look_up.hpp"

#include "foundation/log.hpp"
#include "registry/complaint.hpp"
#include "registry/look_due.hpp"
#include "registry/manifests.hpp"

namespace basewatch::registry {

namespace {

constexpr auto get_after_404_every = std::chrono::hours(24);
constexpr std::size_t most_remembered = 100'000;

Question question_of(const Side& side, const model::Reference& reference, std::string method) {
    Question question;
    question.method = std::move(method);
    const std::string& which = reference.tag().empty() ? reference.digest()->text() : reference.tag();
    question.url = side.address("manifests", which);
    question.repository = side.repository;
    question.accept = manifest_types;
    question.most_body = most_document;
    question.insists = side.insists;
    return question;
}

Error bad(const Host& host, std::string why) {
    return Error(ErrorKind::bad_answer, host.name + ": " + std::move(why)).with_status(200);
}

// The digest in the headers of an answer; nothing where there is none that can be one. Artifactory has
// repositories that only tell it under a name of their own.
std::optional<model::Digest> digest_in(const net::Headers& headers) {
    if (auto header = headers.find("Docker-Content-Digest"))
        if (auto digest = model::Digest::parse(*header)) return *digest;
    if (auto header = headers.find("X-Checksum-Sha256"))
        if (auto digest = model::Digest::parse("sha256:" + std::string(*header))) return *digest;
    return std::nullopt;
}

// Distribution compares exactly one strong tag; a list, `*` or a weak one is answered in full there.
std::string tag_of(const model::Digest& digest) {
    return "\"" + digest.text() + "\"";
}

// Whether its entity-tag is its digest; a weak one, or a hash of something else, is of no use.
bool tagged(const net::Headers& headers, const model::Digest& digest) {
    auto tag = headers.find("ETag");
    return tag && *tag == tag_of(digest);
}

// A 304 that names another entity than we did is about something else.
bool about(const net::Headers& headers, const model::Digest& digest) {
    auto tag = headers.find("ETag");
    return (!tag || *tag == tag_of(digest)) && digest_in(headers).value_or(digest) == digest;
}

// What no registry has.
const model::Digest& no_manifest() {
    static const auto digest = model::Digest::of("basewatch asks whether entity-tags are looked at");
    return digest;
}

// By digest, only the same digest is an answer.
Result<Pointer> as_pinned(const Host& host, const model::Reference& reference, Pointer pointer) {
    if (!reference.tag().empty() || !reference.digest() || pointer.digest == *reference.digest())
        return pointer;
    return bad(host, "asked for one digest, it answered with another");
}

// The pointer that a GET gave us whole.
Result<Pointer> proven(const Host& host, const model::Reference& reference,
                       const net::HttpResponse& response) {
    auto untouched = whole(host, response);
    if (!untouched) return untouched.error();
    auto digest = digest_in(response.headers).value_or(model::Digest::of(response.body));
    if (!digest.matches(response.body))
        return bad(host, "it says " + digest.short_text() + " of bytes that hash to something else");
    auto manifest = parse_manifest(response.headers.find("Content-Type").value_or(""), response.body, digest);
    if (!manifest) return manifest.error().while_doing(host.name);
    return as_pinned(host, reference, Pointer{digest, manifest->media_type, true});
}

}  // namespace

Error refusal_of(Host& registry, const Answer& answer, const std::string& said, Clock& clock) {
    auto error = error_of(answer.response, answer.from->name, said, clock.now());
    if (!means_rate_limit(answer.response)) return error;
    auto now = clock.monotonic();
    if (answer.from.get() != &registry) registry.pause.refused(now, error.retry_after());
    auto until = registry.pause.until(now);
    auto rest = until ? std::chrono::ceil<Milliseconds>(*until - now) : Milliseconds(0);
    return std::move(error).with_retry_after(rest);
}

Result<void> whole(const Host& registry, const net::HttpResponse& response) {
    auto encoding = response.headers.find("Content-Encoding");
    if (!encoding || encoding->empty() || net::equal_without_case(*encoding, "identity")) return {};
    return bad(registry, "it sent a body compressed (" + plain_line(*encoding, 40) +
                             "), though we asked for it as it is");
}

Async<Result<Pointer>> LookUp::look_up(Side side, model::Reference reference, LastAnswer last) {
    auto host = side.host;
    if (host->learned.get_only(clock_.monotonic())) {
        auto pointer = co_await by_get(side, reference, true);
        // It changed its mind, if it ever had one.
        bool refused = !pointer && (pointer.error().status() == 405 || pointer.error().status() == 501);
        if (refused) host->learned.head_term.end();
        co_return pointer;
    }
    auto pointer = co_await by_head(side, reference, std::move(last));
    if (pointer) host->learned.refusals.erase(reference.text());
    co_return pointer;
}

Async<Result<LookUp::Headed>> LookUp::head(Side side, model::Reference reference, LastAnswer last) {
    const auto& host = side.host;
    auto& revalidation = host->learned.revalidation;
    auto now = clock_.monotonic();
    bool certain = last.digest.empty() || reference.tag().empty() ||
                   look_due(reference.text(), full_look_every, last.at, clock_.now());
    auto way = certain ? Revalidation::Way::plain : revalidation.next(now);
    auto question = question_of(side, reference, "HEAD");
    if (way == Revalidation::Way::of_no_manifest) question.if_none_match = tag_of(no_manifest());
    if (way == Revalidation::Way::of_the_last) question.if_none_match = tag_of(last.digest);
    auto answer = co_await access_.ask(host, question);
    if (!answer) co_return answer.error();
    int status = answer->response.status;
    if (way == Revalidation::Way::plain) co_return Headed{std::move(*answer), way};
    if (status != 304 && status != 412 && status != 400) co_return Headed{std::move(*answer), way};

    now = clock_.monotonic();
    if (status == 304) {
        // What is behind a redirect is somebody else's word, and was not tried.
        bool own = answer->from == host && about(answer->response.headers, last.digest);
        if (!own) revalidation.contradicted(now);
        bool believed = own && revalidation.not_modified(way, now);
        if (believed) co_return Headed{std::move(*answer), way};
        log::info("a registry says 304 where it should not: it is asked in full from now on",
                  {{"registry", host->name}});
    } else {
        revalidation.refused(now);
    }
    question.if_none_match.clear();
    question.waits = false;
    auto again = co_await access_.ask(host, question);
    if (!again) co_return again.error();
    co_return Headed{std::move(*again), Revalidation::Way::plain};
}

Async<void> LookUp::confront(Side side, model::Reference reference, model::Digest last) {
    const auto& host = side.host;
    auto question = question_of(side, reference, "HEAD");
    question.if_none_match = tag_of(last);
    question.waits = false;
    auto answer = co_await access_.ask(host, std::move(question));
    if (!answer || answer->response.status != 304) co_return;
    host->learned.revalidation.contradicted(clock_.monotonic());
    log::warning("a registry says 304 of a digest that is not the current one: it is asked in full now",
                 {{"registry", host->name}});
}

Async<Result<Pointer>> LookUp::by_head(Side side, model::Reference reference, LastAnswer last) {
    const auto& host = side.host;
    auto headed = co_await head(side, reference, last);
    if (!headed) co_return headed.error();
    auto* answer = &headed->answer;
    const auto& response = answer->response;
    switch (response.status) {
        case 200:
            break;
        case 304:
            if (headed->way == Revalidation::Way::plain) {
                host->learned.revalidation.contradicted(clock_.monotonic());
                co_return refusal_of(*host, *answer, "", clock_);
            }
            co_return Pointer{last.digest, "", false};
        case 404: {
            if (side.is_mirror()) co_return refusal_of(*host, *answer, "", clock_);
            auto pointer = co_await after_missing(side, reference, std::move(*answer));
            co_return pointer;
        }
        case 405: {
            auto pointer = co_await by_get(side, reference, false);
            if (pointer) learn_get_only(*host, "HEAD is not allowed");
            co_return pointer;
        }
        default: {
            bool silent = response.status == 400 || response.status == 403 ||
                          (response.status >= 500 && response.status < 600);
            if (!silent || side.is_mirror() || means_rate_limit(response))
                co_return refusal_of(*host, *answer, "", clock_);
            auto pointer = co_await after_refusal(side, reference, std::move(*answer));
            co_return pointer;
        }
    }
    auto type = net::media_type(response.headers.find("Content-Type").value_or(""));
    if (type == "text/html") co_return bad(*host, "it answered with a web page instead of a manifest");
    auto digest = digest_in(response.headers);
    if (!digest) {
        host->learned.learn_head(Learned::Head::without_digest, clock_.monotonic());
        auto pointer = co_await by_get(side, reference, false);
        co_return pointer;
    }
    host->learned.learn_head(Learned::Head::with_digest, clock_.monotonic());
    if (answer->from == host) host->budget.answered(response.headers, answer->as_user);
    auto& revalidation = host->learned.revalidation;
    bool same = *digest == last.digest;
    if (answer->from == host)
        revalidation.answered(headed->way, tagged(response.headers, *digest), same, clock_.monotonic());
    bool full_look = headed->way == Revalidation::Way::plain && !last.digest.empty() && !same;
    if (full_look && revalidation.state(clock_.monotonic()) == Revalidation::State::honoured)
        co_await confront(side, reference, last.digest);
    co_return as_pinned(*host, reference, Pointer{*digest, type, false});
}

Async<Result<bool>> LookUp::is_gone(Side side, model::Reference tag) {
    auto answer = co_await get(side, tag, true);
    if (!answer) co_return answer.error();
    if (answer->response.status == 200) co_return false;
    auto refusal = refusal_of(*side.host, *answer, "", clock_);
    if (refusal.kind() == ErrorKind::not_found) co_return true;
    co_return refusal;
}

Async<Result<Answer>> LookUp::get(Side side, model::Reference reference, bool waits) {
    const auto& host = side.host;
    auto question = question_of(side, reference, "GET");
    question.waits = waits;
    if (!side.is_mirror()) host->pulls(clock_.monotonic());
    auto answer = co_await access_.ask(host, std::move(question));
    co_return answer;
}

Async<Result<Pointer>> LookUp::by_get(Side side, model::Reference reference, bool waits) {
    const auto& host = side.host;
    auto answer = co_await get(side, reference, waits);
    if (!answer) co_return answer.error();
    if (answer->response.status != 200) co_return refusal_of(*host, *answer, "", clock_);
    co_return proven(*host, reference, answer->response);
}

// Nexus answers HEAD with 404 for tags that a GET knows. Asked once, and then once a day: tags that are
// really gone would otherwise cost twice. The GET also brings the registry's own words.
Async<Result<Pointer>> LookUp::after_missing(Side side, model::Reference reference, Answer head) {
    const auto& host = side.host;
    auto now = clock_.monotonic();
    auto& asked = host->learned.got_after_404;
    auto last = asked.find(reference.text());
    bool lately = last != asked.end() && now < last->second + get_after_404_every;
    if (lately) {
        auto said = host->learned.refusals.find(reference.text());
        bool same = said != host->learned.refusals.end() && said->second.status == 404;
        co_return refusal_of(*host, head, same ? said->second.said : "", clock_);
    }
    if (asked.size() >= most_remembered) asked.clear();
    asked[reference.text()] = now;
    auto pointer = co_await after_refusal(side, reference, std::move(head));
    co_return pointer;
}

// A refused HEAD has no body, so one GET asks for the reason when the refusal is new for this reference. A
// GET that is answered is an answer.
Async<Result<Pointer>> LookUp::after_refusal(Side side, model::Reference reference, Answer head) {
    const auto& host = side.host;
    int status = head.response.status;
    auto& refusals = host->learned.refusals;
    auto known = refusals.find(reference.text());
    if (known != refusals.end() && known->second.status == status && status != 404)
        co_return refusal_of(*host, head, known->second.said, clock_);
    auto answer = co_await get(side, reference, false);
    if (!answer) co_return answer.error();
    if (answer->response.status == 200) {
        auto pointer = proven(*host, reference, answer->response);
        if (pointer && status < 500) learn_get_only(*host, "HEAD is refused where GET is answered");
        co_return pointer;
    }
    if (refusals.size() >= most_remembered) refusals.clear();
    refusals[reference.text()] = {status, complaint_of(answer->response)};
    co_return refusal_of(*host, *answer, "", clock_);
}

void LookUp::learn_get_only(Host& host, std::string_view why) {
    host.learned.learn_head(Learned::Head::refused, clock_.monotonic());
    log::info("manifests are read by GET from now on, which some registries count as pulls",
              {{"registry", host.name}, {"why", std::string(why)}});
}

}  // namespace basewatch::registry
