#include "registry/bulk.hpp"

#include "foundation/log.hpp"
#include "registry/complaint.hpp"
#include "registry/look_up.hpp"
#include "registry/worth_bulk.hpp"

#include <algorithm>

namespace basewatch::registry {

namespace {

using namespace std::chrono_literals;

constexpr Milliseconds first_rest = 15min, longest_rest = 24h, rest_of_the_wrong = 24h,
                       rest_of_the_useless = 24h;
constexpr auto fresh_for = 2min;
constexpr double pages_per_second = 1;
constexpr int contradictions_allowed = 3;

// A refusal, or a list without bounds, of one repository says nothing about the others.
bool of_one_repository(const Error& error) {
    return error.kind() == ErrorKind::unauthorized || error.kind() == ErrorKind::not_found ||
           error.kind() == ErrorKind::too_large;
}

// What is not read any more rings for all who wait for it.
class ReadingGuard {
public:
    ReadingGuard(bool& reading, std::set<Bell*>& waiting) : reading_(reading), waiting_(waiting) {
        reading_ = true;
    }
    ReadingGuard(const ReadingGuard&) = delete;
    ReadingGuard& operator=(const ReadingGuard&) = delete;
    ~ReadingGuard() {
        reading_ = false;
        for (auto* bell : waiting_) bell->ring();
    }

private:
    bool& reading_;
    std::set<Bell*>& waiting_;
};

}  // namespace

Bulk::Bulk(asio::any_io_executor executor, Exchange& exchange, Hosts& hosts, Access& access)
    : executor_(std::move(executor)),
      exchange_(exchange),
      hosts_(hosts),
      access_(access),
      failed_(first_rest, longest_rest),
      wrong_(rest_of_the_wrong, rest_of_the_wrong) {}

bool Bulk::ever_worth_it(const std::string& repository, std::size_t tags) {
    auto wanted = hosts_.named(repository.substr(0, repository.find('/')))->bulk;
    return bulk_pages_allowed(wanted, tags) > 0;
}

// Those that are not take no room.
void Bulk::expect(std::map<std::string, std::size_t> tags) {
    std::erase_if(tags, [this](const auto& entry) { return !ever_worth_it(entry.first, entry.second); });
    tags_ = std::move(tags);
    // Others may be watched now.
    for (auto& [name, repository] : repositories_) repository.asked.clear();
}

void Bulk::expect(const std::string& repository, std::size_t tags) {
    if (ever_worth_it(repository, tags))
        tags_[repository] = tags;
    else
        tags_.erase(repository);
    auto known = repositories_.find(repository);
    if (known != repositories_.end()) known->second.asked.clear();
}

std::optional<std::size_t> Bulk::pages_for_all(const Repository& repository,
                                               const std::map<std::string, Listed>& list,
                                               std::size_t expected) {
    if (repository.asked.size() < expected) return std::nullopt;
    std::size_t last = 1;
    for (const auto& tag : repository.asked) {
        auto listed = list.find(tag);
        if (listed == list.end()) return std::nullopt;
        last = std::max(last, listed->second.page);
    }
    return last;
}

void Bulk::note_asked(Repository& repository, const std::string& tag, std::size_t expected) const {
    if (repository.pages <= 1 || repository.asked.size() >= expected) return;
    repository.asked.insert(tag);
    if (repository.asked.size() < expected) return;
    auto needed = pages_for_all(repository, repository.list, expected);
    if (!needed && !repository.forgotten) return;
    repository.pages = needed.value_or(0);
    // What the pages that nobody needs would have had to spare is nothing to judge the next list by.
    repository.read_at.reset();
}

// By name where there is one registry of its kind, by what it told us where people run their own.
BulkApi Bulk::api_of(const Host& host) const {
    if (host.name == "docker.io") return BulkApi::docker_hub;
    if (host.name == "quay.io") return BulkApi::quay;
    if (host.name == "gcr.io" || host.name.ends_with(".gcr.io") || host.name.ends_with("-docker.pkg.dev"))
        return BulkApi::google;
    const auto& learned = host.learned;
    if (learned.service == "harbor-registry") return BulkApi::harbor;
    bool own_realm = learned.scheme == Learned::Scheme::bearer && learned.realm.same_origin(host.base);
    return own_realm && learned.realm.target == "/v2/auth" ? BulkApi::quay : BulkApi::none;
}

bool Bulk::fresh(const Repository& repository) const {
    return repository.read_at && exchange_.clock().monotonic() < *repository.read_at + fresh_for;
}

bool Bulk::worth_another(Repository& repository, settings::Bulk wanted) const {
    auto now = exchange_.clock().monotonic();
    if (repository.reading || wanted == settings::Bulk::always) return true;
    if (repository.read_at && repository.answered < heads_per_page * repository.pages) {
        repository.read_at.reset();
        repository.rests_until = now + rest_of_the_useless;
    }
    return now >= repository.rests_until;
}

std::optional<Error> Bulk::refusal(const model::Reference& reference) const {
    auto now = exchange_.clock().monotonic();
    auto refused = failed_.refusal(reference.registry(), now);
    if (!refused) refused = failed_.refusal(reference.name(), now);
    if (!refused) refused = wrong_.refusal(reference.registry(), now);
    return refused;
}

Async<std::optional<model::Digest>> Bulk::glance(model::Reference reference) {
    auto expected = tags_.find(reference.name());
    if (reference.tag().empty() || expected == tags_.end()) co_return std::nullopt;
    auto host = hosts_.named(reference.registry());
    auto& repository = repositories_[reference.name()];
    note_asked(repository, reference.tag(), expected->second);
    bool worth = worth_bulk(host->bulk, api_of(*host), expected->second, repository.pages);
    if (!worth || refusal(reference)) co_return std::nullopt;
    for (bool again = false;; again = true) {
        auto listed = repository.list.find(reference.tag());
        bool there = listed != repository.list.end();
        if (fresh(repository) && !there) co_return std::nullopt;
        if (fresh(repository) && !listed->second.used) {
            listed->second.used = true;
            ++repository.answered;
            co_return listed->second.digest;
        }
        if (again || !worth_another(repository, host->bulk)) co_return std::nullopt;
        if (!repository.reading) {
            co_await read(reference);
        } else {
            Bell done(executor_);
            repository.waiting.insert(&done);
            co_await done.wait();
            repository.waiting.erase(&done);
        }
        bool stop = co_await stop_requested();
        if (stop) co_return std::nullopt;
    }
}

Async<void> Bulk::read(model::Reference reference) {
    auto& repository = repositories_[reference.name()];
    ReadingGuard guard(repository.reading, repository.waiting);
    forget_old_lists();
    auto done = co_await read_pages(reference, repository);
    if (done) {
        failed_.pardon(reference.registry());
        failed_.pardon(reference.name());
        co_return;
    }
    repository.list.clear();
    repository.read_at.reset();
    const auto& error = done.error();
    if (error.kind() == ErrorKind::cancelled) co_return;
    failed_.refuse(of_one_repository(error) ? reference.name() : reference.registry(), error,
                   exchange_.clock().monotonic());
    log::info("a registry's list of digests is not asked for a while; tags are, one by one",
              {{"repository", reference.name()}, {"error", error.message()}});
}

Async<Result<void>> Bulk::read_pages(model::Reference reference, Repository& into) {
    auto host = hosts_.named(reference.registry());
    auto api = api_of(*host);
    auto expected = tags_.find(reference.name());
    auto watched = expected == tags_.end() ? 0 : expected->second;
    auto allowed = bulk_pages_allowed(host->bulk, watched);
    std::map<std::string, Listed> list;
    bool more = true;
    std::size_t pages = 0;
    for (; more && pages < allowed; ++pages) {
        auto page = co_await read_page(host, api, reference.repository(), pages + 1);
        if (!page) co_return page.error();
        for (auto& [tag, digest] : page->tags) {
            auto [entry, first] = list.try_emplace(tag, Listed{digest, pages + 1});
            if (!first && entry->second.digest != digest) entry->second.digest = model::Digest();
        }
        more = page->more && !pages_for_all(into, list, watched);
    }
    into.pages = pages + (more ? 1 : 0);
    into.answered = 0;
    into.list = std::move(list);
    into.forgotten = false;
    into.read_at = exchange_.clock().monotonic();
    co_return Result<void>();
}

Async<Result<BulkPage>> Bulk::read_page(std::shared_ptr<Host> registry, BulkApi api, std::string repository,
                                        std::size_t page) {
    auto host = api == BulkApi::docker_hub ? hosts_.named("hub.docker.com") : registry;
    auto& clock = exchange_.clock();
    auto turn = buckets_.try_emplace(host->name, pages_per_second).first->second.take(clock.monotonic());
    if (turn > clock.monotonic()) {
        bool passed = co_await sleep_until(clock, turn);
        if (!passed) co_return Error(ErrorKind::cancelled, "stopped while waiting");
    }
    Question question;
    question.url = host->base;
    question.url.target = bulk_target(api, repository, page);
    question.accept = "application/json";
    question.most_body = most_bulk_page;
    if (api == BulkApi::google) question.repository = repository;
    question.password = api == BulkApi::harbor;
    auto answer = co_await access_.ask(host, std::move(question));
    if (!answer) co_return answer.error();
    const auto& response = answer->response;
    if (response.status != 200) co_return refusal_of(*host, *answer, "", clock);
    auto untouched = whole(*host, response);
    if (!untouched) co_return untouched.error();
    auto read = parse_bulk_page(api, response.body);
    if (!read) co_return read.error().while_doing(host->name);
    co_return read;
}

void Bulk::judge(const model::Reference& reference, const model::Digest& listed,
                 const model::Digest& by_head) {
    auto& contradicted = contradicted_[reference.registry()];
    if (listed == by_head) {
        contradicted = 0;
        return;
    }
    if (++contradicted < contradictions_allowed) return;
    contradicted = 0;
    repositories_[reference.name()].read_at.reset();
    Error error(ErrorKind::bad_answer, "its list of digests says other things than its manifests");
    wrong_.refuse(reference.registry(), error, exchange_.clock().monotonic());
    log::warning("a registry's list of digests is not used for a day: it disagrees with the manifests",
                 {{"registry", reference.registry()}, {"base", reference.text()}});
}

// Lists that are as good as gone do not wait for the next look at their repository.
void Bulk::forget_old_lists() {
    for (auto& [name, repository] : repositories_) {
        if (repository.reading || fresh(repository)) continue;
        repository.list.clear();
        repository.forgotten = true;
    }
}

void Bulk::review() {
    failed_.clear();
    wrong_.clear();
    contradicted_.clear();
}

}  // namespace basewatch::registry
