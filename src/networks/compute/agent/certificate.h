// The gateway's own certificate: made at the first start, kept with its key (mode 0600), and
// recognised by customers through its SHA-256, which stands on chain.
#pragma once

#include <string>
#include <string_view>

#include "base/disk.h"
#include "base/result.h"
#include "base/time.h"

namespace tp::compute::provider {

enum class CertificateError : std::uint32_t { kUnreadable = 2, kCannotMake = 3 };
ErrorInfo describe(CertificateError error);

struct CertificateFiles {
  std::string certificate{};  // PEM path
  std::string key{};          // PEM path
};

// SHA-256 of the first certificate's DER form, in hexadecimal. Errors: kUnreadable.
Result<std::string> certificate_sha256(Disk& disk, const std::string& pem_path);

// Makes both files unless they are there. P-256, self-signed for `host` (a name or an IPv4
// address), valid for ten years from `now`. A half-written pair of a crash is made anew. Errors:
// kCannotMake; those of the disk.
Result<void> ensure_certificate(Disk& disk, const CertificateFiles& files, std::string_view host,
                                BlockTime now);

}  // namespace tp::compute::provider
