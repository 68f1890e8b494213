#pragma once
// A registry of tags that move and the receivers of what is told about them, on one port of loopback, outside
// of the program under test: it knows what happened and what was said of it.

#include "net/http_server.hpp"
#include "support/basewatch_program.hpp"
#include "support/loop_thread.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace basewatch::test {

class MovingWorld {
public:
    explicit MovingWorld(std::size_t tags);
    ~MovingWorld();

    const std::string& address() const { return address_; }
    std::size_t tags() const { return tags_; }
    static std::string tag_name(std::size_t index);

    // Points a tag to an image that no tag ever pointed to; an odd one to an index of which one platform of
    // two moved, as a base that is built architecture by architecture.
    void move(std::size_t tag);
    // What each tag pointed to, oldest first.
    std::map<std::string, std::vector<std::string>> history() const;

    // An event of a message that came to /hook, which tells one each, or to /chat, which tells several
    // together: those of even tags in the target's `group`, those of odd ones in their rule's. Both answer
    // every seventh with 503.
    struct Told {
        std::string webhook_id, event_id, tag, before, after;
    };
    std::vector<Told> told() const;
    std::vector<std::vector<Told>> told_together() const;
    // Whether the last move of every tag that moved was told to both.
    bool all_told() const;
    // The webhook-id and the target's name of every target.disabled that came to /care.
    std::map<std::string, std::string> disabled() const;

    // A configuration that watches all tags, odd ones with `settle`, and tells /hook and /chat. With
    // `doomed`, a second target whose receiver is gone for good (410), and /care is told when it is disabled.
    std::string configuration(const std::string& settle, bool doomed) const;

private:
    // They give back digests.
    std::string keep(const char* type, const std::string& body);
    std::string make_image(const std::string& architecture, const std::string& number);
    std::string make_index(const std::map<std::string, std::string>& images);
    net::ServerResponse answer(const net::ServerRequest& request);
    net::ServerResponse listen_to(const net::ServerRequest& request);

    mutable std::mutex mutex_;
    std::size_t tags_;
    std::size_t images_ = 0;
    struct Stored {
        std::string type, body;
    };
    std::map<std::string, Stored> stored_;  // by digest
    std::map<std::string, std::vector<std::string>> history_;
    std::vector<Told> told_;
    std::vector<std::vector<Told>> together_;
    std::map<std::string, std::string> disabled_;
    std::string address_;
    LoopThread thread_;
    net::HttpServer server_;
};

// After the program has ended: every chain of changes is whole and true, every recorded change arrived at
// /hook and at /chat and nothing else did, the same events under a webhook-id each time, one webhook-id per
// event at each, and no message of two groups. Says how many changes.
std::int64_t expect_whole_chains(const MovingWorld& world, const std::string& state_path);

}  // namespace basewatch::test
