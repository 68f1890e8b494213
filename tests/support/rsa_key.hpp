#pragma once
// An RSA key of the test's own: PEM to sign with, and the check of what was signed.

#include <memory>
#include <string>
#include <string_view>

namespace basewatch::test {

class RsaKey {
public:
    RsaKey();
    ~RsaKey();
    std::string pem() const;
    // RSASSA-PKCS1-v1_5 with SHA-256.
    bool signed_this(std::string_view message, std::string_view signature) const;
    // What Google gives out as the key file of a service account.
    std::string google_key_file(const std::string& token_address) const;

private:
    struct Key;
    std::unique_ptr<Key> key_;
};

}  // namespace basewatch::test
