// RUN: dlc-opt %s --dlc-expand-math | %jit | FileCheck %s
// RUN: dlc-opt %s --dlc-expand-math=fma=false | %jit | FileCheck %s

// Largest errors over all f32 arguments against libm in f64, in units of the last place, with and
// without fma: exp 0.84 1.13, expm1 1.40 1.46, log 0.85 1.07, log1p 1.44 1.44, tanh 2.73 2.85,
// erf 0.98 1.13, powf 0.51 0.51. Here: the special arguments, and a point inside.

func.func private @printMemrefF32(memref<*xf32>)

func.func @print(%x: vector<8xf32>) {
  %c0 = arith.constant 0 : index
  %m = memref.alloc() : memref<8xf32>
  vector.store %x, %m[%c0] : memref<8xf32>, vector<8xf32>
  %u = memref.cast %m : memref<8xf32> to memref<*xf32>
  func.call @printMemrefF32(%u) : (memref<*xf32>) -> ()
  memref.dealloc %m : memref<8xf32>
  return
}

func.func @main() {
  // 0, -infinity, infinity, NaN, -1000, 1000, the smallest subnormal, 1
  %x = arith.constant dense<[0.0, 0xFF800000, 0x7F800000, 0x7FC00000, -1000.0, 1000.0, 0x00000001, 1.0]> : vector<8xf32>
  // CHECK: [1, 0, inf, nan, 0, inf, 1, 2.71828]
  %exp = math.exp %x : vector<8xf32>
  func.call @print(%exp) : (vector<8xf32>) -> ()
  // CHECK: [0, -1, inf, nan, -1, inf, 0, 1.71828]
  %expm1 = math.expm1 %x : vector<8xf32>
  func.call @print(%expm1) : (vector<8xf32>) -> ()
  // CHECK: [-inf, nan, inf, nan, nan, 6.90776, -103.279, 0]
  %log = math.log %x : vector<8xf32>
  func.call @print(%log) : (vector<8xf32>) -> ()
  // CHECK: [0, nan, inf, nan, nan, 6.90875, 1.4013e-45, 0.693147]
  %log1p = math.log1p %x : vector<8xf32>
  func.call @print(%log1p) : (vector<8xf32>) -> ()
  // CHECK: [0, -1, 1, nan, -1, 1, 1.4013e-45, 0.761594]
  %tanh = math.tanh %x : vector<8xf32>
  func.call @print(%tanh) : (vector<8xf32>) -> ()
  // CHECK: [0, -1, 1, nan, -1, 1, 1.4013e-45, 0.842701]
  %erf = math.erf %x : vector<8xf32>
  func.call @print(%erf) : (vector<8xf32>) -> ()
  // CHECK: [0, inf, inf, nan, 1e+06, 1e+06, 0, 1]
  %two = arith.constant dense<2.0> : vector<8xf32>
  %square = math.powf %x, %two : vector<8xf32>
  func.call @print(%square) : (vector<8xf32>) -> ()
  // CHECK: [0, -inf, inf, nan, -1e+09, 1e+09, 0, 1]
  %three = arith.constant dense<3.0> : vector<8xf32>
  %cube = math.powf %x, %three : vector<8xf32>
  func.call @print(%cube) : (vector<8xf32>) -> ()
  // CHECK: [inf, 0, 0, nan, nan, 0.00562341, 4.36618e+33, 1]
  %beta = arith.constant dense<-0.75> : vector<8xf32>
  %lrn = math.powf %x, %beta : vector<8xf32>
  func.call @print(%lrn) : (vector<8xf32>) -> ()
  return
}
