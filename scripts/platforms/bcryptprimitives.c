/*
 * Random bytes as Windows has them since 8, for a wine that does not: version 8
 * lacks this library, which Rust's own takes its randomness from. For tests under
 * wine alone, never shipped.
 */

#include <windows.h>

/* What advapi32.dll exports as RtlGenRandom. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {
  return SystemFunction036(buffer, (ULONG)length);
}
