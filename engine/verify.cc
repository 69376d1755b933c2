// engine/verify.cc: reports, one file at a time, so that ten thousand cost no more than one.
#include "engine/verify.h"

#include <utility>

#include "base/text.h"
#include "engine/remedy.h"

namespace nono::engine {
namespace {

using trustpolicy::Denied;
using trustpolicy::DenyRule;
using trustpolicy::GuardClass;

// A remedy speaks of the file as the user sees it. Where a link leads out of the tree, signing its
// target would put a bundle into somebody else's directory.
void show_remedy(FileReport& report, const std::string& root) {
  Judgement& judgement = report.judgement;
  if (judgement.remedy.empty() || judgement.finding_code.starts_with("blocked-")) {
    return;
  }
  const std::string named = join_path(root, report.shown);
  if (!root.empty() && named != judgement.path && !beneath(root, judgement.path)) {
    judgement.remedy = shell_quote(report.shown) + " is a link to " + shell_quote(judgement.path) +
                       ": put a file of its own there and sign it";
    return;
  }
  if (const std::string text = remedy_for(judgement.finding_code, report.shown); !text.empty()) {
    judgement.remedy = text;
  }
}

FileReport report_of(std::string shown, Judgement judgement, const std::string& root) {
  const Status status = status_of(judgement);
  FileReport report{.shown = std::move(shown), .status = status, .judgement = std::move(judgement)};
  show_remedy(report, root);
  return report;
}

FileReport hidden(const std::string& root, const std::string& path, std::string reason,
                  std::string remedy) {
  return {
      .shown = relative_to(root, path),
      .status = Status::Failed,
      .judgement = {.path = path,
                    .guard_class = GuardClass::Instruction,
                    .decision = Denied(DenyRule::Unexaminable, "unexaminable", std::move(reason)),
                    .digest = {},
                    .signer = {},
                    .binding = {},
                    .bundle_path = {},
                    .remedy = std::move(remedy),
                    .finding_code = "unexaminable",
                    .id = {}}};
}

}  // namespace

std::string_view word_for(Status status) {
  switch (status) {
    case Status::Verified:
      return "VERIFIED";
    case Status::Unsigned:
      return "UNSIGNED";
    case Status::Failed:
      return "FAILED";
  }
  std::unreachable();
}

Status status_of(const Judgement& judgement) {
  if (judgement.proven()) {
    return Status::Verified;
  }
  return judgement.finding_code == attest::code(attest::Reason::NoBundle) ? Status::Unsigned
                                                                          : Status::Failed;
}

void Tally::add(Status status) {
  switch (status) {
    case Status::Verified:
      ++verified;
      return;
    case Status::Unsigned:
      ++unsigned_files;
      return;
    case Status::Failed:
      ++failed;
      return;
  }
  std::unreachable();
}

void Tally::add(const Tally& other) {
  verified += other.verified;
  unsigned_files += other.unsigned_files;
  failed += other.failed;
  complete = complete && other.complete;
}

FileReport verify_file(Gate& gate, const std::string& path) {
  const std::string absolute = absolute_path(path).value_or(path);
  const GuardClass guard_class = gate.policy().guard().classify(absolute);
  return report_of(path, gate.judge_path(path, guard_class), {});
}

FileReport verify_against(Gate& gate, const std::string& path, const std::string& bundle_path) {
  return report_of(path, gate.judge_with(path, bundle_path), {});
}

Result<Tally> verify_tree(Gate& gate, const std::string& root, const ScanLimits& limits,
                          const TreeReports& reports) {
  NONO_TRY(const ScanResult scan, scan_tree(root, gate.policy().guard(), limits, reports.progress));
  Tally tally;
  const auto tell = [&](const FileReport& report) {
    tally.add(report.status);
    reports.each(report);
  };
  for (const Found& found : scan.found) {
    if (reports.reported.contains(found.path)) {
      continue;
    }
    tell(report_of(relative_to(root, found.path), gate.judge_path(found.path, found.guard_class),
                   root));
  }
  for (const std::string& directory : scan.unreadable) {
    tell(hidden(root, directory, "this directory cannot be listed: guarded files may lie in it",
                "chmod u+rx " + shell_quote(relative_to(root, directory))));
  }
  for (const std::string& bundle : scan.orphan_bundles) {
    tell(hidden(root, bundle, "this bundle lies here without the file that it would sign",
                "rm " + shell_quote(relative_to(root, bundle))));
  }
  tally.complete = scan.complete;
  return tally;
}

}  // namespace nono::engine
