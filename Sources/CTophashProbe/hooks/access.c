#include "tophash_probe.h"
