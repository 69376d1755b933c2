// crypto/beside.h: work for a second thread. Internal to crypto/.
#pragma once

#include <pthread.h>

namespace nono::crypto {

// start_beside starts a thread that takes no signal: those are for the caller's. False where none
// can be had.
bool start_beside(pthread_t& thread, void* (*work)(void*), void* argument);

// What is verified to make the library ready is made up, and nobody hears of it. Each brings up the
// library's context; then ready_for_keyed SHA-256 and P-256, ready_for_paths SHA-384 and P-384,
// with which Sigstore's authorities sign certificates, ready_for_logs P-256 and Ed25519.
void ready_for_keyed();
void ready_for_paths();
void ready_for_logs();

}  // namespace nono::crypto
