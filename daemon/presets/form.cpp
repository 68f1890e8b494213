#include "presets/form.hpp"

#include "foundation/bytes.hpp"
#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

namespace basewatch::presets {

namespace {

bool is_simple(const nlohmann::json& value) {
    return value.is_string() || value.is_number() || value.is_boolean() || value.is_null();
}

void add(std::string& form, const std::string& name, const nlohmann::json& value) {
    if (value.is_null()) return;
    if (!form.empty()) form += '&';
    form +=
        form_encode(name) + "=" + form_encode(value.is_string() ? value.get<std::string>() : to_text(value));
}

}  // namespace

Result<std::string> form_of(std::string_view json) {
    auto object = parse_json(json);
    if (!object) return object.error();
    if (!object->is_object())
        return Error(ErrorKind::invalid, "the body of a form must be an object, such as {ref: \"main\"}");
    std::string form;
    for (const auto& [name, value] : object->items()) {
        bool list = value.is_array();
        for (const auto& item : list ? value : nlohmann::json::array({value})) {
            if (!is_simple(item))
                return Error(ErrorKind::invalid, "the member `" + name.substr(0, 60) +
                                                     "` of a form must be a text or a list of texts");
            add(form, name, item);
        }
    }
    return form;
}

}  // namespace basewatch::presets
