#include "foundation/log.hpp"

#include "foundation/secret.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <unistd.h>

namespace basewatch::log {

namespace {

Format chosen = Format::text;

spdlog::level::level_enum spdlog_level(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warning:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

// sd-daemon(3): the journal reads a priority from the front of the line.
std::string_view journal_priority(Level level) {
    switch (level) {
        case Level::debug:
            return "<7>";
        case Level::info:
            return "<6>";
        case Level::warning:
            return "<4>";
        case Level::error:
            return "<3>";
    }
    return "<6>";
}

// Control characters and line breaks from outside must not be able to forge a line.
std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        out += byte < 0x20 || byte == 0x7f ? ' ' : c;
    }
    return out;
}

bool needs_quotes(std::string_view value) {
    return value.empty() || value.find_first_of(" \"=") != std::string_view::npos;
}

std::string as_text(std::string_view message, std::initializer_list<Field> fields) {
    std::string line(message);
    for (const auto& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        if (needs_quotes(field.value)) {
            line += '"';
            for (char c : field.value) line += c == '"' ? '\'' : c;
            line += '"';
        } else {
            line += field.value;
        }
    }
    return line;
}

std::shared_ptr<spdlog::logger> logger() {
    static auto instance = [] {
        auto made =
            std::make_shared<spdlog::logger>("basewatch", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        made->set_level(spdlog::level::info);
        made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
        return made;
    }();
    return instance;
}

}  // namespace

void open(Format format, Level least) {
    if (format == Format::automatic)
        format = std::getenv("JOURNAL_STREAM") != nullptr ? Format::journal : Format::text;
    chosen = format;
    logger()->set_level(spdlog_level(least));
    logger()->flush_on(spdlog::level::debug);
    if (format == Format::json)
        logger()->set_pattern("{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}",
                              spdlog::pattern_time_type::utc);
    if (format == Format::journal) logger()->set_pattern("%v");
    if (format == Format::text)
        logger()->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
    auto target = logger();
    if (!target->should_log(spdlog_level(level))) return;
    std::string line;
    if (chosen == Format::json) {
        nlohmann::ordered_json object;
        object["message"] = redact(message);
        for (const auto& field : fields) object[std::string(field.name)] = redact(field.value);
        line = object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
        line = line.substr(1, line.size() - 2);  // the braces are the pattern's
    } else {
        line = printable(redact(as_text(message, fields)));
        if (chosen == Format::journal) line.insert(0, journal_priority(level));
    }
    target->log(spdlog_level(level), "{}", line);
}

}  // namespace basewatch::log
