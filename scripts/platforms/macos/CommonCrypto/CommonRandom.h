/* As CommonCryptoError.h beside it. */

#pragma once

#include <stddef.h>
#include "CommonCryptoError.h"

typedef CCCryptorStatus CCRNGStatus;

CCRNGStatus CCRandomGenerateBytes(void *bytes, size_t count);
