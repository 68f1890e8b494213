#include "jq/frames.hpp"

namespace basewatch::jq {

namespace {

void put_size(std::string& out, std::size_t size) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>((size >> shift) & 0xff));
}

std::size_t size_at(std::string_view bytes) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < frame_header; ++i) size = size << 8 | static_cast<unsigned char>(bytes[i]);
    return size;
}

constexpr char run_mark = 'r';
constexpr char compile_mark = 'c';

}  // namespace

std::string frame(const Request& request) {
    std::string out;
    out.reserve(2 * frame_header + 1 + request.program.size() + request.input.size());
    put_size(out, 1 + frame_header + request.program.size() + request.input.size());
    out.push_back(request.only_compile ? compile_mark : run_mark);
    put_size(out, request.program.size());
    out += request.program;
    out += request.input;
    return out;
}

std::string frame(const Answer& answer) {
    std::string out;
    put_size(out, 1 + answer.text.size());
    out.push_back(static_cast<char>(answer.outcome));
    out += answer.text;
    return out;
}

std::size_t payload_size(std::string_view header) {
    return size_at(header);
}

std::optional<Request> read_request(std::string_view payload) {
    if (payload.size() < 1 + frame_header || payload.size() > most_request) return std::nullopt;
    char mark = payload.front();
    if (mark != run_mark && mark != compile_mark) return std::nullopt;
    std::size_t program = size_at(payload.substr(1));
    payload.remove_prefix(1 + frame_header);
    if (program > payload.size() || program > most_program) return std::nullopt;
    return Request{mark == compile_mark, std::string(payload.substr(0, program)),
                   std::string(payload.substr(program))};
}

std::optional<Answer> read_answer(std::string_view payload) {
    if (payload.empty()) return std::nullopt;
    auto outcome = static_cast<Outcome>(payload.front());
    switch (outcome) {
        case Outcome::output:
        case Outcome::does_not_compile:
        case Outcome::failed:
        case Outcome::no_output:
        case Outcome::several_outputs:
        case Outcome::bad_input:
            return Answer{outcome, std::string(payload.substr(1))};
    }
    return std::nullopt;
}

}  // namespace basewatch::jq
