#include "jq/engine.hpp"

#include "jq/prelude.hpp"

#include <algorithm>
#include <utility>

extern "C" {
#include <jq.h>
#include <jv.h>
}

namespace basewatch::jq {

namespace {

constexpr std::size_t most_programs = 64;

std::string text_of(const jv& string) {
    return {jv_string_value(string), static_cast<std::size_t>(jv_string_length_bytes(jv_copy(string)))};
}

// Consumes `message`.
void collect(void* into, jv message) {
    auto& all = *static_cast<std::string*>(into);
    jv text = jq_format_error(message);
    if (all.size() < most_fault) all += text_of(text) + "\n";
    jv_free(text);
}

// libjq's next result; freed with this.
class Value {
public:
    explicit Value(jv value) : value_(value) {}
    ~Value() { jv_free(value_); }
    Value(const Value&) = delete;
    Value& operator=(const Value&) = delete;

    bool there() const { return jv_is_valid(value_) != 0; }
    // An error was raised, as opposed to "no more results".
    bool fault() const { return !there() && jv_invalid_has_msg(jv_copy(value_)) != 0; }
    // Empty where the error is not a text.
    std::string fault_text() const {
        jv message = jv_invalid_get_msg(jv_copy(value_));
        std::string text = jv_get_kind(message) == JV_KIND_STRING ? text_of(message) : std::string();
        jv_free(message);
        return text.substr(0, most_fault);
    }
    std::string as_json() const {
        jv dumped = jv_dump_string(jv_copy(value_), 0);
        std::string text = text_of(dumped);
        jv_free(dumped);
        return text;
    }
    jv copy() const { return jv_copy(value_); }

private:
    jv value_;
};

}  // namespace

struct Engine::Compiled {
    explicit Compiled(std::string text) : program(std::move(text)), state(jq_init()) {}
    ~Compiled() {
        if (state != nullptr) jq_teardown(&state);
    }
    Compiled(const Compiled&) = delete;
    Compiled& operator=(const Compiled&) = delete;

    std::string program;
    jq_state* state;
};

Engine::Engine() = default;
Engine::~Engine() = default;

jq_state* Engine::compiled(const std::string& program, std::string& fault) {
    auto known = std::find_if(programs_.begin(), programs_.end(),
                              [&](const auto& entry) { return entry->program == program; });
    if (known != programs_.end()) {
        programs_.splice(programs_.begin(), programs_, known);
        return programs_.front()->state;
    }
    auto fresh = std::make_unique<Compiled>(program);
    if (fresh->state == nullptr) return nullptr;
    // A text with a zero byte in it would be read only up to there.
    if (program.find('\0') != std::string::npos) {
        fault = "jq: error: a zero byte in the program\n";
        return nullptr;
    }
    jq_set_error_cb(fresh->state, collect, &fault);
    bool good = jq_compile(fresh->state, (prelude() + program).c_str()) != 0;
    // Errors of a run come back as values; what else the callback is told has no reader.
    jq_set_error_cb(fresh->state, [](void*, jv message) { jv_free(message); }, nullptr);
    if (!good) return nullptr;
    programs_.push_front(std::move(fresh));
    if (programs_.size() > most_programs) programs_.pop_back();
    return programs_.front()->state;
}

Answer Engine::answer(const Request& request) {
    std::string fault;
    jq_state* state = compiled(request.program, fault);
    if (state == nullptr) return {Outcome::does_not_compile, std::move(fault)};
    if (request.only_compile) return {};
    Value input(jv_parse_sized(request.input.data(), static_cast<int>(request.input.size())));
    if (!input.there()) return {Outcome::bad_input, ""};
    jq_start(state, input.copy(), 0);
    Answer answer{Outcome::no_output, ""};
    Value first(jq_next(state));
    if (first.there()) {
        Value second(jq_next(state));
        if (second.there())
            answer.outcome = Outcome::several_outputs;
        else if (second.fault())
            answer = {Outcome::failed, second.fault_text()};
        else
            answer = {Outcome::output, first.as_json()};
    } else if (first.fault()) {
        answer = {Outcome::failed, first.fault_text()};
    }
    // Lets go of what the run still holds: the input, and what a program left half done.
    jq_start(state, jv_null(), 0);
    return answer;
}

}  // namespace basewatch::jq
