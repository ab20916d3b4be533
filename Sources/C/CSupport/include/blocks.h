// Questions about 64 bytes at once, each answered by 64 bits: bit i is byte i. Swift's vectors compare as well, but
// have no way to get from a comparison to its bits. Clang makes of this what the processors that it builds for have.
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

// Where the block has a quote, comma, line feed or carriage return.
static inline uint64_t registry_delimiters(const uint8_t *bytes) {
  registry_block block;
  memcpy(&block, bytes, sizeof block);
  return REGISTRY_BITS((block == '"') | (block == ',') | (block == '\n') | (block == '\r'));
}

// Where the block has a line feed.
static inline uint64_t registry_line_feeds(const uint8_t *bytes) {
  registry_block block;
  memcpy(&block, bytes, sizeof block);
  return REGISTRY_BITS(block == '\n');
}

typedef struct {
  uint64_t leads;         // first bytes of characters of three bytes
  uint64_t continuations; // second and later bytes of characters
  uint64_t others;        // what is neither, nor ASCII; and NUL. E0 and ED restrict their second byte, so they are here
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
