// RUN: dlc-opt %s --pass-pipeline='builtin.module(gpu.module(gpu.func(dlc-linalg-to-threads),canonicalize,cse))' | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#col = affine_map<(d0, d1) -> (d1)>
#t = affine_map<(d0, d1) -> (d1, d0)>
#x = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1 + d4, d2 + d5, d6)>
#w = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d4, d5, d6, d3)>
#y = affine_map<(d0, d1, d2, d3, d4, d5, d6) -> (d0, d1, d2, d3)>

gpu.module @kernels {
  // Four elements a thread, read and written at once.
  // CHECK-LABEL: gpu.func @exp
  // CHECK-SAME:    attributes {{.*}}nvvm.minctasm = 4 : i32
  // CHECK-DAG:     %[[T:.*]] = gpu.thread_id x
  // CHECK-DAG:     %[[B:.*]] = gpu.block_id x
  // CHECK:         %[[I:.*]] = affine.apply {{.*}}%[[B]], %[[T]]
  // CHECK:         %[[IN:.*]] = arith.cmpi ult, %[[I]],
  // CHECK:         scf.if %[[IN]] {
  // CHECK:           %[[V:.*]] = vector.load %{{.*}} {alignment = 16 : i64} : memref<?xf32>, vector<4xf32>
  // CHECK:           math.exp %[[V]]
  // CHECK:           vector.store %{{.*}} {alignment = 16 : i64}
  gpu.func @exp(%x: memref<?x24xf32>, %y: memref<?x24xf32>) kernel {
    linalg.exp ins(%x : memref<?x24xf32>) outs(%y : memref<?x24xf32>)
    gpu.return
  }

  // Eight where some of it is bfloat16: 16 bytes of that, of float32 twice as many by as wide accesses.
  // CHECK-LABEL: gpu.func @narrow
  // CHECK:         %[[A:.*]] = vector.load %{{.*}} {alignment = 16 : i64} : memref<?x24xbf16>, vector<8xbf16>
  // CHECK:         %[[B:.*]] = vector.load %{{.*}} {alignment = 16 : i64} : memref<24xf32>, vector<8xf32>
  // CHECK:         arith.extf %[[A]] : vector<8xbf16> to vector<8xf32>
  // CHECK:         %[[R:.*]] = arith.truncf %{{.*}} : vector<8xf32> to vector<8xbf16>
  // CHECK:         vector.store %[[R]], %{{.*}} {alignment = 16 : i64} : memref<?x24xbf16>, vector<8xbf16>
  gpu.func @narrow(%x: memref<?x24xbf16>, %b: memref<24xf32>, %y: memref<?x24xbf16>) kernel {
    linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %b : memref<?x24xbf16>, memref<24xf32>) outs(%y : memref<?x24xbf16>) {
    ^bb0(%a: bf16, %c: f32, %o: bf16):
      %w = arith.extf %a : bf16 to f32
      %s = arith.addf %w, %c : f32
      %r = arith.truncf %s : f32 to bf16
      linalg.yield %r : bf16
    }
    gpu.return
  }

  // Rows that are no whole number of fours: an element a thread, neighbours side by side.
  // CHECK-LABEL: gpu.func @bias
  // CHECK:         %[[C:.*]] = arith.remui %[[I:.*]], %c10
  // CHECK:         %[[R:.*]] = arith.divui %[[I]], %c10
  // CHECK:         memref.load %{{.*}}[%[[R]], %[[C]]] : memref<?x10xf32>
  // CHECK:         memref.load %{{.*}}[%[[C]]] : memref<10xf32>
  // CHECK:         memref.store %{{.*}}[%[[R]], %[[C]]]
  gpu.func @bias(%x: memref<?x10xf32>, %b: memref<10xf32>, %y: memref<?x10xf32>) kernel {
    linalg.generic {indexing_maps = [#id, #col, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x, %b : memref<?x10xf32>, memref<10xf32>) outs(%y : memref<?x10xf32>) {
    ^bb0(%a: f32, %c: f32, %o: f32):
      %r = arith.addf %a, %c : f32
      linalg.yield %r : f32
    }
    gpu.return
  }

  // Part of a whole whose rows begin at odd places: no vectors.
  // CHECK-LABEL: gpu.func @part
  // CHECK-NOT:     vector.load
  // CHECK:         gpu.return
  gpu.func @part(%x: memref<?x8xf32, strided<[18, 1], offset: 2>>, %y: memref<?x8xf32>) kernel {
    linalg.copy ins(%x : memref<?x8xf32, strided<[18, 1], offset: 2>>) outs(%y : memref<?x8xf32>)
    gpu.return
  }

  // Threads walk what is written.
  // CHECK-LABEL: gpu.func @turn
  // CHECK:         %[[C:.*]] = arith.remui %{{.*}}, %c64
  // CHECK:         %[[R:.*]] = arith.divui %{{.*}}, %c64
  // CHECK:         memref.load %{{.*}}[%[[C]], %[[R]]]
  // CHECK:         memref.store %{{.*}}[%[[R]], %[[C]]]
  gpu.func @turn(%x: memref<64x32xf32>, %y: memref<32x64xf32>) kernel {
    linalg.generic {indexing_maps = [#t, #id], iterator_types = ["parallel", "parallel"]}
        ins(%x : memref<64x32xf32>) outs(%y : memref<32x64xf32>) {
    ^bb0(%a: f32, %o: f32):
      linalg.yield %a : f32
    }
    gpu.return
  }

  // Many windows: four outputs a thread, sums in registers.
  // CHECK-LABEL: gpu.func @conv
  // CHECK:         scf.for
  // CHECK:           scf.for
  // CHECK:             scf.for {{.*}} iter_args(%[[S:.*]] = %{{.*}}) -> (vector<4xf32>)
  // CHECK:               memref.load
  // CHECK:               vector.load %{{.*}} {alignment = 16 : i64} : memref<3x3x8x64xf32>, vector<4xf32>
  // CHECK:               math.fma {{.*}} : vector<4xf32>
  // CHECK:         vector.store
  gpu.func @conv(%x: memref<?x34x34x8xf32>, %w: memref<3x3x8x64xf32>, %y: memref<?x32x32x64xf32>) kernel {
    linalg.generic {indexing_maps = [#x, #w, #y],
                    iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
        ins(%x, %w : memref<?x34x34x8xf32>, memref<3x3x8x64xf32>) outs(%y : memref<?x32x32x64xf32>) {
    ^bb0(%a: f32, %b: f32, %o: f32):
      %p = arith.mulf %a, %b : f32
      %r = arith.addf %o, %p : f32
      linalg.yield %r : f32
    }
    gpu.return
  }

  // A warp a row: lanes take every 32nd element, shuffles add up.
  // CHECK-LABEL: gpu.func @rows
  // CHECK:         %[[LANE:.*]] = affine.apply #{{.*}}()[%thread_id_x]
  // CHECK:         scf.for %{{.*}} = %[[LANE]] to %c100 step %c32
  // CHECK-NOT:     gpu.barrier
  // CHECK-COUNT-5: gpu.shuffle down
  // CHECK:         arith.cmpi eq, %[[LANE]], %c0
  // CHECK:         scf.if
  // CHECK:           memref.store
  gpu.func @rows(%x: memref<?x100xf32>, %y: memref<?xf32>) kernel {
    linalg.reduce {arith.addf} ins(%x : memref<?x100xf32>) outs(%y : memref<?xf32>) dimensions = [1]
    gpu.return
  }

  // A block a row where it is long.
  // CHECK-LABEL: gpu.func @long
  // CHECK-SAME:    workgroup(%{{.*}} : memref<256xf32, #gpu.address_space<workgroup>>)
  // CHECK:         step %c256
  // CHECK:         gpu.barrier
  // CHECK-COUNT-3: arith.maximumf %{{.*}}, %{{.*}} : f32
  // CHECK-COUNT-5: gpu.shuffle down
  gpu.func @long(%x: memref<?x1000xf32>, %y: memref<?xf32>) kernel {
    linalg.reduce {arith.maximumf} ins(%x : memref<?x1000xf32>) outs(%y : memref<?xf32>) dimensions = [1]
    gpu.return
  }

  // Columns: 8 threads read 32 neighbours side by side; 64 lanes of each are folded through shared
  // memory.
  // CHECK-LABEL: gpu.func @columns
  // CHECK-SAME:    workgroup(%{{.*}} : memref<512xvector<4xf32>, #gpu.address_space<workgroup>>)
  // CHECK:         step %c64
  // CHECK:           vector.load %{{.*}} {alignment = 16 : i64} : memref<?x100xf32>, vector<4xf32>
  // CHECK-COUNT-6: gpu.barrier
  // CHECK-NOT:     gpu.barrier
  // CHECK-NOT:     gpu.shuffle
  // CHECK:         gpu.return
  gpu.func @columns(%x: memref<?x100xf32>, %y: memref<100xf32>) kernel {
    linalg.reduce {arith.addf} ins(%x : memref<?x100xf32>) outs(%y : memref<100xf32>) dimensions = [0]
    gpu.return
  }

  // Columns whose number is odd: an element a thread, 16 lanes.
  // CHECK-LABEL: gpu.func @odd
  // CHECK-SAME:    workgroup(%{{.*}} : memref<512xf32, #gpu.address_space<workgroup>>)
  // CHECK:         step %c16
  // CHECK-COUNT-4: gpu.barrier
  // CHECK-NOT:     gpu.barrier
  gpu.func @odd(%x: memref<?x99xf32>, %y: memref<99xf32>) kernel {
    linalg.reduce {arith.addf} ins(%x : memref<?x99xf32>) outs(%y : memref<99xf32>) dimensions = [0]
    gpu.return
  }
}
