// RUN: dlc-opt %s --dlc-join-reductions --dlc-split-reductions --canonicalize | FileCheck %s

#image = affine_map<(n, h, w, c) -> (n, h, w, c)>
#rows = affine_map<(n, h, w, c) -> (n, h, c)>
#image3 = affine_map<(n, h, c) -> (n, h, c)>
#rows3 = affine_map<(n, h, c) -> (n, c)>
#image2 = affine_map<(n, c) -> (n, c)>
#last2 = affine_map<(n, c) -> (c)>
#last = affine_map<(n, h, w, c) -> (c)>
#none = affine_map<(n, h, w, c) -> (0)>

// Sums of sums become one, in parts: two of 14 rows for each sample.
// CHECK-DAG:     #[[IN:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1 * 14 + d2, d3, d4)>
// CHECK-DAG:     #[[LENGTH:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d2)>
// CHECK-DAG:     #[[PARTS:.*]] = affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d4)>
// CHECK-LABEL: func.func @chain(
// CHECK:         %[[P:.*]] = linalg.generic {indexing_maps = [#[[IN]], #[[LENGTH]], #[[PARTS]]],
// CHECK-SAME:      ["parallel", "parallel", "reduction", "reduction", "parallel"]
// CHECK-SAME:      outs({{.*}} : tensor<?x2x64xf32>)
// CHECK:         %[[S:.*]] = linalg.generic {{.*}} ["reduction", "reduction", "parallel"]} ins(%[[P]] :
// CHECK-NOT:     linalg.generic
// CHECK:         return %[[S]]
func.func @chain(%batch: index {nn.batch}, %x: tensor<?x28x28x64xf32>) -> tensor<64xf32> {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty(%batch) : tensor<?x28x64xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<?x28x64xf32>) -> tensor<?x28x64xf32>
  %0 = linalg.generic {indexing_maps = [#image, #rows], iterator_types = ["parallel", "parallel", "reduction", "parallel"]}
      ins(%x : tensor<?x28x28x64xf32>) outs(%f0 : tensor<?x28x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<?x28x64xf32>
  %e1 = tensor.empty(%batch) : tensor<?x64xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x64xf32>) -> tensor<?x64xf32>
  %1 = linalg.generic {indexing_maps = [#image3, #rows3], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%0 : tensor<?x28x64xf32>) outs(%f1 : tensor<?x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<?x64xf32>
  %e2 = tensor.empty() : tensor<64xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<64xf32>) -> tensor<64xf32>
  %2 = linalg.generic {indexing_maps = [#image2, #last2], iterator_types = ["reduction", "parallel"]}
      ins(%1 : tensor<?x64xf32>) outs(%f2 : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<64xf32>
  return %2 : tensor<64xf32>
}

// Sums that read the same are one op's, whose parts are whole samples here.
// CHECK-LABEL: func.func @together(
// CHECK-SAME:      %[[G:[a-z0-9]+]]: tensor<?x8x8x64xf32>, %[[X:[a-z0-9]+]]: tensor
// CHECK:         %[[P:.*]]:2 = linalg.generic {{.*}} ins(%[[G]], %[[X]] : {{.*}}) outs(%{{.*}}, %{{.*}} : tensor<?x64xf32>, tensor<?x64xf32>)
// CHECK:           arith.addf
// CHECK:           arith.mulf
// CHECK:           arith.addf
// CHECK:         linalg.generic {{.*}} ["reduction", "parallel"]} ins(%[[P]]#0, %[[P]]#1 :
// CHECK-NOT:     linalg.generic
func.func @together(%batch: index {nn.batch}, %g: tensor<?x8x8x64xf32>, %x: tensor<?x8x8x64xf32>) -> (tensor<64xf32>, tensor<64xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<64xf32>) -> tensor<64xf32>
  %0 = linalg.generic {indexing_maps = [#image, #last], iterator_types = ["reduction", "reduction", "reduction", "parallel"]}
      ins(%g : tensor<?x8x8x64xf32>) outs(%f : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<64xf32>
  %1 = linalg.generic {indexing_maps = [#image, #image, #last], iterator_types = ["reduction", "reduction", "reduction", "parallel"]}
      ins(%g, %x : tensor<?x8x8x64xf32>, tensor<?x8x8x64xf32>) outs(%f : tensor<64xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %r = arith.addf %o, %p : f32
    linalg.yield %r : f32
  } -> tensor<64xf32>
  return %0, %1 : tensor<64xf32>, tensor<64xf32>
}

// One number of a large array.
// CHECK-LABEL: func.func @norm(
// CHECK:         linalg.generic {{.*}} outs({{.*}} : tensor<3x3x64x1xf32>)
// CHECK:         linalg.generic {{.*}} outs({{.*}} : tensor<1xf32>)
// CHECK-NOT:     linalg.generic
func.func @norm(%x: tensor<3x3x512x512xf32>) -> tensor<1xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1xf32>) -> tensor<1xf32>
  %0 = linalg.generic {indexing_maps = [#image, #none], iterator_types = ["reduction", "reduction", "reduction", "reduction"]}
      ins(%x : tensor<3x3x512x512xf32>) outs(%f : tensor<1xf32>) {
  ^bb0(%a: f32, %o: f32):
    %p = arith.mulf %a, %a : f32
    %r = arith.addf %o, %p : f32
    linalg.yield %r : f32
  } -> tensor<1xf32>
  return %0 : tensor<1xf32>
}

// Short sums, sums of each sample and largest elements stay as they are.
// CHECK-LABEL: func.func @kept(
// CHECK-COUNT-3: linalg.generic
// CHECK-NOT:     linalg.generic
func.func @kept(%batch: index {nn.batch}, %x: tensor<?x10xf32>, %y: tensor<?x8x8x64xf32>, %l: tensor<64xf32>) -> (tensor<10xf32>, tensor<?x64xf32>, tensor<64xf32>) {
  %zero = arith.constant 0.0 : f32
  %e0 = tensor.empty() : tensor<10xf32>
  %f0 = linalg.fill ins(%zero : f32) outs(%e0 : tensor<10xf32>) -> tensor<10xf32>
  %0 = linalg.generic {indexing_maps = [#image2, #last2], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<?x10xf32>) outs(%f0 : tensor<10xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<10xf32>
  %e1 = tensor.empty(%batch) : tensor<?x64xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x64xf32>) -> tensor<?x64xf32>
  %1 = linalg.generic {indexing_maps = [#image, affine_map<(n, h, w, c) -> (n, c)>], iterator_types = ["parallel", "reduction", "reduction", "parallel"]}
      ins(%y : tensor<?x8x8x64xf32>) outs(%f1 : tensor<?x64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.addf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<?x64xf32>
  %2 = linalg.generic {indexing_maps = [#image, #last], iterator_types = ["reduction", "reduction", "reduction", "parallel"]}
      ins(%y : tensor<?x8x8x64xf32>) outs(%l : tensor<64xf32>) {
  ^bb0(%a: f32, %o: f32):
    %r = arith.maximumf %o, %a : f32
    linalg.yield %r : f32
  } -> tensor<64xf32>
  return %0, %1, %2 : tensor<10xf32>, tensor<?x64xf32>, tensor<64xf32>
}
