// RUN: dlc-opt %s --dlc-outline-gpu-kernels --cse --split-input-file --verify-diagnostics | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

memref.global "private" constant @weights : memref<2xf32> = dense<[1.0, 2.0]>

// Equal ops share a kernel; blocks are counted by the plan: 4 elements a thread, 256 threads.
// CHECK: #[[BLOCKS:.*]] = affine_map<()[s0] -> ((s0 * 3) ceildiv 128)>
// CHECK: module attributes {gpu.container_module}
// CHECK-LABEL: func.func @forward
// CHECK-SAME:    (%[[BATCH:.*]]: index {nn.batch}, %[[X:.*]]: memref<?x24xf32> {nn.input = "x"}
func.func @forward(%batch: index {nn.batch}, %x: memref<?x24xf32> {nn.input = "x"},
                   %y: memref<?x24xf32> {nn.output = "y"}, %z: memref<?x2xf32> {nn.output = "z"},
                   %arena: memref<?xi8> {nn.arena}) {
  %c0 = arith.constant 0 : index
  %b = memref.view %arena[%c0][%batch] : memref<?xi8> to memref<?x24xf32>
  // CHECK:       %[[B:.*]] = memref.view
  // CHECK:       %[[N:.*]] = affine.apply #[[BLOCKS]]()[%{{.*}}]
  // CHECK:       gpu.launch_func @kernels::@exp_0 blocks in (%[[N]], %c1, %c1) threads in (%c256, %c1, %c1) args(%[[X]] : memref<?x24xf32>, %[[B]] : memref<?x24xf32>)
  linalg.exp ins(%x : memref<?x24xf32>) outs(%b : memref<?x24xf32>)
  // CHECK:       gpu.launch_func @kernels::@exp_0 {{.*}} args(%[[B]] :
  linalg.exp ins(%b : memref<?x24xf32>) outs(%y : memref<?x24xf32>)
  // An update in place passes its buffer once.
  // CHECK:       gpu.launch_func @kernels::@generic_0 {{.*}} args(%[[B]] : memref<?x24xf32>)
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%b : memref<?x24xf32>) outs(%b : memref<?x24xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.negf %a : f32
    linalg.yield %r : f32
  }
  // CHECK:       gpu.launch_func @kernels::@copy_0
  memref.copy %b, %y : memref<?x24xf32> to memref<?x24xf32>
  // Constants move along.
  // CHECK:       gpu.launch_func @kernels::@broadcast_0 {{.*}} args(%{{.*}} : memref<?x2xf32>)
  %w = memref.get_global @weights : memref<2xf32>
  linalg.broadcast ins(%w : memref<2xf32>) outs(%z : memref<?x2xf32>) dimensions = [0]
  return
}
// CHECK:      gpu.module @kernels attributes {kernel.max_batch = 89478485 : i64} {
// CHECK-NEXT:   memref.global "private" constant @weights
// CHECK-NEXT:   gpu.func @exp_0(%[[A:.*]]: memref<?x24xf32> {llvm.noalias}, %[[O:.*]]: memref<?x24xf32> {llvm.noalias}) kernel attributes {known_block_size = array<i32: 256, 1, 1>}
// CHECK-NEXT:     linalg.exp ins(%[[A]] : memref<?x24xf32>) outs(%[[O]] : memref<?x24xf32>)
// CHECK-NEXT:     gpu.return
// CHECK-NOT:    @exp_1
// CHECK:        gpu.func @generic_0(%[[A:.*]]: memref<?x24xf32> {llvm.noalias}) kernel
// CHECK:          linalg.generic {{.*}} ins(%[[A]] : {{.*}}) outs(%[[A]] : {{.*}})
// CHECK:        gpu.func @broadcast_0
// CHECK-NEXT:     memref.get_global @weights

// -----

// A kernel op says itself how many blocks compute it.
// CHECK-LABEL: func.func @conv
func.func @conv(%batch: index {nn.batch}, %x: memref<?x8x8x32xf32> {nn.input = "x"}, %w: memref<1x1x32x64xf32>,
                %b: memref<64xf32>, %y: memref<?x8x8x64xf32> {nn.output = "y"}) {
  // CHECK: gpu.launch_func @kernels::@implicit_gemm_0 blocks in (%{{.*}}, %{{.*}}, %{{.*}}) threads in (%c256, %c1, %c1) dynamic_shared_memory_size %{{.*}} args(
  kernel.implicit_gemm ins(%x, %w, %b : memref<?x8x8x32xf32>, memref<1x1x32x64xf32>, memref<64xf32>) outs(%y : memref<?x8x8x64xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>,
      cta = #kernel.cta<m = 128, n = 64, k = 32, warps_m = 4, warps_n = 2, stages = 3>, math = #kernel.math<tf32>}
    epilogue {
    ^bb0(%sum: f32, %c: f32):
      %r = arith.addf %sum, %c : f32
      kernel.yield %r : f32
    }
  return
}

// -----

func.func @large(%x: memref<65536x65536xf32>, %y: memref<65536x65536xf32>) {
  // expected-error@+1 {{has a buffer of 4294967296 elements for one sample; kernels for GPUs reach 2147483647: make the layer smaller}}
  linalg.exp ins(%x : memref<65536x65536xf32>) outs(%y : memref<65536x65536xf32>)
  return
}

// -----

// Steps are one kernel; the blocks are those of the step that reduces.
// CHECK-LABEL: func.func @steps
// CHECK:         gpu.launch_func @kernels::@steps_0 blocks in (%c2, %c1, %c1) threads in (%c256, %c1, %c1) args(%{{.*}} : memref<300x40xf32>, %{{.*}} : memref<40xf32>)
// CHECK:         gpu.func @steps_0
// CHECK:           kernel.steps {
// CHECK-NEXT:        memref.alloca
func.func @steps(%x: memref<300x40xf32>, %y: memref<40xf32>) {
  kernel.steps {
    %sum = memref.alloca() : memref<40xf32>
    linalg.reduce {arith.addf} ins(%x : memref<300x40xf32>) outs(%sum : memref<40xf32>) dimensions = [0]
    linalg.exp ins(%sum : memref<40xf32>) outs(%y : memref<40xf32>)
  }
  return
}

// -----

func.func @apart(%x: memref<8x8xf32>, %y: memref<8x8xf32>, %z: memref<8x8xf32>) {
  // expected-error @+1 {{has steps of different points}}
  kernel.steps {
    linalg.exp ins(%x : memref<8x8xf32>) outs(%y : memref<8x8xf32>)
    linalg.transpose ins(%y : memref<8x8xf32>) outs(%z : memref<8x8xf32>) permutation = [1, 0]
  }
  return
}
