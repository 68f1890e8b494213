#include "dispatch/way_out.hpp"

#include "dispatch/program.hpp"

namespace basewatch::dispatch {

Async<Answer> send(Collaborators collaborators, const presets::Target& target, Prepared prepared, Try when) {
    if (auto* run = std::get_if<presets::ProgramRun>(&*prepared.outgoing)) {
        auto end = co_await run_program(std::move(*run), collaborators.clock);
        co_return read_end(target, end, prepared.parts, when, collaborators.clock.now());
    }
    auto& request = std::get<net::HttpRequest>(*prepared.outgoing);
    auto response = co_await collaborators.transport.send(std::move(request));
    co_return read_answer(target, response, prepared.parts, when, collaborators.clock.now());
}

std::string describe(const Outgoing& outgoing) {
    return std::visit([](const auto& thing) { return presets::describe(thing); }, outgoing);
}

void keep(Answer& answer, const PrivateParts& parts, std::string_view text) {
    constexpr std::size_t most_detail = 300, most_excerpt = 120;
    auto& detail = answer.verdict.detail;
    detail = printable(parts.strike(detail), most_detail);
    answer.kept = printable(parts.strike(text), most_kept_answer);
    // Cut only what is already redacted: half a secret is still one. An error page says nothing in one line.
    bool page = answer.kept.starts_with('<');
    if (answer.verdict.next != model::DeliveryState::delivered && !answer.kept.empty() && !page)
        detail += "; it said: " + printable(answer.kept, most_excerpt);
}

Answer read_answer(const presets::Target& target, const Result<net::HttpResponse>& response,
                   const PrivateParts& parts, Try when, Time now) {
    Answer answer;
    answer.verdict = judge(target, response, when.number, when.created_at, now, when.random01);
    answer.came = response.has_value();
    if (response) {
        answer.status = response->status;
        answer.remote = response->remote;
    }
    keep(answer, parts, response ? std::string_view(response->body) : std::string_view());
    return answer;
}

}  // namespace basewatch::dispatch
