#include "cli/offline.hpp"

#include "foundation/secret.hpp"

#include <cstdio>
#include <filesystem>

namespace basewatch::cli {

void complain(const std::string& text) {
    std::fputs(("basewatch: " + redact(text) + "\n").c_str(), stderr);
}

void print(const std::string& text) {
    std::fputs(text.c_str(), stdout);
}

std::optional<app::Configuration> read_configuration(const Common& common) {
    Problems problems;
    auto configuration = app::load(common.config, settings::Environment::of_process(), problems);
    std::fputs(app::report(problems).c_str(), stderr);
    return configuration;
}

std::shared_ptr<const settings::RegistriesSettings> read_registries(const Common& common) {
    if (std::filesystem::exists(common.config)) {
        auto configuration = read_configuration(common);
        return configuration ? configuration->settings.registries : nullptr;
    }
    Problems problems;
    auto defaults = settings::read_settings_text("(no configuration)", "{}",
                                                 settings::Environment::of_process(), problems);
    return defaults ? defaults->registries : nullptr;
}

std::optional<model::Reference> read_reference(const std::string& text) {
    auto reference = model::Reference::parse(text);
    if (reference) return *reference;
    complain(reference.error().message());
    return std::nullopt;
}

}  // namespace basewatch::cli
