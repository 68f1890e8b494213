#pragma once
// How a registry lists the tags of a repository: in pages or not, how it says where the next one is, and what
// it does wrong. As data, so that a kind of registry can be described by a file.

#include <cstddef>
#include <string>
#include <vector>

namespace basewatch::test {

struct ScriptRequest;
struct ScriptResponse;

struct TagListing {
    enum class Link {
        none,
        relative,        // `</v2/NAME/tags/list?…>`
        absolute,        // as the one who asked names this registry
        inner_host,      // of a name that nobody outside knows
        shortened_path,  // without the first part of the repository, as behind a virtual repository
        nowhere          // an address without a query
    };
    enum class End {
        ends,
        repeats,  // the last page names itself as the next one
        circles,  // the last page names the first one
        endless   // tags are made up for ever
    };
    std::size_t page = 0;  // most tags of a page, whatever `n` asks for; 0: all in one answer
    std::size_t most = 0;  // an `n` above this is refused; 0: none is
    int refusal = 405;
    Link link = Link::none;
    std::string by = "last";  // the parameter that says where to go on
    bool takes_last = true;   // without: page one, whatever it says
    int unknown_last = 0;     // status for a `last` that is no tag; 0: what would follow it
    bool shuffled = false;    // in another order than that of the names
    End end = End::ends;
    std::size_t invented_length = 16;  // of the names that are made up
    std::string members;               // of the answer besides `name` and `tags`, as JSON without braces
};

// `tags` in order of name.
ScriptResponse list_page(const TagListing& how, std::vector<std::string> tags, const ScriptRequest& request,
                         const std::string& repository);

}  // namespace basewatch::test
