#pragma once
// The log: one line per thing worth a person's attention. Levels say who must act: error, somebody now;
// warning, somebody soon; info, nobody, but it is what the daemon is for; debug, whoever is looking for a
// fault. Fields are shown as `name=value` to people and to the journal, and as members in JSON lines. Secrets
// that were registered (foundation/secret.hpp) are struck out of every line. Any thread.

#include <initializer_list>
#include <string>
#include <string_view>

namespace basewatch::log {

enum class Level { debug, info, warning, error };
enum class Format { automatic, text, journal, json };  // automatic: journal under systemd, else text

struct Field {
    std::string_view name;
    std::string value;
};

// Once, at start. To standard error.
void open(Format format, Level least);

void write(Level level, std::string_view message, std::initializer_list<Field> fields);

inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::info, message, fields);
}
inline void warning(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::warning, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::error, message, fields);
}

}  // namespace basewatch::log
