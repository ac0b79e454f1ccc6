#ifndef REFERENCE_NATIVE_H
#define REFERENCE_NATIVE_H

#include "../../Reference/include/Reference.h"

/// The same source as `reference_plain`, compiled for the processor at hand (-march=native).
const reference_functions *_Nonnull reference_native(void);

#endif
