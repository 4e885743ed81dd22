#include "networks/compute/agent/certificate.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "base/text.h"
#include "crypto/sha.h"

namespace tp::compute::provider {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;

constexpr std::int64_t kValidSeconds = 3650LL * 24 * 3600;

bool is_ipv4(const std::string& host) {
  in_addr address{};
  return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::string& host, BlockTime now) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
  const time_t from = now.nanoseconds / 1'000'000'000 - 3600;  // clocks differ
  X509_NAME* name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, 2) == 1 &&
         ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), from) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), from + kValidSeconds) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 &&
         X509_NAME_add_entry_by_txt(
             name, "CN", MBSTRING_UTF8,
             reinterpret_cast<const unsigned char*>(host.substr(0, 64).c_str()), -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 &&
         add_extension(certificate, NID_subject_alt_name,
                       (is_ipv4(host) ? "IP:" : "DNS:") + host) &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         X509_sign(certificate, key, EVP_sha256()) != 0;
}

Bytes bytes_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Result<Certificate> read_certificate(Disk& disk, const std::string& path) {
  TRY(const Bytes pem, disk.read(path));
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!certificate)
    return fail(CertificateError::kUnreadable, path + " holds no certificate in PEM form");
  return certificate;
}

bool belong_together(Disk& disk, const CertificateFiles& files) {
  const auto certificate = read_certificate(disk, files.certificate);
  const auto pem = disk.read(files.key);
  if (!certificate || !pem) return false;
  const Bio bio(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  return key && X509_check_private_key(certificate->get(), key.get()) == 1;
}

}  // namespace

ErrorInfo describe(CertificateError error) {
  switch (error) {
    case CertificateError::kUnreadable: return {"certificate", 2, "cannot be read"};
    case CertificateError::kCannotMake: return {"certificate", 3, "cannot be made"};
  }
  TP_FATAL("CertificateError out of range");
}

Result<std::string> certificate_sha256(Disk& disk, const std::string& pem_path) {
  TRY(const Certificate certificate, read_certificate(disk, pem_path));
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  if (size <= 0) return fail(CertificateError::kUnreadable, pem_path);
  const Hash256 hash =
      crypto::sha256(BytesView(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)));
  OPENSSL_free(der);
  return to_hex(hash.view());
}

Result<void> ensure_certificate(Disk& disk, const CertificateFiles& files, std::string_view host,
                                BlockTime now) {
  if (belong_together(disk, files)) return {};
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  const Bio key_out(BIO_new(BIO_s_mem()));
  const Bio certificate_out(BIO_new(BIO_s_mem()));
  if (!key || !certificate || !key_out || !certificate_out ||
      !fill(certificate.get(), key.get(), std::string(host), now) ||
      PEM_write_bio_PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1 ||
      PEM_write_bio_X509(certificate_out.get(), certificate.get()) != 1)
    return fail(CertificateError::kCannotMake, "for \"" + std::string(host) + "\"");
  TRY_VOID(write_atomically(disk, files.key, bytes_of(key_out.get())));
  return write_atomically(disk, files.certificate, bytes_of(certificate_out.get()));
}

}  // namespace tp::compute::provider
