// tests/crypto/certificate_test.cc: which certificates are read, what is read in them, and why
// others are not: one fault per case.
#include "crypto/certificate.h"

#include <gtest/gtest.h>
#include <time.h>

#include <functional>

#include "crypto/certificate_fields.h"
#include "tests/crypto/certificate_draft.h"
#include "tests/crypto/rsa_signer.h"

namespace nono::crypto {
namespace {

using namespace std::chrono_literals;
using test::der;
using test::Draft;
using test::joined;
using test::kSequence;
using test::unhex;

const PrivateKey& ca_key() {
  static const PrivateKey key = *PrivateKey::generate(KeyAlgorithm::EcdsaP256);
  return key;
}
const PublicKey& leaf_key() {
  static const PrivateKey key = *PrivateKey::generate(KeyAlgorithm::EcdsaP256);
  return key.public_key();
}

Draft sound() {
  return test::leaf(leaf_key(), "issuer");
}

std::string fault(const Bytes& der) {
  const auto parsed = Certificate::parse_der(der);
  if (parsed) {
    return "(taken)";
  }
  const bool ours = parsed.error().kind() == ErrorKind::InvalidInput ||
                    parsed.error().kind() == ErrorKind::Unsupported;
  EXPECT_TRUE(ours);
  return parsed.error().message();
}

TEST(CertificateTest, FieldsAreRead) {
  Draft draft = sound();
  draft.subject = test::common_name("sub, ject");
  draft.serial = unhex("02100080112233445566778899aabbccddee");
  const Certificate certificate = draft.issued_by(ca_key());
  EXPECT_EQ(certificate.der(), Bytes(certificate.der()));
  EXPECT_EQ(hex_encode(certificate.subject()), hex_encode(test::common_name("sub, ject")));
  EXPECT_EQ(hex_encode(certificate.issuer()), hex_encode(test::common_name("issuer")));
  EXPECT_EQ(certificate.subject_text(), "CN=sub\\, ject");
  EXPECT_EQ(certificate.issuer_text(), "CN=issuer");
  EXPECT_EQ(certificate.serial_hex(), "80112233445566778899aabbccddee");
  EXPECT_EQ(certificate.key().fingerprint(), leaf_key().fingerprint());
  EXPECT_EQ(certificate.validity().not_before, test::noon() - 30min);
  EXPECT_EQ(certificate.validity().not_after, test::noon() + 30min);
  EXPECT_EQ(hex_encode(certificate.tbs()),
            hex_encode(draft.tbs(test::signature_algorithm(KeyAlgorithm::EcdsaP256))));
  EXPECT_FALSE(certificate.is_ca());
  EXPECT_FALSE(certificate.is_self_issued());
  EXPECT_TRUE(certificate.may_sign_data());
  EXPECT_FALSE(certificate.may_sign_certificates());
  EXPECT_TRUE(certificate.allows(ExtendedUse::CodeSigning));
  EXPECT_FALSE(certificate.allows(ExtendedUse::TimeStamping));
  EXPECT_FALSE(certificate.allows(ExtendedUse::CertificateTransparency));
  EXPECT_FALSE(certificate.extended_use_is_only(ExtendedUse::CodeSigning));
}

TEST(CertificateTest, AnAuthorityIsRead) {
  const Certificate ca = test::authority("root", ca_key().public_key(), "root").issued_by(ca_key());
  EXPECT_TRUE(ca.is_ca());
  EXPECT_TRUE(ca.is_self_issued());
  EXPECT_TRUE(ca.may_sign_certificates());
  EXPECT_FALSE(ca.may_sign_data());
  EXPECT_FALSE(ca.has_extended_uses());
  EXPECT_TRUE(ca.subject_names().has_value() && ca.subject_names()->empty());
}

TEST(CertificateTest, ACopyOutlivesTheOriginal) {
  std::optional<Certificate> first = sound().issued_by(ca_key());
  const Certificate copy = *first;
  first.reset();
  EXPECT_EQ(copy.issuer_text(), "CN=issuer");
  EXPECT_TRUE(copy.extension("2.5.29.17").has_value());
}

TEST(CertificateTest, ExtensionsAreFoundByTheirOid) {
  Draft draft = sound();
  draft.extensions.push_back(test::extension("1.3.6.1.4.1.57264.1.1", false, unhex("6162")));
  draft.extensions.push_back(test::extension("2.999.18446744073709551615", false, {}));
  const Certificate certificate = draft.issued_by(ca_key());
  EXPECT_EQ(as_text(certificate.extension("1.3.6.1.4.1.57264.1.1").value()), "ab");
  EXPECT_TRUE(certificate.extension("2.999.18446744073709551615").has_value());
  EXPECT_FALSE(certificate.extension("1.3.6.1.4.1.57264.1.2").has_value());
  EXPECT_FALSE(certificate.extension("").has_value());
}

TEST(CertificateTest, CriticalAndOnlyUseIsTold) {
  const auto only = [](std::vector<std::string_view> uses, bool critical) {
    Draft draft = sound();
    draft.extensions[1] = test::extended_use(std::move(uses), critical);
    return draft.issued_by(ca_key()).extended_use_is_only(ExtendedUse::TimeStamping);
  };
  EXPECT_TRUE(only({test::kTimeStamping}, true));
  EXPECT_FALSE(only({test::kTimeStamping}, false));
  EXPECT_FALSE(only({test::kTimeStamping, test::kCodeSigning}, true));
  EXPECT_FALSE(only({test::kCodeSigning}, true));
}

TEST(CertificateTest, KeysOfEveryAlgorithmAreTaken) {
  for (const auto algorithm : {KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384,
                               KeyAlgorithm::EcdsaP521, KeyAlgorithm::Ed25519}) {
    const auto key = PrivateKey::generate(algorithm);
    const Certificate certificate = test::leaf(key->public_key(), "issuer").issued_by(*key);
    EXPECT_EQ(certificate.key().algorithm(), algorithm);
  }
  for (const std::size_t bytes : {256u, 384u, 512u}) {
    Draft draft = sound();
    draft.spki = test::rsa_spki(Bytes(bytes, std::byte{0xFF}), unhex("010001"));
    EXPECT_EQ(draft.issued_by(ca_key()).key().bits(), bytes * 8);
  }
}

TEST(CertificateTest, KeysThatAreNotOursAreUnsupported) {
  const std::string pem = test::testdata("secp256k1.pub.pem");
  std::string base64;
  for (std::size_t at = pem.find('\n') + 1; pem[at] != '-'; ++at) {
    base64 += pem[at] == '\n' ? "" : std::string(1, pem[at]);
  }
  Draft draft = sound();
  draft.spki = *base64_decode(base64, Base64::Strict);
  const auto parsed = Certificate::parse_der(draft.signed_by(ca_key()));
  ASSERT_FALSE(parsed.has_value());
  EXPECT_EQ(parsed.error().kind(), ErrorKind::Unsupported);
  EXPECT_EQ(parsed.error().message(),
            "certificate: public key: the curve is none of P-256, P-384 and P-521");
}

TEST(CertificateTest, SmallRsaKeysAreRefused) {
  Draft draft = sound();
  draft.spki = test::rsa_spki(Bytes(128, std::byte{0xFF}), unhex("010001"));
  EXPECT_EQ(fault(draft.signed_by(ca_key())),
            "certificate: public key: RSA keys have 2048 to 8192 bits, this one has 1024");
}

struct FaultCase {
  std::string_view what;
  std::function<void(Draft&)> spoil;
  std::string_view message;
};

constexpr std::string_view kSerial =
    "certificate: the serial number is negative, not DER or longer than 20 bytes";
constexpr std::string_view kValidity = "certificate: the validity is malformed";
constexpr std::string_view kName = "certificate: a name is malformed";
constexpr std::string_view kExtensions = "certificate: the extensions are malformed";
constexpr std::string_view kExtension = "certificate: an extension is malformed";
constexpr std::string_view kTwice = "certificate: an extension stands in it twice";
constexpr std::string_view kConstraints = "certificate: the basicConstraints are malformed";
constexpr std::string_view kUsage = "certificate: the keyUsage is malformed";
constexpr std::string_view kExtendedUse = "certificate: the extendedKeyUsage is malformed";

Bytes utc(std::string_view text) {
  return der(0x17, {as_bytes(text)});
}
Bytes generalized(std::string_view text) {
  return der(0x18, {as_bytes(text)});
}

std::vector<FaultCase> head_faults() {
  const Bytes name = test::common_name("issuer");
  return {
      {"version 1", [](Draft& d) { d.version = {}; }, "certificate: is not of version 3"},
      {"version 2", [](Draft& d) { d.version = unhex("a003020101"); },
       "certificate: is not of version 3"},
      {"version 4", [](Draft& d) { d.version = unhex("a003020103"); },
       "certificate: is not of version 3"},
      {"two versions", [](Draft& d) { d.version = unhex("a006020102020102"); },
       "certificate: is not of version 3"},
      {"negative serial", [](Draft& d) { d.serial = unhex("0201ff"); }, kSerial},
      {"padded serial", [](Draft& d) { d.serial = unhex("02020001"); }, kSerial},
      {"empty serial", [](Draft& d) { d.serial = unhex("0200"); }, kSerial},
      {"serial of 21 bytes",
       [](Draft& d) { d.serial = test::der_integer(Bytes(21, std::byte{1})); }, kSerial},
      {"serial as text", [](Draft& d) { d.serial = unhex("0c0101"); }, kSerial},
      {"name as set", [](Draft& d) { d.issuer = der(0x31, {}); }, kName},
      {"empty set", [](Draft& d) { d.subject = der(kSequence, {der(0x31, {})}); }, kName},
      {"attribute without value",
       [](Draft& d) {
         d.subject = der(kSequence, {der(0x31, {der(kSequence, {test::oid("2.5.4.3")})})});
       },
       kName},
      {"BER length inside a name",
       [](Draft& d) { d.subject = unhex("300c310a3008060355040313810161"); }, kName},
  };
}

std::vector<FaultCase> validity_faults() {
  std::vector<FaultCase> out;
  for (const std::string_view text :
       {"2601020304Z", "260102030405", "260102030405+0000", "260102030405z", "261302030405Z",
        "260230030405Z", "260102240405Z", "260102036005Z", "260102030460Z", "26010203040 Z",
        "2601020304-5Z", "", "Z", "20260102030405Z"}) {
    out.push_back({text, [text](Draft& d) { d.not_before = utc(text); }, kValidity});
  }
  for (const std::string_view text : {"20260102030405.5Z", "20260102030405", "202601020304Z",
                                      "260102030405Z", "20260102030405+0000", "99991301000000Z"}) {
    out.push_back({text, [text](Draft& d) { d.not_after = generalized(text); }, kValidity});
  }
  out.push_back({"no end", [](Draft& d) { d.not_after = {}; }, kValidity});
  out.push_back({"three times", [](Draft& d) { d.not_after = joined({d.not_after, d.not_after}); },
                 kValidity});
  out.push_back({"a number", [](Draft& d) { d.not_before = unhex("020101"); }, kValidity});
  return out;
}

Bytes constraints(std::string_view value) {
  return test::extension("2.5.29.19", true, unhex(value));
}
Bytes usage(std::string_view value) {
  return test::extension("2.5.29.15", true, unhex(value));
}

void add_extension_case(std::vector<FaultCase>& out, std::string_view what, Bytes extension,
                        std::string_view message) {
  out.push_back({what, [extension = std::move(extension)](Draft& d) { d.extensions = {extension}; },
                 message});
}

std::vector<FaultCase> extension_faults() {
  std::vector<FaultCase> out;
  const auto add = [&](std::string_view what, Bytes extension, std::string_view message) {
    add_extension_case(out, what, std::move(extension), message);
  };
  const Bytes name = test::oid("1.2.3");
  const Bytes value = der(test::kOctets, {});
  add("critical FALSE", der(kSequence, {name, unhex("010100"), value}),
      "certificate: an extension spells out that it is not critical");
  add("critical 01", der(kSequence, {name, unhex("010101"), value}),
      "certificate: an extension spells out that it is not critical");
  add("no value", der(kSequence, {name}), kExtension);
  add("value as bits", der(kSequence, {name, unhex("0300")}), kExtension);
  add("element after the value", der(kSequence, {name, value, value}), kExtension);
  add("OID cut off", der(kSequence, {unhex("06022a80"), value}), kExtension);
  add("OID padded", der(kSequence, {unhex("06032a8001"), value}), kExtension);
  add("BER length", unhex("308107"), kExtension);
  add("constraints FALSE", constraints("3003010100"), kConstraints);
  add("constraints with a length but no CA", constraints("3003020100"), kConstraints);
  add("constraints with a negative length", constraints("30060101ff0201ff"), kConstraints);
  add("constraints with more", constraints("30080101ff0201000500"), kConstraints);
  add("constraints with bytes after", constraints("30030101ff00"), kConstraints);
  add("constraints empty", constraints(""), kConstraints);
  add("constraints in BER", constraints("3081030101ff"), kConstraints);
  add("usage empty", usage("030100"), kUsage);
  add("usage zero", usage("03020700"), kUsage);
  add("usage with zeros at the end", usage("03020080"), kUsage);
  add("usage with unused bits set", usage("03020781"), kUsage);
  add("usage with 8 unused bits", usage("03020880"), kUsage);
  add("usage of three bytes", usage("030400808080"), kUsage);
  add("usage with bytes after", usage("0302078000"), kUsage);
  add("usage as octets", usage("04020780"), kUsage);
  const auto use = [](std::string_view hex) {
    return test::extension("2.5.29.37", false, unhex(hex));
  };
  add("extended use empty", use("3000"), kExtendedUse);
  add("extended use of text", use("30030c0161"), kExtendedUse);
  add("extended use with bytes after", use("300306012a00"), kExtendedUse);
  return out;
}

std::vector<FaultCase> structure_faults() {
  return {
      {"element after the extensions", [](Draft& d) { d.tail = unhex("0500"); }, kExtensions},
      {"empty list of extensions",
       [](Draft& d) {
         d.extensions.clear();
         d.tail = unhex("a3023000");
       },
       kExtensions},
      {"list as set",
       [](Draft& d) {
         d.extensions.clear();
         d.tail = unhex("a3023100");
       },
       kExtensions},
      {"the same extension twice", [](Draft& d) { d.extensions.push_back(d.extensions.front()); },
       kTwice},
      {"two extensions of one name, far apart",
       [](Draft& d) {
         d.extensions.insert(d.extensions.begin(), test::extension("1.2.3", false, unhex("00")));
         d.extensions.push_back(test::extension("1.2.3", false, unhex("01")));
       },
       kTwice},
      {"inner algorithm of another hash",
       [](Draft& d) { d.inner_algorithm = test::signature_algorithm(KeyAlgorithm::EcdsaP384); },
       "certificate: the signature algorithms inside and outside differ"},
      {"outer algorithm of another hash",
       [](Draft& d) { d.outer_algorithm = test::signature_algorithm(KeyAlgorithm::EcdsaP384); },
       "certificate: the signature algorithms inside and outside differ"},
      {"one with NULL, one without",
       [](Draft& d) { d.inner_algorithm = unhex("300c06082a8648ce3d0403020500"); },
       "certificate: the signature algorithms inside and outside differ"},
      {"key as octets", [](Draft& d) { d.spki = unhex("0400"); },
       "certificate: the public key is malformed"},
      {"key with a byte too many", [](Draft& d) { d.spki = joined({d.spki, unhex("00")}); },
       kExtensions},
      {"unique id of BER", [](Draft& d) { d.unique_ids = unhex("81810100"); },
       "certificate: a unique identifier is malformed"},
  };
}

TEST(CertificateTest, EachFaultIsNamed) {
  for (const auto& list :
       {head_faults(), validity_faults(), extension_faults(), structure_faults()}) {
    for (const FaultCase& test : list) {
      Draft draft = sound();
      test.spoil(draft);
      EXPECT_EQ(fault(draft.signed_by(ca_key())), test.message) << test.what;
    }
  }
}

TEST(CertificateTest, SignatureAlgorithmsThatAreNotOursAreUnsupported) {
  for (const std::string_view hex :
       {"300906072a8648ce3d0401", "300d06092a864886f70d0101050500",
        "300d06092a864886f70d0101040500", "300d06092a864886f70d01010a3000",
        "300c06082a8648ce3d0403020500", "300506032b6571"}) {
    Draft draft = sound();
    draft.inner_algorithm = draft.outer_algorithm = unhex(hex);
    const auto parsed = Certificate::parse_der(draft.signed_by(ca_key()));
    ASSERT_FALSE(parsed.has_value()) << hex;
    EXPECT_EQ(parsed.error().kind(), ErrorKind::Unsupported) << hex;
  }
}

TEST(CertificateTest, WhatRfc5280AllowsIsTaken) {
  const std::function<void(Draft&)> allowed[] = {
      [](Draft& d) { d.serial = unhex("020100"); },
      [](Draft& d) { d.unique_ids = unhex("81020001820200ff"); },
      [](Draft& d) { d.not_after = generalized("99991231235959Z"); },
      [](Draft& d) { d.not_before = utc("500101000000Z"); },
      [](Draft& d) { d.not_after = utc("240229000000Z"); },
      [](Draft& d) { std::swap(d.not_before, d.not_after); },  // a window without any time in it
      [](Draft& d) { d.extensions.clear(); },
      [](Draft& d) { d.extensions.push_back(constraints("3000")); },
      [](Draft& d) { d.extensions = {test::ca_constraints(0)}; },
      [](Draft& d) { d.extensions = {constraints("30070101ff02020200")}; },
      [](Draft& d) { d.extensions = {usage("0303070080")}; },  // decipherOnly: the ninth bit
  };
  for (std::size_t i = 0; i < std::size(allowed); ++i) {
    Draft draft = sound();
    allowed[i](draft);
    EXPECT_EQ(fault(draft.signed_by(ca_key())), "(taken)") << i;
  }
}

TEST(CertificateTest, YearsOfTwoDigitsTurnAtFifty) {
  using namespace std::chrono;
  Draft draft = sound();
  draft.not_before = utc("500101000000Z");
  draft.not_after = utc("491231235959Z");
  const Validity window = draft.issued_by(ca_key()).validity();
  EXPECT_EQ(window.not_before, sys_days(1950y / January / 1));
  EXPECT_EQ(window.not_after, sys_days(2050y / January / 1) - 1s);
}

TEST(CertificateTest, BytesAfterItAreRefused) {
  const Bytes good = sound().signed_by(ca_key());
  EXPECT_EQ(fault(joined({good, unhex("00")})), "certificate: there are bytes after it");
  EXPECT_EQ(fault(joined({good, good})), "certificate: there are bytes after it");
}

TEST(CertificateTest, EveryTruncationIsRefused) {
  const Bytes good = sound().signed_by(ca_key());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(Certificate::parse_der(std::span(good).first(size)).has_value()) << size;
  }
}

TEST(CertificateTest, BerLengthsAreRefused) {
  const Bytes good = sound().signed_by(ca_key());
  ASSERT_EQ(good[1], std::byte{0x82});
  const Bytes body(good.begin() + 4, good.end());
  EXPECT_EQ(fault(joined({unhex("308300"), Bytes(good.begin() + 2, good.begin() + 4), body})),
            "certificate: is not DER, or is cut short");
  EXPECT_EQ(fault(joined({unhex("3080"), body, unhex("0000")})),
            "certificate: is not DER, or is cut short");
}

TEST(CertificateTest, SignatureWithUnusedBitsIsRefused) {
  const Bytes algorithm = test::signature_algorithm(KeyAlgorithm::EcdsaP256);
  const Bytes tbs = sound().tbs(algorithm);
  EXPECT_EQ(fault(der(kSequence, {tbs, algorithm, unhex("03020180")})),
            "certificate: is not the three parts that a certificate has");
  EXPECT_EQ(fault(der(kSequence, {tbs, algorithm, unhex("03020080"), unhex("0500")})),
            "certificate: is not the three parts that a certificate has");
}

TEST(CertificateTest, HugeOnesAreRefusedUnread) {
  Draft draft = sound();
  draft.extensions.push_back(test::extension("1.2.3", false, Bytes(4u << 20)));
  EXPECT_EQ(fault(draft.signed_by(ca_key())), "certificate: is longer than 64 KiB");
}

double seconds_of(const std::function<void()>& work) {
  timespec start{};
  timespec end{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
  work();
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
  return static_cast<double>(end.tv_sec - start.tv_sec) +
         static_cast<double>(end.tv_nsec - start.tv_nsec) / 1e9;
}

TEST(CertificateTest, ManyExtensionsTakeLittleTime) {
  Draft draft = sound();
  Bytes many;
  for (int i = 0; i < 4000; ++i) {
    const Bytes one = test::extension("1.2.3." + std::to_string(i), false, {});
    many.insert(many.end(), one.begin(), one.end());
  }
  draft.extensions = {many};
  const Bytes file = draft.signed_by(ca_key());
  EXPECT_LT(seconds_of([&] { EXPECT_EQ(fault(file), "(taken)"); }), 0.5);
}

TEST(CertificateTest, ThreeThousandNamesAreRefusedQuickly) {
  Draft draft = sound();
  Bytes many;
  for (int i = 0; i < 3000; ++i) {
    const Bytes one =
        test::general_name(test::kUriName, "https://example.com/" + std::to_string(i));
    many.insert(many.end(), one.begin(), one.end());
  }
  draft.extensions[2] = test::extension("2.5.29.17", true, der(kSequence, {many}));
  const Bytes file = draft.signed_by(ca_key());
  EXPECT_LT(seconds_of([&] {
              const auto parsed = Certificate::parse_der(file);
              EXPECT_TRUE(!parsed.has_value() || !parsed->subject_names().has_value());
            }),
            0.5);
}

TEST(CertificateTest, OnePemBlockIsRead) {
  const auto parsed = Certificate::parse_pem(test::testdata("p256.cert.pem"));
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message();
  EXPECT_EQ(parsed->subject_text(), "CN=test");
  EXPECT_TRUE(Certificate::parse_pem("\n " + test::testdata("p256.cert.pem") + "\n").has_value());
}

TEST(CertificateTest, OtherTextIsNotACertificate) {
  const std::string pem = test::testdata("p256.cert.pem");
  constexpr std::string_view kNotOne = "certificate: is not exactly one PEM block \"CERTIFICATE\"";
  const auto text_fault = [](std::string_view text) {
    const auto parsed = Certificate::parse_pem(text);
    return parsed ? "(taken)" : parsed.error().message();
  };
  EXPECT_EQ(text_fault(pem + pem), kNotOne);
  EXPECT_EQ(text_fault("x" + pem), kNotOne);
  EXPECT_EQ(text_fault(pem + "x"), kNotOne);
  EXPECT_EQ(text_fault(""), kNotOne);
  EXPECT_EQ(text_fault(base64_encode(sound().signed_by(ca_key()))), kNotOne);
  EXPECT_EQ(text_fault(test::testdata("p256.pub.pem")), kNotOne);
  EXPECT_EQ(text_fault(std::string(97u << 10, 'A')), "certificate: is longer than 96 KiB");
  std::string spoilt = pem;
  spoilt[40] = '!';
  EXPECT_EQ(text_fault(spoilt), "certificate: the PEM block is not base64");
}

// Names.

std::string written(const Result<std::vector<SubjectName>>& names) {
  if (!names) {
    return names.error().message();
  }
  std::string out;
  for (const SubjectName& name : *names) {
    constexpr std::string_view kKinds[] = {"uri", "email", "other", "dns", "ip", "unknown"};
    out += std::string(kKinds[static_cast<std::size_t>(name.kind)]) + "=" + name.value + ";";
  }
  return out;
}

// names_of reads by ourselves alone: OpenSSL refuses the whole certificate for some of what
// follows.
std::string names_of(std::initializer_list<std::span<const std::byte>> names) {
  return written(read_subject_names(der(kSequence, names)));
}

constexpr std::string_view kFulcioName = "1.3.6.1.4.1.57264.1.7";

TEST(SubjectNameTest, EachKindIsTold) {
  using test::general_name;
  EXPECT_EQ(names_of({general_name(test::kUriName, "https://a/b")}), "uri=https://a/b;");
  EXPECT_EQ(names_of({general_name(test::kEmailName, "a@b")}), "email=a@b;");
  EXPECT_EQ(names_of({general_name(test::kDnsName, "a.b")}), "dns=a.b;");
  EXPECT_EQ(names_of({general_name(test::kIpName, "abcd")}), "ip=abcd;");
  EXPECT_EQ(names_of({test::other_name(kFulcioName, der(0x0C, {as_bytes("us\xC3\xA9r!name")}))}),
            "other=us\xC3\xA9r!name;");
  EXPECT_EQ(names_of({test::other_name("1.3.6.1.4.1.311.20.2.3", der(0x0C, {as_bytes("upn")}))}),
            "unknown=;");
  EXPECT_EQ(names_of({der(0x88, {unhex("2a")})}), "unknown=;");
}

TEST(SubjectNameTest, SeveralNamesKeepTheirOrder) {
  EXPECT_EQ(
      names_of({test::general_name(test::kUriName, "u"), test::general_name(test::kEmailName, "e"),
                test::general_name(test::kUriName, "v")}),
      "uri=u;email=e;uri=v;");
}

TEST(SubjectNameTest, CertificatesGiveTheirNames) {
  Draft draft = sound();
  EXPECT_EQ(written(draft.issued_by(ca_key()).subject_names()), "email=a@example.com;");
  draft.extensions[2] =
      test::alternative_names({test::general_name(test::kUriName, std::string_view("a\0b", 3))});
  const auto parsed = Certificate::parse_der(draft.signed_by(ca_key()));
  EXPECT_FALSE(parsed.has_value() && parsed->subject_names().has_value());
  draft.extensions[2] =
      test::alternative_names({test::other_name(kFulcioName, der(0x0C, {as_bytes("name")}))}, true);
  EXPECT_EQ(written(draft.issued_by(ca_key()).subject_names()), "other=name;");
}

TEST(SubjectNameTest, MalformedNamesAreRefused) {
  using namespace std::string_view_literals;
  const auto one = [](const Bytes& name) { return names_of({name}); };
  constexpr std::string_view kText = "holds a name that is empty, not ASCII or holds a NUL";
  for (const unsigned tag : {test::kUriName, test::kEmailName, test::kDnsName}) {
    for (const std::string_view text : {"a\0b"sv, "\0"sv, "a\0"sv, "b\xC3\xBC"sv, "\xFF"sv, ""sv}) {
      const std::string got = one(test::general_name(tag, text));
      EXPECT_TRUE(got.ends_with(kText)) << got;
    }
  }
  EXPECT_TRUE(one(test::general_name(test::kIpName, "abc")).contains("neither IPv4 nor IPv6"));
  EXPECT_TRUE(one(unhex("8900")).contains("no GeneralName"));
}

TEST(SubjectNameTest, MalformedOtherNamesAreRefused) {
  using namespace std::string_view_literals;
  const auto one = [](const Bytes& name) { return names_of({name}); };
  const auto fulcio = [&](unsigned tag, std::string_view text) {
    return one(test::other_name(kFulcioName, der(tag, {as_bytes(text)})));
  };
  constexpr std::string_view kNotText =
      "certificate: the subjectAltName holds an otherName of Fulcio that is no UTF8String";
  EXPECT_EQ(fulcio(0x16, "ia5"), kNotText);
  EXPECT_EQ(fulcio(0x13, "printable"), kNotText);
  EXPECT_EQ(fulcio(0x0C, "\xC3"), kNotText);
  EXPECT_EQ(fulcio(0x0C, "\xED\xA0\x80"), kNotText);
  EXPECT_EQ(fulcio(0x0C, "a\0b"sv), kNotText);
  EXPECT_EQ(fulcio(0x0C, ""), kNotText);
  const Bytes type = test::oid(kFulcioName);
  const Bytes text = der(0x0C, {as_bytes("name")});
  constexpr std::string_view kMalformed =
      "certificate: the subjectAltName holds a malformed otherName";
  EXPECT_EQ(one(der(0xA0, {type, der(0xA0, {text, text})})), kMalformed);
  EXPECT_EQ(one(der(0xA0, {type, der(0xA0, {text}), text})), kMalformed);
  EXPECT_EQ(one(der(0xA0, {type, der(0xA1, {text})})), kMalformed);
  EXPECT_EQ(one(der(0xA0, {type, text})), kMalformed);
  EXPECT_EQ(one(der(0xA0, {type})), kMalformed);
}

TEST(SubjectNameTest, MalformedListsAreRefused) {
  for (const std::string_view hex :
       {"3000", "", "30028601", "3003860161ff", "3180", "308103860161"}) {
    EXPECT_EQ(written(read_subject_names(unhex(hex))),
              "certificate: the subjectAltName is malformed")
        << hex;
  }
}

TEST(SubjectNameTest, AHundredNamesAreTheMost) {
  Bytes hundred;
  for (int i = 0; i < 100; ++i) {
    hundred = joined({hundred, test::general_name(test::kUriName, "u")});
  }
  const auto with = [](const Bytes& names) { return names_of({names}); };
  EXPECT_TRUE(with(hundred).starts_with("uri=u;"));
  EXPECT_EQ(with(joined({hundred, test::general_name(test::kUriName, "u")})),
            "certificate: the subjectAltName holds more than 100 names");
}

}  // namespace
}  // namespace nono::crypto
