/* A driver from before unified addresses, on a machine that was never updated: it has the first
   functions that dlc looks for, which never get called. */
#define FUNCTION(name)                                                                             \
  __attribute__((visibility("default"))) int name(void);                                           \
  int name(void) { return 999; }

FUNCTION(cuGetErrorName)
FUNCTION(cuGetErrorString)
FUNCTION(cuDriverGetVersion)
FUNCTION(cuInit)
FUNCTION(cuDeviceGetCount)
FUNCTION(cuDeviceGet)
FUNCTION(cuDeviceGetName)
FUNCTION(cuDeviceGetAttribute)
FUNCTION(cuDevicePrimaryCtxRetain)
FUNCTION(cuDevicePrimaryCtxRelease_v2)
FUNCTION(cuCtxPushCurrent_v2)
FUNCTION(cuCtxPopCurrent_v2)
FUNCTION(cuModuleLoadDataEx)
FUNCTION(cuModuleUnload)
FUNCTION(cuModuleGetFunction)
FUNCTION(cuFuncSetAttribute)
FUNCTION(cuMemAlloc_v2)
FUNCTION(cuMemFree_v2)
