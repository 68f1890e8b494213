#include "support/rsa_key.hpp"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

namespace basewatch::test {

struct RsaKey::Key {
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair{EVP_RSA_gen(2048), EVP_PKEY_free};
};

RsaKey::RsaKey() : key_(std::make_unique<Key>()) {
    if (!key_->pair) throw std::runtime_error("no RSA key could be made");
}

RsaKey::~RsaKey() = default;

std::string RsaKey::pem() const {
    std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    PEM_write_bio_PrivateKey(out.get(), key_->pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* bytes = nullptr;
    long size = BIO_get_mem_data(out.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

bool RsaKey::signed_this(std::string_view message, std::string_view signature) const {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    auto raw = [](std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); };
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_->pair.get()) == 1 &&
           EVP_DigestVerify(context.get(), raw(signature), signature.size(), raw(message), message.size()) ==
               1;
}

std::string RsaKey::google_key_file(const std::string& token_address) const {
    nlohmann::json file{{"type", "service_account"},
                        {"project_id", "shop"},
                        {"private_key_id", "key-1"},
                        {"private_key", pem()},
                        {"client_email", "reader@shop.iam.gserviceaccount.com"},
                        {"token_uri", token_address}};
    return file.dump();
}

}  // namespace basewatch::test
