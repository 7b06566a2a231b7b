#ifndef TOPHASH_CLOSURE_H
#define TOPHASH_CLOSURE_H

// The dictionaries whose closures are running on this thread, innermost first.
// Swift has no thread-local variable. Nodes live on the stack of the closure's
// caller.
struct tophash_closure {
  const void *dictionary;
  struct tophash_closure *outer;
};

extern _Thread_local struct tophash_closure *tophash_closure_innermost;

static inline struct tophash_closure *tophash_closure_current(void) {
  return tophash_closure_innermost;
}

static inline void tophash_closure_enter(struct tophash_closure *closure, const void *dictionary) {
  closure->dictionary = dictionary;
  closure->outer = tophash_closure_innermost;
  tophash_closure_innermost = closure;
}

static inline void tophash_closure_leave(struct tophash_closure *closure) {
  tophash_closure_innermost = closure->outer;
}

#endif
