/*===-- PublicHeader.c - dlc_runtime.h is plain C99 ---------------*- C -*-===*\
|*
|* Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
|* See LICENSE in the repository root for license information.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/

#include "runtime/dlc_runtime.h"

/* Emit lays constants out by hand; C must agree with it. */
typedef char tensor_info_is_80_bytes[sizeof(dlc_tensor_info) == 80 ? 1 : -1];
typedef char model_info_is_144_bytes[sizeof(dlc_model_info) == 144 ? 1 : -1];
typedef char schedule_is_56_bytes[sizeof(dlc_schedule) == 56 ? 1 : -1];
typedef char entry_is_216_bytes[sizeof(dlc_entry) == 216 ? 1 : -1];

const char *okInC(void) { return dlc_status_string(DLC_OK); }
