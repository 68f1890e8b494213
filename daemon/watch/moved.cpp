#include "watch/moved.hpp"

namespace basewatch::watch {

namespace {

// How far back a return is recognised.
constexpr std::size_t most_history = 50;

// Whether asking again may help.
bool passing(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::name_lookup:
        case ErrorKind::unreachable:
        case ErrorKind::timed_out:
        case ErrorKind::tls:
        case ErrorKind::rate_limited:
        case ErrorKind::server_error:
        case ErrorKind::cancelled:
            return true;
        case ErrorKind::invalid:
        case ErrorKind::blocked:
        case ErrorKind::unauthorized:
        case ErrorKind::not_found:
        case ErrorKind::bad_answer:
        case ErrorKind::too_large:
        case ErrorKind::unsupported:
        case ErrorKind::storage:
        case ErrorKind::conflict:
            return false;
    }
    return false;
}

void note_old(Moved& moved, const Error& error) {
    if (!moved.old_unread && passing(error.kind())) moved.old_unread = error;
}

Async<Result<void>> read_images(DetailReader& reader, Moved& moved,
                                std::vector<std::pair<model::Digest, model::Digest>> images) {
    if (images.size() > most_platforms_read) images.resize(most_platforms_read);
    std::vector<model::Digest> wanted;
    for (const auto& [then, now] : images) {
        wanted.push_back(then);
        wanted.push_back(now);
    }
    auto recalled = co_await reader.recall(std::move(wanted));
    if (!recalled) co_return recalled.error();
    for (const auto& [then, now] : images) {
        auto read = co_await reader.read_image(now);
        if (!read) co_return read.error();
        auto old = co_await reader.read_image(then);
        if (!old) note_old(moved, old.error());
    }
    co_return Result<void>();
}

}  // namespace

Async<Result<Moved>> look_into(DetailReader& reader, store::Store& store, model::Reference base,
                               model::Observation before, model::Observation after,
                               std::shared_ptr<const CheckSettings> settings) {
    Moved moved;
    moved.before = std::move(before);
    if (!moved.before.detailed) {
        auto old = co_await reader.observe(moved.before.digest, moved.before.observed_at);
        if (old)
            moved.before = std::move(*old);
        else
            note_old(moved, old.error());
    }
    auto images = moved_images(moved.before, after, settings->platforms);
    auto read = co_await read_images(reader, moved, std::move(images));
    if (!read) co_return read.error();

    auto history = co_await store.history(base, most_history);
    if (!history) co_return history.error();
    ClassifyInput input;
    input.before = moved.before;
    input.after = std::move(after);
    input.platforms = settings->platforms;
    input.ignore_labels = settings->ignore_labels;
    for (const auto& seen : *history) {
        input.earlier_digests.push_back(seen.digest);
        input.earlier_platforms.push_back(seen.platforms);
    }
    auto recalled = co_await reader.recall(earlier_images(input));
    if (!recalled) co_return recalled.error();
    input.images = reader.images();
    moved.classified = classify(input);
    co_return moved;
}

}  // namespace basewatch::watch
