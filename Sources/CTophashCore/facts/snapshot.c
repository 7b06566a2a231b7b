// Which memory names a variable.
//
// Given only an address, find the heap object around it, and copy what the tool needs to put a
// name to it. Nothing here knows names or types: the metadata's words are copied, and the tool
// reads the rest (descriptors, field names) from the files of the images.
//
// The heap may be corrupted, and other threads go on writing: every word is a guess that has to
// look right before it is followed, and every loop is bounded.

#include "tophash_facts.h"

#include <stdbool.h>
#include <string.h>

#include "tophash_protocol.h"

#define SCAN_BYTES 4096      // how far before the variable its object may begin
#define BOX_BYTES 512        // the same for boxes, whose metadata does not tell their size
#define METADATA_BYTES 512   // kept of one metadata record, from its address point
#define VECTOR_BYTES 1024    // kept of a field offset vector that lies beyond that
#define LABEL_BYTES 64       // kept of a tuple's labels
#define PIECES 48

// Metadata kinds of the Swift ABI.
enum {
  KIND_CLASS = 0,
  KIND_STRUCT = 0x200,
  KIND_ENUM = 0x201,
  KIND_OPTIONAL = 0x202,
  KIND_TUPLE = 0x301,
  KIND_FUNCTION = 0x302,
  KIND_METATYPE = 0x304,
  KIND_EXISTENTIAL_METATYPE = 0x306,
  KIND_FIXED_ARRAY = 0x308,
  KIND_LAST_TYPE = 0x308,
  KIND_BOX = 0x400,
  KIND_GENERIC_BOX = 0x500,
};

// Context descriptors: kinds, and flags in the same word.
enum {
  CONTEXT_KIND_MASK = 0x1f,
  CONTEXT_CLASS = 16,
  CONTEXT_STRUCT = 17,
  CONTEXT_ENUM = 18,
  CONTEXT_IS_GENERIC = 1 << 7,
  CONTEXT_HAS_RESILIENT_SUPERCLASS = 1 << 29,
};

struct class_metadata {
  uint64_t kind;
  uint64_t superclass;
  uint32_t flags;
  uint32_t instance_address_point;
  uint32_t instance_size;
  uint16_t instance_alignment_mask;
  uint16_t reserved;
  uint32_t class_size;
  uint32_t class_address_point;
  uint64_t description;
};
_Static_assert(sizeof(struct class_metadata) == 48, "without Objective-C there are no cache words");

struct descriptor {
  uint32_t flags;
  int32_t parent, name, access_function, fields;
  union {
    struct {
      int32_t superclass_type;
      uint32_t negative_words, positive_words;
      uint32_t member_words;
      uint32_t field_count;
      uint32_t field_offset_vector;
      struct {
        int32_t cache, pattern;
        uint16_t parameters, requirements, key_arguments, flags;
      } generics;
    } class;
    struct {
      uint32_t field_count;  // enums: number of cases
      uint32_t field_offset_vector;
      struct {
        int32_t cache, pattern;
        uint16_t parameters, requirements, key_arguments, flags;
      } generics;
    } value;
  };
};

struct header {
  uint64_t metadata;
  uint64_t reference_counts;
};

// MARK: - Reading

static bool read_exactly(uint64_t address, void *into, size_t size) {
  return tophash_memory_read(address, into, size) == size;
}

// A record that ends just before unreadable memory is cut, not lost.
static bool read_descriptor(uint64_t address, struct descriptor *into) {
  memset(into, 0, sizeof *into);
  return tophash_memory_read(address, into, sizeof *into) >= 28;
}

static bool looks_like_pointer(uint64_t word) {
  return word >= 0x10000 && word < (1ull << 47) && word % 8 == 0;
}

// A native object's reference counts: either the inline form, whose lowest bit is always set on
// this platform and whose unowned count is small, or a side table or an immortal object.
static bool looks_like_reference_counts(uint64_t word) {
  if (word >> 63) return true;
  uint32_t unowned = (uint32_t)word >> 1;
  return (word & 1) != 0 && unowned >= 1 && unowned < (1u << 24);
}

static bool read_class(uint64_t address, struct class_metadata *class) {
  uint32_t flags;
  return read_exactly(address, class, sizeof *class) && class->kind == KIND_CLASS
    && class->instance_size >= sizeof(struct header) && class->instance_size < (1u << 28)
    && class->class_size >= sizeof *class && class->class_size < (1u << 20)
    && class->class_address_point < class->class_size && class->description % 4 == 0
    && read_exactly(class->description, &flags, sizeof flags)
    && (flags & CONTEXT_KIND_MASK) == CONTEXT_CLASS;
}

// MARK: - Writing

struct writer {
  uint8_t *bytes;
  uint32_t used, capacity;
  uint32_t pieces;
};

struct piece {
  uint64_t address;
  uint32_t size, kind;
};

// Copies what can be read of `size` bytes at `address` into a piece of its own.
static bool emit(struct writer *out, uint64_t address, uint32_t size, uint32_t kind) {
  struct piece piece = {address, size, kind};
  uint32_t room = out->capacity - out->used;
  if (room < sizeof piece + 8 || out->pieces >= PIECES) return false;
  room = (room - (uint32_t)sizeof piece) & ~7u;
  if (piece.size > room) piece.size = room;

  uint8_t *data = out->bytes + out->used + sizeof piece;
  piece.size = (uint32_t)tophash_memory_read(address, data, piece.size);
  if (piece.size == 0) return false;
  uint32_t padded = (piece.size + 7) & ~7u;
  memset(data + piece.size, 0, padded - piece.size);
  memcpy(out->bytes + out->used, &piece, sizeof piece);
  out->used += (uint32_t)sizeof piece + padded;
  out->pieces++;
  return true;
}

static bool is_emitted(const struct writer *out, uint64_t address, uint32_t kind) {
  for (uint32_t at = 0; at < out->used;) {
    struct piece piece;
    memcpy(&piece, out->bytes + at, sizeof piece);
    if (piece.address == address && piece.kind == kind) return true;
    at += (uint32_t)sizeof piece + ((piece.size + 7) & ~7u);
  }
  return false;
}

// MARK: - Metadata

// Where a class keeps the words it does not share with its superclass, in bytes from the address
// point. With a superclass from another resilient module that is only known at run time.
static uint32_t class_members(const struct class_metadata *class, const struct descriptor *type) {
  struct class_metadata superclass;
  if (!(type->flags & CONTEXT_HAS_RESILIENT_SUPERCLASS)) {
    return (type->class.positive_words - type->class.member_words) * 8;
  }
  if (!read_class(class->superclass, &superclass)) return 0;
  return superclass.class_size - superclass.class_address_point;
}

struct layout {
  uint32_t size;                      // of the record, from its address point
  uint32_t arguments, argument_count; // types it was made from: offset of the first, and how many
  uint32_t argument_stride;           // bytes from one to the next
  uint32_t vector, vector_size;       // field offsets
  uint64_t labels;                    // of a tuple: its labels, each with a space behind
};

static struct layout class_layout(const struct class_metadata *class) {
  struct layout layout = {.size = class->class_size - class->class_address_point};
  struct descriptor type;
  if (!read_descriptor(class->description, &type)) return layout;
  uint32_t members = class_members(class, &type);
  layout.arguments = members;
  layout.argument_stride = 8;
  if (type.flags & CONTEXT_IS_GENERIC) layout.argument_count = type.class.generics.key_arguments;
  layout.vector = type.class.field_offset_vector * 8;
  if (type.flags & CONTEXT_HAS_RESILIENT_SUPERCLASS) layout.vector += members;
  layout.vector_size = type.class.field_count < 128 ? type.class.field_count * 8 : VECTOR_BYTES;
  return layout;
}

static struct layout value_layout(uint64_t description) {
  struct layout layout = {.size = 16, .arguments = 16, .argument_stride = 8};
  struct descriptor type;
  if (description % 4 != 0 || !read_descriptor(description, &type)) return layout;
  uint32_t kind = type.flags & CONTEXT_KIND_MASK;
  if (kind != CONTEXT_STRUCT && kind != CONTEXT_ENUM) return layout;
  if (type.flags & CONTEXT_IS_GENERIC) layout.argument_count = type.value.generics.key_arguments;
  if (kind == CONTEXT_STRUCT && type.value.field_count < 256) {
    layout.vector = type.value.field_offset_vector * 8;
    layout.vector_size = type.value.field_count * 4;
  }
  layout.size = 16 + layout.argument_count * 8;
  if (layout.vector + layout.vector_size > layout.size) {
    layout.size = layout.vector + layout.vector_size;
  }
  return layout;
}

// What the record at `address` is made of; false when it does not look like metadata.
static bool read_layout(uint64_t address, struct layout *layout) {
  uint64_t words[3];
  struct class_metadata class;
  memset(layout, 0, sizeof *layout);
  if (!looks_like_pointer(address) || !read_exactly(address, words, sizeof words)) return false;
  switch (words[0]) {
    case KIND_CLASS:
      if (!read_class(address, &class)) return false;
      *layout = class_layout(&class);
      return true;
    case KIND_STRUCT:
    case KIND_ENUM:
    case KIND_OPTIONAL:
      *layout = value_layout(words[1]);
      return true;
    case KIND_TUPLE:  // count, labels, then a type and an offset for each element
      layout->argument_count = words[1] < 16 ? (uint32_t)words[1] : 16;
      layout->arguments = 24;
      layout->argument_stride = 16;
      layout->size = 24 + 16 * layout->argument_count;
      layout->labels = words[2];
      return true;
    case KIND_FUNCTION:  // flags with the number of parameters, result, parameters, their flags
      layout->argument_count = 1 + (words[1] & 0xffff) % 16;
      layout->arguments = 16;
      layout->argument_stride = 8;
      layout->size = 16 + 8 * layout->argument_count + 72;
      return true;
    case KIND_METATYPE:
    case KIND_EXISTENTIAL_METATYPE:
      *layout = (struct layout){
        .size = 24, .arguments = 8, .argument_count = 1, .argument_stride = 8};
      return true;
    case KIND_FIXED_ARRAY:  // count, element
    case KIND_GENERIC_BOX:  // offset of the value, its type
      *layout = (struct layout){
        .size = 24, .arguments = 16, .argument_count = 1, .argument_stride = 8};
      return true;
    case KIND_BOX:
      layout->size = 24;
      return true;
    default:  // opaque, existential and later kinds: their first words, and nothing is followed
      layout->size = 64;
      return words[0] > KIND_STRUCT && words[0] <= KIND_LAST_TYPE;
  }
}

static void emit_metadata(struct writer *out, uint64_t address) {
  struct layout layout;
  if (is_emitted(out, address - 16, TOPHASH_SNAPSHOT_METADATA)) return;
  if (!read_layout(address, &layout)) return;
  uint32_t size = layout.size < METADATA_BYTES ? layout.size : METADATA_BYTES;
  if (!emit(out, address - 16, 16 + size, TOPHASH_SNAPSHOT_METADATA)) return;
  if (layout.labels != 0) emit(out, layout.labels, LABEL_BYTES, TOPHASH_SNAPSHOT_MEMBERS);
  uint32_t arguments = layout.argument_count < 16 ? layout.argument_count * 8 : 128;
  if (layout.argument_stride == 8 && arguments != 0 && layout.arguments + arguments > size) {
    emit(out, address + layout.arguments, arguments, TOPHASH_SNAPSHOT_MEMBERS);
  }
  if (layout.vector_size != 0 && layout.vector + layout.vector_size > size) {
    uint32_t kept = layout.vector_size < VECTOR_BYTES ? layout.vector_size : VECTOR_BYTES;
    emit(out, address + layout.vector, kept, TOPHASH_SNAPSHOT_MEMBERS);
  }
}

// Emits the metadata that the metadata piece at `address` refers to: superclass and arguments.
static void emit_references(struct writer *out, uint64_t address) {
  struct layout layout;
  if (!read_layout(address, &layout)) return;
  uint64_t words[2];
  if (read_exactly(address, words, sizeof words) && words[0] == KIND_CLASS) {
    emit_metadata(out, words[1]);
  }
  uint32_t count = layout.argument_count < 16 ? layout.argument_count : 16;
  for (uint32_t i = 0; i < count; i++) {
    uint64_t argument;
    uint64_t from = address + layout.arguments + (uint64_t)i * layout.argument_stride;
    if (!read_exactly(from, &argument, sizeof argument)) return;
    emit_metadata(out, argument);  // witness tables lie among the arguments, and are passed over
  }
}

// The pieces are also the queue: whatever one of them emits comes after it.
static void emit_closure(struct writer *out) {
  for (uint32_t at = 0; at < out->used;) {
    struct piece piece;
    memcpy(&piece, out->bytes + at, sizeof piece);
    at += (uint32_t)sizeof piece + ((piece.size + 7) & ~7u);
    if (piece.kind == TOPHASH_SNAPSHOT_METADATA) emit_references(out, piece.address + 16);
  }
}

// MARK: - Objects

// A box: one captured variable, or the context of a closure.
static bool is_box(uint64_t metadata, uint64_t offset) {
  uint64_t words[3];
  if (!read_exactly(metadata, words, sizeof words)) return false;
  uint32_t first = (uint32_t)words[1];
  if (first < sizeof(struct header) || first > offset || offset >= BOX_BYTES) return false;
  struct layout layout;
  uint32_t captures;
  switch (words[0]) {
    case KIND_BOX:
      return words[2] == 0
        || (words[2] % 4 == 0 && read_exactly(words[2], &captures, sizeof captures)
          && captures >= 1 && captures < 256);
    case KIND_GENERIC_BOX:
      return read_layout(words[2], &layout);
    default:
      return false;
  }
}

enum belief { NOT_AN_OBJECT, POSSIBLE, CERTAIN };

// Whether the object is what glibc's allocator made the block before it for: the word before a
// block holds its size, a multiple of 16 with three flags below.
static bool fills_block(uint64_t size_word, uint64_t size) {
  uint64_t block = (size + 8 + 15) & ~15ull;
  uint64_t found = size_word & ~7ull;
  return found == block || found == block + 16 || (block < 32 && found == 32);
}

static enum belief belief_in(uint64_t object, const struct header *header, uint64_t offset) {
  struct class_metadata class;
  uint64_t before;
  if (!looks_like_pointer(header->metadata)) return NOT_AN_OBJECT;
  if (!looks_like_reference_counts(header->reference_counts)) return NOT_AN_OBJECT;
  if (!read_class(header->metadata, &class)) {
    return is_box(header->metadata, offset) ? CERTAIN : NOT_AN_OBJECT;
  }
  if (offset >= class.instance_size) return NOT_AN_OBJECT;
  bool fills = read_exactly(object - sizeof before, &before, sizeof before)
    && fills_block(before, class.instance_size);
  return fills ? CERTAIN : POSSIBLE;
}

// The object around `address`, or 0.
//
// A reference to a class with a small number behind it looks like an object's header, so the
// nearest candidate is not always the right one; the allocator's own word before a block tells
// them apart. Where it does not (other allocators, static objects) the nearest is taken. Heap
// objects begin at multiples of 16; the second round is for static ones, at multiples of 8.
static uint64_t enclosing_object(uint64_t address, struct header *header) {
  uint64_t possible = 0;
  for (uint64_t shift = 0; shift <= 8 && possible == 0; shift += 8) {
    for (uint64_t back = sizeof *header; back <= SCAN_BYTES; back += 16) {
      uint64_t candidate = ((address - back) & ~15ull) + shift;
      if (candidate > address - sizeof *header) continue;
      if (!read_exactly(candidate, header, sizeof *header)) break;
      enum belief belief = belief_in(candidate, header, address - candidate);
      if (belief == CERTAIN) return candidate;
      if (belief == POSSIBLE && possible == 0) possible = candidate;
    }
  }
  return read_exactly(possible, header, sizeof *header) ? possible : 0;
}

// Swift sets bits of its own above and below the address in some references.
static uint64_t without_tags(uint64_t word) { return word & 0x00fffffffffffff8ull; }

static bool is_class_instance(uint64_t address, struct header *header) {
  struct class_metadata class;
  return looks_like_pointer(address) && read_exactly(address, header, sizeof *header)
    && looks_like_pointer(header->metadata) && read_class(header->metadata, &class);
}

uint32_t tophash_snapshot_collect(uint64_t address, uint8_t *into, uint32_t capacity) {
  struct writer out = {into, 0, capacity, 0};
  struct header header;
  if (address < 4096 || address > UINT64_MAX - 4096) return 0;
  emit(&out, address, 32, TOPHASH_SNAPSHOT_VALUE);

  uint64_t object = enclosing_object(address, &header);
  if (object != 0) {
    emit(&out, object, sizeof header, TOPHASH_SNAPSHOT_OBJECT);
    emit_metadata(&out, header.metadata);
  }

  // A dictionary, set or array is one reference to its storage; a string holds it second.
  uint64_t value[2];
  size_t words = tophash_memory_read(address, value, sizeof value) / sizeof value[0];
  for (size_t i = 0; i < words; i++) {
    uint64_t storage = without_tags(value[i]);
    if (!is_class_instance(storage, &header)) continue;
    emit(&out, storage, sizeof header, TOPHASH_SNAPSHOT_STORAGE);
    emit_metadata(&out, header.metadata);
    break;
  }

  emit_closure(&out);
  return out.used;
}

uint32_t tophash_snapshot_collect_object(uint64_t object, uint8_t *into, uint32_t capacity) {
  struct writer out = {into, 0, capacity, 0};
  struct header header;
  if (!is_class_instance(object, &header)) return 0;
  emit(&out, object, sizeof header, TOPHASH_SNAPSHOT_STORAGE);
  emit_metadata(&out, header.metadata);
  emit_closure(&out);
  return out.used;
}
