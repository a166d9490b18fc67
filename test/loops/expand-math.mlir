// RUN: dlc-opt %s --dlc-expand-math | FileCheck %s
// RUN: dlc-opt %s --dlc-expand-math=fma=false | FileCheck %s --check-prefix=NOFMA

// CHECK-LABEL: func.func @exp
// CHECK-NOT:     math.exp
// CHECK:         math.fma {{.*}} : vector<8xf32>
// NOFMA-LABEL: func.func @exp
// NOFMA-NOT:     fma
func.func @exp(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.exp %x : vector<8xf32>
  return %y : vector<8xf32>
}

// CHECK-LABEL: func.func @pow
// CHECK-NOT:     math.powf
// CHECK:         arith.extf {{.*}} : f32 to f64
func.func @pow(%x: f32, %y: f32) -> f32 {
  %z = math.powf %x, %y : f32
  return %z : f32
}

// NOFMA-LABEL: func.func @fma
// NOFMA:         arith.mulf
// NOFMA-NEXT:    arith.addf
func.func @fma(%a: vector<4xf32>) -> vector<4xf32> {
  %y = vector.fma %a, %a, %a : vector<4xf32>
  return %y : vector<4xf32>
}

// What the target does itself stays.
// CHECK-LABEL: func.func @sqrt
// CHECK:         math.sqrt
func.func @sqrt(%x: f32) -> f32 {
  %y = math.sqrt %x : f32
  return %y : f32
}
