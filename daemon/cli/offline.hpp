#pragma once
// What the verbs that need no daemon share: reading the configuration, and saying what is wrong with it.

#include "app/configuration.hpp"
#include "cli/verbs.hpp"

#include <optional>

namespace basewatch::cli {

// The configuration, its problems already told on standard error; nothing when there are errors.
std::optional<app::Configuration> read_configuration(const Common& common);

// The registries section alone, and the defaults where there is no configuration file: enough for `resolve`.
std::shared_ptr<const settings::RegistriesSettings> read_registries(const Common& common);

// One line on standard error.
void complain(const std::string& text);
// To standard output.
void print(const std::string& text);

// A reference from the command line; told and nothing when it is none.
std::optional<model::Reference> read_reference(const std::string& text);

}  // namespace basewatch::cli
