// RUN: dlc-opt %s --dlc-print-ptx -verify-diagnostics -o /dev/null

// expected-error@+1 {{a kernel calls '__nv_sinf', which GPUs do not have}}
gpu.module @kernels {
  llvm.func @__nv_sinf(f32) -> f32
  llvm.func @sine(%x: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} {
    %v = llvm.load %x : !llvm.ptr -> f32
    %r = llvm.call @__nv_sinf(%v) : (f32) -> f32
    llvm.store %r, %x : f32, !llvm.ptr
    llvm.return
  }
}
