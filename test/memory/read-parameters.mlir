// RUN: dlc-opt %s --dlc-read-parameters --split-input-file | FileCheck %s --check-prefixes=READ
// RUN: dlc-opt %s --dlc-read-parameters --dlc-plan-arena --split-input-file | FileCheck %s --check-prefixes=PLAN

// Each parameter is read right before its first use and keeps its number; one that nothing uses is not
// read. Both that are live at once have a place of their own, the third takes the first one's.
// READ-LABEL: func.func @prepare(
// READ-SAME:    %[[P:[a-z0-9]*]]: memref<64xf32> {nn.prepared = 0 : i64}) {
// READ:         %[[B:.*]] = memref.alloc() : memref<16xf32>
// READ-NEXT:    kernel.read_param 1 from 0 into %[[B]] : memref<16xf32>
// READ-NEXT:    memref.subview %[[B]]
// READ-NEXT:    %[[A:.*]] = memref.alloc() : memref<64xf32>
// READ-NEXT:    kernel.read_param 0 from 0 into %[[A]] : memref<64xf32>
// READ-NEXT:    linalg.exp ins(%[[A]]
// READ:         memref.copy
// READ:         %[[C:.*]] = memref.alloc() : memref<64xf32>
// READ-NEXT:    kernel.read_param 3 from 0 into %[[C]] : memref<64xf32>
// READ-NEXT:    linalg.exp ins(%[[C]]
// PLAN-LABEL: func.func @prepare(
// PLAN-SAME:    nn.arena_const = 320 : i64
func.func @prepare(%a: memref<64xf32> {nn.param = "a"}, %b: memref<16xf32> {nn.param = "b"},
                   %unused: memref<9999xf32> {nn.param = "unused"}, %c: memref<64xf32> {nn.param = "c"},
                   %p: memref<64xf32> {nn.prepared = 0 : i64}) {
  %some = memref.subview %b[0] [8] [1] : memref<16xf32> to memref<8xf32, strided<[1]>>
  linalg.exp ins(%a : memref<64xf32>) outs(%p : memref<64xf32>)
  %front = memref.subview %p[0] [8] [1] : memref<64xf32> to memref<8xf32, strided<[1]>>
  memref.copy %some, %front : memref<8xf32, strided<[1]>> to memref<8xf32, strided<[1]>>
  linalg.exp ins(%c : memref<64xf32>) outs(%p : memref<64xf32>)
  return
}

// -----

// A huge matrix comes in pieces of rows, which take turns in one place.
// READ-LABEL: func.func @prepare(
// READ:         kernel.read_param 0 from 0 into %{{.*}} : memref<4096x2048xf32>
// READ:         memref.subview %{{.*}}[0, 0, 0, 0] [64, 4096, 2, 16] [1, 1, 1, 1]
// READ:         kernel.pack <dense>
// READ:         kernel.read_param 0 from 8388608 into %{{.*}} : memref<904x2048xf32>
// READ:         memref.subview %{{.*}}[0, 4096, 0, 0] [64, 904, 2, 16] [1, 1, 1, 1]
// READ:         kernel.pack <dense>
// READ-NOT:     kernel
// PLAN-LABEL: func.func @prepare(
// PLAN-SAME:    nn.arena_const = 33554432 : i64
func.func @prepare(%w: memref<5000x2048xf32> {nn.param = "w"},
                   %p: memref<64x5000x2x16xf32> {nn.prepared = 0 : i64}) {
  kernel.pack <dense> ins(%w : memref<5000x2048xf32>) outs(%p : memref<64x5000x2x16xf32>)
  return
}

// -----

// The scales of a huge matrix depend on all its rows: they are read once for those, once more to be packed. A
// piece has whole groups of weights, whatever their bits.
// READ-LABEL: func.func @prepare(
// READ:         kernel.read_param 0 from 0 into %{{.*}} : memref<4064x2049xf32>
// READ-NEXT:    kernel.unit_scales ins({{.*}}) outs(%[[S:.*]] : memref<129x16xf32>){{$}}
// READ:         kernel.read_param 0 from 8327136 into %{{.*}} : memref<937x2049xf32>
// READ-NEXT:    kernel.unit_scales {{.*}} outs(%[[S]] : memref<129x16xf32>) {accumulate}
// READ:         kernel.read_param 0 from 0 into %{{.*}} : memref<4064x2049xf32>
// READ-NEXT:    memref.subview %{{.*}}[0, 0, 0, 0] [65, 3048, 2, 16] [1, 1, 1, 1]
// READ-NEXT:    kernel.pack_fixed
// READ:         kernel.read_param 0 from 8327136 into %{{.*}} : memref<937x2049xf32>
// READ-NEXT:    memref.subview %{{.*}}[0, 3048, 0, 0] [65, 705, 2, 16] [1, 1, 1, 1]
// READ-NEXT:    kernel.pack_fixed
// PLAN-LABEL: func.func @prepare(
// PLAN-SAME:    nn.arena_const = 33308544 : i64
func.func @prepare(%w: memref<5001x2049xf32> {nn.param = "w"}, %s: memref<129x16xf32> {nn.prepared = 0 : i64},
                   %p: memref<65x3753x2x16xi32> {nn.prepared = 1 : i64}) {
  kernel.unit_scales ins(%w : memref<5001x2049xf32>) outs(%s : memref<129x16xf32>)
  kernel.pack_fixed ins(%w, %s : memref<5001x2049xf32>, memref<129x16xf32>) outs(%p : memref<65x3753x2x16xi32>) {bits = 24 : i64}
  return
}
