// RUN: dlc-opt %s --pass-pipeline='builtin.module(gpu.module(dlc-simulate-gpu))' --split-input-file --verify-diagnostics

gpu.module @unknown_operation {
  llvm.func @kernel() attributes {nvvm.kernel} {
    // expected-error@+1 {{is not known to the GPU simulator in this form}}
    nvvm.cluster.wait
    llvm.return
  }
}

// -----

gpu.module @assembly {
  llvm.func @kernel() attributes {nvvm.kernel} {
    // expected-error@+1 {{is not known to the GPU simulator in this form}}
    llvm.inline_asm has_side_effects "griddepcontrol.wait;", "" : () -> ()
    llvm.return
  }
}

// -----

gpu.module @sized {
  // expected-error@+1 {{more than 49152 bytes of shared memory of fixed sizes}}
  llvm.mlir.global internal @tile() {addr_space = 3 : i32} : !llvm.array<12289 x f32>
  llvm.func @kernel() attributes {nvvm.kernel} {
    %tile = llvm.mlir.addressof @tile : !llvm.ptr<3>
    llvm.return
  }
}

// -----

gpu.module @external {
  // expected-error@+1 {{a function that a kernel calls must be in its module}}
  llvm.func @__nv_expf(f32) -> f32
}
