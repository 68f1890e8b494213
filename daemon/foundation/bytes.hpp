#pragma once
// Bytes as text and as proof: hex, base64 (RFC 4648), percent-encoding (RFC 3986 §2.1), hashes and MACs by
// OpenSSL, random bytes from the kernel.

#include "foundation/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace basewatch {

std::string hex(std::string_view bytes);  // lower case
std::optional<std::string> unhex(std::string_view text);

std::string base64(std::string_view bytes);     // standard alphabet, padded
std::string base64url(std::string_view bytes);  // URL alphabet, no padding
// Accepts standard and URL alphabets, with or without padding; nothing else, no white space.
std::optional<std::string> unbase64(std::string_view text);

// Leaves unreserved characters (RFC 3986 §2.3) alone and encodes the rest, upper-case hex.
std::string percent_encode(std::string_view text);
std::optional<std::string> percent_decode(std::string_view text);
// application/x-www-form-urlencoded, one name or value: space is `+`.
std::string form_encode(std::string_view text);

std::string sha256(std::string_view bytes);  // 32 raw bytes
std::string sha512(std::string_view bytes);
std::string sha384(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view message);
std::string hmac_sha1(std::string_view key, std::string_view message);  // for what takes nothing better

// Ed25519 (RFC 8032): `seed` is 32 bytes; the signature is 64 bytes. Nothing where a length is wrong.
std::optional<std::string> ed25519_sign(std::string_view seed, std::string_view message);
bool ed25519_verify(std::string_view public_key, std::string_view message, std::string_view signature);
std::optional<std::string> ed25519_public_key(std::string_view seed);

// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3). `key` is PEM, without a password. Nothing where it is no
// RSA key.
std::optional<std::string> rs256_sign(std::string_view key, std::string_view message);

// Takes the same time whatever the contents, for equal lengths.
bool equal_in_constant_time(std::string_view a, std::string_view b);

std::string random_bytes(std::size_t count);
std::uint64_t random_number();

}  // namespace basewatch
