// RUN: dlc-opt %s --dlc-lower-entries --dlc-lower-launches --canonicalize --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @forward
// CHECK-SAME:    (%[[RT:.*]]: !llvm.ptr, %[[BATCH:.*]]: i64, %[[IN:.*]]: !llvm.ptr, %[[OUT:.*]]: !llvm.ptr, %[[PREPARED:.*]]: !llvm.ptr, %[[ARENA:.*]]: !llvm.ptr) {
func.func @forward(%batch: index {nn.batch}, %x: memref<?x8xf32> {nn.input = "x"},
                   %z: memref<?xi32> {nn.input = "z"}, %w: memref<8xf32> {nn.prepared = 64 : i64},
                   %y: memref<?x8xf32> {nn.output = "y"}, %arena: memref<?xi8> {nn.arena}) {
  // CHECK-DAG:   %[[SLOTS:.*]] = llvm.alloca %{{.*}} x !llvm.array<5 x i64>
  // CHECK-DAG:   %[[X:.*]] = llvm.load %[[IN]] : !llvm.ptr -> !llvm.ptr
  // CHECK-DAG:   %[[W:.*]] = llvm.getelementptr %[[PREPARED]][64] : (!llvm.ptr) -> !llvm.ptr, i8
  // CHECK-DAG:   llvm.load %[[OUT]]
  // CHECK-DAG:   %[[F:.*]] = constant @scale_0_part : (!llvm.ptr, i64, i64) -> ()
  // CHECK:       %[[P:.*]] = builtin.unrealized_conversion_cast %[[F]]
  // CHECK:       call @dlc_rt_parallel_for(%[[RT]], %[[P]], %[[SLOTS]], %[[BATCH]], %{{.*}})
  kernel.launch @scale_0(%x, %w, %y : memref<?x8xf32>, memref<8xf32>, memref<?x8xf32>) items(%batch) grain(2500)
  return
}

// Parameters are read by the runtime; static types leave nothing open but the pointers.
// CHECK-LABEL: func.func @prepare
// CHECK-SAME:    (%[[RT:.*]]: !llvm.ptr, %[[PREPARED:.*]]: !llvm.ptr, %[[SCRATCH:.*]]: !llvm.ptr) {
func.func @prepare(%w: memref<8xf32> {nn.prepared = 64 : i64}, %arena: memref<?xi8> {nn.arena}) {
  %c8 = arith.constant 8 : index
  %c0 = arith.constant 0 : index
  %k = memref.view %arena[%c0][] : memref<?xi8> to memref<8xf32>
  // CHECK-DAG: llvm.mlir.constant(3 : i64)
  // CHECK-DAG: llvm.mlir.constant(64 : i64)
  // CHECK-DAG: llvm.mlir.constant(32 : i64)
  // CHECK: call @dlc_rt_read_param(%[[RT]], %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) : (!llvm.ptr, i64, i64, i64, !llvm.ptr) -> ()
  // CHECK: call @dlc_rt_parallel_for
  kernel.read_param 3 from 16 into %k : memref<8xf32>
  kernel.launch @copy_0(%k, %w : memref<8xf32>, memref<8xf32>) items(%c8) grain(20000)
  return
}

// CHECK-LABEL: func.func private @scale_0
// CHECK-SAME:    (%[[X:.*]]: !llvm.ptr {llvm.noalias}, %[[XN:.*]]: i64, %{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: i64, %{{.*}}: index, %{{.*}}: index)
// CHECK-SAME:    llvm.linkage = #llvm.linkage<internal>
func.func private @scale_0(%x: memref<?x8xf32> {llvm.noalias}, %w: memref<8xf32> {llvm.noalias},
                           %y: memref<?x8xf32> {llvm.noalias}, %lo: index, %hi: index) {
  %c3 = arith.constant 3 : index
  %a = memref.load %x[%lo, %c3] : memref<?x8xf32>
  %b = memref.load %w[%c3] : memref<8xf32>
  %p = arith.mulf %a, %b : f32
  memref.store %p, %y[%lo, %c3] : memref<?x8xf32>
  return
}
// CHECK:       func.func private @scale_0_part(%[[ARGS:.*]]: !llvm.ptr, %[[LO:.*]]: i64, %[[HI:.*]]: i64)
// CHECK-COUNT-5: llvm.load
// CHECK:         call @scale_0(

// CHECK-LABEL: func.func private @copy_0
// CHECK-SAME:    (%{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: index, %{{.*}}: index)
func.func private @copy_0(%x: memref<8xf32> {llvm.noalias}, %y: memref<8xf32> {llvm.noalias}, %lo: index, %hi: index) {
  return
}

// CHECK: func.func private @dlc_rt_parallel_for(!llvm.ptr, !llvm.ptr, !llvm.ptr, i64, i64)

// -----

// CHECK-LABEL: func.func @forward
// CHECK:         call @dlc_rt_parallel_for_kept
func.func @forward(%batch: index {nn.batch}, %y: memref<?x8xf32> {nn.output = "y"}) {
  kernel.launch @keep_0(%y : memref<?x8xf32>) items(%batch) grain(1) kept
  return
}
func.func private @keep_0(%y: memref<?x8xf32> {llvm.noalias}, %lo: index, %hi: index) {
  return
}

// -----

// Scratch memory: each slot's part of what lies behind the other regions of the arena, 64 + batch * 128 bytes.
// CHECK-LABEL: func.func @forward
// CHECK-DAG:     %[[C128:.*]] = llvm.mlir.constant(128 : i64)
// CHECK-DAG:     %[[C64:.*]] = llvm.mlir.constant(64 : i64)
// CHECK-DAG:     constant @turn_0_part : (!llvm.ptr, i64, i64, i64) -> ()
// CHECK:         %[[SCALED:.*]] = llvm.mul %arg1, %[[C128]]
// CHECK:         %[[OFFSET:.*]] = llvm.add %[[SCALED]], %[[C64]]
// CHECK:         %[[BASE:.*]] = llvm.getelementptr %arg5[%[[OFFSET]]] : (!llvm.ptr, i64) -> !llvm.ptr, i8
// CHECK:         llvm.store %[[BASE]]
// CHECK:         call @dlc_rt_parallel_for_slots
func.func @forward(%batch: index {nn.batch}, %y: memref<?x8xf32> {nn.output = "y"}, %arena: memref<?xi8> {nn.arena})
    attributes {nn.arena_const = 64 : i64, nn.arena_batch = 128 : i64} {
  kernel.launch @turn_0(%y : memref<?x8xf32>) items(%batch) grain(1) scratch(256)
  return
}
func.func private @turn_0(%y: memref<?x8xf32> {llvm.noalias}, %s: memref<256xi8> {llvm.noalias}, %lo: index, %hi: index) {
  return
}
// CHECK:       func.func private @turn_0_part(%{{.*}}: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64, %[[SLOT:.*]]: i64)
// CHECK:         %[[C256:.*]] = llvm.mlir.constant(256 : i64)
// CHECK:         %[[MINE:.*]] = llvm.mul %[[SLOT]], %[[C256]]
// CHECK:         llvm.getelementptr %{{.*}}[%[[MINE]]]

// -----

// What only tells the runtime a number.
// CHECK-LABEL: func.func @gradients
// CHECK:         %[[THREE:.*]] = llvm.mlir.constant(3 : i64)
// CHECK:         call @dlc_rt_gradient_done(%arg0, %[[THREE]]) : (!llvm.ptr, i64) -> ()
// CHECK:         call @dlc_rt_mark(%arg0, %{{.*}}) : (!llvm.ptr, i64) -> ()
func.func @gradients(%batch: index {nn.batch}, %g: memref<8xf32> {nn.gradient = "g", nn.place = 64 : i64}) {
  kernel.gradient_done 3
  kernel.mark 0
  return
}

// -----

func.func @prepare(%w: memref<8xf32> {nn.prepared = 0 : i64}) {
  %c1 = arith.constant 1 : index
  // expected-error@+1 {{needs scratch memory, which only functions of a batch have}}
  kernel.launch @turn_0(%w : memref<8xf32>) items(%c1) grain(1) scratch(256)
  return
}
func.func private @turn_0(%y: memref<8xf32> {llvm.noalias}, %s: memref<256xi8> {llvm.noalias}, %lo: index, %hi: index) {
  return
}
