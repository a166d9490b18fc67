// RUN: dlc-opt %s --dlc-vector-phase=march=x86-64-v3 --dlc-llvm-phase=march=x86-64-v3 --split-input-file --verify-diagnostics | FileCheck %s

// CHECK:       llvm.mlir.global private constant @shift
memref.global "private" constant @shift : memref<8xf32> = dense<[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]>

// CHECK-LABEL: llvm.func @forward(
// CHECK-SAME:    !llvm.ptr, %{{.*}}: i64, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// CHECK:         llvm.mlir.addressof @generic_0_part
// CHECK:         llvm.call @dlc_rt_parallel_for
func.func @forward(%batch: index {nn.batch}, %x: memref<?x8xf32> {nn.input = "x"},
                   %y: memref<?x8xf32> {nn.output = "y"}, %arena: memref<?xi8> {nn.arena}) {
  %shift = memref.get_global @shift : memref<8xf32>
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>,
                                   affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%x, %shift : memref<?x8xf32>, memref<8xf32>) outs(%y : memref<?x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    %r = math.exp %s : f32
    linalg.yield %r : f32
  }
  return
}

// Addresses are pointer plus constant strides; no call but to the kernel.
// CHECK-LABEL: llvm.func internal @generic_0(
// CHECK-SAME:    !llvm.ptr {llvm.noalias}
// CHECK-NOT:     llvm.call
// CHECK:         llvm.load {{.*}} -> vector<8xf32>
// CHECK:         llvm.intr.fma
// CHECK-NOT:     llvm.call
// CHECK-NOT:     unrealized_conversion_cast
// CHECK-LABEL: llvm.func internal @generic_0_part(
// CHECK:         llvm.call @generic_0(

// -----

func.func @forward(%batch: index {nn.batch}, %x: memref<4xf32> {nn.input = "x"}, %y: memref<4xf32> {nn.output = "y"}) {
  // expected-error@+1 {{allocates 4 elements at run time; every buffer needs its place in the arena}}
  %b = memref.alloc() : memref<4xf32>
  linalg.exp ins(%x : memref<4xf32>) outs(%b : memref<4xf32>)
  linalg.exp ins(%b : memref<4xf32>) outs(%y : memref<4xf32>)
  return
}
