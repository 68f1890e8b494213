#include "net/headers.hpp"

#include <algorithm>

namespace basewatch::net {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_token_character(char c) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
    return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

}  // namespace

bool equal_without_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
    for (const auto& field : fields_) {
        if (equal_without_case(field.first, name)) return field.second;
    }
    return std::nullopt;
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& field : fields_) {
        if (equal_without_case(field.first, name)) values.push_back(field.second);
    }
    return values;
}

void Headers::add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value) {
    auto same_name = [&](const auto& field) { return equal_without_case(field.first, name); };
    auto first = std::find_if(fields_.begin(), fields_.end(), same_name);
    if (first == fields_.end()) {
        add(std::move(name), std::move(value));
        return;
    }
    fields_.erase(std::remove_if(first + 1, fields_.end(), same_name), fields_.end());
    *first = {std::move(name), std::move(value)};
}

void Headers::remove(std::string_view name) {
    std::erase_if(fields_, [&](const auto& field) { return equal_without_case(field.first, name); });
}

bool valid_header(std::string_view name, std::string_view value) {
    auto allowed_in_value = [](char c) {
        auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    };
    return !name.empty() && std::all_of(name.begin(), name.end(), is_token_character) &&
           std::all_of(value.begin(), value.end(), allowed_in_value);
}

std::string media_type(std::string_view content_type) {
    std::string type(content_type.substr(0, content_type.find(';')));
    auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!type.empty() && is_space(type.back())) type.pop_back();
    type.erase(type.begin(), std::find_if_not(type.begin(), type.end(), is_space));
    std::transform(type.begin(), type.end(), type.begin(), lower);
    return type;
}

}  // namespace basewatch::net
