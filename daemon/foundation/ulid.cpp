#include "foundation/ulid.hpp"

#include "foundation/bytes.hpp"
#include "foundation/time.hpp"

namespace basewatch {

std::string UlidSource::next(std::string_view prefix, Time now) {
    static constexpr char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    auto ms = static_cast<std::uint64_t>(to_unix_ms(now));
    if (ms > last_ms_ || entropy_.empty()) {
        last_ms_ = std::max(ms, last_ms_);
        entropy_ = random_bytes(10);
        entropy_[0] = static_cast<char>(entropy_[0] & 0x7f);  // room to count up within the millisecond
    } else {
        // The same millisecond, or a clock that was set back: count on, so that order is kept.
        for (int i = 9; i >= 0; --i) {
            entropy_[static_cast<std::size_t>(i)] =
                static_cast<char>(entropy_[static_cast<std::size_t>(i)] + 1);
            if (entropy_[static_cast<std::size_t>(i)] != 0) break;
        }
    }
    std::string out(prefix);
    for (int shift = 45; shift >= 0; shift -= 5) out += alphabet[last_ms_ >> shift & 31];
    std::uint32_t bits = 0;
    int held = 0;
    for (char c : entropy_) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        held += 8;
        while (held >= 5) {
            held -= 5;
            out += alphabet[bits >> held & 31];
        }
    }
    return out;
}

}  // namespace basewatch
