#pragma once
// What goes between the daemon and its jq worker: frames of four bytes of length (big-endian) and a payload.
// Pure. Both sides parse strictly: the worker runs programs of strangers and is not trusted by the daemon.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace basewatch::jq {

inline constexpr std::size_t frame_header = 4;
// Bounds of one request; beyond them nothing is sent, and nothing is read.
inline constexpr std::size_t most_program = 256u << 10;
inline constexpr std::size_t most_input = 16u << 20;
inline constexpr std::size_t most_request = most_program + most_input + 16;
// The part of a fault's text that is worth carrying; an answer that is a fault is never longer.
inline constexpr std::size_t most_fault = 16u << 10;

struct Request {
    bool only_compile = false;
    std::string program;
    std::string input;
    bool operator==(const Request&) const = default;
};

enum class Outcome : char {
    output = 'o',            // text is the one output; of a request that only compiles it is empty
    does_not_compile = 'c',  // text is what libjq's error callback said, one message per line group
    failed = 'f',            // text is libjq's message, empty where the program raised no text
    no_output = 'n',
    several_outputs = 's',
    bad_input = 'i',  // not JSON
};

struct Answer {
    Outcome outcome = Outcome::output;
    std::string text;
    bool operator==(const Answer&) const = default;
};

// The whole frame, its length in front.
std::string frame(const Request& request);
std::string frame(const Answer& answer);

// What the four bytes say; `header` is exactly frame_header long.
std::size_t payload_size(std::string_view header);

// From a payload; nothing when it is no such thing.
std::optional<Request> read_request(std::string_view payload);
std::optional<Answer> read_answer(std::string_view payload);

}  // namespace basewatch::jq
