// Reads the command line, picks a verb.
#include "cli/command_line.hpp"

int main(int count, char** arguments) {
    return basewatch::cli::run(count, arguments);
}
