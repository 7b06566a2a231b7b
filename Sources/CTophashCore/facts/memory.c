#include "tophash_facts.h"
