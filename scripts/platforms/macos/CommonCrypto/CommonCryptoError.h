/*
 * What mimalloc reads of a header of macOS that zig does not bring along. For checking
 * that the program compiles alone: nothing that is linked is made with it.
 */

#pragma once

#include <stdint.h>

typedef int32_t CCCryptorStatus;

enum { kCCSuccess = 0 };
