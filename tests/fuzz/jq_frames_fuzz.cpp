// Frames from the jq worker and to it: any bytes are refused or read back to the same bytes.

#include "jq/fault_text.hpp"
#include "jq/frames.hpp"

#include <cstdlib>

using namespace basewatch::jq;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view payload(reinterpret_cast<const char*>(data), size);
    if (auto request = read_request(payload); request && frame(*request).substr(frame_header) != payload)
        std::abort();
    if (auto answer = read_answer(payload)) {
        if (frame(*answer).substr(frame_header) != payload) std::abort();
        // Its text is what the daemon makes readable.
        std::string_view program = payload.substr(0, payload.size() / 2);
        if (run_fault(answer->text, program).size() > 256 || compile_fault(answer->text, program).empty())
            std::abort();
    }
    return 0;
}
