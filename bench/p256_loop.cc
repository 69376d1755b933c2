// bench/p256_loop.cc: what verifying costs without nono: hash a file, verify a P-256 signature.
//
//   p256_loop FILE COUNT BATCHES     prints min, median and max of the batches, ns per COUNT times
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "bench/bench.h"

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Bytes = std::vector<unsigned char>;

Bytes file_bytes(const char* path) {
  Bytes bytes(1 << 20);
  FILE* file = std::fopen(path, "rbe");
  bytes.resize(file == nullptr ? 0 : std::fread(bytes.data(), 1, bytes.size(), file));
  if (file != nullptr) {
    (void)std::fclose(file);
  }
  return bytes;
}

Bytes sign(EVP_PKEY* key, const Bytes& statement) {
  Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  Bytes signature(128);
  std::size_t size = signature.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size, statement.data(), statement.size()) !=
          1) {
    size = 0;
  }
  signature.resize(size);
  return signature;
}

bool hash_and_verify(const char* path, EVP_PKEY* key, const Bytes& statement,
                     const Bytes& signature) {
  const Bytes bytes = file_bytes(path);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return !bytes.empty() &&
         EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) ==
             1 &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), statement.data(),
                          statement.size()) == 1;
}

}  // namespace

int main(int argc, char** argv) {
  const long count = argc == 4 ? std::strtol(argv[2], nullptr, 10) : 0;
  const long batches = argc == 4 ? std::strtol(argv[3], nullptr, 10) : 0;
  if (count <= 0 || batches <= 0) {
    (void)std::fprintf(stderr, "usage: p256_loop FILE COUNT BATCHES\n");
    return 2;
  }
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Bytes statement(400, 'x');  // an in-toto statement with one subject is about as long
  const Bytes signature = sign(key.get(), statement);
  std::vector<double> times;
  for (long batch = 0; batch < batches; ++batch) {
    const double start = bench_ns();
    for (long i = 0; i < count; ++i) {
      if (!hash_and_verify(argv[1], key.get(), statement, signature)) {
        (void)std::fprintf(stderr, "p256_loop: %s cannot be read, or nothing verifies\n", argv[1]);
        return 1;
      }
    }
    times.push_back(bench_ns() - start);
  }
  bench_print(times.data(), times.size());
  return 0;
}
