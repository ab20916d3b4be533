// Tests 64 bytes at once. The result has 64 bits; bit i is for byte i. Swift's vectors can compare, but cannot turn the
// result into bits. Clang compiles this to the target processor's vector instructions.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t registry_block __attribute__((ext_vector_type(64)));
typedef bool registry_block_bits __attribute__((ext_vector_type(64)));

#define REGISTRY_BITS(comparison) \
  __extension__({ \
    registry_block_bits bits = __builtin_convertvector(comparison, registry_block_bits); \
    uint64_t result; \
    memcpy(&result, &bits, sizeof result); \
    result; \
  })

// Finds quotes, commas, line feeds and carriage returns.
static inline uint64_t registry_delimiters(const uint8_t *bytes) {
  registry_block block;
  memcpy(&block, bytes, sizeof block);
  return REGISTRY_BITS((block == '"') | (block == ',') | (block == '\n') | (block == '\r'));
}

// Finds line feeds.
static inline uint64_t registry_line_feeds(const uint8_t *bytes) {
  registry_block block;
  memcpy(&block, bytes, sizeof block);
  return REGISTRY_BITS(block == '\n');
}

typedef struct {
  uint64_t leads;         // first bytes of three-byte characters
  uint64_t continuations; // second and later bytes of characters
  uint64_t others;        // all other non-ASCII bytes, and NUL. E0 and ED restrict their second byte, so they are here
} registry_text;

static inline registry_text registry_text_at(const uint8_t *bytes) {
  registry_block block;
  memcpy(&block, bytes, sizeof block);
  registry_text text;
  uint64_t high = REGISTRY_BITS(block >= 0x80);
  text.continuations = REGISTRY_BITS((block & 0xC0) == 0x80);
  text.leads = REGISTRY_BITS(((block & 0xF0) == 0xE0) & (block != 0xE0) & (block != 0xED));
  text.others = (high & ~text.continuations & ~text.leads) | REGISTRY_BITS(block == 0);
  return text;
}
