#include "support/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>

namespace basewatch::test {

namespace {

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Key new_key() {
    return Key(EVP_EC_gen("P-256"), EVP_PKEY_free);
}

Certificate new_certificate(EVP_PKEY* key, const char* name, long serial, long from, long until) {
    Certificate certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    return certificate;
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    if (extension == nullptr) throw std::runtime_error("cannot make the extension " + value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

template <class Write>
void write_pem(const std::string& path, Write write) {
    File file(std::fopen(path.c_str(), "w"), std::fclose);
    if (!file || write(file.get()) != 1) throw std::runtime_error("cannot write " + path);
}

}  // namespace

struct CertificateAuthority::Identity {
    Key key = new_key();
    Certificate certificate = new_certificate(key.get(), "test authority", 1, -7200, 7200);
};

CertificateAuthority::CertificateAuthority() : identity_(std::make_unique<Identity>()) {
    auto* own = identity_->certificate.get();
    X509_set_issuer_name(own, X509_get_subject_name(own));
    extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
    extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
    X509_sign(own, identity_->key.get(), EVP_sha256());
    write_pem(file(), [own](std::FILE* to) { return PEM_write_X509(to, own); });
}

CertificateAuthority::~CertificateAuthority() = default;

std::string CertificateAuthority::file() const {
    return folder_ / "authority.pem";
}

CertificateFiles CertificateAuthority::sign(const CertificateWishes& wishes) {
    auto* issuer = identity_->certificate.get();
    auto key = new_key();
    auto certificate =
        new_certificate(key.get(), "test", next_serial_, wishes.valid_from, wishes.valid_until);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
    std::string alternatives;
    for (const auto& name : wishes.names) alternatives += ",DNS:" + name;
    for (const auto& address : wishes.addresses) alternatives += ",IP:" + address;
    if (!alternatives.empty())
        extend(certificate.get(), issuer, NID_subject_alt_name, alternatives.substr(1));
    X509_sign(certificate.get(), identity_->key.get(), EVP_sha256());
    std::string stem = std::to_string(next_serial_++);
    CertificateFiles files{folder_ / (stem + ".pem"), folder_ / (stem + ".key")};
    write_pem(files.certificate, [&](std::FILE* to) { return PEM_write_X509(to, certificate.get()); });
    write_pem(files.key, [&](std::FILE* to) {
        return PEM_write_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    return files;
}

}  // namespace basewatch::test
