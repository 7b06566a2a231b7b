// The core has one header per unit; see tophash_facts.h and its neighbours.
