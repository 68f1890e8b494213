#include "foundation/json.hpp"

#include <nlohmann/json.hpp>

#include <unordered_set>

namespace basewatch {

namespace {

using Json = nlohmann::json;

// Builds the document while watching depth and duplicate keys; stops at the first fault.
class Builder final : public nlohmann::json_sax<Json> {
public:
    explicit Builder(std::size_t depth) : most_(depth) {}

    bool null() override { return put(nullptr); }
    bool boolean(bool value) override { return put(value); }
    bool number_integer(number_integer_t value) override { return put(value); }
    bool number_unsigned(number_unsigned_t value) override { return put(value); }
    bool number_float(number_float_t value, const string_t&) override { return put(value); }
    bool string(string_t& value) override { return put(std::move(value)); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open(Json::object()); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override {
        auto [place, fresh] = stack_.back()->emplace(name, nullptr);
        if (!fresh) return fail("a key stands twice in one object");
        slot_ = &*place;
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
        return fail("not JSON at byte " + std::to_string(position));
    }

    Json document;
    std::string fault;

private:
    bool fail(std::string why) {
        if (fault.empty()) fault = std::move(why);
        return false;
    }
    Json* place(Json value) {
        if (stack_.empty()) {
            document = std::move(value);
            return &document;
        }
        if (stack_.back()->is_array()) {
            stack_.back()->push_back(std::move(value));
            return &stack_.back()->back();
        }
        *slot_ = std::move(value);
        return slot_;
    }
    bool put(Json value) {
        place(std::move(value));
        return true;
    }
    bool open(Json container) {
        if (stack_.size() >= most_) return fail("nested deeper than " + std::to_string(most_));
        stack_.push_back(place(std::move(container)));
        return true;
    }
    bool close() {
        stack_.pop_back();
        return true;
    }

    std::size_t most_;
    std::vector<Json*> stack_;
    Json* slot_ = nullptr;
};

}  // namespace

Result<Json> parse_json(std::string_view text) {
    return parse_json(text, JsonLimits());
}

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
    if (text.size() > limits.bytes)
        return Error(ErrorKind::too_large, "JSON of " + std::to_string(text.size()) +
                                               " bytes, over the bound of " + std::to_string(limits.bytes));
    Builder builder(limits.depth);
    if (!Json::sax_parse(text.begin(), text.end(), &builder))
        return Error(ErrorKind::bad_answer, builder.fault.empty() ? "not JSON" : builder.fault);
    return std::move(builder.document);
}

const Json* member(const Json& object, std::string_view name) {
    if (!object.is_object()) return nullptr;
    auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

std::optional<std::string> string_member(const Json& object, std::string_view name) {
    const auto* value = member(object, name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return value->get<std::string>();
}

std::optional<std::int64_t> integer_member(const Json& object, std::string_view name) {
    const auto* value = member(object, name);
    if (value == nullptr || !value->is_number_integer()) return std::nullopt;
    if (value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
        return std::nullopt;
    return value->get<std::int64_t>();
}

std::optional<bool> boolean_member(const Json& object, std::string_view name) {
    const auto* value = member(object, name);
    if (value == nullptr || !value->is_boolean()) return std::nullopt;
    return value->get<bool>();
}

const Json* array_member(const Json& object, std::string_view name) {
    const auto* value = member(object, name);
    return value != nullptr && value->is_array() ? value : nullptr;
}

const Json* object_member(const Json& object, std::string_view name) {
    const auto* value = member(object, name);
    return value != nullptr && value->is_object() ? value : nullptr;
}

std::string to_text(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace basewatch
