//===- HandWritten.cpp - kernels written by hand -------------------------------------===//

#include "HandWritten.h"

// Other dialects' patterns would turn NVVM operations into assembly.
const char *const dlc::test::handWrittenPipeline =
    "gpu.module(convert-scf-to-cf,expand-strided-metadata,lower-affine,"
    "convert-gpu-to-nvvm{index-bitwidth=32 use-bare-ptr-memref-call-conv=1},"
    "convert-to-llvm{filter-dialects=arith,cf,func,memref},reconcile-unrealized-casts),"
    "canonicalize";

const char *const dlc::test::transposition = R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @transpose(%in: memref<70x45xf32>, %out: memref<45x70xf32>) kernel {
      %c0 = arith.constant 0 : index
      %c8 = arith.constant 8 : index
      %c32 = arith.constant 32 : index
      %c45 = arith.constant 45 : index
      %c70 = arith.constant 70 : index
      %dynamic = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
      %tile = memref.view %dynamic[%c0][] : memref<?xi8, #gpu.address_space<workgroup>>
        to memref<32x33xf32, #gpu.address_space<workgroup>>
      %x = gpu.thread_id x
      %y = gpu.thread_id y
      %bx = gpu.block_id x
      %by = gpu.block_id y
      %left = arith.muli %bx, %c32 : index
      %top = arith.muli %by, %c32 : index
      %column = arith.addi %left, %x : index
      scf.for %i = %y to %c32 step %c8 {
        %row = arith.addi %top, %i : index
        %a = arith.cmpi slt, %row, %c70 : index
        %b = arith.cmpi slt, %column, %c45 : index
        %inside = arith.andi %a, %b : i1
        scf.if %inside {
          %v = memref.load %in[%row, %column] : memref<70x45xf32>
          memref.store %v, %tile[%i, %x] : memref<32x33xf32, #gpu.address_space<workgroup>>
        }
      }
      gpu.barrier
      %column2 = arith.addi %top, %x : index
      scf.for %i = %y to %c32 step %c8 {
        %row = arith.addi %left, %i : index
        %a = arith.cmpi slt, %row, %c45 : index
        %b = arith.cmpi slt, %column2, %c70 : index
        %inside = arith.andi %a, %b : i1
        scf.if %inside {
          %v = memref.load %tile[%x, %i] : memref<32x33xf32, #gpu.address_space<workgroup>>
          memref.store %v, %out[%row, %column2] : memref<45x70xf32>
        }
      }
      gpu.return
    }
  }
  func.func @run(%in: memref<70x45xf32>, %out: memref<45x70xf32>) {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c8 = arith.constant 8 : index
    %c32 = arith.constant 32 : index
    %bytes = arith.constant 4224 : i32
    gpu.launch_func @kernels::@transpose blocks in (%c2, %c3, %c1) threads in (%c32, %c8, %c1)
      dynamic_shared_memory_size %bytes args(%in : memref<70x45xf32>, %out : memref<45x70xf32>)
    return
  }
}
)mlir";

const char *const dlc::test::reduction = R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @sum(%in: memref<1000xf32>, %out: memref<1xf32>) kernel {
      %c0 = arith.constant 0 : index
      %c8 = arith.constant 8 : index
      %c32 = arith.constant 32 : index
      %c256 = arith.constant 256 : index
      %c1000 = arith.constant 1000 : index
      %zero = arith.constant 0.0 : f32
      %dynamic = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
      %sums = memref.view %dynamic[%c0][] : memref<?xi8, #gpu.address_space<workgroup>>
        to memref<8xf32, #gpu.address_space<workgroup>>
      %width = arith.constant 32 : i32
      %x = gpu.thread_id x
      %lane = arith.remui %x, %c32 : index
      %warp = arith.divui %x, %c32 : index
      %own = scf.for %i = %x to %c1000 step %c256 iter_args(%sum = %zero) -> f32 {
        %v = memref.load %in[%i] : memref<1000xf32>
        %next = arith.addf %sum, %v : f32
        scf.yield %next : f32
      }
      %total = func.call @warp_sum(%own) : (f32) -> f32
      %first = arith.cmpi eq, %lane, %c0 : index
      scf.if %first {
        memref.store %total, %sums[%warp] : memref<8xf32, #gpu.address_space<workgroup>>
      }
      gpu.barrier
      %one = arith.cmpi eq, %warp, %c0 : index
      scf.if %one {
        %has = arith.cmpi ult, %lane, %c8 : index
        %part = scf.if %has -> f32 {
          %v = memref.load %sums[%lane] : memref<8xf32, #gpu.address_space<workgroup>>
          scf.yield %v : f32
        } else {
          scf.yield %zero : f32
        }
        %all = func.call @warp_sum(%part) : (f32) -> f32
        scf.if %first {
          memref.store %all, %out[%c0] : memref<1xf32>
        }
      }
      gpu.return
    }
    func.func @warp_sum(%x: f32) -> f32 {
      %width = arith.constant 32 : i32
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c5 = arith.constant 5 : index
      %one = arith.constant 1 : i32
      %sum, %last = scf.for %i = %c0 to %c5 step %c1 iter_args(%sum = %x, %distance = %one) -> (f32, i32) {
        %other, %valid = gpu.shuffle xor %sum, %distance, %width : f32
        %next = arith.addf %sum, %other : f32
        %twice = arith.addi %distance, %distance : i32
        scf.yield %next, %twice : f32, i32
      }
      return %sum : f32
    }
  }
  func.func @run(%in: memref<1000xf32>, %out: memref<1xf32>) {
    %c1 = arith.constant 1 : index
    %c256 = arith.constant 256 : index
    %bytes = arith.constant 32 : i32
    gpu.launch_func @kernels::@sum blocks in (%c1, %c1, %c1) threads in (%c256, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%in : memref<1000xf32>, %out : memref<1xf32>)
    return
  }
}
)mlir";

const char *const dlc::test::product = R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
    llvm.func @copy(%a: !llvm.ptr<1>, %b: !llvm.ptr<1>, %step: i32, %lane: i32) {
      %c1 = llvm.mlir.constant(1 : i32) : i32
      %c2 = llvm.mlir.constant(2 : i32) : i32
      %c4 = llvm.mlir.constant(4 : i32) : i32
      %c8 = llvm.mlir.constant(8 : i32) : i32
      %c16 = llvm.mlir.constant(16 : i32) : i32
      %c32 = llvm.mlir.constant(32 : i32) : i32
      %c128 = llvm.mlir.constant(128 : i32) : i32
      %c192 = llvm.mlir.constant(192 : i32) : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %odd = llvm.and %step, %c1 : i32
      %stage = llvm.mul %odd, %c192 : i32
      %k = llvm.mul %step, %c8 : i32
      %row = llvm.udiv %lane, %c2 : i32
      %part = llvm.urem %lane, %c2 : i32
      %column = llvm.mul %part, %c4 : i32
      %from0 = llvm.mul %row, %c32 : i32
      %from1 = llvm.add %from0, %k : i32
      %from = llvm.add %from1, %column : i32
      %to0 = llvm.mul %row, %c8 : i32
      %to1 = llvm.add %to0, %column : i32
      %to = llvm.add %to1, %stage : i32
      %source = llvm.getelementptr %a[%from] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %target = llvm.getelementptr %shared[%to] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      nvvm.cp.async.shared.global %target, %source, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
      %has = llvm.icmp "ult" %lane, %c16 : i32
      llvm.cond_br %has, ^b, ^end
    ^b:
      %to_b = llvm.add %to, %c128 : i32
      %source_b = llvm.getelementptr %b[%from] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
      %target_b = llvm.getelementptr %shared[%to_b] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      nvvm.cp.async.shared.global %target_b, %source_b, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
      llvm.br ^end
    ^end:
      nvvm.cp.async.commit.group
      llvm.return
    }
    llvm.func @multiply(%a: !llvm.ptr, %b: !llvm.ptr, %out: !llvm.ptr) attributes {gpu.kernel, nvvm.kernel} {
      %zero = llvm.mlir.constant(0.0 : f32) : f32
      %c0 = llvm.mlir.constant(0 : i32) : i32
      %c1 = llvm.mlir.constant(1 : i32) : i32
      %c2 = llvm.mlir.constant(2 : i32) : i32
      %c4 = llvm.mlir.constant(4 : i32) : i32
      %c8 = llvm.mlir.constant(8 : i32) : i32
      %c16 = llvm.mlir.constant(16 : i32) : i32
      %c128 = llvm.mlir.constant(128 : i32) : i32
      %c192 = llvm.mlir.constant(192 : i32) : i32
      %all = llvm.mlir.constant(-1 : i32) : i32
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %lane = nvvm.read.ptx.sreg.tid.x : i32
      %ga = llvm.addrspacecast %a : !llvm.ptr to !llvm.ptr<1>
      %gb = llvm.addrspacecast %b : !llvm.ptr to !llvm.ptr<1>
      llvm.call @copy(%ga, %gb, %c0, %lane) : (!llvm.ptr<1>, !llvm.ptr<1>, i32, i32) -> ()
      // Rows of a: lanes 0-15 of columns 0-3, lanes 16-31 of columns 4-7. Rows of b: lanes 0-7, 8-15.
      %row_a = llvm.urem %lane, %c16 : i32
      %half_a = llvm.udiv %lane, %c16 : i32
      %row_a8 = llvm.mul %row_a, %c8 : i32
      %half_a4 = llvm.mul %half_a, %c4 : i32
      %at_a = llvm.add %row_a8, %half_a4 : i32
      %row_b = llvm.urem %lane, %c8 : i32
      %half_b = llvm.udiv %row_a, %c8 : i32
      %row_b8 = llvm.mul %row_b, %c8 : i32
      %half_b4 = llvm.mul %half_b, %c4 : i32
      %at_b0 = llvm.add %row_b8, %half_b4 : i32
      %at_b = llvm.add %at_b0, %c128 : i32
      llvm.br ^loop(%c0, %zero, %zero, %zero, %zero : i32, f32, f32, f32, f32)
    ^loop(%step: i32, %s0: f32, %s1: f32, %s2: f32, %s3: f32):
      %next = llvm.add %step, %c1 : i32
      %more = llvm.icmp "ult" %next, %c4 : i32
      llvm.cond_br %more, ^prefetch, ^none
    ^prefetch:
      llvm.call @copy(%ga, %gb, %next, %lane) : (!llvm.ptr<1>, !llvm.ptr<1>, i32, i32) -> ()
      nvvm.cp.async.wait.group 1
      llvm.br ^compute
    ^none:
      nvvm.cp.async.wait.group 0
      llvm.br ^compute
    ^compute:
      nvvm.bar.warp.sync %all : i32
      %odd = llvm.and %step, %c1 : i32
      %stage = llvm.mul %odd, %c192 : i32
      %offset_a = llvm.add %at_a, %stage : i32
      %offset_b = llvm.add %at_b, %stage : i32
      %pa = llvm.getelementptr %shared[%offset_a] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %pb = llvm.getelementptr %shared[%offset_b] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, f32
      %ma = nvvm.ldmatrix %pa {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
      %mb = nvvm.ldmatrix %pb {num = 2 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32)>
      %a0 = llvm.extractvalue %ma[0] : !llvm.struct<(i32, i32, i32, i32)>
      %a1 = llvm.extractvalue %ma[1] : !llvm.struct<(i32, i32, i32, i32)>
      %a2 = llvm.extractvalue %ma[2] : !llvm.struct<(i32, i32, i32, i32)>
      %a3 = llvm.extractvalue %ma[3] : !llvm.struct<(i32, i32, i32, i32)>
      %b0 = llvm.extractvalue %mb[0] : !llvm.struct<(i32, i32)>
      %b1 = llvm.extractvalue %mb[1] : !llvm.struct<(i32, i32)>
      %d = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%s0, %s1, %s2, %s3]
        {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>,
         multiplicandAPtxType = #nvvm.mma_type<tf32>, multiplicandBPtxType = #nvvm.mma_type<tf32>,
         shape = #nvvm.shape<m = 16, n = 8, k = 8>} : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
      %d0 = llvm.extractvalue %d[0] : !llvm.struct<(f32, f32, f32, f32)>
      %d1 = llvm.extractvalue %d[1] : !llvm.struct<(f32, f32, f32, f32)>
      %d2 = llvm.extractvalue %d[2] : !llvm.struct<(f32, f32, f32, f32)>
      %d3 = llvm.extractvalue %d[3] : !llvm.struct<(f32, f32, f32, f32)>
      nvvm.bar.warp.sync %all : i32
      llvm.cond_br %more, ^loop(%next, %d0, %d1, %d2, %d3 : i32, f32, f32, f32, f32), ^store
    ^store:
      %row = llvm.udiv %lane, %c4 : i32
      %quad = llvm.urem %lane, %c4 : i32
      %column = llvm.mul %quad, %c2 : i32
      %row8 = llvm.mul %row, %c8 : i32
      %at = llvm.add %row8, %column : i32
      %p = llvm.getelementptr %out[%at] : (!llvm.ptr, i32) -> !llvm.ptr, f32
      llvm.store %d0, %p : f32, !llvm.ptr
      %p1 = llvm.getelementptr %p[1] : (!llvm.ptr) -> !llvm.ptr, f32
      llvm.store %d1, %p1 : f32, !llvm.ptr
      %p2 = llvm.getelementptr %p[64] : (!llvm.ptr) -> !llvm.ptr, f32
      llvm.store %d2, %p2 : f32, !llvm.ptr
      %p3 = llvm.getelementptr %p[65] : (!llvm.ptr) -> !llvm.ptr, f32
      llvm.store %d3, %p3 : f32, !llvm.ptr
      llvm.return
    }
  }
  func.func @run(%a: memref<16x32xf32>, %b: memref<8x32xf32>, %out: memref<16x8xf32>) {
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %bytes = arith.constant 1536 : i32
    gpu.launch_func @kernels::@multiply blocks in (%c1, %c1, %c1) threads in (%c32, %c1, %c1)
      dynamic_shared_memory_size %bytes args(%a : memref<16x32xf32>, %b : memref<8x32xf32>, %out : memref<16x8xf32>)
    return
  }
}
)mlir";
