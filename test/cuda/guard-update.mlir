// RUN: dlc-opt %s --dlc-guard-update --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

module attributes {gpu.container_module, nn.state_bytes = 192 : i64} {
  // The loss and the verdict are arguments of the entry; gradients are one block up to the end of the state.
  // CHECK-LABEL: func.func @update
  // CHECK-SAME:    %[[LOSS:[a-z0-9]*]]: memref<1xf32> {nn.input = "loss"}, %[[G:[a-z0-9]*]]: memref<32xf32> {nn.place = 64 : i64},
  // CHECK-SAME:    %[[VERDICT:[a-z0-9]*]]: memref<1xi32> {nn.output = "verdict"}, %[[PARTS:[a-z0-9]*]]: memref<2048xi32> {nn.output = "parts"}, %{{.*}}: memref<?xi8> {nn.arena})
  // CHECK:         gpu.launch_func @kernels::@find_largest blocks in (%c16, {{.*}} args(%[[G]] : {{.*}}, %[[PARTS]] :
  // CHECK-NEXT:    gpu.launch_func @kernels::@judge blocks in (%c1, {{.*}} args(%[[PARTS]] : {{.*}}, %[[LOSS]] : {{.*}}, %[[VERDICT]] :
  // CHECK:         gpu.launch_func @kernels::@guarded_shared {{.*}} %[[VERDICT]] : memref<1xi32>)
  // CHECK-NEXT:    gpu.launch_func @kernels::@guarded_shared {{.*}} %[[VERDICT]] : memref<1xi32>)
  // CHECK-NEXT:    gpu.launch_func @kernels::@guarded_own {{.*}} %[[VERDICT]] : memref<1xi32>)
  func.func @update(%hyper: memref<2xf32> {nn.input = "hyper"}, %w: memref<16xf32> {nn.param = "w", nn.place = 0 : i64},
                    %dw: memref<16xf32> {nn.gradient = "w", nn.place = 64 : i64},
                    %dv: memref<16xf32> {nn.gradient = "v", nn.place = 128 : i64}, %arena: memref<?xi8> {nn.arena}) {
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    gpu.launch_func @kernels::@shared blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1) args(%w : memref<16xf32>, %dw : memref<16xf32>)
    gpu.launch_func @kernels::@shared blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1) args(%w : memref<16xf32>, %dv : memref<16xf32>)
    gpu.launch_func @kernels::@own blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1) args(%w : memref<16xf32>)
    return
  }
  // CHECK-LABEL: func.func @forward
  // CHECK:         gpu.launch_func @kernels::@shared {{.*}} args(%{{.*}} : memref<16xf32>, %{{.*}} : memref<16xf32>)
  func.func @forward(%x: memref<16xf32> {nn.input = "x"}, %y: memref<16xf32> {nn.output = "y"}) {
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    gpu.launch_func @kernels::@shared blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1) args(%y : memref<16xf32>, %x : memref<16xf32>)
    return
  }
  // CHECK-LABEL: gpu.module @kernels
  gpu.module @kernels {
    // CHECK-LABEL: gpu.func @shared(
    // CHECK-NOT:     scf.if
    // CHECK-NOT:   gpu.func @own(
    // CHECK-LABEL: gpu.func @find_largest(
    // CHECK:         scf.for
    // CHECK-COUNT-4:   vector.load %{{.*}} {alignment = 16 : i64}
    // CHECK-COUNT-5: gpu.shuffle xor
    // CHECK-LABEL: gpu.func @judge(
    // CHECK-COUNT-5: gpu.shuffle xor
    // CHECK-LABEL: gpu.func @guarded_shared(
    // CHECK-SAME:    %[[W:.*]]: memref<16xf32>, %[[DW:.*]]: memref<16xf32>, %[[WORD:.*]]: memref<1xi32> {llvm.noalias})
    // CHECK:         %[[READ:.*]] = memref.load %[[WORD]]
    // CHECK:         %[[WELL:.*]] = arith.cmpi eq, %[[READ]]
    // CHECK:         memref.load %[[DW]]
    // CHECK:         scf.if %[[WELL]] {
    // CHECK-NEXT:      memref.store %{{.*}}, %[[W]]
    gpu.func @shared(%w: memref<16xf32>, %dw: memref<16xf32>) kernel {
      %i = gpu.thread_id x
      %a = memref.load %dw[%i] : memref<16xf32>
      memref.store %a, %w[%i] : memref<16xf32>
      gpu.return
    }
    // Only what others see is guarded, through views too.
    // CHECK-LABEL: gpu.func @guarded_own(
    // CHECK:         scf.if
    // CHECK:           vector.store
    // CHECK-NEXT:    }
    // CHECK-NOT:     scf.if
    // CHECK:         memref.store
    gpu.func @own(%w: memref<16xf32>) kernel {
      %c0 = arith.constant 0 : index
      %one = arith.constant 1.0 : f32
      %v = arith.constant dense<1.0> : vector<4xf32>
      %local = memref.alloca() : memref<4xf32>
      %rows = memref.expand_shape %w [[0, 1]] output_shape [4, 4] : memref<16xf32> into memref<4x4xf32>
      vector.store %v, %rows[%c0, %c0] : memref<4x4xf32>, vector<4xf32>
      memref.store %one, %local[%c0] : memref<4xf32>
      %read = memref.load %local[%c0] : memref<4xf32>
      vector.print %read : f32
      gpu.return
    }
  }
}

// -----

// A network for inference has no update.
// CHECK-LABEL: func.func @forward
// CHECK-NOT:   find_largest
module attributes {gpu.container_module} {
  func.func @forward(%x: memref<16xf32> {nn.input = "x"}) {
    return
  }
  gpu.module @kernels {
  }
}

// -----

module attributes {gpu.container_module, nn.state_bytes = 68719476736 : i64} {
  // expected-error @below {{has gradients of 17179869184 numbers; kernels for GPUs count in 32 bits: make the network smaller}}
  func.func @update(%hyper: memref<2xf32> {nn.input = "hyper"}, %dw: memref<16xf32> {nn.gradient = "w", nn.place = 0 : i64}, %arena: memref<?xi8> {nn.arena}) {
    return
  }
  gpu.module @kernels {
  }
}
