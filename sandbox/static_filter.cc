// sandbox/static_filter.cc: the table of refused calls as a program.
#include <linux/bpf_common.h>
#include <linux/seccomp.h>

#include "sandbox/bpf_builder.h"
#include "sandbox/filters.h"
#include "sandbox/static_table.h"

namespace nono::sandbox {
namespace {

bool part_of(Applies applies, const StaticFilterOptions& options) {
  switch (applies) {
    case Applies::Always:
      return true;
    case Applies::UnlessOpen:
      return options.network != NetworkTier::Open;
    case Applies::WhenBlocked:
      return options.network == NetworkTier::Blocked;
    case Applies::WhenBlockedHere:
      return options.network == NetworkTier::Blocked && options.own_network == OwnNetwork::No;
    case Applies::WhenOpen:
      return options.network == NetworkTier::Open;
    case Applies::PortsWithoutBroker:
      return options.network == NetworkTier::Ports && options.broker == Broker::Absent;
  }
  return true;
}

std::uint32_t answer_of(const StaticRow& row) {
  return row.answer_errno == 0 ? SECCOMP_RET_ALLOW
                               : SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(row.answer_errno);
}

void append_rules(std::vector<FilterRule>& rules, std::span<const StaticRow> rows,
                  const StaticFilterOptions& options, Architecture architecture) {
  for (const StaticRow& row : rows) {
    const int number = row.call.numbers.on(architecture);
    if (number != kNoSuchCall && part_of(row.applies, options)) {
      rules.push_back({.number = static_cast<std::uint32_t>(number),
                       .condition = row.condition,
                       .answer = answer_of(row)});
    }
  }
}

void append_list(std::vector<DeniedCall>& list, std::span<const StaticRow> rows,
                 Architecture architecture) {
  for (const StaticRow& row : rows) {
    if (const int number = row.call.numbers.on(architecture); number != kNoSuchCall) {
      list.push_back({row.call.name, number, row.when, row.answer_errno, row.why});
    }
  }
}

}  // namespace

std::vector<DeniedCall> denied_calls(Architecture architecture) {
  std::vector<DeniedCall> list;
  append_list(list, static_rows_of_calls(), architecture);
  append_list(list, static_rows_of_sockets(), architecture);
  return list;
}

Result<FilterProgram> static_filter(const StaticFilterOptions& options, Architecture architecture) {
  std::vector<FilterRule> rules;
  rules.reserve(static_rows_of_calls().size() + static_rows_of_sockets().size());
  append_rules(rules, static_rows_of_calls(), options, architecture);
  append_rules(rules, static_rows_of_sockets(), options, architecture);
  FilterProgram program = assemble(architecture, rules);
  if (program.size() > BPF_MAXINSNS) {
    return fail(ErrorKind::Internal, "the static system call filter has too many instructions");
  }
  return program;
}

}  // namespace nono::sandbox
