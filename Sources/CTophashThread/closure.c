#include "tophash_closure.h"

_Thread_local struct tophash_closure *tophash_closure_innermost;
