//===- Hopper.cpp - a product by bulk copies and warpgroups -------------------===//
//
// out[128, 64] = a[128, 96] b[64, 96]^T of tf32: a block of 64 rows of a is one warpgroup that
// computes and one that brings tiles of 64 x 32 of a and of b, two stages ahead of each other by
// mbarriers.
//
//===---------------------------------------------------------------------------------===//

#include "HandWritten.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

static const char *const body = R"mlir(
module attributes {gpu.container_module} {
  gpu.module @kernels {
    llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>
    // Bytes: a at 0 and 8192, b at 16384 and 24576, full barriers at 32768, empty ones at 32784.
    llvm.func @at(%start: i32, %stage: i32, %bytes: i32) -> !llvm.ptr<3> {
      %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
      %more = llvm.mul %stage, %bytes : i32
      %offset = llvm.add %start, %more : i32
      %p = llvm.getelementptr %shared[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
      llvm.return %p : !llvm.ptr<3>
    }
    llvm.func @descriptor(%p: !llvm.ptr<3>) -> i64 {
      // Groups of 8 rows are 1024 bytes apart, swizzled by 128 bytes.
      %rest = llvm.mlir.constant(4611686293372403712 : i64) : i64
      %mask = llvm.mlir.constant(16383 : i32) : i32
      %c4 = llvm.mlir.constant(4 : i32) : i32
      %i = llvm.ptrtoint %p : !llvm.ptr<3> to i32
      %shifted = llvm.lshr %i, %c4 : i32
      %low = llvm.and %shifted, %mask : i32
      %wide = llvm.zext %low : i32 to i64
      %d = llvm.or %wide, %rest : i64
      llvm.return %d : i64
    }
    llvm.func @multiply(%a: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, nvvm.grid_constant},
        %b: !llvm.ptr {llvm.byval = !llvm.array<128 x i8>, nvvm.grid_constant}, %out: !llvm.ptr)
        attributes {gpu.kernel, nvvm.kernel} {
      %c0 = llvm.mlir.constant(0 : i32) : i32
      %c1 = llvm.mlir.constant(1 : i32) : i32
      %c2 = llvm.mlir.constant(2 : i32) : i32
      %c3 = llvm.mlir.constant(3 : i32) : i32
      %c4 = llvm.mlir.constant(4 : i32) : i32
      %c8 = llvm.mlir.constant(8 : i32) : i32
      %c16 = llvm.mlir.constant(16 : i32) : i32
      %c32 = llvm.mlir.constant(32 : i32) : i32
      %c64 = llvm.mlir.constant(64 : i32) : i32
      %c128 = llvm.mlir.constant(128 : i32) : i32
      %ticks = llvm.mlir.constant(10000000 : i32) : i32
      %tile = llvm.mlir.constant(8192 : i32) : i32
      %both = llvm.mlir.constant(16384 : i32) : i32
      %full = llvm.mlir.constant(32768 : i32) : i32
      %empty = llvm.mlir.constant(32784 : i32) : i32
      %thread = nvvm.read.ptx.sreg.tid.x : i32
      %block = nvvm.read.ptx.sreg.ctaid.x : i32
      %row0 = llvm.mul %block, %c64 : i32
      %first = llvm.icmp "eq" %thread, %c0 : i32
      scf.if %first {
        scf.for %s = %c0 to %c2 step %c1 : i32 {
          %f = llvm.call @at(%full, %s, %c8) : (i32, i32, i32) -> !llvm.ptr<3>
          nvvm.mbarrier.init %f, %c1 : !llvm.ptr<3>, i32
          %e = llvm.call @at(%empty, %s, %c8) : (i32, i32, i32) -> !llvm.ptr<3>
          nvvm.mbarrier.init %e, %c1 : !llvm.ptr<3>, i32
        }
        nvvm.fence.mbarrier.init
      }
      nvvm.barrier0
      %producer = llvm.icmp "ult" %thread, %c128 : i32
      scf.if %producer {
        nvvm.setmaxregister decrease 40
        scf.if %first {
          scf.for %k = %c0 to %c3 step %c1 : i32 {
            %s = llvm.urem %k, %c2 : i32
            %round = llvm.udiv %k, %c2 : i32
            %parity = llvm.and %round, %c1 : i32
            %other = llvm.sub %c1, %parity : i32
            %e = llvm.call @at(%empty, %s, %c8) : (i32, i32, i32) -> !llvm.ptr<3>
            nvvm.mbarrier.try_wait.parity %e, %other, %ticks : !llvm.ptr<3>, i32, i32
            %f = llvm.call @at(%full, %s, %c8) : (i32, i32, i32) -> !llvm.ptr<3>
            nvvm.mbarrier.arrive.expect_tx %f, %both : !llvm.ptr<3>, i32
            %column = llvm.mul %k, %c32 : i32
            %pa = llvm.call @at(%c0, %s, %tile) : (i32, i32, i32) -> !llvm.ptr<3>
            %ca = llvm.addrspacecast %pa : !llvm.ptr<3> to !llvm.ptr<7>
            nvvm.cp.async.bulk.tensor.shared.cluster.global %ca, %a, %f, box[%column, %row0] : !llvm.ptr<7>, !llvm.ptr
            %pb = llvm.call @at(%both, %s, %tile) : (i32, i32, i32) -> !llvm.ptr<3>
            %cb = llvm.addrspacecast %pb : !llvm.ptr<3> to !llvm.ptr<7>
            nvvm.cp.async.bulk.tensor.shared.cluster.global %cb, %b, %f, box[%column, %c0] : !llvm.ptr<7>, !llvm.ptr
          }
        }
      } else {
        nvvm.setmaxregister increase 232
        %zero = llvm.mlir.zero : !sums
        %leader = llvm.icmp "eq" %thread, %c128 : i32
        %sums = scf.for %k = %c0 to %c3 step %c1 iter_args(%sum = %zero) -> (!sums) : i32 {
          %s = llvm.urem %k, %c2 : i32
          %round = llvm.udiv %k, %c2 : i32
          %parity = llvm.and %round, %c1 : i32
          %f = llvm.call @at(%full, %s, %c8) : (i32, i32, i32) -> !llvm.ptr<3>
          nvvm.mbarrier.try_wait.parity %f, %parity, %ticks : !llvm.ptr<3>, i32, i32
          %pa = llvm.call @at(%c0, %s, %tile) : (i32, i32, i32) -> !llvm.ptr<3>
          %pb = llvm.call @at(%both, %s, %tile) : (i32, i32, i32) -> !llvm.ptr<3>
          %da = llvm.call @descriptor(%pa) : (!llvm.ptr<3>) -> i64
          %db = llvm.call @descriptor(%pb) : (!llvm.ptr<3>) -> i64
          nvvm.wgmma.fence.aligned
STEPS          nvvm.wgmma.commit.group.sync.aligned
          nvvm.wgmma.wait.group.sync.aligned 0
          scf.if %leader {
            %e = llvm.call @at(%empty, %s, %c8) : (i32, i32, i32) -> !llvm.ptr<3>
            %state = nvvm.mbarrier.arrive %e : !llvm.ptr<3> -> i64
          }
          scf.yield %sum4 : !sums
        }
        %lane = llvm.urem %thread, %c32 : i32
        %own = llvm.sub %thread, %c128 : i32
        %warp = llvm.udiv %own, %c32 : i32
        %warp16 = llvm.mul %warp, %c16 : i32
        %lane4 = llvm.udiv %lane, %c4 : i32
        %quad = llvm.urem %lane, %c4 : i32
        %column = llvm.mul %quad, %c2 : i32
        %row1 = llvm.add %row0, %warp16 : i32
        %row = llvm.add %row1, %lane4 : i32
        %start = llvm.mul %row, %c64 : i32
        %offset = llvm.add %start, %column : i32
        %p = llvm.getelementptr %out[%offset] : (!llvm.ptr, i32) -> !llvm.ptr, f32
STORES      }
      llvm.return
    }
  }
}
)mlir";

static void replace(std::string &text, const char *name, const std::string &by) {
  text.replace(text.find(name), strlen(name), by);
}

/// Four products of 8 k, each 32 bytes further along the rows; then the sums, each in its place.
std::string dlc::test::writeHopperProduct() {
  std::string steps, stores, floats = "f32";
  for (int i = 0; i < 4; ++i)
    steps += llvm::formatv("          %o{0} = llvm.mlir.constant({1} : i64) : i64\n"
                           "          %a{0} = llvm.add %da, %o{0} : i64\n"
                           "          %b{0} = llvm.add %db, %o{0} : i64\n"
                           "          %sum{2} = nvvm.wgmma.mma_async %a{0}, %b{0}, %sum{3}, "
                           "#nvvm.shape<m = 64, n = 64, "
                           "k = 8>, D [<f32>, #nvvm.wgmma_scale_out<one>], A [<tf32>, "
                           "#nvvm.wgmma_scale_in<one>, <row>], "
                           "B [<tf32>, #nvvm.wgmma_scale_in<one>, <col>] : !sums -> !sums\n",
                           i, 2 * i, i + 1, i ? std::to_string(i) : "");
  for (int i = 0; i < 32; ++i)
    stores += llvm::formatv("        %v{0} = llvm.extractvalue %sums[{0}] : !sums\n"
                            "        %p{0} = llvm.getelementptr %p[{1}] : "
                            "(!llvm.ptr) -> !llvm.ptr, f32\n"
                            "        llvm.store %v{0}, %p{0} : f32, !llvm.ptr\n",
                            i, i / 4 * 8 + i / 2 % 2 * 512 + i % 2);
  for (int i = 1; i < 32; ++i)
    floats += ", f32";
  std::string text = body;
  replace(text, "STEPS", steps);
  replace(text, "STORES", stores);
  return "!sums = !llvm.struct<(" + floats + ")>\n" + text;
}
