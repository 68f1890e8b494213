#pragma once
// One look at many tags: where a registry has an API that lists tags with their digests, one list stands for
// the HEADs of a sweep. What it says is a hint. A tag that it shows with the digest that is known counts as
// looked at, once for each list; everything else is asked for by HEAD, and so is every tag every four hours.
// A list that fails is not asked for again for a while; one that HEAD contradicts three times in a row, or
// that spared less than it cost because the tags were not due together, not for a day. Of a list of several
// pages no more are read than it takes to see all tags that are watched. It has a bucket of its own, one page
// a second, beside the turns of the host. Loop thread only.

#include "foundation/bell.hpp"
#include "model/reference.hpp"
#include "registry/access.hpp"
#include "registry/bulk_page.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>

namespace basewatch::registry {

class Bulk {
public:
    Bulk(asio::any_io_executor executor, Exchange& exchange, Hosts& hosts, Access& access);

    // How many tags of each repository (`docker.io/library/ruby`) are watched; by the settings of now.
    void expect(std::map<std::string, std::size_t> tags);
    // Of this one, after tags of it came or went; what is known of the others stays.
    void expect(const std::string& repository, std::size_t tags);
    // What the list says of this tag, reading it where that is worth it; nothing where only HEAD knows.
    Async<std::optional<model::Digest>> glance(model::Reference reference);
    // What HEAD said of a tag after the list did.
    void judge(const model::Reference& reference, const model::Digest& listed, const model::Digest& by_head);
    // Settings changed.
    void review();

private:
    struct Listed {
        model::Digest digest;  // empty: two of them
        std::size_t page = 0;  // on which it stood, from 1
        bool used = false;
    };
    struct Repository {
        std::map<std::string, Listed> list;
        std::optional<Monotonic> read_at;
        std::size_t answered = 0;     // look-ups, by the last list
        Monotonic rests_until{};      // it spared too little
        std::size_t pages = 0;        // that the list took, one more where it had more to say
        std::set<std::string> asked;  // the tags that were looked at, where there are several pages
        bool reading = false;
        bool forgotten = false;  // the list, to save room
        std::set<Bell*> waiting;
    };
    BulkApi api_of(const Host& host) const;
    // Whether so many tags of it can ever be worth a list.
    bool ever_worth_it(const std::string& repository, std::size_t tags);
    bool fresh(const Repository& repository) const;
    // Notes who is watched; when that is known of all, the list is judged by the pages that they need.
    void note_asked(Repository& repository, const std::string& tag, std::size_t expected) const;
    // The last page on which one of them stands; nothing while one was not seen.
    static std::optional<std::size_t> pages_for_all(const Repository& repository,
                                                    const std::map<std::string, Listed>& list,
                                                    std::size_t expected);
    // Whether another list of it is worth its pages, by what the last one spared.
    bool worth_another(Repository& repository, settings::Bulk wanted) const;
    std::optional<Error> refusal(const model::Reference& reference) const;
    Async<void> read(model::Reference reference);
    Async<Result<void>> read_pages(model::Reference reference, Repository& into);
    Async<Result<BulkPage>> read_page(std::shared_ptr<Host> registry, BulkApi api, std::string repository,
                                      std::size_t page);
    void forget_old_lists();

    asio::any_io_executor executor_;
    Exchange& exchange_;
    Hosts& hosts_;
    Access& access_;
    std::map<std::string, std::size_t> tags_;         // by repository
    std::map<std::string, Repository> repositories_;  // an entry stays where it is
    std::map<std::string, RateLimit> buckets_;        // by the host that is asked
    Quarantine failed_, wrong_;                       // by host, or by repository
    std::map<std::string, int> contradicted_;         // by registry, in a row
};

}  // namespace basewatch::registry
