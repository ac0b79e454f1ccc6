#define REFERENCE_TABLE reference_native
#include "../Reference/path.c"
