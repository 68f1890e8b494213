#pragma once
// All tags of a repository, page by page, from registries that agree on little (Link to other hosts or none,
// pages shorter or longer than asked for, the first page for ever). A list is whole or it is an Error,
// because a tag that is missing from half a list is not deleted. Loop thread only.

#include "registry/access.hpp"
#include "registry/registry_client.hpp"
#include "registry/side.hpp"
#include "registry/tag_page.hpp"

#include <unordered_set>

namespace basewatch::registry {

class TagLists {
public:
    TagLists(Clock& clock, Access& access) : clock_(clock), access_(access) {}

    // At most 1,000 pages of 16 MiB, a million tags and two minutes. Of a mirror it is never complete.
    Async<Result<TagList>> list(Side side);

private:
    struct Collected {
        std::unordered_set<std::string> tags;
        std::size_t bytes = 0;
        bool add(TagPage page);  // whether anything was new
        bool full() const;
        TagList sorted(bool complete);
    };
    Async<Result<Answer>> page(std::shared_ptr<Host> host, Question question);

    Clock& clock_;
    Access& access_;
};

}  // namespace basewatch::registry
