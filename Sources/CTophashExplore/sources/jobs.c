#include "tophash_explore.h"
void tophash_jobs_begin(void) {}
