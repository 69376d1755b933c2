# The one list of rooms, lowest first. A room may depend only on rooms that its row names; a
# dependency upwards stops the configure step (cmake/NonoTargets.cmake). docs/architecture.md
# carries the same table with reasons; change both in one commit.
set(NONO_ROOMS base crypto dsse rekor attest tuf trustpolicy sandbox profile net ledger session engine cli)

set(NONO_MAY_base "")
set(NONO_MAY_crypto base)
set(NONO_MAY_dsse base crypto)
set(NONO_MAY_rekor base crypto)
set(NONO_MAY_attest base crypto dsse rekor)
set(NONO_MAY_tuf base crypto)
# trustpolicy_decision is the vocabulary in which a policy speaks to the sandbox: values only.
set(NONO_MAY_trustpolicy_decision base)
set(NONO_MAY_trustpolicy base crypto attest tuf trustpolicy_decision)
set(NONO_MAY_sandbox base trustpolicy_decision)
set(NONO_MAY_profile base crypto attest trustpolicy sandbox)
# nono-net confines itself by sandbox; the library nono_net, which nono links, uses base only.
set(NONO_MAY_net base sandbox)
set(NONO_MAY_ledger base crypto)
set(NONO_MAY_session base sandbox)
set(NONO_MAY_engine base crypto dsse rekor attest tuf trustpolicy trustpolicy_decision sandbox profile net ledger session)
set(NONO_MAY_cli ${NONO_MAY_engine} engine)

# What a room must never reach, even through others. Each external library has one home. nlohmann is
# not forbidden to sandbox: base, on which every room stands, keeps it inside one file.
set(NONO_FORBIDDEN_sandbox OpenSSL::Crypto CURL::libcurl Boost::program_options)
set(NONO_FORBIDDEN_trustpolicy_decision OpenSSL::Crypto CURL::libcurl)
# What faces the network holds no key, and no code that could use one.
set(NONO_FORBIDDEN_net OpenSSL::Crypto)
set(NONO_FORBIDDEN_cli CURL::libcurl)
set(NONO_HOME_OpenSSL::Crypto crypto)
set(NONO_HOME_nlohmann_json::nlohmann_json base)
set(NONO_HOME_utf8proc base)
set(NONO_HOME_re2 attest)
set(NONO_HOME_yaml_cpp profile)
set(NONO_HOME_tomlplusplus profile)
set(NONO_HOME_seccomp sandbox)
set(NONO_HOME_Boost::program_options cli)
set(NONO_HOME_CURL::libcurl net)
