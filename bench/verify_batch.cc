// bench/verify_batch.cc: verifying keyless bundles one after another in one process and thread, and
// what the signatures alone cost.
//
//   verify_batch BUNDLE OTHER TRUSTED_ROOT IDENTITY ISSUER FILE COUNT BATCHES
//     prints five lines of min, median and max, ns per verification of: one of the two bundles,
//     which have different certificates, in turns; the first again and again; one P-256 signature;
//     one P-384 signature; one Ed25519 signature
#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "attest/signature_check.h"
#include "base/files.h"
#include "base/json.h"
#include "bench/bench.h"
#include "crypto/keys.h"

namespace {

using nono::Bytes;

[[noreturn]] void stop(const std::string& why) {
  (void)std::fprintf(stderr, "verify_batch: %s\n", why.c_str());
  std::exit(1);
}

std::string text_of(const char* path) {
  auto text = nono::read_file(path, 64u << 20);
  if (!text) {
    stop(text.error().message());
  }
  return *std::move(text);
}

void measure(long count, long batches, const std::function<bool()>& once) {
  std::vector<double> times;
  for (long batch = 0; batch < batches; ++batch) {
    const double start = bench_ns();
    for (long i = 0; i < count; ++i) {
      if (!once()) {
        stop("something does not verify");
      }
    }
    times.push_back((bench_ns() - start) / static_cast<double>(count));
  }
  bench_print(times.data(), times.size());
}

void measure_key(long count, long batches, nono::crypto::KeyAlgorithm algorithm) {
  const auto key = nono::crypto::PrivateKey::generate(algorithm);
  const Bytes message(400);
  const auto signature = key->sign(message);
  measure(count, batches, [&] { return key->public_key().verifies(message, *signature); });
}

void measure_bundles(char** argv, long count, long batches) {
  const std::array texts{text_of(argv[1]), text_of(argv[2])};
  auto root = nono::attest::TrustedRoot::parse(text_of(argv[3]));
  if (!root) {
    stop(root.error().message());
  }
  const auto source = nono::attest::RootSource::of(*std::move(root));
  const nono::attest::Keyring keys;
  const nono::attest::SignatureCheck signature(source, keys);
  nono::attest::IdentityPolicy identity;
  identity.subject = std::string(argv[4]);
  identity.issuer = std::string(argv[5]);
  const std::string contents = text_of(argv[6]);
  const auto holds = [&](const std::string& text) {
    const auto bundle = nono::attest::Bundle::parse(text);
    return bundle && signature
                         .check(*bundle, nono::attest::Artifact::of_bytes(nono::as_bytes(contents)),
                                {.identity = &identity})
                         .has_value();
  };
  std::size_t turn = 0;
  measure(count, batches, [&] { return holds(texts.at(turn++ % texts.size())); });
  measure(count, batches, [&] { return holds(texts.front()); });
}

}  // namespace

int main(int argc, char** argv) {
  const long count = argc == 9 ? std::strtol(argv[7], nullptr, 10) : 0;
  const long batches = argc == 9 ? std::strtol(argv[8], nullptr, 10) : 0;
  if (count <= 0 || batches <= 0) {
    (void)std::fprintf(stderr,
                       "usage: verify_batch BUNDLE OTHER TRUSTED_ROOT IDENTITY ISSUER FILE "
                       "COUNT BATCHES\n");
    return 2;
  }
  measure_bundles(argv, count, batches);
  measure_key(count, batches, nono::crypto::KeyAlgorithm::EcdsaP256);
  measure_key(count, batches, nono::crypto::KeyAlgorithm::EcdsaP384);
  measure_key(count, batches, nono::crypto::KeyAlgorithm::Ed25519);
  return 0;
}
