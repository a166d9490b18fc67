// RUN: sed 's/MATH/tf32/; s/STEP/16/' %s | dlc-opt --dlc-gpu-phase --dlc-device-phase --dlc-print-ptx -o /dev/null | FileCheck %s --check-prefixes=CHECK,TF32
// RUN: sed 's/MATH/bf16/; s/STEP/16/' %s | dlc-opt --dlc-gpu-phase --dlc-device-phase --dlc-print-ptx -o /dev/null | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: sed 's/MATH/bf16/; s/STEP/64/; s/xf32/xbf16/g' %s | dlc-opt --dlc-gpu-phase --dlc-device-phase --dlc-print-ptx -o /dev/null | FileCheck %s --check-prefixes=CHECK,NARROW
// RUN: sed 's/MATH/simt/; s/STEP/8/' %s | dlc-opt --dlc-gpu-phase --dlc-device-phase --dlc-print-ptx -o /dev/null | FileCheck %s --check-prefixes=CHECK,SIMT

// The instructions of a product: asynchronous copies into shared memory of the launch, the products of the
// precision, wherever the loop's blocks come to lie; after them nothing atomic or in local memory.
// CHECK:      .extern .shared .align 1024 .b8 dlc_shared[];
// CHECK:      .entry implicit_gemm_0(
// CHECK:      .maxntid 64, 1, 1
// CHECK:      .minnctapersm 1
// TF32-DAG:  cp.async.cg.shared.global [{{.*}}], [{{.*}}], 16
// BF16-DAG:  cp.async.cg.shared.global [{{.*}}], [{{.*}}], 16
// SIMT-DAG:  cp.async.ca.shared.global [{{.*}}], [{{.*}}], 4
// CHECK-DAG:  cp.async.commit_group
// CHECK-DAG:  cp.async.wait_group
// CHECK-DAG:  bar{{(rier)?}}.sync
// TF32-DAG:  cvt.rna.tf32.f32
// TF32-DAG:  mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32
// BF16-DAG:  cvt.rn.bf16x2.f32
// BF16-DAG:  mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// NARROW-DAG:  cp.async.cg.shared.global [{{.*}}], [{{.*}}], 16
// NARROW-DAG:  ldmatrix.sync.aligned.m8n8.x4.shared.b16
// NARROW-DAG:  ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16
// NARROW-DAG:  mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// NARROW-DAG:  cvt.rn.bf16x2.f32
// NARROW-DAG:  st.global.v4.b32
// SIMT-DAG:  ld.shared.v4
// SIMT-DAG:  fma.rn.f32
// TF32-DAG:  st.global.v
// BF16-DAG:  st.global.v
// SIMT-DAG:  st.global.v
// CHECK-NOT:  {{[[:space:]]}}{{ld.local|st.local|div.u64|atom|red.global}}
func.func @forward(%batch: index {nn.batch}, %x: memref<?x8x8x16xf32> {nn.input = "x"}, %y: memref<?x8x8x32xf32> {nn.output = "y"},
                   %w: memref<3x3x16x32xf32> {nn.prepared = 0 : i64}) {
  kernel.implicit_gemm ins(%x, %w : memref<?x8x8x16xf32>, memref<3x3x16x32xf32>) outs(%y : memref<?x8x8x32xf32>)
    attributes {strides = array<i64: 1, 1>, padding = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>,
                cta = #kernel.cta<m = 32, n = 32, k = STEP, warps_m = 2, warps_n = 1, stages = 3>, math = #kernel.math<MATH>}
    epilogue {
    ^bb0(%acc: f32):
      kernel.yield %acc : f32
    }
  return
}
