#pragma once
// A certificate authority of the test's own, and what it signs, as PEM files in a folder that goes with it.

#include "support/temporary_folder.hpp"

#include <memory>
#include <string>
#include <vector>

namespace basewatch::test {

struct CertificateFiles {
    std::string certificate;
    std::string key;
};

struct CertificateWishes {
    std::vector<std::string> names{"localhost"};      // DNS
    std::vector<std::string> addresses{"127.0.0.1"};  // IP
    long valid_from = -3600;                          // seconds from now
    long valid_until = 3600;
};

class CertificateAuthority {
public:
    CertificateAuthority();
    ~CertificateAuthority();
    // PEM, to trust this authority.
    std::string file() const;
    CertificateFiles sign(const CertificateWishes& wishes = {});

private:
    struct Identity;
    TemporaryFolder folder_;
    std::unique_ptr<Identity> identity_;
    long next_serial_ = 2;
};

}  // namespace basewatch::test
